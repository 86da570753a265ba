// scatter: base[index] ← combine(base[index], value), in the order of the scattered axis, so that
// repeated indices give the same bits for any number of workers. A unit walks all indices, but writes
// only a strip of columns of the inner axis, if that is free.
//
//   index the same along the inner axis:  whole vectors of a row       else: lane by lane, in order

import { dtypes } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { ScatterKernel, Stream } from "../kernel.ts";
import { blockRange, outerAxes, overRow, type Range, single, splitBlock } from "./inner-loop.ts";
import { levelsOf } from "./levels.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import type { Register } from "./register.ts";
import { isWorthTouching, touchAhead } from "./touch-code.ts";

/** Elements from which on it pays that several units walk the indices. */
const enoughElements = 65536;
/** Units that keep all workers busy. */
const enoughUnits = 16;
/** Two cache lines, which memory brings together; in narrower strips each index costs more than its row. */
const leastBytes = 128;

/** How the work is cut, by shapes alone. */
interface Cut {
  /** Axes each of whose indices is a unit, or several. */
  readonly outer: readonly number[];
  readonly strips: number;
  readonly stripElements: number;
}

function cutOf(kernel: ScatterKernel): Cut {
  const { axes, size } = kernel;
  const outer = outerAxes(axes.length).filter((axis) => !axes[axis]?.isReduced);
  const units = sizeOf(outer.map((axis) => axes[axis]?.size ?? 1));
  const inner = axes.at(-1)?.size ?? 1;
  if (!isFree(kernel) || size < enoughElements || units >= enoughUnits) {
    return { outer, strips: 1, stripElements: inner };
  }
  const { bytes } = dtypes[(kernel.streams[kernel.target] as Stream).dtype];
  const least = Math.max(16, leastBytes / bytes);
  const most = Math.ceil(enoughUnits / units);
  const stripElements = least * Math.ceil(inner / least / most);
  return { outer, strips: Math.ceil(inner / stripElements), stripElements };
}

const isFree = ({ axes }: ScatterKernel): boolean => axes.at(-1)?.isReduced === false;

/** Whether the index is the same along the inner axis, which is free. */
const isByRow = (kernel: ScatterKernel): boolean =>
  isFree(kernel) && levelsOf(kernel)[kernel.index] !== "vector";

export function scatterUnits(kernel: ScatterKernel): number {
  const { outer, strips } = cutOf(kernel);
  return sizeOf(outer.map((axis) => kernel.axes[axis]?.size ?? 1)) * strips;
}

export function scatterCode(kernel: ScatterKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new ScatterWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

class ScatterWriter {
  private readonly cut: Cut;
  private readonly isByRow: boolean;
  /** Axes along which indices are walked, and how many of them there are. */
  private readonly scattered: readonly number[];
  private readonly rows: number;
  private readonly row: Local;

  constructor(
    private readonly kernel: ScatterKernel,
    private readonly loop: LoopWriter,
  ) {
    const { axes, combine } = kernel;
    loop.lanes.prepare(combine);
    this.cut = cutOf(kernel);
    this.isByRow = isByRow(kernel);
    this.scattered = outerAxes(axes.length).filter((axis) => axes[axis]?.isReduced);
    this.rows = sizeOf(this.scattered.map((axis) => axes[axis]?.size ?? 1));
    this.row = loop.f.local("i32");
  }

  unit(unit: Local): void {
    const { loop, row } = this;
    const { f } = loop;
    const { rest, block: strip } = splitBlock(f, unit, this.cut.strips);
    loop.decode(rest, this.cut.outer);
    f.i32(0);
    f.set(row);
    f.loop((again) => {
      this.touch(strip);
      loop.decode(row, this.scattered);
      loop.startRow({ from: 0, to: this.kernel.values.length });
      if (this.isByRow) this.wholeRow(strip);
      else this.laneByLane(strip);
      f.get(row);
      f.i32(1);
      f.op("i32.add");
      f.tee(row);
      f.i32(this.rows);
      f.op("i32.lt_u");
      f.brIf(again);
    });
  }

  private touch(strip: Local | null): void {
    const { loop, kernel, row: at, rows: count, scattered: axes } = this;
    const { target: stream, index, stride, extent } = kernel;
    const elements = Math.min(this.cut.stripElements, loop.inner);
    const row = { stream, index, stride, extent, elements, strip };
    if (this.isByRow && isWorthTouching(loop, row)) touchAhead(loop, row, { at, count, axes });
  }

  /** Neighbours in the row are neighbours in the target, whose row the index says once. */
  private wholeRow(strip: Local | null): void {
    const { loop, kernel } = this;
    const position = { offset: null, copy: 0, lanes: 4 };
    const index = loop.gathers.checked(kernel.index, kernel.extent, position);
    const pointer = loop.gathers.rowPointer(kernel.target, index, kernel.stride);
    combineRow(kernel, loop, { pointer, range: this.columns(strip) });
  }

  private columns(strip: Local | null) {
    const { f, inner } = this.loop;
    return blockRange(f, strip, { inner, length: this.cut.stripElements });
  }

  /** One lane after the other: two lanes may name the same element. */
  private laneByLane(strip: Local | null): void {
    const { loop, kernel } = this;
    overRow(loop, this.columns(strip), single, ([position]) =>
      this.combineLanes(loop, kernel, position as Position),
    );
  }

  private combineLanes(loop: LoopWriter, kernel: ScatterKernel, position: Position): void {
    const { dtype } = kernel.streams[kernel.target] as Stream;
    const index = loop.gathers.checked(kernel.index, kernel.extent, position);
    const walk = { index, stride: kernel.stride };
    const walker = loop.walker(kernel.target, 0);
    const value = loop.value(kernel.value, position);
    for (let lane = 0; lane < position.lanes; lane++) {
      const address = loop.gathers.laneAddress(walker, walk, position, lane);
      const before = loop.loadAt(address, dtype);
      const after = loop.lanes.run(kernel.combine, [before, value])[0] as Register;
      loop.storeAt(address, dtype, after, lane);
    }
  }
}

type RowKernel = Pick<ScatterKernel, "streams" | "target" | "value" | "combine">;

/** target[…] ← combine(target[…], value) for columns of the target's row at the pointer. */
export function combineRow(
  { streams, target, value, combine }: RowKernel,
  loop: LoopWriter,
  { pointer, range }: { readonly pointer: Local; readonly range: Range },
): void {
  const { dtype, strides } = streams[target] as Stream;
  const walker = { pointer, dtype, stride: strides.at(-1) ?? 1 };
  overRow(loop, range, { copies: 4, inStep: 4 }, (positions) => {
    loop.writeInStep([value], positions);
    for (const position of positions) {
      const before = loop.loadFrom(walker, position);
      const after = loop.lanes.run(combine, [before, loop.value(value, position)]);
      loop.storeTo(walker, after[0] as Register, position);
    }
  });
}
