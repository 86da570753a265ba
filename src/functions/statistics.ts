// Variance and what follows from it: deviation, covariance, correlation. Halves compute as float32.

import { type Composite, composite, compositeOfMany } from "../autograd/composite.ts";
import { accumulated, type DType, isFloat, isInteger, promote } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxes } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { clamp } from "./combined.ts";
import { inFloat } from "./operands.ts";
import { countOf, type Dims, keeping, mean, type Reduction, spread } from "./reductions.ts";

interface Spread extends Reduction {
  readonly correction: number;
}

const degreesOf = (x: Value, { axes, correction }: Spread): number =>
  Math.max(countOf(x.node.shape, axes) - correction, 0);

function centered(x: Value, axes: readonly number[]): Value {
  const { shape } = x.node;
  const average = ops.div(linear.sum(x, axes), countOf(shape, axes));
  return ops.sub(x, spread(average, shape, axes));
}

function varianceOf(x: Value, spec: Spread): Value {
  const deviation = centered(x, spec.axes);
  const squares = linear.sum(ops.mul(deviation, deviation), spec.axes);
  return keeping(ops.div(squares, degreesOf(x, spec)), x, spec);
}

/** 2/(n - c)·g·(x - mean) */
const gradientOfVariance = (g: Value, x: Value, spec: Spread): Value =>
  ops.mul(
    ops.mul(spread(g, x.node.shape, spec.axes), 2 / degreesOf(x, spec)),
    centered(x, spec.axes),
  );

const varianceSpec: Composite<Spread> = {
  name: "VarBackward0",
  body: ([x], spec) => varianceOf(x, spec),
  // The chain rule would add the mean of the deviations, which is 0, at the price of a reduction.
  gradient: (g, [x], _, spec) => [gradientOfVariance(g, x, spec)],
};

const stdSpec: Composite<Spread> = {
  name: "StdBackward0",
  body: ([x], spec) => ops.sqrt(varianceOf(x, spec)),
  // Where all elements are equal the chain rule gives NaN, PyTorch 0.
  gradient: (g, [x], out, spec) => {
    const inner = ops.where(ops.eq(out, 0), 0, ops.div(g, ops.mul(out, 2)));
    return [gradientOfVariance(inner, x, spec)];
  },
};

const ofHalves = (inside: Composite<Spread>): Composite<Spread> => ({
  name: inside.name,
  body: ([x], spec) => {
    const { dtype } = x.node;
    return ops.cast(composite(inside, [ops.cast(x, accumulated(dtype))], spec), dtype);
  },
});

const specs = {
  var: { plain: varianceSpec, ofHalves: ofHalves(varianceSpec) },
  std: { plain: stdSpec, ofHalves: ofHalves(stdSpec) },
};

type Kind = keyof typeof specs;

function spreadOf(kind: Kind, x: Value, spread: Spread): Value {
  const isHalf = accumulated(x.node.dtype) !== x.node.dtype;
  return composite(specs[kind][isHalf ? "ofHalves" : "plain"], [x], spread);
}

function spreadAttrs(op: string, x: Value, dim: Dims, rest: Omit<Spread, "axes">): Spread {
  if (!isFloat(x.node.dtype)) {
    fail(op, `std and var only support floating point and complex dtypes, got ${x.node.dtype}`);
  }
  return { axes: normalizeAxes(op, dim, x.node.shape.length), ...rest };
}

const statistic =
  (kind: Kind) =>
  (x: Value, dim?: Dims, correction = 1, keepdim = false): Value =>
    spreadOf(kind, x, spreadAttrs(kind, x, dim, { correction, keepdim }));

export const variance = statistic("var");
export const std = statistic("std");

function besideMean(op: string, name: string, kind: Kind) {
  const spec = {
    name,
    body: ([x]: readonly Value[], spread: Spread): readonly Value[] => [
      spreadOf(kind, x, spread),
      mean(x, spread.axes.length > 0 ? spread.axes : null, spread.keepdim),
    ],
  };
  return (x: Value, dim?: Dims, correction = 1, keepdim = false): readonly [Value, Value] => {
    const attrs = spreadAttrs(op, x, dim, { correction, keepdim });
    const [own, average] = compositeOfMany(spec, [x], attrs);
    return [own, average];
  };
}

export const varMean = besideMean("varMean", "VarMeanBackward0", "var");
export const stdMean = besideMean("stdMean", "StdMeanBackward0", "std");

// Covariance of variables (rows) over observations (columns)

interface Covariance {
  readonly correction: number;
  readonly dtype: DType;
  /** The last of the inputs after the first are weights, not frequencies. */
  readonly hasWeights: boolean;
}

const covarianceSpec: Composite<Covariance> = {
  name: "SqueezeBackward0",
  body: ([x, ...given], spec) => {
    const rows = ops.cast(asTable(x), spec.dtype);
    const { shape } = rows.node;
    const w = weightOf(given, spec);
    const weighted = (value: Value): Value =>
      w ? ops.mul(value, linear.expand(linear.reshape(w, [1, shape[1]]), shape)) : value;
    const total = w ? linear.expand(linear.sum(w, [0]), [shape[0]]) : shape[1];
    const average = ops.div(linear.sum(weighted(rows), [1]), total);
    const deviation = ops.sub(rows, spread(average, shape, [1]));
    const products = productsOfRows(deviation, weighted(deviation));
    const factor = w ? weightedFactor(given, w, spec) : Math.max(shape[1] - spec.correction, 0);
    const result = ops.div(
      products,
      typeof factor === "number"
        ? factor
        : linear.expand(linear.reshape(factor, [1, 1]), products.node.shape),
    );
    return shape[0] === 1 ? linear.reshape(result, []) : result;
  },
};

const asTable = (x: Value): Value =>
  x.node.shape.length < 2 ? linear.reshape(x, [1, x.node.size]) : x;

/** Frequencies times weights, as far as there are any. */
function weightOf(given: readonly Value[], { dtype }: Covariance): Value | null {
  const [first, second] = given.map((value) =>
    linear.reshape(ops.cast(value, dtype), [value.node.size]),
  );
  return first && second ? ops.mul(first, second) : (first ?? null);
}

/** Σ over columns of a[i]·b[j], for every pair of rows. */
function productsOfRows(a: Value, b: Value): Value {
  const [rows, columns] = a.node.shape;
  const space = [rows, rows, columns];
  const left = linear.expand(linear.reshape(a, [rows, 1, columns]), space);
  const right = linear.expand(linear.reshape(b, [1, rows, columns]), space);
  return linear.sum(ops.mul(left, right), [2]);
}

/** Σw - c, or Σw - c·Σ(w·a)/Σw with weights a; 0 where that is negative. */
function weightedFactor(given: readonly Value[], w: Value, spec: Covariance): Value {
  const { correction, hasWeights, dtype } = spec;
  const total = linear.sum(w, [0]);
  const left = (): Value => {
    if (!hasWeights || correction === 0) return ops.sub(total, correction);
    const weights = linear.reshape(ops.cast(given[given.length - 1], dtype), w.node.shape);
    const share = ops.div(linear.sum(ops.mul(w, weights), [0]), total);
    return ops.sub(total, ops.mul(share, correction));
  };
  const factor = left();
  return ops.where(ops.le(factor, 0), 0, factor);
}

export interface Weights {
  readonly fweights: Value | null;
  readonly aweights: Value | null;
}

/** Covariance of the rows of x. What depends on data (negative weights) is not refused. */
export function cov(x: Value, correction = 1, weights: Partial<Weights> = {}): Value {
  const { fweights = null, aweights = null } = weights;
  const { shape, dtype, size } = x.node;
  requireTable("cov", x);
  if (dtype === "bool") fail("cov", "bool dtype is not supported for input");
  const observations = shape.length < 2 ? size : shape[1];
  if (fweights) requireWeights("fweights", fweights, observations);
  if (aweights) requireWeights("aweights", aweights, observations);
  const given = [fweights, aweights].filter((weight) => weight !== null);
  return composite(covarianceSpec, [x, ...given], {
    correction,
    dtype: aweights ? promote(dtype, aweights.node.dtype) : inFloat(dtype),
    hasWeights: aweights !== null,
  });
}

function requireTable(op: string, { node }: Value): void {
  const { length } = node.shape;
  if (length <= 2) return;
  fail(
    op,
    `expected input to have two or fewer dimensions but got an input with ${length} dimensions`,
  );
}

function requireWeights(name: "fweights" | "aweights", { node }: Value, wanted: number): void {
  const { shape, dtype, size } = node;
  const expected = `expected ${name} to have`;
  if (shape.length > 1) {
    fail(
      "cov",
      `${expected} one or fewer dimensions but got ${name} with ${shape.length} dimensions`,
    );
  }
  const isRight = name === "fweights" ? isInteger(dtype) : isFloat(dtype);
  if (!isRight) {
    const kind = name === "fweights" ? "integral" : "floating point";
    fail("cov", `${expected} ${kind} dtype but got ${name} with ${dtype} dtype`);
  }
  if (size === wanted) return;
  fail(
    "cov",
    `${expected} the same numel as there are observations in the input but got ${size} != ${wanted}`,
  );
}

const correlationSpec: Composite<null> = {
  name: "ClampBackward1",
  body: ([c]) => {
    const { shape } = c.node;
    if (shape.length === 0) return ops.div(c, c);
    const [rows] = shape;
    const diagonal = linear.review(c, ({ strides, offset }) => ({
      shape: [rows],
      strides: [strides[0] + strides[1]],
      offset,
    }));
    const deviation = ops.sqrt(diagonal);
    const along = (axes: readonly number[]): Value =>
      linear.expand(linear.reshape(deviation, axes), shape);
    const scaled = ops.div(ops.div(c, along([rows, 1])), along([1, rows]));
    // Rounding may lead a little out of -1 … 1.
    return clamp(scaled, -1, 1);
  },
};

/** Pearson's correlation of the rows of x. */
export function corrcoef(x: Value): Value {
  requireTable("corrcoef", x);
  return composite(correlationSpec, [cov(x)], null);
}
