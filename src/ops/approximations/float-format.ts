// What the approximations know of a float's layout, so that one formula serves f32 and f64.

import { invariant } from "../../base/errors.ts";
import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";

export interface FloatFormat {
  /** Bits of the stored fraction, and what is added to an exponent. */
  readonly fraction: number;
  readonly bias: number;
  /** Adding it rounds to an integer and leaves that integer in the low bits: 1.5 · 2^fraction. */
  readonly rounder: number;
  /** The smallest normal number. */
  readonly least: number;
  /** Bits of -0, of the largest float below √2, and of 2. */
  readonly sign: number | bigint;
  readonly belowRootTwo: number | bigint;
  readonly two: number | bigint;
  /** Masks that keep sign and exponent, and half of a significand. */
  readonly exponentMask: number | bigint;
  readonly upperHalf: number | bigint;
}

export type PerFormat<T> = { readonly f32: T; readonly f64: T };

const formats: PerFormat<FloatFormat> = {
  f32: {
    fraction: 23,
    bias: 127,
    rounder: 1.5 * 2 ** 23,
    least: 2 ** -126,
    sign: -0x80000000,
    belowRootTwo: 0x3fb504f2,
    two: 0x40000000,
    exponentMask: ~0x7fffff,
    upperHalf: ~0xfff,
  },
  f64: {
    fraction: 52,
    bias: 1023,
    rounder: 1.5 * 2 ** 52,
    least: 2 ** -1022,
    sign: -(1n << 63n),
    belowRootTwo: 0x3ff6a09e667f3bccn,
    two: 0x4000000000000000n,
    exponentMask: ~((1n << 52n) - 1n),
    upperHalf: ~((1n << 27n) - 1n),
  },
};

/** The entry of a table for the type of `x`. */
export function forTypeOf<T>(x: Lane, table: PerFormat<T>): T {
  invariant(x.type === "f32" || x.type === "f64", `lanes: no approximation on ${x.type}`);
  return table[x.type];
}

export const formatOf = (x: Lane): FloatFormat => forTypeOf(x, formats);

/** An integer constant as wide as the float `x`. */
export function bitsConstant(k: LaneWriter, x: Lane, value: number | bigint): Lane {
  return k.const(x.type === "f32" ? "i32" : "i64", value);
}

/** x with the low half of its significand cleared: products of two such are exact. */
export function upperHalf(k: LaneWriter, x: Lane): Lane {
  return k.bitcast(k.and(k.bitcast(x), formatOf(x).upperHalf));
}

/** The sign bit of `x`, alone. */
export const signBits = (k: LaneWriter, x: Lane): Lane => k.and(k.bitcast(x), formatOf(x).sign);

/** min(x, bound) as one comparison and selection, which costs less than the min of IEEE; NaN stays. */
export const atMost = (k: LaneWriter, x: Lane, bound: number): Lane =>
  k.select(k.gt(x, bound), bound, x);

/** max(x, bound); NaN stays. */
export const atLeast = (k: LaneWriter, x: Lane, bound: number): Lane =>
  k.select(k.lt(x, bound), bound, x);

export const clamp = (k: LaneWriter, x: Lane, [low, high]: readonly [number, number]): Lane =>
  atLeast(k, atMost(k, x, high), low);

/** c₀ + c₁x + c₂x² + … */
export function polynomial(k: LaneWriter, x: Lane, coefficients: readonly number[]): Lane {
  const [last, ...lower] = [...coefficients].reverse();
  invariant(last !== undefined && lower.length > 0, "lanes: a polynomial needs two coefficients");
  return horner(k, k.const(x.type, last), x, lower);
}

/** c₀ + c₁x + … + xⁿ: the first step is an addition, and one constant less. */
export function monic(k: LaneWriter, x: Lane, coefficients: readonly number[]): Lane {
  const [last, ...lower] = [...coefficients].reverse();
  invariant(last !== undefined, "lanes: a monic polynomial needs a coefficient");
  return horner(k, k.add(x, last), x, lower);
}

const horner = (k: LaneWriter, start: Lane, x: Lane, lower: readonly number[]): Lane =>
  lower.reduce((sum, coefficient) => k.madd(sum, x, coefficient), start);
