// bucketScatter: the rows of one bucket's list combined into the target, in order; a unit is a bucket. Its
// part of the target is near at hand, or soon will be; the rows of values lie anywhere, so that the lines
// of some rows ahead are touched together.
//
//   list … [position, row] [position, row] …   target[row] ← combine(target[row], value[position])

import { dtypes } from "../../base/dtypes.ts";
import type { Local } from "../../wasm/function.ts";
import type { BucketScatterKernel, Stream } from "../kernel.ts";
import { countBytes, pairBytes } from "./bucket-code.ts";
import { blockRange, minimum, vectorLoop } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { combineRow } from "./scatter-code.ts";
import { lineBytes, touchLines } from "./touch-code.ts";

/** Loads that wait together. Measured, a million rows: 64 → 50 ms, 96 … 192 → 45 … 49 ms, little beyond noise. */
const linesTogether = 96;

export const bucketScatterUnits = ({ buckets }: BucketScatterKernel): number => buckets.count;

export function bucketScatterCode(
  kernel: BucketScatterKernel,
  loop: LoopWriter,
): (unit: Local) => void {
  const writer = new BucketScatterWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

class BucketScatterWriter {
  /** Pairs of the list: the next one and the end, the end of those touched, the one at hand. */
  private readonly next: Local;
  private readonly end: Local;
  private readonly stop: Local;
  private readonly pair: Local;
  private readonly position: Local;
  private readonly row: Local;
  /** Lines of a row, of each stream whose rows the list names. */
  private readonly named: ReadonlyMap<number, number>;
  private readonly together: number;

  constructor(
    private readonly kernel: BucketScatterKernel,
    private readonly loop: LoopWriter,
  ) {
    const { f } = loop;
    loop.lanes.prepare(kernel.combine);
    this.next = f.local(f.addressType);
    this.end = f.local(f.addressType);
    this.stop = f.local(f.addressType);
    this.pair = f.local(f.addressType);
    this.position = f.local("i32");
    this.row = f.local("i32");
    this.named = linesByStream(kernel, loop.inner);
    const lines = [...this.named.values()].reduce((total, count) => total + count, 0);
    this.together = Math.max(1, Math.floor(linesTogether / Math.max(1, lines)));
  }

  unit(unit: Local): void {
    const { f } = this.loop;
    this.findList(unit);
    if (this.kernel.fill !== null) this.fill(unit, this.kernel.fill);
    f.block((done) => {
      f.loop((again) => {
        f.get(this.next);
        f.get(this.end);
        f.addressOp("eq");
        f.brIf(done);
        this.chooseStop();
        if (this.named.size > 0) this.eachPair(() => this.touch());
        this.eachPair(() => this.combine());
        f.get(this.stop);
        f.set(this.next);
        f.br(again);
      });
    });
  }

  /** Fills the bucket's rows: whole vectors, and what is left behind the last of them. */
  private fill(unit: Local, value: number): void {
    const { kernel, loop } = this;
    const { f } = loop;
    const { stride, extent, target, buckets } = kernel;
    const { dtype } = kernel.streams[target] as Stream;
    const elements = stride * extent;
    loop.startRow({ from: 0, to: 0 }, (stream) => stream === target);
    const walker = { pointer: loop.pointers[target] as Local, dtype, stride: 1 };
    const range = blockRange(f, unit, { inner: elements, length: stride << buckets.shift });
    const store = (position: Omit<Position, "offset">): void => {
      const at = { offset: range.offset, ...position };
      loop.storeTo(walker, loop.value(value, at), at);
    };
    for (const copies of [4, 1]) {
      vectorLoop(f, range, copies, () => {
        for (let copy = 0; copy < copies; copy++) store({ copy, lanes: 4 });
      });
    }
    if (elements % 4 === 0) return;
    f.get(unit);
    f.i32(buckets.count - 1);
    f.op("i32.eq");
    f.if(() => store({ copy: 0, lanes: elements % 4 }));
  }

  /** Where the bucket's list goes on; and from there the next launch. */
  private findList(unit: Local): void {
    const { loop, kernel } = this;
    const { f, pointers } = loop;
    const { counts, lists, chunks, rowElements } = kernel.buckets;
    const [begin, end] = [f.local("i32"), f.local("i32")];
    const column = f.local(f.addressType);
    const row = rowElements * countBytes;
    loop.startRow({ from: 0, to: 0 }, (stream) => stream === counts || stream === lists);
    f.get(pointers[counts] as Local);
    loop.addScaled(unit, countBytes);
    f.tee(column);
    f.load("i32.load", { offset: (chunks - 1) * row });
    f.get(column);
    f.load("i32.load", { offset: chunks * row });
    f.tee(begin);
    f.i32(kernel.listMost);
    f.op("i32.add");
    minimum(f, end);
    f.get(column);
    f.get(end);
    f.store("i32.store", { offset: chunks * row });
    for (const [place, into] of [[begin, this.next] as const, [end, this.end] as const]) {
      f.get(pointers[lists] as Local);
      loop.addScaled(place, pairBytes);
      f.set(into);
    }
  }

  private chooseStop(): void {
    const { f } = this.loop;
    f.get(this.next);
    f.address(this.together * pairBytes);
    f.addressAdd();
    f.tee(this.stop);
    f.get(this.end);
    f.get(this.stop);
    f.get(this.end);
    f.addressOp("lt_u");
    f.select();
    f.set(this.stop);
  }

  private eachPair(body: () => void): void {
    const { loop, pair } = this;
    const { f } = loop;
    f.get(this.next);
    f.set(pair);
    f.loop((again) => {
      f.get(pair);
      f.load("i32.load");
      f.set(this.position);
      f.get(pair);
      f.load("i32.load", { offset: 4 });
      f.set(this.row);
      loop.decode(this.position, [0]);
      body();
      f.get(pair);
      f.address(pairBytes);
      f.addressAdd();
      f.tee(pair);
      f.get(this.stop);
      f.addressOp("lt_u");
      f.brIf(again);
    });
  }

  private touch(): void {
    const { loop, kernel, named } = this;
    loop.startRow({ from: 0, to: 0 }, (stream) => named.has(stream));
    for (const [stream, lines] of named) {
      const isTarget = stream === kernel.target;
      touchLines(loop.f, isTarget ? this.targetRow() : (loop.pointers[stream] as Local), lines);
    }
  }

  private combine(): void {
    const { loop, kernel } = this;
    const { counts, lists } = kernel.buckets;
    loop.startRow(
      { from: 0, to: kernel.values.length },
      (stream) => stream !== counts && stream !== lists,
    );
    const range = blockRange(loop.f, null, { inner: loop.inner, length: loop.inner });
    combineRow(kernel, loop, { pointer: this.targetRow(), range });
  }

  private targetRow(): Local {
    const { loop, kernel } = this;
    const { f } = loop;
    const pointer = f.local(f.addressType);
    const { dtype } = kernel.streams[kernel.target] as Stream;
    f.get(loop.pointers[kernel.target] as Local);
    loop.addScaled(this.row, kernel.stride * dtypes[dtype].bytes);
    f.set(pointer);
    return pointer;
  }
}

/** Rows of the target are near at hand where they have just been filled. */
function linesByStream({ streams, target, fill }: BucketScatterKernel, columns: number) {
  const lines = new Map<number, number>();
  streams.forEach(({ dtype, strides: [along, across] }, at) => {
    const isFar = at === target ? fill === null : along !== 0 && across === 1;
    if (!isFar) return;
    lines.set(at, Math.ceil((columns * dtypes[dtype].bytes) / lineBytes));
  });
  return lines;
}
