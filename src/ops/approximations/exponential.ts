// exp, expm1, sigmoid, and tanh of f64, go by x = n·ln2 + r, |r| ≤ ln2/2, and share one polynomial:
//
//   e^r = 1 + r + r²·Q(r)        error relative to e^r - 1: f32 1.4e-8, f64 4.8e-19
//
// tanh of f32 goes by x/2, whose errors count the less the nearer the result is to 1:
//
//   tanh x = 2uv/(u² + v²),  u/v = x·N(x²)/D(x²) = tanh x/2        relative error in tanh x 3.5e-8

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { clamp, formatOf, forTypeOf, monic, type PerFormat, polynomial } from "./float-format.ts";

interface Exponential {
  readonly perLn2: number;
  /** ln 2 in two parts; n times the first is exact. */
  readonly ln2: readonly [number, number];
  /** e^x is 0 below and ∞ above. */
  readonly range: readonly [number, number];
  /** Q on |r| ≤ 1.001·ln2/2. */
  readonly tail: readonly number[];
}

export const exponential: PerFormat<Exponential> = {
  f32: {
    perLn2: 1.4426950216293335,
    ln2: [0.693145751953125, 1.428606765330187e-6],
    range: [-104, 89],
    tail: [
      0.4999999701976776, 0.16666539013385773, 0.041667744517326355, 0.008367056027054787,
      0.0013839404564350843,
    ],
  },
  f64: {
    perLn2: Math.LOG2E,
    ln2: [0.6931471805598903, 5.497923018708371e-14],
    range: [-746, 710],
    tail: [
      0.5, 0.16666666666666677, 0.041666666666666685, 0.0083333333333218, 0.0013888888888893697,
      0.00019841269885337623, 2.480158727899327e-5, 2.7557244950099033e-6, 2.7557328508746365e-7,
      2.510887624585631e-8, 2.0894867263577456e-9,
    ],
  },
};

/** e^x */
export function exp(k: LaneWriter, x: Lane): Lane {
  return expWithin(k, clamp(k, x, forTypeOf(x, exponential).range));
}

/** e^x - 1, with the sign of x. */
export function expm1(k: LaneWriter, x: Lane): Lane {
  const inner = clamp(k, x, [-40, forTypeOf(x, exponential).range[1]]);
  const { rest, bits } = reduce(k, inner, formatOf(x).bias - 1);
  const half = power(k, x, bits);
  const grown = expm1OfRest(k, rest);
  // 2ⁿ may be too large for a float, 2ⁿ⁻¹ is not:  2ⁿ(q+1) - 1 = (2ⁿ⁻¹·2q - (½ - 2ⁿ⁻¹)) - (½ - 2ⁿ⁻¹)
  const under = k.sub(0.5, half);
  return k.sub(k.sub(k.mul(k.add(grown, grown), half), under), under);
}

/** 1/(1 + e⁻ˣ) as e^x/(1 + e^x): relatively accurate for x ≪ 0, and 1 well before the bound. */
export function sigmoid(k: LaneWriter, x: Lane): Lane {
  const grown = expWithin(k, clamp(k, x, [forTypeOf(x, exponential).range[0], 40]));
  return k.div(grown, k.add(grown, 1));
}

export function tanh(k: LaneWriter, x: Lane): Lane {
  return x.type === "f32" ? tanhByHalf(k, x) : tanhByExponential(k, x);
}

/**
 * N, and D without its x⁶. At the bound, where tanh is 1 - 6.4e-8, u and v give exactly 1, and nowhere
 * below more than 1. Worst of all floats: 3.75 ulp.
 */
const halfTanh = {
  bound: 8.625,
  numerator: [475000, 13958.1465, 50.2830391],
  denominator: [950000, 107082.836, 1107.58655],
};

function tanhByHalf(k: LaneWriter, x: Lane): Lane {
  const inner = clamp(k, x, [-halfTanh.bound, halfTanh.bound]);
  const square = k.mul(inner, inner);
  const u = k.mul(inner, polynomial(k, square, halfTanh.numerator));
  const v = monic(k, square, halfTanh.denominator);
  const product = k.mul(u, v);
  return k.div(k.add(product, product), k.madd(u, u, k.mul(v, v)));
}

/** tanh x = u/(u + 2), u = e^2x - 1 */
function tanhByExponential(k: LaneWriter, x: Lane): Lane {
  const grown = expm1Within(k, clamp(k, k.add(x, x), [-40, 40]));
  return k.div(grown, k.add(grown, 2));
}

/** e^x - 1 where 2ⁿ is a normal number. */
export function expm1Within(k: LaneWriter, x: Lane): Lane {
  const { rest, bits } = reduce(k, x, formatOf(x).bias);
  const scale = power(k, x, bits);
  return k.sub(k.mul(expm1OfRest(k, rest), scale), k.sub(1, scale));
}

/** e^x for x within `range`. */
function expWithin(k: LaneWriter, x: Lane): Lane {
  const { rest, bits } = reduce(k, x, 2 * formatOf(x).bias);
  return scaled(k, expOfRest(k, rest), bits);
}

/** x = n·ln2 + rest; the low bits of `bits` are n + offset. `finer` is a part of x too small for it. */
export function reduce(
  k: LaneWriter,
  x: Lane,
  offset: number,
  finer?: Lane,
): { rest: Lane; bits: Lane } {
  const { perLn2, ln2 } = forTypeOf(x, exponential);
  const rounder = formatOf(x).rounder + offset;
  const turns = k.madd(finer ? k.add(x, finer) : x, perLn2, rounder);
  const n = k.sub(turns, rounder);
  const rest = k.madd(n, -ln2[1], k.madd(n, -ln2[0], x));
  return { rest: finer ? k.add(rest, finer) : rest, bits: k.bitcast(turns) };
}

/** e^r for |r| ≤ ln2/2 */
export function expOfRest(k: LaneWriter, r: Lane): Lane {
  const tail = polynomial(k, r, forTypeOf(r, exponential).tail);
  return k.madd(r, k.madd(r, tail, 1), 1);
}

/** e^r - 1 for |r| ≤ ln2/2. Adding 0 to r·Q turns its -0 into +0, so that the result keeps r's sign. */
function expm1OfRest(k: LaneWriter, r: Lane): Lane {
  const tail = polynomial(k, r, forTypeOf(r, exponential).tail);
  return k.madd(k.madd(r, tail, 0), r, r);
}

/** The float whose exponent field is the low bits of `bits`. */
const power = (k: LaneWriter, like: Lane, bits: Lane): Lane =>
  k.bitcast(k.shl(bits, formatOf(like).fraction));

/** x·2ⁿ where the low bits of `bits` are n + 2·bias: in two steps, so that only the last one rounds. */
export function scaled(k: LaneWriter, x: Lane, bits: Lane): Lane {
  const first = k.shrU(bits, 1);
  const second = k.sub(bits, first);
  return k.mul(k.mul(x, power(k, x, first)), power(k, x, second));
}
