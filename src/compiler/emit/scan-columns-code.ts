// scanColumns: prefixes across rows, four lanes neighbouring scans. A unit is one chunk of rows of one
// block of columns; its states lie in the partial buffer (in the nearest cache) and take row after row.

import { dtypes } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { ScanColumnsKernel, Stream } from "../kernel.ts";
import {
  blockRange,
  chunkRows,
  outerRoles,
  overRow,
  type Range,
  single,
  splitBlock,
} from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { newRegister, type Register } from "./register.ts";
import { ScanCode } from "./scan-code.ts";
import type { State } from "./state-code.ts";

const inStep = { copies: 4, inStep: 4 };
/**
 * Columns of a unit: as many as keep the states in the nearest cache, fewer where units are few. From 512
 * on a row's loads do not wait for the last row's stores at the same place of a page: along 0 of 4096² the
 * same sum takes 78 ms by 256 columns, 12 ms by 512 (copy: 9 ms).
 */
const mostColumns = 2048;
export const leastColumns = 512;
const wantedBlocks = 16;

function columnsOfUnit(inner: number): number {
  const even = Math.ceil(inner / wantedBlocks / 4) * 4;
  return Math.min(mostColumns, Math.max(leastColumns, even));
}

export function scanColumnsUnits({ axes, chunks }: ScanColumnsKernel): number {
  const inner = axes.at(-1)?.size ?? 1;
  const kept = axes.slice(0, -1).filter(({ isReduced }) => !isReduced);
  const blocks = Math.ceil(inner / columnsOfUnit(inner));
  return sizeOf(kept.map(({ size }) => size)) * blocks * chunks.count;
}

export function scanColumnsCode(
  kernel: ScanColumnsKernel,
  loop: LoopWriter,
): (unit: Local) => void {
  const writer = new ScanColumnsWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

class ScanColumnsWriter {
  private readonly scan: ScanCode;
  private readonly roles: ReturnType<typeof outerRoles>;
  private readonly row: Local;
  /** Where the unit's states start, a pointer per state. */
  private readonly starts: readonly Local[];

  constructor(
    private readonly kernel: ScanColumnsKernel,
    private readonly loop: LoopWriter,
  ) {
    this.scan = new ScanCode(loop, kernel);
    this.roles = outerRoles(kernel.axes);
    this.row = loop.f.local("i32");
    this.starts = this.partialStreams().map(() => loop.f.local(loop.f.addressType));
  }

  unit(unit: Local): void {
    const { loop, kernel } = this;
    const { f, inner } = loop;
    const length = columnsOfUnit(inner);
    const split = splitBlock(f, unit, kernel.chunks.count);
    const { rest, block } = splitBlock(f, split.rest, Math.ceil(inner / length));
    loop.decode(rest, this.roles.kept);
    const chunk = { chunk: split.block, chunks: kernel.chunks, total: this.roles.rowCount };
    const last = chunkRows(f, this.row, chunk);
    const range = (): Range => blockRange(f, block, { inner, length });
    this.startRow();
    this.pointToStates(split.block);
    if (kernel.phase !== "results") {
      overRow(loop, range(), single, ([position]) => {
        this.storeState(this.scan.initial(), position as Position);
      });
    }
    f.loop((again) => {
      this.startRow();
      overRow(loop, range(), inStep, (positions) => this.write(positions));
      f.get(this.row);
      f.i32(1);
      f.op("i32.add");
      f.tee(this.row);
      f.get(last);
      f.op("i32.lt_u");
      f.brIf(again);
    });
  }

  private startRow(): void {
    const { loop, kernel } = this;
    loop.decode(this.row, this.roles.reduced);
    loop.startRow({ from: 0, to: kernel.values.length });
  }

  private partialStreams(): readonly number[] {
    return this.kernel.partials.streams[0] as readonly number[];
  }

  private pointToStates(chunk: Local | null): void {
    const { loop, kernel } = this;
    this.partialStreams().forEach((stream, s) => {
      const { bytes } = dtypes[(kernel.streams[stream] as Stream).dtype];
      loop.f.get(loop.pointers[stream] as Local);
      if (chunk) loop.addScaled(chunk, kernel.partials.chunkStride * bytes);
      loop.f.set(this.starts[s] as Local);
    });
  }

  private write(positions: readonly Position[]): void {
    const { scan, loop, kernel } = this;
    const lifted = scan.lift(positions, () => this.rowIndex());
    positions.forEach((position, at) => {
      const state = scan.merge(this.loadState(position), lifted[at] as State);
      this.storeState(state, position);
      if (kernel.store !== null) loop.store(kernel.store, scan.finish(state), position);
    });
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
  private walker(s: number) {
    const { dtype } = this.kernel.streams[this.partialStreams()[s] as number] as Stream;
    return { pointer: this.starts[s] as Local, dtype, stride: 1 };
  }

  private loadState(position: Position): State {
    return this.kernel.scanner.state.map(({ type }, s) => ({
      ...this.loop.loadFrom(this.walker(s), { ...position, lanes: 4 }),
      type,
    }));
  }

  private storeState(state: State, position: Position): void {
    state.forEach((register, s) => {
      this.loop.storeTo(this.walker(s), register, { ...position, lanes: 4 });
    });
  }
}
