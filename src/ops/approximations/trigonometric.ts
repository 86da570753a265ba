// sin, cos: x = n·π + r for sin, x = (n + ½)·π + r for cos, |r| ≤ π/2; both are ±sin r:
//
//   sin r = r + r²·(r·P(r²))        relative error: f32 1.4e-8, f64 3.0e-19
//
// x - n·π takes π in four parts: the first two exactly, the third rounds once. The fourth counts only
// next to a zero and is taken off the sine, so that r is not rounded again. Worst of all f32 with
// |x| < 1e4: 1.95 ulp. Products are exact to 4134 turns (f64: 2^20); far out digits go, not the bounds.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { clamp, formatOf, forTypeOf, type PerFormat, polynomial } from "./float-format.ts";

interface Trigonometric {
  readonly perPi: number;
  readonly pi: readonly [number, number, number, number];
  /** P on |r| ≤ 1.5725 (f64: 1.571). The last is positive: no finite r gives ∞ - ∞. */
  readonly sine: readonly number[];
}

const trigonometric: PerFormat<Trigonometric> = {
  f32: {
    perPi: 0.31830987334251404,
    pi: [3.140625, 2029 * 2 ** -21, 1297 * 2 ** -33, 5.126688136514179e-12],
    // Among neighbours the ones that round best, with madd fused and not.
    sine: [-0.166666612, 0.00833307486, -0.000198093534, 2.60452771e-6],
  },
  f64: {
    perPi: 0.3183098861837907,
    pi: [3.1415926534682512, 1.2154201012607932e-10, 4.044532497422333e-21, 1.69568553207378e-31],
    sine: [
      -0.16666666666666666, 0.008333333333333207, -0.0001984126984121248, 2.755731921156947e-6,
      -2.505210690441943e-8, 1.6058941001970532e-10, -7.643019358704702e-13, 2.7214193879001596e-15,
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

/** (-1)ⁿ sin(x - n·π), where n is in the low bits of `turns`: far results are cut at ±1. */
function alternating(k: LaneWriter, x: Lane, n: Lane, turns: Lane): Lane {
  const [first, second, third, fourth] = forTypeOf(x, trigonometric).pi;
  const near = k.madd(n, -second, k.madd(n, -first, x));
  const sine = sineOfRest(k, k.madd(n, -third, near));
  const wave = clamp(k, k.madd(n, -fourth, sine), [-1, 1]);
  const sign = k.shl(k.bitcast(turns), x.type === "f32" ? 31 : 63);
  return k.bitcast(k.xor(k.bitcast(wave), sign));
}

/**
 * sin r for |r| ≤ π/2. Next to 0 the square is made negative, as P is, so that what is added to r has
 * r's sign: -0 stays -0.
 */
export function sineOfRest(k: LaneWriter, r: Lane): Lane {
  const square = k.madd(r, r, -1e-30);
  const slope = k.mul(polynomial(k, square, forTypeOf(r, trigonometric).sine), r);
  return k.madd(square, slope, r);
}
