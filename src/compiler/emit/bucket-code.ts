// bucketCount, bucketStarts, bucketPlace: indices sorted by the bucket that their row is of, stably. A unit
// is a chunk of indices with a row of counts of its own; the starts of all lists are one unit.
//
//           buckets →          starts: down each column, then the next    place: each start moves on,
//   chunk 0 [2 0 1]            [0 3 3]                                    to the next chunk's
//   chunk 1 [1 0 2]     →      [2 3 4]                                →   [2 3 4] [3 3 6]
//                              [0 3 3]  where each list goes on

import type { Local } from "../../wasm/function.ts";
import type { BucketIndexKernel, BucketStartsKernel } from "../kernel.ts";
import { blockRange, overRow, single } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import { repeat } from "./merge-code.ts";
import type { Position } from "./position.ts";

/** Bytes of a count, and of an index' position with the row that it names. */
export const countBytes = 4;
export const pairBytes = 8;

export const bucketIndexUnits = ({ buckets }: BucketIndexKernel): number => buckets.chunks;

export function bucketIndexCode(
  kernel: BucketIndexKernel,
  loop: LoopWriter,
): (unit: Local) => void {
  const { f, inner } = loop;
  const { rowElements, chunkElements, counts: stream } = kernel.buckets;
  const counts = f.local(f.addressType);
  return (unit) => {
    loop.startRow({ from: 0, to: kernel.values.length });
    f.get(loop.pointers[stream] as Local);
    loop.addScaled(unit, rowElements * countBytes);
    f.set(counts);
    if (kernel.kind === "bucketCount") clear(loop, counts, rowElements);
    const block = kernel.buckets.chunks === 1 ? null : unit;
    const range = blockRange(f, block, { inner, length: chunkElements });
    overRow(loop, range, single, ([position]) =>
      eachLane(kernel, loop, { counts, position: position as Position }),
    );
  };
}

function clear(loop: LoopWriter, from: Local, elements: number): void {
  const { f } = loop;
  const pointer = f.local(f.addressType);
  f.get(from);
  f.set(pointer);
  repeat(loop, elements / 4, () => {
    f.get(pointer);
    f.v128i32(0);
    f.store("v128.store", { align: 2 });
    advance(loop, pointer, 16);
  });
}

function advance({ f }: LoopWriter, pointer: Local, bytes: number): void {
  f.get(pointer);
  f.address(bytes);
  f.addressAdd();
  f.set(pointer);
}

interface Chunk {
  readonly counts: Local;
  readonly position: Position;
}

/** One index after the other: two may be of the same bucket. */
function eachLane(kernel: BucketIndexKernel, loop: LoopWriter, { counts, position }: Chunk): void {
  const { f } = loop;
  const index = loop.gathers.checked(kernel.index, kernel.extent, position).parts[0] as Local;
  const [row, bucket, count] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const address = f.local(f.addressType);
  for (let lane = 0; lane < position.lanes; lane++) {
    f.get(index);
    f.lane("i32x4.extract_lane", lane);
    f.tee(row);
    f.i32(kernel.buckets.shift);
    f.op("i32.shr_u");
    f.set(bucket);
    f.get(counts);
    loop.addScaled(bucket, countBytes);
    f.tee(address);
    f.get(address);
    f.load("i32.load");
    f.tee(count);
    f.i32(1);
    f.op("i32.add");
    f.store("i32.store");
    if (kernel.kind === "bucketPlace") place(kernel, loop, { position, lane, row, count });
  }
}

interface Placed {
  readonly position: Position;
  readonly lane: number;
  readonly row: Local;
  /** The place in the list. */
  readonly count: Local;
}

function place(kernel: BucketIndexKernel, loop: LoopWriter, placed: Placed): void {
  const { f } = loop;
  const { position, lane, row, count } = placed;
  const address = f.local(f.addressType);
  f.get(loop.pointers[kernel.buckets.lists] as Local);
  loop.addScaled(count, pairBytes);
  f.tee(address);
  f.get(position.offset as Local);
  if (f.addressType === "i64") f.op("i32.wrap_i64");
  f.i32(2);
  f.op("i32.shr_u");
  f.i32(lane);
  f.op("i32.add");
  f.store("i32.store");
  f.get(address);
  f.get(row);
  f.store("i32.store", { offset: 4 });
}

/** Runs once: bucket by bucket, each down the chunks. */
export function bucketStartsCode(
  { buckets }: BucketStartsKernel,
  loop: LoopWriter,
): (unit: Local) => void {
  const { f } = loop;
  const { count, chunks, rowElements, counts: stream } = buckets;
  const [total, own] = [f.local("i32"), f.local("i32")];
  const [column, pointer] = [f.local(f.addressType), f.local(f.addressType)];
  return () => {
    loop.startRow({ from: 0, to: 0 });
    f.get(loop.pointers[stream] as Local);
    f.set(column);
    f.i32(0);
    f.set(total);
    repeat(loop, count, () => {
      f.get(column);
      f.get(total);
      f.store("i32.store", { offset: chunks * rowElements * countBytes });
      f.get(column);
      f.set(pointer);
      repeat(loop, chunks, () => {
        f.get(pointer);
        f.load("i32.load");
        f.set(own);
        f.get(pointer);
        f.get(total);
        f.store("i32.store");
        f.get(total);
        f.get(own);
        f.op("i32.add");
        f.set(total);
        advance(loop, pointer, rowElements * countBytes);
      });
      advance(loop, column, countBytes);
    });
  };
}
