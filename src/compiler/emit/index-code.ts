// Positions as values: what an element's index along the axes, weighted, amounts to; as i32 lanes.

import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { SubAxis } from "../access.ts";
import type { KernelValue } from "../kernel.ts";
import type { Position } from "./position.ts";
import { newRegister, type Register } from "./register.ts";
import type { StreamCode } from "./stream-code.ts";

type IndexValue = KernelValue & { readonly kind: "index" };

export class IndexCode {
  private readonly bases = new Map<number, Local>();

  constructor(
    private readonly f: FunctionBuilder,
    private readonly streams: StreamCode,
    /** Index along each axis but the inner one. */
    private readonly indices: readonly Local[],
  ) {}

  /** Sets what the outer axes make of the value, for the row at hand. */
  startRow(at: number, value: IndexValue): void {
    const { f } = this;
    const base = this.bases.get(at) ?? f.local("i32");
    this.bases.set(at, base);
    f.i32(value.offset);
    this.indices.forEach((index, axis) => {
      const stride = value.strides[axis] as number;
      if (stride === 0) return;
      f.get(index);
      f.i32(stride);
      f.op("i32.mul");
      f.op("i32.add");
    });
    f.set(base);
  }

  /** row base + (position + lane)·stride, in four lanes. */
  write(at: number, value: IndexValue, position: Position): Register {
    const { f } = this;
    if (value.steps) return this.divided(at, value.steps, position);
    const stride = value.strides.at(-1) ?? 0;
    const ahead = (position.row ?? 0) * (value.strides.at(-2) ?? 0);
    const register = newRegister(f, "i32");
    f.get(this.bases.get(at) as Local);
    if (ahead !== 0) {
      f.i32(ahead);
      f.op("i32.add");
    }
    if (stride !== 0) this.element(position, stride);
    f.op("i32x4.splat");
    if (stride !== 0) {
      f.v128(new Uint8Array(Int32Array.from([0, stride, 2 * stride, 3 * stride]).buffer));
      f.op("i32x4.add");
    }
    f.set(register.parts[0] as Local);
    return register;
  }

  private divided(at: number, steps: readonly SubAxis[], position: Position): Register {
    const { f } = this;
    const register = newRegister(f, "i32");
    f.get(this.bases.get(at) as Local);
    f.op("i32x4.splat");
    f.set(register.parts[0] as Local);
    for (let lane = 0; lane < position.lanes; lane++) {
      const digits = this.streams.digits(steps, position, lane);
      f.get(register.parts[0] as Local);
      f.get(this.bases.get(at) as Local);
      steps.forEach(({ stride }, step) => {
        f.get(digits[step] as Local);
        f.i32(stride);
        f.op("i32.mul");
        f.op("i32.add");
      });
      f.lane("i32x4.replace_lane", lane);
      f.set(register.parts[0] as Local);
    }
    return register;
  }

  /** Adds the position's first element, times a stride, to the i32 on the stack. */
  element(position: Position, stride: number): void {
    const { f } = this;
    if (position.offset) {
      f.get(position.offset);
      if (f.addressType === "i64") f.op("i32.wrap_i64");
      f.i32(2);
      f.op("i32.shr_u");
      f.i32(stride);
      f.op("i32.mul");
      f.op("i32.add");
    }
    if (position.copy > 0) {
      f.i32(position.copy * 4 * stride);
      f.op("i32.add");
    }
  }
}
