// columns: sums across rows, the lanes neighbouring sums. A unit is one chunk of rows of one block of
// columns; its states lie in the partial buffer (in the nearest cache) and take row after row, several
// rows each time they are in registers.

import { dtypes } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { ColumnsKernel } from "../kernel.ts";
import {
  blockRange,
  chunkRows,
  outerRoles,
  overRow,
  type Range,
  sideBySide,
  single,
  splitBlock,
  type Unrolling,
  unrollingOf,
  weightOf,
} from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { newRegister, type Register } from "./register.ts";
import { StateCode } from "./state-code.ts";

/** Columns of a unit: 8 kB of float32 state, a quarter of the nearest cache. */
const blockColumns = 2048;

export function columnsUnits({ axes, chunks }: ColumnsKernel): number {
  const kept = axes.slice(0, -1).filter(({ isReduced }) => !isReduced);
  const blocks = Math.ceil((axes.at(-1)?.size ?? 1) / blockColumns);
  return sizeOf(kept.map(({ size }) => size)) * blocks * chunks.count;
}

/**
 * Rows for which a state is loaded and stored once: several where one stride leads from each to the next,
 * and every value is had by loads.
 */
export function columnRowsOf({ axes, streams, values }: ColumnsKernel): number {
  const outer = axes.slice(0, -1);
  const isOneAxis = outer.filter(({ isReduced }) => isReduced).length === 1;
  const isPlain =
    streams.every(({ steps }) => steps === null) && values.every(({ kind }) => kind !== "gather");
  return isOneAxis && outer.at(-1)?.isReduced && isPlain ? sideBySide(weightOf(values)) : 1;
}

export function columnsCode(kernel: ColumnsKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new ColumnsWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

class ColumnsWriter {
  private readonly states: StateCode;
  private readonly roles: ReturnType<typeof outerRoles>;
  private readonly row: Local;
  /** Where the unit's states start, a pointer per partial stream. */
  private readonly starts = new Map<number, Local>();

  constructor(
    private readonly kernel: ColumnsKernel,
    private readonly loop: LoopWriter,
  ) {
    this.states = new StateCode(loop, kernel.reductions);
    this.roles = outerRoles(kernel.axes);
    this.row = loop.f.local("i32");
    for (const stream of kernel.partials.streams.flat()) {
      this.starts.set(stream, loop.f.local(loop.f.addressType));
    }
  }

  unit(unit: Local): void {
    const { loop, kernel } = this;
    const { f, inner } = loop;
    const split = splitBlock(f, unit, kernel.chunks.count);
    const { rest, block } = splitBlock(f, split.rest, Math.ceil(inner / blockColumns));
    loop.decode(rest, this.roles.kept);
    const total = this.roles.rowCount;
    const last = chunkRows(f, this.row, { chunk: split.block, chunks: kernel.chunks, total });
    this.startRows(1);
    this.pointToStates(split.block);
    const range = (): Range => blockRange(f, block, { inner, length: blockColumns });
    overRow(loop, range(), single, (positions) => this.initialize(positions));
    for (const rows of columnRowsOf(kernel) > 1 ? [columnRowsOf(kernel), 1] : [1]) {
      this.whileLeft(last, rows, () => {
        this.startRows(rows);
        overRow(loop, range(), this.unrolling(rows), (positions) => this.fold(positions, rows));
      });
    }
  }

  /** Runs `body` for so many rows at a time while as many are left. */
  private whileLeft(last: Local, rows: number, body: () => void): void {
    const { f } = this.loop;
    f.block((done) => {
      f.loop((again) => {
        f.get(this.row);
        f.i32(rows);
        f.op("i32.add");
        f.get(last);
        f.op("i32.gt_u");
        f.brIf(done);
        body();
        f.get(this.row);
        f.i32(rows);
        f.op("i32.add");
        f.set(this.row);
        f.br(again);
      });
    });
  }

  private startRows(count: number): void {
    const { loop, kernel } = this;
    loop.decode(this.row, this.roles.reduced);
    loop.startRow({ from: 0, to: kernel.values.length });
    loop.startRowsAfter(count - 1);
  }

  /** Several rows are as many vectors in step as several vectors of a row. */
  private unrolling(rows: number): Unrolling {
    const { copies, inStep } = unrollingOf(this.kernel.values);
    return { copies: Math.ceil(copies / rows), inStep: Math.ceil(inStep / rows) };
  }

  private pointToStates(chunk: Local | null): void {
    const { loop, kernel } = this;
    for (const [stream, start] of this.starts) {
      const { dtype } = kernel.streams[stream] as ColumnsKernel["streams"][number];
      loop.f.get(loop.pointers[stream] as Local);
      if (chunk) loop.addScaled(chunk, kernel.partials.chunkStride * dtypes[dtype].bytes);
      loop.f.set(start);
    }
  }

  private initialize([position]: readonly Position[]): void {
    if (!position) return;
    this.kernel.reductions.forEach(({ reducer }, r) => {
      reducer.state.forEach(({ type, initial }, s) => {
        this.storeState(r, s, this.loop.lanes.constant(type, initial), position);
      });
    });
  }

  /** The values at each position, and below it in the rows after: in their order into the state. */
  private fold(positions: readonly Position[], rows: number): void {
    const { loop, kernel } = this;
    const wanted = [...kernel.stores, ...kernel.reductions].map(({ value }) => value);
    const below = positions.map((position) =>
      Array.from({ length: rows }, (_, row) => (row === 0 ? position : { ...position, row })),
    );
    loop.writeInStep(wanted, below.flat());
    for (const column of below) {
      for (const position of column) {
        for (const { value, stream } of kernel.stores) {
          loop.store(stream, loop.value(value, position), position);
        }
      }
      const [position] = column as [Position];
      kernel.reductions.forEach(({ value, reducer }, r) => {
        const state = reducer.state.map(({ type }, s) => this.loadState(r, s, type, position));
        column.forEach((each, row) => {
          const index = (): Register => this.rowIndex(row);
          this.states.step(r, state, loop.value(value, each), index, 4);
        });
        state.forEach((register, s) => this.storeState(r, s, register, position));
      });
    }
  }

  private rowIndex(row: number): Register {
    const { f } = this.loop;
    const register = newRegister(f, "i32");
    f.get(this.row);
    f.i32(row);
    f.op("i32.add");
    f.op("i32x4.splat");
    f.set(register.parts[0] as Local);
    return register;
  }

  /** States are padded to whole vectors, so that a tail's may be loaded and stored whole. */
  private stateWalker(r: number, s: number) {
    const stream = this.kernel.partials.streams[r]?.[s] as number;
    const { dtype } = this.kernel.streams[stream] as ColumnsKernel["streams"][number];
    return { pointer: this.starts.get(stream) as Local, dtype, stride: 1 };
  }

  private loadState(r: number, s: number, type: Register["type"], position: Position): Register {
    const walker = this.stateWalker(r, s);
    return { ...this.loop.loadFrom(walker, { ...position, lanes: 4 }), type };
  }

  private storeState(r: number, s: number, register: Register, position: Position): void {
    this.loop.storeTo(this.stateWalker(r, s), register, { ...position, lanes: 4 });
  }
}
