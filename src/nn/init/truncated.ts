// The normal distribution between two bounds.

import { tensor } from "../../tensor/from-data.ts";
import { erf, rand } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";

interface Truncated {
  readonly mean: number;
  readonly std: number;
  readonly a: number;
  readonly b: number;
}

/**
 * By the inverse of the distribution, Φ(z) = (1 + erf(z/√2)) / 2: what is uniform between Φ of the
 * bounds is mapped back. In float64, where a bound far out still has a distance to 1.
 */
export function drawTruncated(
  like: Tensor,
  { mean, std, a, b }: Truncated,
  generator: object | null,
): Tensor {
  const edge = (bound: number): Tensor =>
    erf(tensor((bound - mean) / (std * Math.SQRT2), { dtype: "float64" }));
  const [low, high] = [edge(a), edge(b)];
  const uniform = rand(like.shape, { dtype: "float64", generator });
  const drawn = low.add(high.sub(low).mul(uniform)).erfinv();
  return drawn
    .mul(std * Math.SQRT2)
    .add(mean)
    .clamp(a, b);
}
