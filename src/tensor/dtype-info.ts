// What can be asked of dtypes.

import { type DType, dtypes, isFloat, promote } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type ArgumentsOf, bound } from "./bound.ts";

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

const floatInfo = (dtype: DType, exponentBits: number, fractionBits: number): FloatInfo => {
  const bias = 2 ** (exponentBits - 1) - 1;
  const eps = 2 ** -fractionBits;
  const max = (2 - eps) * 2 ** bias;
  const tiny = 2 ** (1 - bias);
  const resolution = 10 ** -Math.floor(fractionBits * Math.log10(2));
  const bits = 8 * dtypes[dtype].bytes;
  return { bits, eps, max, min: -max, tiny, smallestNormal: tiny, resolution, dtype };
};

/** Limits of a floating point dtype. */
export function finfo(...args: ArgumentsOf<"finfo", never>): FloatInfo {
  const [dtype] = bound<"finfo", never>("finfo", args);
  if (!isFloat(dtype)) {
    fail("finfo", `requires a floating point dtype, got ${dtype}. Use iinfo for integers`);
  }
  return dtype === "float64" ? floatInfo(dtype, 11, 52) : floatInfo(dtype, 8, 23);
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
  if (dtype !== "int32" && dtype !== "int64") {
    fail("iinfo", `requires an integer dtype, got ${dtype}. Use finfo for floating point`);
  }
  return { bits: 32, max: 2 ** 31 - 1, min: -(2 ** 31), dtype };
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
