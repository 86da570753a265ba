// Checks indices that come from data. A bad one is noted in the run's fault record (the value, then
// 1 + the launch's number) and replaced by 0, so that the kernel goes on and touches no foreign memory.

import type { Local } from "../../wasm/function.ts";
import type { RunnableKernel } from "../kernel.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { newRegister, type Register } from "./register.ts";
import { realLanes } from "./state-code.ts";

export const mayFault = (kernel: RunnableKernel): boolean =>
  kernel.kind === "scatter" ||
  kernel.kind === "bucketCount" ||
  kernel.kind === "bucketPlace" ||
  kernel.values.some(({ kind }) => kind === "gather");

export class IndexCheck {
  constructor(
    private readonly loop: LoopWriter,
    private readonly args: Local,
  ) {
    loop.gathers.check = (index, extent, position) => this.check(index, extent, position);
  }

  /** index where it is in 0 … extent − 1, else 0; lanes that are not real are 0. */
  private check(index: Register, extent: number, position: Position): Register {
    const { f } = this.loop;
    const checked = newRegister(f, "i32");
    const bad = f.local("v128");
    f.get(index.parts[0] as Local);
    if (position.lanes < 4) {
      f.get(realLanes(this.loop, position.lanes).parts[0] as Local);
      f.op("v128.and");
    }
    f.tee(checked.parts[0] as Local);
    f.v128i32(extent);
    f.op("i32x4.ge_u");
    f.tee(bad);
    f.op("v128.any_true");
    f.if(() => {
      this.note(checked, bad);
      f.get(checked.parts[0] as Local);
      f.get(bad);
      f.op("v128.andnot");
      f.set(checked.parts[0] as Local);
    });
    return checked;
  }

  private note(index: Register, bad: Local): void {
    const { f, loop } = { f: this.loop.f, loop: this.loop };
    for (const lane of [3, 2, 1, 0]) {
      f.get(bad);
      f.lane("i32x4.extract_lane", lane);
      f.if(() => {
        loop.cell(this.args, "fault");
        f.get(index.parts[0] as Local);
        f.lane("i32x4.extract_lane", lane);
        f.store("i32.store", { offset: 4 });
      });
    }
    loop.cell(this.args, "fault");
    loop.cell(this.args, "launch");
    f.i32(1);
    f.op("i32.add");
    f.store("i32.store");
  }
}
