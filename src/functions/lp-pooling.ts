// Pooling by power means: (Σ x^p)^(1/p) over each window.

import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { mul, pow, sign } from "./arithmetic.ts";
import { type AverageOptions, avgPool } from "./average-pooling.ts";
import { eachAxis, type PooledRank } from "./pool-windows.ts";

export interface LpOptions extends Pick<AverageOptions, "kernelSize" | "stride" | "ceilMode"> {
  readonly normType: number;
}

export function lpPool(x: Value, options: LpOptions, rank: PooledRank): Value {
  const { normType, kernelSize } = options;
  const kernel = eachAxis(`lpPool${rank}d`, "kernelSize", kernelSize, rank);
  const means = avgPool(pow(x, normType), { ...options, countIncludePad: true }, rank);
  // Where a sum is 0 no gradient passes, and none of less than 0.
  const size = ops.relu(ops.abs(means));
  const count = kernel.reduce((product, k) => product * k, 1);
  return pow(mul(mul(sign(means), size), count), 1 / normType);
}
