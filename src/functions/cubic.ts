// Weights of cubic convolution (Keys), a = -¾ as PyTorch has it, for a point at `t` behind the second of
// four neighbours.

import type { Value } from "../graph/tape.ts";
import { add, mul, sub } from "../ops/arithmetic.ts";

const a = -0.75;

/** ((a + 2)·d - (a + 3))·d² + 1, at a distance up to 1 */
const near = (d: Value): Value => add(mul(mul(sub(mul(d, a + 2), a + 3), d), d), 1);

/** ((a·d - 5a)·d + 8a)·d - 4a, at a distance from 1 to 2 */
const far = (d: Value): Value => sub(mul(add(mul(sub(mul(d, a), 5 * a), d), 8 * a), d), 4 * a);

export function cubicWeights(t: Value): readonly [Value, Value, Value, Value] {
  const u = sub(1, t);
  return [far(add(t, 1)), near(t), near(u), far(add(u, 1))];
}
