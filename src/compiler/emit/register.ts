// Registers: a lane value (four elements) while code is written: one v128 local, or two for 64 bits.

import type { DType } from "../../base/dtypes.ts";
import type { LaneType } from "../../base/lanes.ts";
import type { FunctionBuilder, Local } from "../../wasm/function.ts";

export interface Register {
  readonly type: LaneType;
  readonly parts: readonly Local<"v128">[];
}

export const isWide = (type: LaneType): boolean => type === "f64" || type === "i64";

export function newRegister(f: FunctionBuilder, type: LaneType): Register {
  const parts = isWide(type) ? [f.local("v128"), f.local("v128")] : [f.local("v128")];
  return { type, parts };
}

/** Register parts as the instruction set names them: f32x4, f64x2, i32x4, i64x2. */
export const vectorShape = {
  f32: "f32x4",
  f64: "f64x2",
  i32: "i32x4",
  i64: "i64x2",
  mask: "i32x4",
} as const satisfies Record<LaneType, string>;

export function moveRegister(f: FunctionBuilder, to: Register, from: Register): void {
  to.parts.forEach((part, at) => {
    f.get(from.parts[at] as Local);
    f.set(part);
  });
}

/** dtype in which a lane type lies in a partial buffer; a mask lies as its bits. */
export const partialDType: Record<LaneType, DType> = {
  f32: "float32",
  f64: "float64",
  i32: "int32",
  i64: "float64",
  mask: "int32",
};

/** Byte order of two i64x2 masks packed to one i32x4 mask, and of two halves joined. */
export const evenWords = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
export const lowHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
export const highToLow = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
