// What can be asked of dtypes.

import { type DType, dtypes, isInteger, promote } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { Float, type Scalar } from "../base/scalars.ts";
import { resultDType } from "../functions/operands.ts";
import { type ArgumentsOf, bound } from "./bound.ts";
import type { Handle } from "./handle.ts";

export interface FloatInfo {
  readonly bits: number;
  /** Distance from 1 to the next number. */
  readonly eps: number;
  readonly max: number;
  readonly min: number;
  /** The smallest positive number of full precision. */
  readonly tiny: number;
  readonly smallestNormal: number;
  readonly resolution: number;
  readonly dtype: DType;
}

const formats: Partial<Record<DType, { exponentBits: number; fractionBits: number }>> = {
  float16: { exponentBits: 5, fractionBits: 10 },
  bfloat16: { exponentBits: 8, fractionBits: 7 },
  float32: { exponentBits: 8, fractionBits: 23 },
  float64: { exponentBits: 11, fractionBits: 52 },
};

/** Limits of a floating point dtype. */
export function finfo(...args: ArgumentsOf<"finfo", never>): FloatInfo {
  const [dtype] = bound<"finfo", never>("finfo", args);
  const format = formats[dtype];
  if (!format) {
    fail("finfo", `requires a floating point dtype, got ${dtype}. Use iinfo for integers`);
  }
  const { exponentBits, fractionBits } = format;
  const bias = 2 ** (exponentBits - 1) - 1;
  const eps = 2 ** -fractionBits;
  const max = (2 - eps) * 2 ** bias;
  const tiny = 2 ** (1 - bias);
  const resolution = 10 ** -Math.floor(fractionBits * Math.log10(2));
  const bits = 8 * dtypes[dtype].bytes;
  return { bits, eps, max, min: -max, tiny, smallestNormal: tiny, resolution, dtype };
}

export interface IntegerInfo {
  readonly bits: number;
  readonly max: number;
  readonly min: number;
  readonly dtype: DType;
}

/** Limits of an integer dtype as it is stored here. */
export function iinfo(...args: ArgumentsOf<"iinfo", never>): IntegerInfo {
  const [dtype] = bound<"iinfo", never>("iinfo", args);
  if (!isInteger(dtype)) {
    fail("iinfo", `requires an integer dtype, got ${dtype}. Use finfo for floating point`);
  }
  const bits = 8 * dtypes[dtype].bytes;
  if (dtype === "uint8") return { bits, max: 255, min: 0, dtype };
  return { bits, max: 2 ** (bits - 1) - 1, min: -(2 ** (bits - 1)), dtype };
}

/** The smallest dtype that both can be converted to without losing their kind. */
export function promoteTypes(...args: ArgumentsOf<"promoteTypes", never>): DType {
  const [a, b] = bound<"promoteTypes", never>("promoteTypes", args);
  return promote(a, b);
}

/** Whether an in-place op may write `from` into `to`. */
export function canCast(...args: ArgumentsOf<"canCast", never>): boolean {
  const [from, to] = bound<"canCast", never>("canCast", args);
  return dtypes[from].category <= dtypes[to].category;
}

/** The dtype in which an operation on the two, tensors or numbers, gives its result. */
export function resultType(...args: ArgumentsOf<"resultType", Handle>): DType {
  const [x, y] = bound<"resultType", Handle>("resultType", args);
  return resultDType(operandOf(x), operandOf(y));
}

const operandOf = (x: Handle | Scalar) =>
  typeof x === "object" && !(x instanceof Float) ? x.value : x;
