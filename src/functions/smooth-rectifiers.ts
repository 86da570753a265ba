// log(1 + eˣ), log σ(x) and what losses make of them, finite wherever the result is. Their derivatives
// are logistic functions, which the chain rule over logarithm and exponential loses at the far ends.

import type { Composite } from "../autograd/composite.ts";
import { composite } from "../autograd/composite.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { exp, log1p, sigmoid } from "../ops/transcendental.ts";

/** log(1 + e^-|x|) */
const tail = (x: Value): Value => log1p(exp(ops.neg(ops.abs(x))));

// max(x, 0) + log(1 + e^-|x|)
const softplusSpec: Composite<null> = {
  name: "SoftplusBackward0",
  body: ([x]) => ops.add(ops.maximum(x, 0), tail(x)),
  gradient: (g, [x]) => [ops.mul(g, sigmoid(x))],
};

/** log(1 + eˣ) for any x. */
export const softplusOf = (x: Value): Value => composite(softplusSpec, [x], null);

// min(x, 0) - log(1 + e^-|x|);  d = σ(-x)
export const logSigmoidSpec: Composite<null> = {
  name: "LogSigmoidBackward0",
  body: ([x]) => ops.sub(ops.minimum(x, 0), tail(x)),
  gradient: (g, [x]) => [ops.mul(g, sigmoid(ops.neg(x)))],
};

// -t·log σ(x) - (1 - t)·log σ(-x) = max(x, 0) - t·x + log(1 + e^-|x|)
const plainLogitsSpec: Composite<null> = {
  name: "",
  body: ([x, t]) => ops.add(ops.sub(ops.maximum(x, 0), ops.mul(t, x)), tail(x)),
  gradient: (g, [x, t]) => [
    x.edge && ops.mul(g, ops.sub(sigmoid(x), t)),
    t.edge && ops.neg(ops.mul(g, x)),
  ],
};

// (1 - t)·x - (1 + (p - 1)·t)·log σ(x)
const weightedLogitsSpec: Composite<null> = {
  name: "",
  body: ([x, t, p]) => {
    const scale = ops.add(ops.mul(ops.sub(p, 1), t), 1);
    const negative = ops.sub(tail(x), ops.minimum(x, 0));
    return ops.add(ops.mul(ops.sub(1, t), x), ops.mul(scale, negative));
  },
  // ∂x = (1 - t)·σ(x) - p·t·σ(-x),  ∂t = (1 - p)·log σ(x) - x
  gradient: (g, [x, t, p]) => {
    const below = ops.mul(ops.sub(1, t), sigmoid(x));
    const above = ops.mul(ops.mul(p, t), sigmoid(ops.neg(x)));
    const likely = (): Value => ops.mul(ops.sub(1, p), composite(logSigmoidSpec, [x], null));
    return [
      x.edge && ops.mul(g, ops.sub(below, above)),
      t.edge && ops.mul(g, ops.sub(likely(), x)),
      null,
    ];
  },
};

/** The cross entropy of a truth t in [0, 1] and σ(x); p weighs what is true. One shape, one dtype. */
export const logisticLoss = (x: Value, t: Value, p: Value | null = null): Value =>
  p ? composite(weightedLogitsSpec, [x, t, p], null) : composite(plainLogitsSpec, [x, t], null);
