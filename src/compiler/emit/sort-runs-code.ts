// sortRuns: the keys of a run with their positions, sorted in the worker's own memory. A unit is one run of
// one row. Pairs are 64 bits, the key above the position: as whole numbers no two are equal.
//
//   few:   insertion                            many:  by digits of 8 bits, the lowest first, stably
//   [0][pair pair …]                            [pair pair …] ⇄ [pair pair …] [counts of 4 digits]

import { scratchBytes } from "../../base/program.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { SortRunsKernel } from "../kernel.ts";
import { blockRange, minimum, outerRoles, overRow, splitBlock } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { addressOf, eachPair, pairBytes } from "./sort-pairs.ts";

/** Below, insertion takes fewer steps than clearing and adding up the counts. */
const fewElements = 64;
const digitBits = 8;
const digits = 4;
const countsBytes = (1 << digitBits) * 4;
/** Before the pairs: what is smaller than every pair, so that insertion stops there. */
const frontBytes = 16;
const inStep = { copies: 4, inStep: 4 };

/** Elements of the longest run: its pairs lie in the worker's own memory twice. */
export const mostInRun =
  4 * Math.floor((scratchBytes - frontBytes - digits * countsBytes) / (2 * 4 * pairBytes));

export const sortRunsUnits = ({ axes, count }: SortRunsKernel): number =>
  sizeOf(axes.slice(0, -1).map(({ size }) => size)) * count;

export function sortRunsCode(kernel: SortRunsKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new SortRunsWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

class SortRunsWriter {
  /** Pairs of the run at hand. */
  private readonly count: Local;
  /** Where the pairs lie, and where they go next. */
  private readonly from: Local;
  private readonly to: Local;
  /** Where the counts of digits start. */
  private readonly counts: Local;
  private readonly next: Local;

  constructor(
    private readonly kernel: SortRunsKernel,
    private readonly loop: LoopWriter,
  ) {
    const { f } = loop;
    this.count = f.local("i32");
    this.from = f.local(f.addressType);
    this.to = f.local(f.addressType);
    this.counts = f.local(f.addressType);
    this.next = f.local(f.addressType);
  }

  unit(unit: Local): void {
    const { loop, kernel } = this;
    const { rest, block } = splitBlock(loop.f, unit, kernel.count);
    loop.decode(rest, outerRoles(kernel.axes).kept);
    loop.startRow({ from: 0, to: kernel.values.length });
    this.place();
    this.fill(block);
    this.countOf(block);
    if (kernel.runElements <= fewElements) this.insert();
    else this.sortByDigits();
    this.give(block);
  }

  /** Lays out the worker's own memory; pairs are written up to three beyond their number. */
  private place(): void {
    const { f, options } = this.loop;
    const bytes = Math.ceil(this.kernel.runElements / 4) * 4 * pairBytes;
    const put = (into: Local, offset: number): void => {
      f.get(options.scratch);
      f.address(offset);
      f.addressAdd();
      f.set(into);
    };
    put(this.from, frontBytes);
    put(this.to, frontBytes + bytes);
    put(this.counts, frontBytes + 2 * bytes);
  }

  private fill(block: Local | null): void {
    const { loop, kernel } = this;
    const { f } = loop;
    f.get(this.from);
    f.set(this.next);
    const range = blockRange(f, block, { inner: loop.inner, length: kernel.runElements });
    overRow(loop, range, inStep, (positions) => {
      loop.writeInStep([kernel.value], positions);
      for (const position of positions) this.fillVector(position);
    });
  }

  /** Keys become unsigned, positions stand before them. */
  private fillVector(position: Position): void {
    const { f, index } = this.loop;
    const [keys, places] = [f.local("v128"), f.local("v128")];
    f.get(this.loop.value(this.kernel.value, position).parts[0] as Local);
    f.v128i32(-2147483648);
    f.op("v128.xor");
    f.set(keys);
    f.i32(0);
    index.element(position, 1);
    f.op("i32x4.splat");
    f.v128(new Uint8Array(Int32Array.from([0, 1, 2, 3]).buffer));
    f.op("i32x4.add");
    f.set(places);
    interleavings.forEach((bytes, at) => {
      f.get(this.next);
      f.get(places);
      f.get(keys);
      f.shuffle(bytes);
      f.store("v128.store", { offset: at * 16, align: 3 });
    });
    this.advance(this.next, 4 * pairBytes);
  }

  private advance(pointer: Local, bytes: number): void {
    const { f } = this.loop;
    f.get(pointer);
    f.address(bytes);
    f.addressAdd();
    f.set(pointer);
  }

  private countOf(block: Local | null): void {
    const { f, inner } = this.loop;
    const { runElements } = this.kernel;
    if (!block) {
      f.i32(inner);
      f.set(this.count);
      return;
    }
    f.i32(runElements);
    f.i32(inner);
    f.get(block);
    f.i32(runElements);
    f.op("i32.mul");
    f.op("i32.sub");
    minimum(f, this.count);
  }

  private insert(): void {
    const { f, options } = this.loop;
    const [at, pair, before] = [f.local(f.addressType), f.local("i64"), f.local("i64")];
    f.get(options.scratch);
    f.i64(0);
    f.store("i64.store", { offset: frontBytes - pairBytes });
    eachPair(f, { from: this.from, count: this.count }, (pointer) => {
      f.get(pointer);
      f.load("i64.load");
      f.set(pair);
      f.get(pointer);
      f.address(pairBytes);
      f.addressOp("sub");
      f.set(at);
      f.block((isPlaced) => {
        f.loop((again) => {
          f.get(at);
          f.load("i64.load");
          f.tee(before);
          f.get(pair);
          f.op("i64.le_u");
          f.brIf(isPlaced);
          f.get(at);
          f.get(before);
          f.store("i64.store", { offset: pairBytes });
          f.get(at);
          f.address(pairBytes);
          f.addressOp("sub");
          f.set(at);
          f.br(again);
        });
      });
      f.get(at);
      f.get(pair);
      f.store("i64.store", { offset: pairBytes });
    });
  }

  private sortByDigits(): void {
    this.clearCounts();
    this.countDigits();
    for (let digit = 0; digit < digits; digit++) this.sortByDigit(digit);
  }

  private clearCounts(): void {
    const { f } = this.loop;
    f.get(this.counts);
    f.i32(0);
    f.address(digits * countsBytes);
    f.op("memory.fill");
  }

  private countDigits(): void {
    const { f } = this.loop;
    const key = f.local("i32");
    const place = f.local(f.addressType);
    eachPair(f, { from: this.from, count: this.count }, (pointer) => {
      f.get(pointer);
      f.load("i32.load", { offset: 4 });
      f.set(key);
      for (let digit = 0; digit < digits; digit++) {
        const offset = digit * countsBytes;
        this.countPlace(key, digit);
        f.tee(place);
        f.get(place);
        f.load("i32.load", { offset });
        f.i32(1);
        f.op("i32.add");
        f.store("i32.store", { offset });
      }
    });
  }

  /** Address of a key's count, on the stack, without the digit's own offset. */
  private countPlace(key: Local, digit: number): void {
    const { f } = this.loop;
    f.get(this.counts);
    f.get(key);
    if (digit > 0) {
      f.i32(digit * digitBits);
      f.op("i32.shr_u");
    }
    f.i32((1 << digitBits) - 1);
    f.op("i32.and");
    f.i32(2);
    f.op("i32.shl");
    f.addressFromI32();
    f.addressAdd();
  }

  /** One pass; none where all have the same digit. */
  private sortByDigit(digit: number): void {
    const { f } = this.loop;
    const key = f.local("i32");
    const offset = digit * countsBytes;
    f.get(this.from);
    f.load("i32.load", { offset: 4 });
    f.set(key);
    this.countPlace(key, digit);
    f.load("i32.load", { offset });
    f.get(this.count);
    f.op("i32.ne");
    f.if(() => {
      this.startsOf(offset);
      eachPair(f, { from: this.from, count: this.count }, (pointer) =>
        this.move(pointer, { digit, offset }),
      );
      this.swap();
    });
  }

  /** Each count becomes the bytes of all before it. */
  private startsOf(offset: number): void {
    const { f } = this.loop;
    const [total, own] = [f.local("i32"), f.local("i32")];
    const [pointer, end] = [f.local(f.addressType), f.local(f.addressType)];
    f.i32(0);
    f.set(total);
    f.get(this.counts);
    f.set(pointer);
    f.get(this.counts);
    f.address(countsBytes);
    f.addressAdd();
    f.set(end);
    f.loop((again) => {
      f.get(pointer);
      f.load("i32.load", { offset });
      f.set(own);
      f.get(pointer);
      f.get(total);
      f.store("i32.store", { offset });
      f.get(own);
      f.i32(pairBytes);
      f.op("i32.mul");
      f.get(total);
      f.op("i32.add");
      f.set(total);
      this.advance(pointer, 4);
      f.get(pointer);
      f.get(end);
      f.addressOp("lt_u");
      f.brIf(again);
    });
  }

  private move(pointer: Local, { digit, offset }: { digit: number; offset: number }): void {
    const { f } = this.loop;
    const [key, start] = [f.local("i32"), f.local("i32")];
    const place = f.local(f.addressType);
    f.get(pointer);
    f.load("i32.load", { offset: 4 });
    f.set(key);
    this.countPlace(key, digit);
    f.tee(place);
    f.load("i32.load", { offset });
    f.set(start);
    f.get(this.to);
    f.get(start);
    f.addressFromI32();
    f.addressAdd();
    f.get(pointer);
    f.load("i64.load");
    f.store("i64.store");
    f.get(place);
    f.get(start);
    f.i32(pairBytes);
    f.op("i32.add");
    f.store("i32.store", { offset });
  }

  private swap(): void {
    const { f } = this.loop;
    f.get(this.from);
    f.get(this.to);
    f.set(this.from);
    f.set(this.to);
  }

  private give(block: Local | null): void {
    const { loop, kernel } = this;
    const { f } = loop;
    const bytes = kernel.givesPairs ? pairBytes : 4;
    f.get(loop.pointers[kernel.target] as Local);
    if (block) loop.addScaled(block, kernel.runElements * bytes);
    f.set(this.next);
    if (kernel.givesPairs) {
      f.get(this.next);
      f.get(this.from);
      addressOf(f, this.count, pairBytes);
      f.op("memory.copy");
      return;
    }
    eachPair(f, { from: this.from, count: this.count }, (pointer) => {
      f.get(this.next);
      f.get(pointer);
      f.load("i32.load");
      f.store("i32.store");
      this.advance(this.next, bytes);
    });
  }
}

/** Bytes of the lower, or upper, two positions, each with its key behind it. */
const interleavings = [0, 2].map((first) =>
  [first, first + 1].flatMap((lane) =>
    [lane * 4, 16 + lane * 4].flatMap((start) => [start, start + 1, start + 2, start + 3]),
  ),
);
