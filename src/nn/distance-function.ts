// A user's distance of tensors, as losses call it.

import { fail } from "../base/errors.ts";
import { pairwiseDistance } from "../functions/distances.ts";
import type { Value } from "../graph/tape.ts";
import { makeTensor } from "../tensor/make.ts";
import { Tensor } from "../tensor/tensor.ts";

/** The distance of two values by a function of tensors; of norm 2 where none is given. */
export function distanceOfTensors(
  given: ((...args: never[]) => unknown) | null,
): (x: Value, y: Value) => Value {
  if (!given) return (x, y) => pairwiseDistance(x, y, 2, 1e-6, false);
  const distance = given as unknown as (x: Tensor, y: Tensor) => unknown;
  return (x, y) => {
    const result = distance(makeTensor(x), makeTensor(y));
    if (result instanceof Tensor) return result.value;
    return fail("tripletMarginWithDistanceLoss", "distanceFunction must give a tensor");
  };
}
