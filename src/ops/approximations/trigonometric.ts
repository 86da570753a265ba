// sin, cos: x = n·π + r for sin, x = (n + ½)·π + r for cos, |r| ≤ π/2; both are ±sin r:
//
//   sin r = r - r²·(r·P(r²))        relative error: f32 1.4e-8, f64 3.0e-19
//
// π in four parts whose products with n are exact up to 2^15 turns (f64: 2^20), hence small errors
// next to every zero. Far outside the result is within [-1, 1] but loses its digits.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { atMost, clamp, formatOf, forTypeOf, type PerFormat, polynomial } from "./float-format.ts";

interface Trigonometric {
  readonly perPi: number;
  readonly pi: readonly [number, number, number, number];
  /** P on |r| ≤ 1.5725 (f64: 1.571). */
  readonly sine: readonly number[];
}

const trigonometric: PerFormat<Trigonometric> = {
  f32: {
    perPi: 0.31830987334251404,
    pi: [3.140625, 0.0009670257568359375, 6.277114152908325e-7, 1.215420125655342e-10],
    sine: [0.16666659712791443, -0.00833306927, 0.000198097667, -2.60618049e-6],
  },
  f64: {
    perPi: 0.3183098861837907,
    pi: [3.1415926534682512, 1.2154201012607932e-10, 4.044532497422333e-21, 1.69568553207378e-31],
    sine: [
      0.16666666666666666, -0.008333333333333207, 0.0001984126984121248, -2.755731921156947e-6,
      2.505210690441943e-8, -1.6058941001970532e-10, 7.643019358704702e-13, -2.7214193879001596e-15,
    ],
  },
};

/** The sine of x radians; NaN at ±∞. */
export function sin(k: LaneWriter, x: Lane): Lane {
  const { perPi } = forTypeOf(x, trigonometric);
  const { rounder } = formatOf(x);
  const turns = k.madd(x, perPi, rounder);
  return alternating(k, x, k.sub(turns, rounder), turns);
}

/** The cosine of x radians; NaN at ±∞. An odd rounder flips the sign: cos x = -(-1)ⁿ sin r. */
export function cos(k: LaneWriter, x: Lane): Lane {
  const { perPi } = forTypeOf(x, trigonometric);
  const rounder = formatOf(x).rounder + 1;
  const turns = k.add(k.madd(x, perPi, -0.5), rounder);
  return alternating(k, x, k.add(k.sub(turns, rounder), 0.5), turns);
}

/**
 * (-1)ⁿ sin(x - n·π), where n is in the low bits of `turns`. The bound on r² keeps far results finite,
 * the last one keeps all within [-1, 1].
 */
function alternating(k: LaneWriter, x: Lane, n: Lane, turns: Lane): Lane {
  const r = withoutTurns(k, x, n);
  const wave = clamp(k, sineOfRest(k, r, atMost(k, k.mul(r, r), 4)), [-1, 1]);
  const sign = k.shl(k.bitcast(turns), x.type === "f32" ? 31 : 63);
  return k.bitcast(k.xor(k.bitcast(wave), sign));
}

/**
 * sin r for |r| ≤ π/2. Adding 0 to what is subtracted from r turns its -0 into +0, so that the result
 * keeps r's sign.
 */
export function sineOfRest(k: LaneWriter, r: Lane, square: Lane = k.mul(r, r)): Lane {
  const slope = k.mul(polynomial(k, square, forTypeOf(r, trigonometric).sine), r);
  return k.sub(r, k.madd(square, slope, 0));
}

/** x - n·π, rounded once: what the subtraction of the third part loses goes with the fourth. */
function withoutTurns(k: LaneWriter, x: Lane, n: Lane): Lane {
  const [first, second, third, fourth] = forTypeOf(x, trigonometric).pi;
  const near = k.madd(n, -second, k.madd(n, -first, x));
  const step = k.mul(n, third);
  const r = k.sub(near, step);
  const lost = k.sub(step, k.sub(near, r));
  return k.sub(r, k.madd(n, fourth, lost));
}
