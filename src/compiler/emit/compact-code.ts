// compact: the values where a mask holds, one after another. A unit is a block; where its chosen ones
// begin and end is data. The lanes of a vector that are chosen are moved to its front by a pattern from
// a table, and the whole vector is stored; what stands behind them is written over by the next.
//
//   mask 1 0 1 1 → bits 1101 → pattern of 13: lanes 0 2 3 …    a b c d → a c d …

import { dtypes } from "../../base/dtypes.ts";
import type { Local } from "../../wasm/function.ts";
import type { CompactKernel, Stream } from "../kernel.ts";
import { blockRange, tail, vectorLoop } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { isWide, newRegister, type Register } from "./register.ts";
import { realLanes } from "./state-code.ts";

export const compactUnits = ({ axes, block }: CompactKernel): number =>
  Math.ceil((axes.at(-1)?.size ?? 1) / block);

export function compactCode(kernel: CompactKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new CompactWriter(kernel, loop);
  writer.writePatterns();
  return (unit) => writer.unit(unit);
}

class CompactWriter {
  private readonly stream: Stream;
  private readonly bytes: number;
  /** Lanes of one part of a register. */
  private readonly width: number;
  /** Where the next chosen element goes, and where the block's end. */
  private readonly next: Local;
  private readonly end: Local;
  private readonly bits: Local;

  constructor(
    private readonly kernel: CompactKernel,
    private readonly loop: LoopWriter,
  ) {
    this.stream = kernel.streams[kernel.target] as Stream;
    this.bytes = dtypes[this.stream.dtype].bytes;
    this.width = isWide(dtypes[this.stream.dtype].lane) ? 2 : 4;
    const { f } = loop;
    this.next = f.local(f.addressType);
    this.end = f.local(f.addressType);
    this.bits = f.local("i32");
  }

  /** The byte order that brings the chosen lanes to the front, for all choices, into scratch. */
  writePatterns(): void {
    const { f, options } = this.loop;
    for (let choice = 0; choice < 1 << this.width; choice++) {
      f.get(options.scratch);
      f.v128(patternOf(choice, this.width));
      f.store("v128.store", { offset: choice * 16 });
    }
  }

  unit(unit: Local): void {
    const { loop, kernel } = this;
    const { f, inner } = loop;
    loop.startRow({ from: 0, to: kernel.values.length });
    this.place(this.next, unit, 0);
    this.place(this.end, unit, 1);
    const range = blockRange(f, unit, { inner, length: kernel.block });
    vectorLoop(f, range, 1, () => {
      loop.startVector();
      this.vector({ offset: range.offset, copy: 0, lanes: 4 });
    });
    tail(loop, range, (position) => this.vector(position));
  }

  /** Address of the target's element that starts[unit + ahead] names. */
  private place(into: Local, unit: Local, ahead: number): void {
    const { f, pointers } = this.loop;
    f.get(pointers[this.kernel.target] as Local);
    f.get(pointers[this.kernel.starts] as Local);
    this.loop.addScaled(unit, 4);
    f.load("i32.load", { offset: ahead * 4 });
    f.addressFromI32();
    f.address(this.bytes);
    f.addressMul();
    f.addressAdd();
    f.set(into);
  }

  private vector(position: Position): void {
    const { loop, kernel } = this;
    const { f } = loop;
    f.get(loop.value(kernel.mask, position).parts[0] as Local);
    if (position.lanes < 4) {
      f.get(realLanes(loop, position.lanes).parts[0] as Local);
      f.op("v128.and");
    }
    f.op("i32x4.bitmask");
    f.set(this.bits);
    const value = loop.value(kernel.value, position);
    f.get(this.next);
    f.address(4 * this.bytes);
    f.addressAdd();
    f.get(this.end);
    f.addressOp("gt_u");
    // A whole vector would reach into the next block, which may be written already.
    f.if(
      () => this.lanes(value, position.lanes),
      () => this.whole(value),
    );
  }

  private lanes(value: Register, count: number): void {
    const { f } = this.loop;
    for (let lane = 0; lane < count; lane++) {
      f.get(this.bits);
      f.i32(1 << lane);
      f.op("i32.and");
      f.if(() => {
        this.loop.storeAt(this.next, this.stream.dtype, value, lane);
        this.advance(() => f.i32(1));
      });
    }
  }

  private whole(value: Register): void {
    const { f } = this.loop;
    const mask = (1 << this.width) - 1;
    value.parts.forEach((part, at) => {
      const moved = newRegister(f, value.type).parts[0] as Local<"v128">;
      const choice = (): void => {
        f.get(this.bits);
        if (this.width === 4) return;
        f.i32(at * this.width);
        f.op("i32.shr_u");
        f.i32(mask);
        f.op("i32.and");
      };
      f.get(part);
      f.get(this.loop.options.scratch);
      choice();
      f.addressFromI32();
      f.address(16);
      f.addressMul();
      f.addressAdd();
      f.load("v128.load");
      f.op("i8x16.swizzle");
      f.set(moved);
      this.storePart(moved, value);
      this.advance(() => {
        choice();
        f.op("i32.popcnt");
      });
    });
  }

  private storePart(moved: Local<"v128">, { type }: Register): void {
    const { f } = this.loop;
    if (this.width === 2) {
      f.get(this.next);
      f.get(moved);
      f.store("v128.store", { align: 3 });
      return;
    }
    const walker = { pointer: this.next, dtype: this.stream.dtype, stride: 1 };
    this.loop.storeTo(walker, { type, parts: [moved] }, { offset: null, copy: 0, lanes: 4 });
  }

  /** Moves on by as many elements as `count` leaves on the stack. */
  private advance(count: () => void): void {
    const { f } = this.loop;
    f.get(this.next);
    count();
    f.addressFromI32();
    f.address(this.bytes);
    f.addressMul();
    f.addressAdd();
    f.set(this.next);
  }
}

function patternOf(choice: number, width: number): Uint8Array {
  const bytes = 16 / width;
  const pattern = new Uint8Array(16);
  let to = 0;
  for (let lane = 0; lane < width; lane++) {
    if ((choice & (1 << lane)) === 0) continue;
    for (let byte = 0; byte < bytes; byte++) pattern[to++] = lane * bytes + byte;
  }
  return pattern;
}
