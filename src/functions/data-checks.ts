// What PyTorch refuses once it sees the data: a fault of the request, told with the check's name and the
// line of the call.

import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { lookUp } from "../ops/indexing.ts";
import { reshape } from "../ops/linear.ts";
import { full } from "../ops/source.ts";

/** x, where each element has its place in a table of one; what `fails` has none. */
function checked(name: string, x: Value, fails: Value): Value {
  const { dtype, shape, size } = x.node;
  if (size === 0) return x;
  const index = reshape(ops.cast(fails, "int32"), [size]);
  const ones = lookUp(name, full(dtype, [1], 1), index);
  return ops.mul(x, reshape(ones, shape));
}

/** NaN is not within. */
export const withinUnit = (name: string, x: Value): Value =>
  checked(name, x, ops.not(ops.and(ops.ge(x, 0), ops.le(x, 1))));

export const notNegative = (name: string, x: Value): Value => checked(name, x, ops.lt(x, 0));
