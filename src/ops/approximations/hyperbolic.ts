// sinh, cosh and the inverse hyperbolic functions.
//
//   sinh x = x + x·x²·S(x²) for |x| < 1      relative error f32 3e-10, f64 1.1e-19
//   sinh x = t - 1/(4t), cosh x = t + 1/(4t), t = e^|x|/2: finite as long as the result is
//
// The inverses go through log1p, which takes what they are near 0 without loss.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { expOfRest, reduce, scaled } from "./exponential.ts";
import { atMost, formatOf, forTypeOf, type PerFormat, polynomial } from "./float-format.ts";
import { log1p } from "./logarithm.ts";
import { withSignOf } from "./signs.ts";

/** S on [0, 1]. */
const series: PerFormat<readonly number[]> = {
  f32: [0.1666666716337204, 0.00833331048488617, 0.0001984289576256053, 0.000002782211822704994],
  f64: [
    0.16666666666666666, 0.008333333333333573, 0.0001984126984106115, 0.000002755731931009885,
    2.5052089409812963e-8, 1.606133966183944e-10, 7.503226079878762e-13, 6.476523343277012e-15,
  ],
};

/** e^a/2 for a ≥ 0, infinite only where it is. */
function halfExp(k: LaneWriter, size: Lane): Lane {
  const bounded = atMost(k, size, forTypeOf(size, { f32: 90, f64: 711 }));
  const { rest, bits } = reduce(k, bounded, 2 * formatOf(size).bias - 1);
  return scaled(k, expOfRest(k, rest), bits);
}

export function sinh(k: LaneWriter, x: Lane): Lane {
  const size = k.abs(x);
  const square = k.mul(size, size);
  const small = k.madd(k.mul(size, square), polynomial(k, square, forTypeOf(x, series)), size);
  const half = halfExp(k, size);
  const large = k.sub(half, k.div(0.25, half));
  return withSignOf(k, k.select(k.lt(size, 1), small, large), x);
}

export function cosh(k: LaneWriter, x: Lane): Lane {
  const half = halfExp(k, k.abs(x));
  return k.add(half, k.div(0.25, half));
}

/** From here on √(x² ± 1) is x. */
const far: PerFormat<number> = { f32: 2 ** 30, f64: 2 ** 60 };

/** asinh a = log1p(a + a²/(1 + √(1 + a²))), and log 2a far out. */
export function asinh(k: LaneWriter, x: Lane): Lane {
  const size = k.abs(x);
  const bounded = atMost(k, size, forTypeOf(x, far));
  const square = k.mul(bounded, bounded);
  const above = k.div(square, k.add(k.sqrt(k.add(square, 1)), 1));
  return withSignOf(k, logOfSum(k, size, above), x);
}

/** acosh x = log1p(t + √(2t + t²)), t = x - 1, and log 2x far out. */
export function acosh(k: LaneWriter, x: Lane): Lane {
  const above = k.sub(x, 1);
  const bounded = atMost(k, above, forTypeOf(x, far));
  const root = k.sqrt(k.mul(bounded, k.add(bounded, 2)));
  return k.select(k.lt(x, 1), Number.NaN, logOfSum(k, above, root));
}

/** log1p(t + u); far out u is t, and twice t might be too large. */
function logOfSum(k: LaneWriter, t: Lane, u: Lane): Lane {
  const isFar = k.ge(t, forTypeOf(t, far));
  const inner = k.select(isFar, t, k.add(t, u));
  return k.add(log1p(k, inner), k.select(isFar, k.const(t.type, Math.LN2), 0));
}

/** atanh a = ½·log1p(2a/(1 - a)) */
export function atanh(k: LaneWriter, x: Lane): Lane {
  const size = k.abs(x);
  const grown = log1p(k, k.div(k.add(size, size), k.sub(1, size)));
  return withSignOf(k, k.mul(grown, 0.5), x);
}
