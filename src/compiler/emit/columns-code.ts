// columns: sums across rows, the lanes neighbouring sums. A unit is one chunk of rows of one block of
// columns; its states lie in the partial buffer (in the nearest cache) and take row after row.

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
  single,
  splitBlock,
  unrollingOf,
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
    const unrolling = unrollingOf(kernel.values);
    const total = this.roles.rowCount;
    const last = chunkRows(f, this.row, { chunk: split.block, chunks: kernel.chunks, total });
    loop.decode(this.row, this.roles.reduced);
    loop.startRow({ from: 0, to: kernel.values.length });
    this.pointToStates(split.block);
    const range = (): Range => blockRange(f, block, { inner, length: blockColumns });
    overRow(loop, range(), single, (positions) => this.initialize(positions));
    f.loop((again) => {
      loop.decode(this.row, this.roles.reduced);
      loop.startRow({ from: 0, to: kernel.values.length });
      overRow(loop, range(), unrolling, (positions) => this.fold(positions));
      f.get(this.row);
      f.i32(1);
      f.op("i32.add");
      f.tee(this.row);
      f.get(last);
      f.op("i32.lt_u");
      f.brIf(again);
    });
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

  private fold(positions: readonly Position[]): void {
    const { loop, kernel } = this;
    const wanted = [...kernel.stores, ...kernel.reductions].map(({ value }) => value);
    loop.writeInStep(wanted, positions);
    for (const position of positions) {
      for (const { value, stream } of kernel.stores) {
        loop.store(stream, loop.value(value, position), position);
      }
      kernel.reductions.forEach(({ value, reducer }, r) => {
        const state = reducer.state.map(({ type }, s) => this.loadState(r, s, type, position));
        const index = (): Register => this.rowIndex();
        this.states.step(r, state, loop.value(value, position), index, 4);
        state.forEach((register, s) => this.storeState(r, s, register, position));
      });
    }
  }

  private rowIndex(): Register {
    const { f } = this.loop;
    const register = newRegister(f, "i32");
    f.get(this.row);
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
