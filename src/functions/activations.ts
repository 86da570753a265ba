// Activations and softmax. Composites of primitives; fusion makes them fast.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxis } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, reshape, sum, withOnes } from "../ops/linear.ts";
import { amax } from "../ops/reduce.ts";
import { erfc, exp, log, log1p, sigmoid } from "../ops/transcendental.ts";

function requireFloat(op: string, x: Value): void {
  if (isFloat(x.node.dtype)) return;
  fail(op, `wants a floating point tensor, got ${x.node.dtype}. Cast it first: x.to("float32")`);
}

/** max(x, 0) */
export function relu(x: Value): Value {
  if (x.node.dtype === "bool") fail("relu", "Boolean inputs not supported for relu");
  return ops.relu(x);
}

const siluSpec: Composite<null> = {
  name: "SiluBackward0",
  body: ([x]) => ops.mul(x, sigmoid(x)),
};

/** x·σ(x) */
export function silu(x: Value): Value {
  requireFloat("silu", x);
  return composite(siluSpec, [x], null);
}

// x·Φ(x), Φ(x) = ½·erfc(-x/√2): relatively accurate where Φ is tiny
const geluSpec: Composite<null> = {
  name: "GeluBackward0",
  body: ([x]) => ops.mul(x, ops.mul(erfc(ops.mul(x, -Math.SQRT1_2)), 0.5)),
};

// ½·(1 + tanh u) = σ(2u), u = √(2/π)·(x + 0.044715·x³): σ keeps the negative tail, 1 + tanh does not
const geluTanhSpec: Composite<null> = {
  name: "GeluBackward0",
  body: ([x]) => {
    const cubed = ops.mul(ops.mul(ops.mul(x, x), x), 0.044715);
    return ops.mul(x, sigmoid(ops.mul(ops.add(x, cubed), 2 * Math.sqrt(2 / Math.PI))));
  },
};

export function gelu(x: Value, approximate: string = "none"): Value {
  requireFloat("gelu", x);
  if (approximate === "none") return composite(geluSpec, [x], null);
  if (approximate === "tanh") return composite(geluTanhSpec, [x], null);
  fail("gelu", `approximate argument must be either none or tanh, got '${approximate}'`);
}

interface Softplus {
  readonly beta: number;
  readonly threshold: number;
}

const softplusSpec: Composite<Softplus> = {
  name: "SoftplusBackward0",
  body: ([x], { beta, threshold }) => {
    const grown = ops.mul(x, beta);
    const curve = ops.div(log1p(exp(ops.minimum(grown, threshold))), beta);
    return ops.where(ops.gt(grown, threshold), x, curve);
  },
  // The chain rule would halve the gradient where both sides of the minimum meet.
  gradient: (g, [x], _, { beta, threshold }) => {
    const grown = ops.mul(x, beta);
    return [ops.where(ops.gt(grown, threshold), g, ops.mul(g, sigmoid(grown)))];
  },
};

/** log(1 + e^(βx))/β, and x where βx is above the threshold. */
export function softplus(x: Value, beta = 1, threshold = 20): Value {
  requireFloat("softplus", x);
  return composite(softplusSpec, [x], { beta, threshold });
}

const leakyReluSpec: Composite<number> = {
  name: "LeakyReluBackward0",
  body: ([x], slope) => ops.where(ops.gt(x, 0), x, ops.mul(x, slope)),
};

export function leakyRelu(x: Value, negativeSlope = 0.01): Value {
  requireFloat("leakyRelu", x);
  return composite(leakyReluSpec, [x], negativeSlope);
}

// Softmax

interface Along {
  readonly axis: number;
  readonly dtype: DType;
}

const spreadAlong = (value: Value, x: Value, axis: number): Value => {
  const { shape } = x.node;
  return shape.length === 0 ? value : expand(reshape(value, withOnes(shape, [axis])), shape);
};

const axesOf = (x: Value, axis: number): number[] => (x.node.shape.length === 0 ? [] : [axis]);

/** x less its maximum, which is a constant here: softmax does not depend on it. */
function shifted(x: Value, axis: number): Value {
  const { node } = amax(constantValue(x.node), axesOf(x, axis));
  return ops.sub(x, spreadAlong(constantValue(node), x, axis));
}

const sumAlong = (x: Value, axis: number): Value => spreadAlong(sum(x, axesOf(x, axis)), x, axis);

const softmaxInside: Composite<number> = {
  name: "SoftmaxBackward0",
  body: ([x], axis) => {
    const grown = exp(shifted(x, axis));
    return ops.div(grown, sumAlong(grown, axis));
  },
  // y·(g - Σ g·y): one sum and no quotient, where the chain rule divides by the sum twice
  gradient: (g, _, out, axis) => [ops.mul(out, ops.sub(g, sumAlong(ops.mul(g, out), axis)))],
};

const logSoftmaxInside: Composite<number> = {
  name: "LogSoftmaxBackward0",
  body: ([x], axis) => {
    const low = shifted(x, axis);
    return ops.sub(low, spreadAlong(log(sum(exp(low), axesOf(x, axis))), x, axis));
  },
  // g - e^y·Σ g: through the result, which is kept anyway
  gradient: (g, _, out, axis) => [ops.sub(g, ops.mul(exp(out), sumAlong(g, axis)))],
};

const castFirst = (inside: Composite<number>): Composite<Along> => ({
  name: inside.name,
  body: ([x], { axis, dtype }) => composite(inside, [ops.cast(x, dtype)], axis),
});

const softmaxSpecs = { inside: softmaxInside, cast: castFirst(softmaxInside) };
const logSoftmaxSpecs = { inside: logSoftmaxInside, cast: castFirst(logSoftmaxInside) };

function normalized(
  op: string,
  { inside, cast }: typeof softmaxSpecs,
  x: Value,
  { dim, dtype = x.node.dtype }: { dim: number; dtype?: DType | undefined },
): Value {
  const axis = normalizeAxis(op, dim, x.node.shape.length);
  if (!isFloat(dtype)) {
    fail(op, `wants a floating point tensor, got ${dtype}. Name a dtype: { dtype: "float32" }`);
  }
  if (dtype === x.node.dtype) return composite(inside, [x], axis);
  return composite(cast, [x], { axis, dtype });
}

export const softmax = (x: Value, dim: number, dtype?: DType): Value =>
  normalized("softmax", softmaxSpecs, x, { dim, dtype });

export const logSoftmax = (x: Value, dim: number, dtype?: DType): Value =>
  normalized("logSoftmax", logSoftmaxSpecs, x, { dim, dtype });
