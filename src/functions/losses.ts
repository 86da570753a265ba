// Losses of regression: distances of numbers from their targets, and likelihoods of counts and of
// normal numbers.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, sameShape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { reshape } from "../ops/linear.ts";
import { fullLike } from "../ops/source.ts";
import { exp, log } from "../ops/transcendental.ts";
import { notNegative } from "./data-checks.ts";
import {
  fittedAll,
  type LossReduction,
  type LossSpecs,
  loss,
  lossSpecs,
  requireFloat,
  total,
} from "./loss-reductions.ts";
import { type Common, fitted, inFloat } from "./operands.ts";

type Optional = Value | null;

interface Distance {
  readonly op: string;
  readonly specs: LossSpecs<Scale>;
  readonly scale: number;
}

/** Where a loss turns from square to straight. */
interface Scale {
  readonly scale: number;
}

const difference = (inputs: readonly Value[], common: Common): Value => {
  if (common.dtype === "bool") fail("sub", "is not supported with bool tensors. Cast them first");
  const [x, t] = fittedAll(inputs, common);
  return ops.sub(x as Value, t as Value);
};

const squares = lossSpecs<Scale>("mseLoss", { alone: "MseLossBackward0" }, (inputs, common) => {
  const d = difference(inputs, common);
  return ops.mul(d, d);
});

const sizes = lossSpecs<Scale>("l1Loss", { elements: "AbsBackward0" }, (inputs, common) =>
  ops.abs(difference(inputs, common)),
);

// d²/2β where |d| < β, else |d| - β/2
const smoothSpec: Composite<number> = {
  name: "",
  body: ([d], beta) => {
    const size = ops.abs(d);
    const square = ops.div(ops.mul(ops.mul(d, d), 0.5), beta);
    return ops.where(ops.lt(size, beta), square, ops.sub(size, beta / 2));
  },
  // The chain rule gives NaN where d² overflows.
  gradient: (g, [d], _, beta) => {
    const isNear = ops.lt(ops.abs(d), beta);
    return [ops.mul(g, ops.where(isNear, ops.div(d, beta), ops.sign(d)))];
  },
};

// d²/2 where |d| ≤ δ, else δ·(|d| - δ/2)
const huberSpec: Composite<number> = {
  name: "",
  body: ([d], delta) => {
    const size = ops.abs(d);
    const straight = ops.mul(ops.sub(size, delta / 2), delta);
    return ops.where(ops.le(size, delta), ops.mul(ops.mul(d, d), 0.5), straight);
  },
  // As above.
  gradient: (g, [d], _, delta) => {
    const isNear = ops.lt(ops.abs(d), delta);
    return [ops.mul(g, ops.where(isNear, d, ops.mul(ops.sign(d), delta)))];
  },
};

const smoothSizes = lossSpecs<Scale>(
  "smoothL1Loss",
  { alone: "SmoothL1LossBackward0" },
  (inputs, { scale, ...common }) => composite(smoothSpec, [difference(inputs, common)], scale),
);

const hubers = lossSpecs<Scale>(
  "huberLoss",
  { alone: "HuberLossBackward0" },
  (inputs, { scale, ...common }) => composite(huberSpec, [difference(inputs, common)], scale),
);

// Weights, one an element

interface Weighing extends Scale {
  readonly elements: Composite<Scale & Common>;
  /** The mean divides by the sum of the weights, or by their number. */
  readonly isShared: boolean;
  readonly reduction: LossReduction;
}

const weighedAs = (name: string): Composite<Weighing & Common> => ({
  name,
  body: ([x, t, weight], { elements, isShared, reduction, scale, ...common }) => {
    const { shape } = common;
    const wide = { shape, dtype: accumulated(common.dtype) };
    const each = composite(elements, [x, t], { scale, ...wide });
    const own = fitted(weight, wide);
    const weighed = ops.mul(each, own);
    if (reduction === "none") return ops.cast(weighed, common.dtype);
    const sum = total(weighed);
    if (reduction === "sum") return ops.cast(sum, common.dtype);
    return ops.cast(ops.div(sum, isShared ? total(own) : each.node.size), common.dtype);
  },
});

const weighed = {
  none: weighedAs("MulBackward0"),
  sum: weighedAs("SumBackward0"),
  mean: weighedAs("DivBackward0"),
  plainMean: weighedAs("MeanBackward0"),
};

function distance(
  { op, specs, scale }: Distance,
  inputs: readonly [Value, Value],
  { reduction, weight = null }: { reduction: LossReduction; weight?: Optional },
): Value {
  if (!weight) return loss(op, specs[reduction], inputs, { scale });
  if (!sameShape(weight.node.shape, inputs[0].node.shape)) {
    fail(
      op,
      "Weights and input must have the same size, got " +
        `${showShape(weight.node.shape)} and ${showShape(inputs[0].node.shape)}`,
    );
  }
  const isShared = specs !== hubers;
  const spec = weighed[reduction === "mean" && !isShared ? "plainMean" : reduction];
  const attrs = { elements: specs.none, isShared, reduction, scale };
  return loss(op, spec, [...inputs, weight], attrs, inFloat);
}

export interface DistanceOptions {
  readonly reduction: LossReduction;
  readonly weight: Optional;
}

/** (x - t)² */
export const mseLoss = (x: Value, t: Value, options: DistanceOptions): Value =>
  distance({ op: "mseLoss", specs: squares, scale: 1 }, [x, t], options);

/** |x - t| */
export const l1Loss = (x: Value, t: Value, options: DistanceOptions): Value =>
  distance({ op: "l1Loss", specs: sizes, scale: 1 }, [x, t], options);

/** Square near the target, |x - t| - β/2 from β on. */
export function smoothL1Loss(x: Value, t: Value, reduction: LossReduction, beta: number): Value {
  const op = "smoothL1Loss";
  if (beta < 0) fail(op, "does not support negative values for beta.");
  if (beta === 0) return distance({ op, specs: sizes, scale: 1 }, [x, t], { reduction });
  requireFloat(op, x, t);
  return distance({ op, specs: smoothSizes, scale: beta }, [x, t], { reduction });
}

/** Square near the target, δ·(|x - t| - δ/2) from δ on. */
export function huberLoss(x: Value, t: Value, delta: number, options: DistanceOptions): Value {
  const op = "huberLoss";
  if (!(delta > 0)) fail(op, "does not support non-positive values for delta.");
  requireFloat(op, x, t);
  return distance({ op, specs: hubers, scale: delta }, [x, t], options);
}

// Likelihoods

export interface Poisson {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;
}

/** t·log t - t + ½·log 2πt, and 0 up to 1 */
function stirling(t: Value): Value {
  const root = ops.mul(log(ops.mul(t, 2 * Math.PI)), 0.5);
  const term = ops.add(ops.sub(ops.mul(t, log(t)), t), root);
  return ops.where(ops.le(t, 1), 0, term);
}

const poissonAs = (elements: string): LossSpecs<Poisson> =>
  lossSpecs<Poisson>("poissonNllLoss", { elements }, (inputs, attrs) => {
    const [x, t] = fittedAll(inputs, attrs) as [Value, Value];
    const { logInput, full, eps } = attrs;
    const rate = logInput ? exp(x) : x;
    const logRate = logInput ? x : log(ops.add(x, eps));
    const plain = ops.sub(rate, ops.mul(t, logRate));
    return full ? ops.add(plain, stirling(t)) : plain;
  });

const poissons = { plain: poissonAs("SubBackward0"), full: poissonAs("AddBackward0") };

/** eˣ - t·x, or x - t·log(x + eps): counts t of mean eˣ, or x. */
export function poissonNllLoss(
  x: Value,
  t: Value,
  options: Poisson,
  reduction: LossReduction,
): Value {
  const specs = poissons[options.full ? "full" : "plain"];
  return loss("poissonNllLoss", specs[reduction], [x, t], options, inFloat);
}

interface Gaussian {
  readonly full: boolean;
  readonly eps: number;
}

/** max(x, least), with the gradient of x alone, as PyTorch clamps off the Tape. */
const atLeast: Composite<number> = {
  name: "",
  body: ([x], least) => ops.maximum(x, fullLike(x, least)),
  gradient: (g) => [g],
};

const gaussianAs = (elements: string): LossSpecs<Gaussian> =>
  lossSpecs<Gaussian>("gaussianNllLoss", { elements }, ([x, t, variance], attrs) => {
    const d = difference([x as Value, t as Value], attrs);
    const given = notNegative("var", ops.cast(variance as Value, attrs.dtype));
    const v = composite(atLeast, [fitted(given, attrs)], attrs.eps);
    const half = ops.mul(ops.add(log(v), ops.div(ops.mul(d, d), v)), 0.5);
    return attrs.full ? ops.add(half, 0.5 * Math.log(2 * Math.PI)) : half;
  });

const gaussians = { plain: gaussianAs("MulBackward0"), full: gaussianAs("AddBackward0") };

/** ½·(log v + (x - t)²/v): normal numbers t of mean x and variance v, one for each or for each row. */
export function gaussianNllLoss(
  x: Value,
  t: Value,
  variance: Value | number,
  { reduction, ...options }: Gaussian & { readonly reduction: LossReduction },
): Value {
  const v = typeof variance === "number" ? sameVariance(x, variance) : variance;
  requireFloat("gaussianNllLoss", v);
  const shape = varianceShape(x.node.shape, v.node.shape);
  const fitting = sameShape(shape, v.node.shape) ? v : reshape(v, shape);
  const specs = gaussians[options.full ? "full" : "plain"];
  return loss("gaussianNllLoss", specs[reduction], [x, t, fitting], options, inFloat);
}

function sameVariance(x: Value, variance: number): Value {
  if (variance < 0) fail("gaussianNllLoss", "var has negative entry/entries");
  return fullLike(ops.cast(x, inFloat(x.node.dtype)), variance);
}

/** A variance for each element, or one along some axis, which may be left out where it is the last. */
function varianceShape(own: Shape, given: Shape): Shape {
  if (sameShape(own, given)) return given;
  if (sameShape(own.slice(0, -1), given) && own.length > 0) return [...given, 1];
  const different = given.filter((n, axis) => n !== own[axis]);
  if (own.length === given.length && different.length === 1 && different[0] === 1) return given;
  return fail(
    "gaussianNllLoss",
    `var is of incorrect size: ${showShape(given)} for input of ${showShape(own)}`,
  );
}
