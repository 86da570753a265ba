// pow: x^y = 2^(y · log2|x|), with log2|x| in two parts of together 1½ significands, since its error
// is multiplied by up to 2^7 (f64: 2^10). With |x| = 2^e·m, s = (m - 1)/(m + 1):
//
//   log2 m = 2/(3·ln2) · s·(3 + s² + s⁴·R(s²))        relative error: f32 8.5e-12, f64 1.1e-20

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { expOfRest, scaled } from "./exponential.ts";
import {
  clamp,
  formatOf,
  forTypeOf,
  type PerFormat,
  polynomial,
  signBits,
  upperHalf,
} from "./float-format.ts";
import { split } from "./logarithm.ts";

interface Power {
  /** 2/(3·ln2): its upper half, the rest, the whole. */
  readonly factor: readonly [number, number, number];
  /** R on [0, (√2 - 1)²/(√2 + 1)²]. */
  readonly tail: readonly number[];
  readonly ln2: number;
  /** No |y| above matters: then every x but ±1 gives 0 or ∞. */
  readonly exponents: number;
  /** 2^z is 0 below and ∞ above. */
  readonly range: readonly [number, number];
}

const power: PerFormat<Power> = {
  f32: {
    factor: [0.961669921875, 0.00012677205086220056, 0.9617967009544373],
    tail: [0.6000022888183594, 0.42820635437965393, 0.35129448771476746],
    ln2: 0.6931471824645996,
    exponents: 2 ** 31,
    range: [-152, 129],
  },
  f64: {
    factor: [0.9617966860532761, 7.872699542894897e-9, 0.9617966939259756],
    tail: [
      0.600000000000034, 0.4285714285514385, 0.33333333780908775, 0.27272676457718276,
      0.23080140424459825, 0.19885120313017773, 0.1979550801252925,
    ],
    ln2: Math.LN2,
    exponents: 2 ** 63,
    range: [-1077, 1025],
  },
};

/** x^y with IEEE's special cases. */
export function pow(k: LaneWriter, x: Lane, y: Lane): Lane {
  const size = k.abs(x);
  const isEven = isInteger(k, k.mul(y, 0.5));
  const isWhole = isInteger(k, y);
  const isOdd = k.and(isWhole, k.not(isEven));
  const isExtreme = k.or(k.eq(size, 0), k.eq(size, Infinity));
  const extreme = k.select(k.xor(k.gt(size, 1), k.lt(y, 0)), k.const(x.type, Infinity), 0);
  const unreal = k.and(k.lt(x, 0), k.not(isWhole));
  const finite = k.select(unreal, Number.NaN, powOfSize(k, size, y));
  const unsigned = k.bitcast(k.select(isExtreme, extreme, finite));
  const signed = k.bitcast(k.xor(unsigned, k.select(isOdd, signBits(k, x), zeroBits(k, x))));
  const known = k.select(k.and(k.eq(x, x), k.eq(y, y)), signed, Number.NaN);
  return k.select(k.or(k.eq(y, 0), k.eq(x, 1)), 1, known);
}

const isInteger = (k: LaneWriter, x: Lane): Lane => k.eq(k.floor(x), x);

const zeroBits = (k: LaneWriter, x: Lane): Lane =>
  k.const(x.type === "f32" ? "i32" : "i64", x.type === "f32" ? 0 : 0n);

/** x^y for positive, finite x. */
function powOfSize(k: LaneWriter, x: Lane, y: Lane): Lane {
  const { exponents, range, ln2 } = forTypeOf(x, power);
  const { upper, lower } = exactLog2(k, x);
  const times = clamp(k, y, [-exponents, exponents]);
  const upperTimes = upperHalf(k, times);
  const product = k.mul(upperTimes, upper);
  const finer = k.madd(k.sub(times, upperTimes), upper, k.mul(times, lower));
  const rounder = formatOf(x).rounder + 2 * formatOf(x).bias;
  const turns = k.add(clamp(k, k.add(product, finer), range), rounder);
  const rest = k.add(k.sub(product, k.sub(turns, rounder)), finer);
  const grown = expOfRest(k, k.mul(clamp(k, rest, [-1, 1]), ln2));
  return scaled(k, grown, k.bitcast(turns));
}

/** log2 x = upper + lower, where `upper` has half a significand. */
function exactLog2(k: LaneWriter, x: Lane): { upper: Lane; lower: Lane } {
  const [factorUpper, factorLower, factor] = forTypeOf(x, power).factor;
  const { minusExponent, mantissa } = split(k, x);
  const m = thirdOfLog(k, mantissa);
  const upper = k.mul(m.upper, factorUpper);
  const lower = k.madd(m.upper, factorLower, k.mul(m.lower, factor));
  const sum = upperHalf(k, k.sub(k.add(upper, lower), minusExponent));
  return { upper: sum, lower: k.sub(lower, k.sub(k.add(sum, minusExponent), upper)) };
}

/** 3/2 · log m = s·(3 + s² + s⁴·R(s²)), in two parts. */
function thirdOfLog(k: LaneWriter, mantissa: Lane): { upper: Lane; lower: Lane } {
  const s = quotient(k, mantissa);
  const square = k.mul(s.whole, s.whole);
  const bend = k.mul(k.mul(square, square), polynomial(k, square, forTypeOf(mantissa, power).tail));
  const upperSquare = k.mul(s.upper, s.upper);
  const finer = k.madd(s.lower, k.add(s.upper, s.whole), bend); // s² - upperSquare + s⁴·R
  const sum = upperHalf(k, k.add(k.add(upperSquare, 3), finer));
  const left = k.sub(finer, k.sub(k.sub(sum, 3), upperSquare));
  const product = k.mul(s.upper, sum);
  const lower = k.madd(s.lower, sum, k.mul(left, s.whole));
  const upper = upperHalf(k, k.add(product, lower));
  return { upper, lower: k.sub(lower, k.sub(upper, product)) };
}

/** s = (m - 1)/(m + 1) = upper + lower; `whole` is their sum, rounded. */
function quotient(k: LaneWriter, m: Lane): { upper: Lane; lower: Lane; whole: Lane } {
  const above = k.sub(m, 1);
  const below = k.add(m, 1);
  const belowUpper = upperHalf(k, below);
  const belowLower = k.sub(m, k.sub(belowUpper, 1));
  const inverse = k.div(1, below);
  const whole = k.mul(above, inverse);
  const upper = upperHalf(k, whole);
  const left = k.sub(k.sub(above, k.mul(upper, belowUpper)), k.mul(upper, belowLower));
  return { upper, lower: k.mul(left, inverse), whole };
}
