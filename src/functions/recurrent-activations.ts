// σ and tanh of gates, with slopes by their arguments. By their results, 1 - y and 1 - y², little is left
// of them where a gate is nearly shut, and steps multiply what is wrong with it.

import { type Composite, composite } from "../autograd/composite.ts";
import type { Value } from "../graph/tape.ts";
import { add, mul, neg } from "../ops/arithmetic.ts";
import * as ops from "../ops/transcendental.ts";

/** dσ = σ(x)·σ(-x) dx */
export const sigmoidSlope = (x: Value): Value => mul(ops.sigmoid(x), ops.sigmoid(neg(x)));

/** d tanh = 4·σ(2x)·σ(-2x) dx */
export const tanhSlope = (x: Value): Value => mul(sigmoidSlope(add(x, x)), 4);

const sigmoidSpec: Composite<null> = {
  name: "SigmoidBackward0",
  body: ([x]) => ops.sigmoid(x),
  gradient: (g, [x]) => [mul(g, sigmoidSlope(x))],
};

const tanhSpec: Composite<null> = {
  name: "TanhBackward0",
  body: ([x]) => ops.tanh(x),
  gradient: (g, [x]) => [mul(g, tanhSlope(x))],
};

export const sigmoid = (x: Value): Value => composite(sigmoidSpec, [x], null);
export const tanh = (x: Value): Value => composite(tanhSpec, [x], null);
