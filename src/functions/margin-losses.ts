// Losses that ask for a margin: between pairs, between classes, between distances.

import { composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { broadcastShapes, type Shape, sameShape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { gather, lookUp } from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import { amax } from "../ops/reduce.ts";
import { cumsum } from "../ops/scan.ts";
import { iota } from "../ops/source.ts";
import { add, minimum, mul, neg, sub } from "./arithmetic.ts";
import { clampMin } from "./combined.ts";
import { eq, ne } from "./comparison.ts";
import { pairwiseDistance } from "./distances.ts";
import { alongAxis, onlyInt64, requireIndex } from "./index-operands.ts";
import {
  fittedAll,
  inShape,
  type LossReduction,
  loss,
  lossSpecs,
  refuseGradient,
  requireFloat,
} from "./loss-reductions.ts";
import { asFloat, commonShape, fitted, inFloat, resultDTypeOf } from "./operands.ts";
import { mean, spread, sum } from "./reductions.ts";

type Optional = Value | null;

interface Margin {
  readonly margin: number;
}

// Pairs

const rankings = lossSpecs<Margin>(
  "marginRankingLoss",
  { elements: "ClampMinBackward0" },
  (inputs, { margin, shape }) => {
    const [x, y, t] = inputs.map((input) => inShape(input, shape)) as [Value, Value, Value];
    return clampMin(ops.add(asFloat(mul(neg(t), sub(x, y))), margin), 0);
  },
);

const shapes = (...values: readonly Value[]): string =>
  values.map(({ node }) => showShape(node.shape)).join(", ");

/** max(-t·(x - y) + margin, 0): with t = 1 the first shall be the larger, with -1 the second. */
export function marginRankingLoss(
  [x, y, t]: readonly [Value, Value, Value],
  margin: number,
  reduction: LossReduction,
): Value {
  const op = "marginRankingLoss";
  const rank = x.node.shape.length;
  if (y.node.shape.length !== rank || t.node.shape.length !== rank) {
    fail(
      op,
      "All input tensors should have same dimension but got sizes: " +
        `input1, input2, target: ${shapes(x, y, t)}`,
    );
  }
  if ([x, y, t].some(({ node }) => node.dtype === "bool")) {
    fail(op, "not implemented for bool: its difference and its negation are none. Cast first");
  }
  return loss(op, rankings[reduction], [x, y, t], { margin }, inFloat);
}

const hinges = lossSpecs<Margin>(
  "hingeEmbeddingLoss",
  { elements: "AddBackward0" },
  ([given, target], { margin, ...common }) => {
    const x = fitted(given as Value, common);
    const t = inShape(target as Value, common.shape);
    const beyond = clampMin(ops.sub(margin, x), 0);
    const apart = ops.where(ne(t, 1), beyond, 0);
    return ops.add(apart, ops.where(ne(t, -1), x, 0));
  },
);

/** x where t is 1, max(margin - x, 0) where it is -1, else both. */
export function hingeEmbeddingLoss(
  x: Value,
  t: Value,
  margin: number,
  reduction: LossReduction,
): Value {
  const op = "hingeEmbeddingLoss";
  if (x.node.dtype === "bool") fail(op, "not implemented for bool: it has no difference. Cast it");
  return loss(op, hinges[reduction], [x, t], { margin }, inFloat);
}

/** Σ x·y/√((Σ x² + 10⁻¹²)·(Σ y² + 10⁻¹²)) along the last axis */
function cosineOf(x: Value, y: Value): Value {
  const axis = x.node.shape.length - 1;
  const dot = (a: Value, b: Value): Value => linear.sum(ops.mul(a, b), [axis]);
  const square = ops.mul(ops.add(dot(x, x), 1e-12), ops.add(dot(y, y), 1e-12));
  return ops.div(dot(x, y), ops.sqrt(square));
}

const cosines = lossSpecs<Margin & { readonly pairs: Shape }>(
  "cosineEmbeddingLoss",
  { elements: "AddBackward0" },
  ([first, second, target], { margin, pairs, shape, dtype }) => {
    const [x, y] = fittedAll([first as Value, second as Value], { shape: pairs, dtype });
    const cosine = fitted(cosineOf(x as Value, y as Value), { shape, dtype });
    const t = inShape(target as Value, shape);
    const near = ops.where(eq(t, 1), ops.sub(1, cosine), 0);
    return ops.add(near, ops.where(eq(t, -1), clampMin(ops.sub(cosine, margin), 0), 0));
  },
);

/** 1 - cos(x, y) where t is 1, max(cos(x, y) - margin, 0) where it is -1. */
export function cosineEmbeddingLoss(
  [x, y, t]: readonly [Value, Value, Value],
  margin: number,
  reduction: LossReduction,
): Value {
  const op = "cosineEmbeddingLoss";
  const rank = t.node.shape.length;
  if (rank > 1) fail(op, "0D or 1D target tensor expected, multi-target not supported");
  if (x.node.shape.length !== rank + 1) {
    fail(
      op,
      `${rank}D target tensor expects ${rank + 1}D input tensors, but found inputs with sizes ` +
        shapes(x, y),
    );
  }
  const pairs = commonShape(op, x, y);
  const shape = broadcastShapes(op, t.node.shape, pairs.slice(0, -1));
  const attrs = { margin, pairs, shape, dtype: inFloat(resultDTypeOf([x, y])) };
  return composite(cosines[reduction], [x, y, t], attrs);
}

// Classes

interface Tables {
  readonly rows: number;
  readonly classes: number;
}

/** A vector is one row, a number a row of one. */
function tablesOf(op: string, { node: { shape } }: Value): Tables {
  const classes = shape.at(-1) ?? 1;
  if (shape.length > 2 || classes === 0) {
    fail(
      op,
      `Expected non-empty vector or matrix with optional 0-dim batch size, but got: ${showShape(shape)}`,
    );
  }
  return { rows: shape.length === 2 ? (shape[0] as number) : 1, classes };
}

/** Losses of rows: one number for each only where rows are asked for and there is an axis of them. */
interface Rowwise extends Tables {
  readonly isOfRows: boolean;
}

const rowwise = (each: Value, { isOfRows, classes }: Rowwise): Value => {
  const averages = ops.div(each, classes);
  return isOfRows ? averages : linear.reshape(averages, []);
};

/** The classes 0, 1, … along the last axis of `shape`. */
const classesAlong = (shape: Shape): Value => {
  const axis = shape.length - 1;
  return linear.expand(alongAxis(iota(shape[axis] as number), shape, axis), shape);
};

interface ClassMargin extends Margin, Rowwise {
  readonly p: number;
}

const multiMargins = lossSpecs<ClassMargin>(
  "multiMarginLoss",
  { alone: "MultiMarginLossBackward0" },
  ([given, target, weight], { margin, p, dtype, ...attrs }) => {
    const shape = [attrs.rows, attrs.classes];
    const x = linear.reshape(ops.cast(given as Value, dtype), shape);
    const aim = linear.reshape(ops.cast(target as Value, "int32"), [attrs.rows]);
    const table = weight ? ops.cast(weight, dtype) : iota(attrs.classes);
    // Looked up, so that a class out of range is found.
    const found = attrs.rows === 0 ? null : lookUp("class", table, aim);
    const isMeant = ops.eq(classesAlong(shape), spread(weight ? aim : (found ?? aim), shape, [1]));
    const meant = linear.sum(ops.where(isMeant, x, 0), [1]);
    const lack = ops.relu(ops.add(ops.sub(margin, spread(meant, shape, [1])), x));
    const sum = linear.sum(ops.where(isMeant, 0, p === 1 ? lack : ops.mul(lack, lack)), [1]);
    return rowwise(weight && found ? ops.mul(sum, found) : sum, attrs);
  },
);

export interface MultiMargin extends Margin {
  readonly p: number;
  readonly weight: Optional;
  readonly reduction: LossReduction;
}

/** Σ max(margin - x[class] + x[i], 0)^p/C over the other classes i. */
export function multiMarginLoss(x: Value, target: Value, options: MultiMargin): Value {
  const op = "multiMarginLoss";
  const { p, margin, weight, reduction } = options;
  if (p !== 1 && p !== 2) fail(op, "only p == 1 and p == 2 supported");
  if (weight && weight.node.shape.length !== 1) fail(op, "weight must be one-dimensional");
  const tables = tablesOf(op, x);
  requireFloat(op, x);
  const given = target.node;
  if (given.shape.length > 1 || given.size !== tables.rows) {
    fail(
      op,
      "target tensor should be 1-D with size equal to the number of input samples (batch size). " +
        `Expected target size [${tables.rows}], but got ${showShape(given.shape)}. ` +
        `Input has shape ${showShape(x.node.shape)}.`,
    );
  }
  if (weight && weight.node.size !== tables.classes) {
    fail(
      op,
      `inconsistent weight size, expected ${tables.classes} but got ${showShape(weight.node.shape)}`,
    );
  }
  requireIndex(op, target, onlyInt64);
  refuseGradient(op, { weight });
  const isOfRows = given.shape.length > 0;
  const { shape, dtype } = x.node;
  const inputs = weight ? [x, target, weight] : [x, target];
  return composite(multiMargins[reduction], inputs, {
    ...tables,
    isOfRows: isOfRows || reduction !== "none",
    p,
    margin,
    shape,
    dtype,
  });
}

const multilabels = lossSpecs<Rowwise>(
  "multilabelMarginLoss",
  { alone: "MultilabelMarginLossBackward0" },
  ([given, target], { dtype, ...attrs }) => {
    const { rows, classes } = attrs;
    const [shape, pairs] = [
      [rows, classes],
      [rows, classes, classes],
    ];
    const x = linear.reshape(ops.cast(given as Value, dtype), shape);
    const labels = linear.reshape(ops.cast(target as Value, "int32"), shape);
    // Labels end before the first that is negative.
    const isLabel = ops.eq(cumsum(ops.cast(ops.lt(labels, 0), "int32"), 1), 0);
    const meant = rows === 0 ? x : gather(x, 1, ops.where(isLabel, labels, 0));
    const named = spread(ops.where(isLabel, labels, -1), pairs, [2]);
    const isNamed = amax(ops.eq(named, classesAlong(pairs)), [1]);
    const isPair = ops.and(spread(isLabel, pairs, [2]), ops.not(spread(isNamed, pairs, [1])));
    const lack = ops.relu(ops.add(ops.sub(1, spread(meant, pairs, [2])), spread(x, pairs, [1])));
    return rowwise(linear.sum(ops.where(isPair, lack, 0), [1, 2]), attrs);
  },
);

/** Σ max(1 - x[label] + x[i], 0)/C over all labels of a row and all i that are none. */
export function multilabelMarginLoss(x: Value, target: Value, reduction: LossReduction): Value {
  const op = "multilabelMarginLoss";
  const tables = tablesOf(op, x);
  requireFloat(op, x);
  const [own, given] = [x.node, target.node];
  const fits =
    own.shape.length === 2
      ? sameShape(own.shape, given.shape)
      : given.shape.length <= 1 && given.size === tables.classes;
  if (!fits) {
    fail(
      op,
      `inconsistent target size: ${showShape(given.shape)} for input of size: ${showShape(own.shape)}`,
    );
  }
  requireIndex(op, target, onlyInt64);
  return composite(multilabels[reduction], [x, target], {
    ...tables,
    isOfRows: given.shape.length > 1 || reduction !== "none",
    shape: own.shape,
    dtype: own.dtype,
  });
}

// Triplets

export interface Triplet extends Margin {
  readonly swap: boolean;
  readonly reduction: LossReduction;
}

export type Triple = readonly [anchor: Value, positive: Value, negative: Value];

/** max(margin + distance(a, p) - distance(a, n), 0); swapped, of (a, n) and (p, n) the nearer counts. */
export function tripletLoss(
  op: string,
  [anchor, positive, negative]: Triple,
  distance: (x: Value, y: Value) => Value,
  { margin, swap, reduction }: Triplet,
): Value {
  if (!(margin > 0)) fail(op, `margin must be greater than 0, got ${margin}`);
  const ranks = [anchor, positive, negative].map(({ node }) => node.shape.length);
  if (new Set(ranks).size > 1) {
    fail(
      op,
      "The anchor, positive, and negative tensors are expected to have the same number of " +
        `dimensions, but got: anchor ${ranks[0]}D, positive ${ranks[1]}D, and negative ${ranks[2]}D inputs`,
    );
  }
  const near = distance(anchor, positive);
  const across = distance(anchor, negative);
  const far = swap ? minimum(across, distance(positive, negative)) : across;
  const lack = clampMin(sub(add(near, margin), far), 0);
  if (reduction === "none") return lack;
  return reduction === "sum" ? sum(lack) : mean(lack);
}

/** With distances of norm p. */
export const tripletMarginLoss = (
  triple: Triple,
  { p, eps, ...options }: Triplet & { readonly p: number; readonly eps: number },
): Value =>
  tripletLoss(
    "tripletMarginLoss",
    triple,
    (x, y) => pairwiseDistance(x, y, p, eps, false),
    options,
  );
