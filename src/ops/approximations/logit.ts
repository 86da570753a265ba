// logit x = log(x/(1 - x)) = ±log1p((1 - 2t)/t), t the nearer of x and 1 - x: near ½, where the result is
// near 0, nothing is lost, for 1 - 2t is exact there.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { forTypeOf, type PerFormat } from "./float-format.ts";
import { log1p } from "./logarithm.ts";

/** Below the first, t is multiplied by 2 to the second, lest 1/t be infinite. */
const tiny: PerFormat<readonly [number, number]> = { f32: [2 ** -100, 24], f64: [2 ** -900, 60] };

/** The inverse of sigmoid: -∞ at 0, ∞ at 1, NaN outside. */
export function logit(k: LaneWriter, x: Lane): Lane {
  const isLow = k.lt(x, 0.5);
  const t = k.select(isLow, k.add(x, 0), k.sub(1, x));
  const [bound, shift] = forTypeOf(x, tiny);
  const isTiny = k.lt(k.abs(t), bound);
  const shifted = k.select(isTiny, k.mul(t, 2 ** shift), t);
  const grown = log1p(k, k.div(k.sub(1, k.add(t, t)), shifted));
  const size = k.add(grown, k.select(isTiny, k.const(x.type, shift * Math.LN2), 0));
  return k.select(isLow, k.neg(size), size);
}
