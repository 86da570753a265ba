// mergeRuns: two sorted runs become one. A unit is a stretch of the result: which parts of both runs it is
// made of is found by halving, so that the stretches of one merge are written side by side.
//
//   first  a a a │ a a a        of the first d of the result, i are of the first run and d − i of the
//   second b b │ b b b b        second, where first[i] comes after second[d − i − 1]

import type { Local } from "../../wasm/function.ts";
import type { MergeRunsKernel } from "../kernel.ts";
import { minimum, splitBlock } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import { addressOf, pairBytes } from "./sort-pairs.ts";

/** Stretches of all rows. */
export const mergeRunsUnits = ({ size, along, unitElements }: MergeRunsKernel): number =>
  (size / along) * Math.ceil(along / unitElements);

export function mergeRunsCode(kernel: MergeRunsKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new MergeRunsWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

/** The next pair and the end of a part of a run. */
interface Part {
  readonly next: Local;
  readonly end: Local;
}

class MergeRunsWriter {
  /** Elements from the row's start to the merge's, to the unit's and to the unit's end. */
  private readonly start: Local;
  private readonly begin: Local;
  private readonly end: Local;
  /** Elements of both runs. */
  private readonly firstLength: Local;
  private readonly secondLength: Local;
  /** Addresses where both runs start. */
  private readonly firstRun: Local;
  private readonly secondRun: Local;
  private readonly first: Part;
  private readonly second: Part;
  /** Where the result goes on, and where it ends as yet. */
  private readonly out: Local;
  private readonly outEnd: Local;

  constructor(
    private readonly kernel: MergeRunsKernel,
    private readonly loop: LoopWriter,
  ) {
    const { f } = loop;
    const address = (): Local => f.local(f.addressType);
    this.start = f.local("i32");
    this.begin = f.local("i32");
    this.end = f.local("i32");
    this.firstLength = f.local("i32");
    this.secondLength = f.local("i32");
    this.firstRun = address();
    this.secondRun = address();
    this.first = { next: address(), end: address() };
    this.second = { next: address(), end: address() };
    this.out = address();
    this.outEnd = address();
  }

  unit(unit: Local): void {
    const { loop, kernel } = this;
    const units = Math.ceil(kernel.along / kernel.unitElements);
    const { rest: row, block } = splitBlock(loop.f, unit, units);
    loop.startRow({ from: 0, to: 0 });
    this.findRuns(row, block as Local);
    this.cutAt(this.begin, [this.first.next, this.second.next]);
    this.cutAt(this.end, [this.first.end, this.second.end]);
    this.merge();
    this.giveRest(this.first);
    this.giveRest(this.second);
  }

  private findRuns(row: Local, block: Local): void {
    const { f, pointers } = this.loop;
    const { along, runElements, unitElements, from, target } = this.kernel;
    f.get(block);
    f.i32(unitElements);
    f.op("i32.mul");
    f.tee(this.begin);
    f.get(this.begin);
    f.i32(2 * runElements);
    f.op("i32.rem_u");
    f.op("i32.sub");
    f.set(this.start);
    this.boundedLength(() => f.get(this.start), this.firstLength);
    this.boundedLength(() => {
      f.get(this.start);
      f.get(this.firstLength);
      f.op("i32.add");
    }, this.secondLength);
    f.get(this.begin);
    f.i32(unitElements);
    f.op("i32.add");
    f.i32(along);
    minimum(f, this.end);
    const rowAt = (stream: number, bytes: number): void => {
      f.get(pointers[stream] as Local);
      this.loop.addScaled(row, along * bytes);
    };
    rowAt(from, pairBytes);
    this.addElements(this.start, pairBytes);
    f.tee(this.firstRun);
    this.addElements(this.firstLength, pairBytes);
    f.set(this.secondRun);
    rowAt(target, this.resultBytes);
    this.addElements(this.begin, this.resultBytes);
    f.set(this.out);
    rowAt(target, this.resultBytes);
    this.addElements(this.end, this.resultBytes);
    f.set(this.outEnd);
  }

  /** min(runElements, along − start) */
  private boundedLength(start: () => void, into: Local): void {
    const { f } = this.loop;
    f.i32(this.kernel.runElements);
    f.i32(this.kernel.along);
    start();
    f.op("i32.sub");
    minimum(f, into);
  }

  private addElements(elements: Local, bytes: number): void {
    const { f } = this.loop;
    addressOf(f, elements, bytes);
    f.addressAdd();
  }

  /** Where both runs are cut for the result's elements up to `at`, counted from the row's start. */
  private cutAt(at: Local, [first, second]: readonly [Local, Local]): void {
    const { f } = this.loop;
    const [wanted, low, high] = [f.local("i32"), f.local("i32"), f.local("i32")];
    f.get(at);
    f.get(this.start);
    f.op("i32.sub");
    f.set(wanted);
    this.bounds({ wanted, low, high });
    f.block((isFound) => {
      f.loop((again) => {
        f.get(low);
        f.get(high);
        f.op("i32.ge_u");
        f.brIf(isFound);
        this.halve({ wanted, low, high });
        f.br(again);
      });
    });
    f.get(this.firstRun);
    this.addElements(low, pairBytes);
    f.set(first);
    f.get(wanted);
    f.get(low);
    f.op("i32.sub");
    f.set(high);
    f.get(this.secondRun);
    this.addElements(high, pairBytes);
    f.set(second);
  }

  /** max(0, wanted − second's length) … min(wanted, first's length) */
  private bounds({ wanted, low, high }: Halving): void {
    const { f } = this.loop;
    f.get(wanted);
    f.get(wanted);
    f.get(this.secondLength);
    minimum(f, low);
    f.get(low);
    f.op("i32.sub");
    f.set(low);
    f.get(wanted);
    f.get(this.firstLength);
    minimum(f, high);
  }

  private halve({ wanted, low, high }: Halving): void {
    const { f } = this.loop;
    const [middle, other] = [f.local("i32"), f.local("i32")];
    f.get(low);
    f.get(high);
    f.op("i32.add");
    f.i32(1);
    f.op("i32.shr_u");
    f.set(middle);
    f.get(wanted);
    f.get(middle);
    f.op("i32.sub");
    f.i32(1);
    f.op("i32.sub");
    f.set(other);
    f.get(this.firstRun);
    this.addElements(middle, pairBytes);
    f.load("i64.load");
    f.get(this.secondRun);
    this.addElements(other, pairBytes);
    f.load("i64.load");
    f.op("i64.lt_u");
    f.if(
      () => {
        f.get(middle);
        f.i32(1);
        f.op("i32.add");
        f.set(low);
      },
      () => {
        f.get(middle);
        f.set(high);
      },
    );
  }

  /**
   * From both ends at once, as often as neither part can end meanwhile: the two do not wait for each
   * other. What is left then, from the front.
   */
  private merge(): void {
    const { f } = this.loop;
    const steps = f.local("i32");
    this.moveEnds("sub");
    f.block((done) => {
      f.loop((again) => {
        this.stepsBefore(steps);
        f.get(steps);
        f.op("i32.eqz");
        f.brIf(done);
        f.loop((next) => {
          this.takeFront();
          this.takeBack();
          f.get(steps);
          f.i32(1);
          f.op("i32.sub");
          f.tee(steps);
          f.brIf(next);
        });
        f.br(again);
      });
    });
    this.moveEnds("add");
    this.whileBoth(() => this.takeFront());
  }

  /** Ends of the parts: from behind their last pair to it, or back. */
  private moveEnds(way: "add" | "sub"): void {
    for (const { end } of [this.first, this.second]) this.move(end, way, pairBytes);
  }

  private move(pointer: Local, way: "add" | "sub", bytes: number): void {
    const { f } = this.loop;
    f.get(pointer);
    f.address(bytes);
    f.addressOp(way);
    f.set(pointer);
  }

  /** Half of the shorter part: a step takes two pairs, which may be of one part. */
  private stepsBefore(steps: Local): void {
    const { f } = this.loop;
    for (const { next, end } of [this.first, this.second]) {
      f.get(end);
      f.address(pairBytes);
      f.addressAdd();
      f.get(next);
      f.addressOp("sub");
      if (f.addressType === "i64") f.op("i32.wrap_i64");
    }
    minimum(f, steps);
    f.get(steps);
    f.i32(2 * pairBytes);
    f.op("i32.div_u");
    f.set(steps);
  }

  private whileBoth(body: () => void): void {
    const { f } = this.loop;
    f.block((done) => {
      f.loop((again) => {
        for (const { next, end } of [this.first, this.second]) {
          f.get(next);
          f.get(end);
          f.addressOp("eq");
          f.brIf(done);
        }
        body();
        f.br(again);
      });
    });
  }

  /** The smaller one of the next two. */
  private takeFront(): void {
    const { f } = this.loop;
    f.get(this.out);
    this.take({ own: this.first.next, other: this.second.next, wins: "i64.lt_u", way: "add" });
    this.move(this.out, "add", this.resultBytes);
  }

  /** The larger one of the last two. */
  private takeBack(): void {
    const { f } = this.loop;
    this.move(this.outEnd, "sub", this.resultBytes);
    f.get(this.outEnd);
    this.take({ own: this.second.end, other: this.first.end, wins: "i64.gt_u", way: "sub" });
  }

  /** Stores one of two pairs to the address on the stack, without a branch on which it is. */
  private take({ own, other, wins, way }: Choice): void {
    const { f } = this.loop;
    const [a, b, isOther] = [f.local("i64"), f.local("i64"), f.local("i32")];
    const step = f.local(f.addressType);
    f.get(own);
    f.load("i64.load");
    f.tee(a);
    f.get(other);
    f.load("i64.load");
    f.tee(b);
    f.get(b);
    f.get(a);
    f.op(wins);
    f.tee(isOther);
    f.op("i32.eqz");
    f.select();
    this.store();
    addressOf(f, isOther, pairBytes);
    f.set(step);
    f.get(other);
    f.get(step);
    f.addressOp(way);
    f.set(other);
    f.get(own);
    f.address(pairBytes);
    f.get(step);
    f.addressOp("sub");
    f.addressOp(way);
    f.set(own);
  }

  /** Address and pair on the stack: the pair, or its position. */
  private store(): void {
    const { f } = this.loop;
    if (this.kernel.givesPairs) f.store("i64.store");
    else f.store("i64.store32");
  }

  private get resultBytes(): number {
    return this.kernel.givesPairs ? pairBytes : 4;
  }

  private giveRest({ next, end }: Part): void {
    const { f } = this.loop;
    f.block((done) => {
      f.loop((again) => {
        f.get(next);
        f.get(end);
        f.addressOp("eq");
        f.brIf(done);
        f.get(this.out);
        f.get(next);
        f.load("i64.load");
        this.store();
        this.move(this.out, "add", this.resultBytes);
        this.move(next, "add", pairBytes);
        f.br(again);
      });
    });
  }
}

interface Choice {
  readonly own: Local;
  readonly other: Local;
  /** When the other's pair is taken. */
  readonly wins: "i64.lt_u" | "i64.gt_u";
  readonly way: "add" | "sub";
}

interface Halving {
  readonly wanted: Local;
  readonly low: Local;
  readonly high: Local;
}
