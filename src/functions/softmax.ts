// Softmax, its logarithm, and softmin. Halves compute as float32.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated, type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxis } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, reshape, sum, withOnes } from "../ops/linear.ts";
import { amax } from "../ops/reduce.ts";
import { exp, log, reciprocal } from "../ops/transcendental.ts";
import { neg } from "./arithmetic.ts";

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
export function shifted(x: Value, axis: number): Value {
  const { node } = amax(constantValue(x.node), axesOf(x, axis));
  return ops.sub(x, spreadAlong(constantValue(node), x, axis));
}

const sumAlong = (x: Value, axis: number): Value => spreadAlong(sum(x, axesOf(x, axis)), x, axis);

const softmaxInside: Composite<number> = {
  name: "SoftmaxBackward0",
  body: ([x], axis) => {
    const grown = exp(shifted(x, axis));
    return ops.mul(grown, spreadAlong(reciprocal(sum(grown, axesOf(x, axis))), x, axis));
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
  body: ([x], { axis, dtype }) =>
    ops.cast(composite(inside, [ops.cast(x, accumulated(dtype))], axis), dtype),
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
  if (dtype === x.node.dtype && accumulated(dtype) === dtype) return composite(inside, [x], axis);
  return composite(cast, [x], { axis, dtype });
}

export const softmax = (x: Value, dim: number, dtype?: DType): Value =>
  normalized("softmax", softmaxSpecs, x, { dim, dtype });

export const logSoftmax = (x: Value, dim: number, dtype?: DType): Value =>
  normalized("logSoftmax", logSoftmaxSpecs, x, { dim, dtype });

/** softmax(-x) */
export const softmin = (x: Value, dim: number, dtype?: DType): Value => softmax(neg(x), dim, dtype);

/** The axis that PyTorch's layers mean when none is named. */
export function impliedDim({ node }: Value): number {
  const rank = node.shape.length;
  return rank === 0 || rank === 1 || rank === 3 ? 0 : 1;
}
