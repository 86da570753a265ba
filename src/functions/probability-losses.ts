// Losses of probabilities and their logits: binary cross entropies, divergences, soft margins, and the
// cross entropy of classes whose probabilities are known.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import {
  broadcastShapes,
  normalizeAxis,
  type Shape,
  sameShape,
  showShape,
} from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { xlogy } from "../ops/special.ts";
import { exp, log, log1p } from "../ops/transcendental.ts";
import { withinUnit } from "./data-checks.ts";
import { alongAxis } from "./index-operands.ts";
import {
  fittedAll,
  type LossReduction,
  loss,
  lossSpecs,
  refuseGradient,
  requireClassWeights,
  requireFloat,
  total,
} from "./loss-reductions.ts";
import { type Common, fitted, inFloat, resultDTypeOf } from "./operands.ts";
import { logisticLoss, softplusOf } from "./smooth-rectifiers.ts";
import { logSoftmax } from "./softmax.ts";

type Optional = Value | null;

const present = (...inputs: readonly Optional[]): Value[] =>
  inputs.filter((input) => input !== null);

function requireSameSize(op: string, x: Value, target: Value): void {
  if (sameShape(x.node.shape, target.node.shape)) return;
  fail(
    op,
    `Target size (${showShape(target.node.shape)}) must be the same as input size ` +
      `(${showShape(x.node.shape)})`,
  );
}

/** What weighs elements must broadcast to their shape. */
function requireInside(op: string, name: string, { node }: Value, shape: Shape): void {
  if (sameShape(broadcastShapes(op, node.shape, shape), shape)) return;
  fail(
    op,
    `output with shape ${showShape(shape)} doesn't match the broadcast shape of ${name}, ` +
      showShape(node.shape),
  );
}

// Binary cross entropy

/** -t·max(log x, -100) - (1 - t)·max(log(1 - x), -100) */
const binarySpec: Composite<null> = {
  name: "",
  body: ([x, t]) => {
    const [likely, unlikely] = [log(x), log1p(ops.neg(x))].map((value) =>
      ops.maximum(value, -100),
    ) as [Value, Value];
    return ops.sub(ops.mul(ops.sub(t, 1), unlikely), ops.mul(t, likely));
  },
  // ∂x = (x - t)/max((1 - x)·x, 10⁻¹²): finite where the chain rule is not
  gradient: (g, [x, t]) => [
    x.edge && ops.div(ops.mul(g, ops.sub(x, t)), ops.maximum(ops.mul(ops.sub(1, x), x), 1e-12)),
    t.edge && ops.mul(g, ops.sub(log1p(ops.neg(x)), log(x))),
  ],
};

const binaries = lossSpecs<object>(
  "binaryCrossEntropy",
  { alone: "BinaryCrossEntropyBackward0" },
  (inputs, common) => {
    const [x, t, weight] = fittedAll(inputs, common) as [Value, Value, Value?];
    const known = [withinUnit("input", x), withinUnit("target", t)];
    const each = composite(binarySpec, known, null);
    return weight ? ops.mul(each, weight) : each;
  },
);

interface Weighed {
  readonly weight: Optional;
  readonly reduction: LossReduction;
}

/** Of probabilities x and truths t in [0, 1]. */
export function binaryCrossEntropy(x: Value, t: Value, { weight, reduction }: Weighed): Value {
  const op = "binaryCrossEntropy";
  const { shape, dtype } = x.node;
  requireSameSize(op, x, t);
  requireFloat(op, x);
  if (t.node.dtype !== dtype) fail(op, `Found dtype ${t.node.dtype} but expected ${dtype}`);
  if (weight) requireInside(op, "weight", weight, shape);
  refuseGradient(op, { weight });
  const attrs = { shape, dtype };
  return composite(binaries[reduction], present(x, t, weight), attrs);
}

interface Logistic {
  readonly hasWeight: boolean;
  readonly hasPosWeight: boolean;
}

const logistics = lossSpecs<Logistic>(
  "binaryCrossEntropyWithLogits",
  { alone: "BinaryCrossEntropyWithLogitsBackward0" },
  (inputs, { hasWeight, hasPosWeight, ...common }) => {
    const [x, t, ...given] = fittedAll(inputs, common) as [Value, Value, ...Value[]];
    const each = logisticLoss(x, t, hasPosWeight ? given.at(-1) : null);
    return hasWeight ? ops.mul(each, given[0] as Value) : each;
  },
);

interface Logits extends Weighed {
  readonly posWeight: Optional;
}

/** Of logits x and truths t in [0, 1]. */
export function binaryCrossEntropyWithLogits(x: Value, t: Value, options: Logits): Value {
  const op = "binaryCrossEntropyWithLogits";
  const { weight, posWeight, reduction } = options;
  const { shape } = x.node;
  requireSameSize(op, x, t);
  requireFloat(op, x, t);
  if (weight) requireInside(op, "weight", weight, shape);
  if (posWeight) requireInside(op, "posWeight", posWeight, shape);
  refuseGradient(op, { weight, posWeight });
  const attrs = { hasWeight: weight !== null, hasPosWeight: posWeight !== null };
  return loss(op, logistics[reduction], present(x, t, weight, posWeight), attrs);
}

// Margins that are soft

const softMargins = lossSpecs<object>(
  "softMarginLoss",
  { alone: "SoftMarginLossBackward0" },
  (inputs, common) => {
    const [x, t] = fittedAll(inputs, common) as [Value, Value];
    return softplusOf(ops.neg(ops.mul(t, x)));
  },
);

/** log(1 + e^(-t·x)), t of 1 and -1. */
export function softMarginLoss(x: Value, t: Value, reduction: LossReduction): Value {
  const op = "softMarginLoss";
  const { shape, dtype } = x.node;
  requireFloat(op, x);
  requireInside(op, "target", t, shape);
  refuseGradient(op, { target: t });
  return composite(softMargins[reduction], [x, t], { shape, dtype });
}

const multilabels = lossSpecs<object>(
  "multilabelSoftMarginLoss",
  { elements: "DivBackward0" },
  (inputs, common) => {
    const [x, t, weight] = fittedAll(inputs, common) as [Value, Value, Value?];
    const each = logisticLoss(x, t);
    const axis = common.shape.length - 1;
    const sum = linear.sum(weight ? ops.mul(each, weight) : each, [axis]);
    return ops.div(sum, common.shape[axis] as number);
  },
);

/** The mean over classes of binary cross entropies of logits. */
export function multilabelSoftMarginLoss(
  x: Value,
  t: Value,
  { weight, reduction }: Weighed,
): Value {
  const op = "multilabelSoftMarginLoss";
  requireFloat(op, x);
  if (x.node.shape.length === 0) fail(op, "Dimension out of range: input must have a class axis");
  return loss(op, multilabels[reduction], present(x, t, weight), {});
}

// Divergence

const divergences = lossSpecs<object>("klDiv", { elements: "SubBackward0" }, (inputs, common) => {
  const [x, t] = fittedAll(inputs, common) as [Value, Value];
  return ops.sub(xlogy(t, t), ops.mul(t, x));
});

const logDivergences = lossSpecs<object>(
  "klDiv",
  { elements: "MulBackward0" },
  (inputs, common) => {
    const [x, t] = fittedAll(inputs, common) as [Value, Value];
    return ops.mul(exp(t), ops.sub(t, x));
  },
);

interface Batches {
  readonly isLog: boolean;
  readonly count: number;
}

const perBatch: Composite<Batches & Common> = {
  name: "DivBackward0",
  body: (inputs, { isLog, count, ...common }) => {
    const { sum } = isLog ? logDivergences : divergences;
    return ops.div(composite(sum, inputs, common), count);
  },
};

export interface Divergence {
  readonly reduction: LossReduction | "batchmean";
  /** Whether targets are logarithms too. */
  readonly logTarget: boolean;
}

/** t·(log t - x) for log probabilities x; `batchmean` is the sum divided by the first axis' size. */
export function klDiv(x: Value, t: Value, { reduction, logTarget }: Divergence): Value {
  const specs = logTarget ? logDivergences : divergences;
  if (reduction !== "batchmean") return loss("klDiv", specs[reduction], [x, t], {}, inFloat);
  const [count] = x.node.shape;
  if (count === undefined) fail("klDiv", "batchmean wants a batch axis, got an input without axes");
  if (count === 0) return loss("klDiv", specs.sum, [x, t], {}, inFloat);
  return loss("klDiv", perBatch, [x, t], { isLog: logTarget, count }, inFloat);
}

// Classes of known probabilities

interface Soft extends Common {
  readonly axis: number;
  readonly smoothing: number;
  readonly reduction: LossReduction;
}

/** -Σ w·q·log softmax x, q = t·(1 - ε) + ε/C */
const softAs = (name: string): Composite<Soft> => ({
  name,
  body: ([x, target, weight], { axis, smoothing, reduction, ...common }) => {
    const { shape } = common;
    const wide = { shape, dtype: accumulated(common.dtype) };
    const count = shape[axis] as number;
    const logs = fitted(logSoftmax(x, axis), wide);
    const t = fitted(target, wide);
    const aim = smoothing === 0 ? t : ops.add(ops.mul(t, 1 - smoothing), smoothing / count);
    const each = ops.mul(logs, aim);
    const own = weight && alongAxis(ops.cast(weight, wide.dtype), shape, axis);
    const weighed = own ? ops.mul(each, linear.expand(own, shape)) : each;
    const sum = ops.neg(reduction === "none" ? linear.sum(weighed, [axis]) : total(weighed));
    const result = reduction === "mean" ? ops.div(sum, x.node.size / count) : sum;
    return ops.cast(result, common.dtype);
  },
});

const softs = {
  none: softAs("NegBackward0"),
  sum: softAs("NegBackward0"),
  mean: softAs("DivBackward1"),
};

export interface SoftOptions extends Weighed {
  readonly smoothing: number;
}

/** Of logits and probabilities of one shape; classes lie along the second axis, or the only one. */
export function softCrossEntropy(x: Value, t: Value, options: SoftOptions): Value {
  const op = "crossEntropy";
  const { weight, ...rest } = options;
  const { shape } = x.node;
  const axis = normalizeAxis(op, shape.length === 1 ? 0 : 1, shape.length);
  requireClassWeights(op, x, weight, shape[axis]);
  const inputs = present(x, t, weight);
  return composite(softs[rest.reduction], inputs, {
    axis,
    shape,
    dtype: resultDTypeOf(inputs),
    ...rest,
  });
}
