// Activations of more than each element by itself: gates, learned slopes, samples of classes.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxis, type Shape, showShape } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { beside } from "../ops/beside.ts";
import { expand, reshape, slice, wholeSlice } from "../ops/linear.ts";
import { argmax } from "../ops/reduce.ts";
import { iota } from "../ops/source.ts";
import { sigmoid } from "../ops/transcendental.ts";
import { add, div, sub } from "./arithmetic.ts";
import { alongAxis } from "./index-operands.ts";
import { requireFloat } from "./loss-reductions.ts";
import { spread } from "./reductions.ts";
import { softmax } from "./softmax.ts";

/** One half along an axis gates the other: x₁·σ(x₂). */
const gluSpec: Composite<number> = {
  name: "GluBackward0",
  body: ([x], axis) => {
    const { shape } = x.node;
    const size = (shape[axis] as number) / 2;
    const half = (start: number): Value =>
      slice(
        x,
        shape.map((n, at) => (at === axis ? { start, size, step: 1 } : wholeSlice(n))),
      );
    return ops.mul(half(0), sigmoid(half(size)));
  },
};

export function glu(x: Value, dim: number): Value {
  const { shape } = x.node;
  if (shape.length === 0) {
    fail("glu", "does not support scalars because halving size must be even");
  }
  requireFloat("glu", x);
  const axis = normalizeAxis("glu", dim, shape.length);
  if ((shape[axis] as number) % 2 !== 0) {
    fail("glu", `Halving dimension must be even, but dimension ${axis} is size ${shape[axis]}`);
  }
  return composite(gluSpec, [x], axis);
}

const slopedSpec: Composite<null> = {
  name: "",
  body: ([x, slope]) => ops.where(ops.gt(x, 0), x, ops.mul(slope, x)),
  // The chain rule would ask for 0·x where x is infinite; PyTorch's formula names both.
  gradient: (g, [x, slope]) => {
    const isAbove = ops.gt(x, 0);
    return [
      x.edge && beside(ops.where(isAbove, g, ops.mul(slope, g)), x),
      slope.edge && beside(ops.where(isAbove, 0, ops.mul(x, g)), slope),
    ];
  },
};

const preluSpec: Composite<null> = {
  name: "PreluKernelBackward0",
  body: ([x, weight]) => {
    const { shape } = x.node;
    const { size } = weight.node;
    const apart = shape.map((_, axis) => (axis === 1 ? size : 1));
    const slope = reshape(weight, shape.length > 1 ? apart : size === 1 ? [] : [size]);
    return composite(slopedSpec, [x, expand(slope, shape)], null);
  },
};

/** x, below 0 times a learned slope: one for all, or one a channel. */
export function prelu(x: Value, weight: Value): Value {
  const { shape, dtype } = x.node;
  requireFloat("prelu", x);
  if (dtype !== weight.node.dtype) {
    fail("prelu", `Type promoting not supported. Got ${dtype} and ${weight.node.dtype}`);
  }
  requireSlopes(shape, weight.node.shape, weight.node.size);
  return composite(preluSpec, [x, weight], null);
}

function requireSlopes(shape: Shape, slopes: Shape, count: number): void {
  if (count !== 1) {
    if (shape.length === 0) fail("prelu", "Not allow zero-dim input tensor.");
    const channels = shape.length > 1 ? shape[1] : 1;
    if (channels !== count) {
      fail(
        "prelu",
        "Mismatch of parameter numbers and input channel size. Found parameter numbers = " +
          `${count} and channel size = ${channels}.`,
      );
    }
  }
  if (slopes.length > 1) {
    fail(
      "prelu",
      `Expected \`weight\` to be a scalar or 1D tensor, but got: ndim = ${slopes.length} ` +
        `(${showShape(slopes)})`,
    );
  }
}

/** 1 where each row is largest, else 0. */
function oneHotOfLargest(x: Value, axis: number): Value {
  const { shape, dtype } = x.node;
  if (shape.length === 0) return ops.cast(ops.eq(x, x), dtype);
  const winner = spread(ops.cast(argmax(x, [axis]), "int32"), shape, [axis]);
  const places = expand(alongAxis(iota(shape[axis] as number), shape, axis), shape);
  return ops.cast(ops.eq(places, winner), dtype);
}

export interface Gumbel {
  readonly tau: number;
  readonly hard: boolean;
  readonly dim: number;
}

/**
 * softmax((x + noise)/τ), a sample of classes that has a derivative. Hard: the sample as 0 and one 1, with
 * the derivative of the soft one.
 */
export function gumbelSoftmax(logits: Value, noise: Value, { tau, hard, dim }: Gumbel): Value {
  const soft = softmax(div(add(logits, noise), tau), dim);
  if (!hard) return soft;
  const known = constantValue(soft.node);
  const axis = normalizeAxis("gumbelSoftmax", dim, known.node.shape.length);
  return add(sub(oneHotOfLargest(known, axis), known), soft);
}
