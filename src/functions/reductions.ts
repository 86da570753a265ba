// Sums and what follows from them: mean, variance, products, any and all, logsumexp.

import { type Composite, composite, compositeOfMany } from "../autograd/composite.ts";
import { type DType, dtypes, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxes, normalizeAxis, type Shape } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import * as reduce from "../ops/reduce.ts";
import { exp, log } from "../ops/transcendental.ts";

/** null, undefined and [] mean all. */
export type Dims = number | readonly number[] | null | undefined;

export interface Reduction {
  readonly axes: readonly number[];
  readonly keepdim: boolean;
}

interface TypedReduction extends Reduction {
  readonly dtype: DType;
}

const isAll = (dim: Dims): boolean => dim == null || (typeof dim === "object" && dim.length === 0);

/** A reduction's result with 1 in place of the reduced axes, if asked for. */
export const keeping = (result: Value, x: Value, { axes, keepdim }: Reduction): Value =>
  keepdim ? linear.reshape(result, linear.withOnes(x.node.shape, axes)) : result;

/** A reduction's result against its input. */
export function spread(result: Value, shape: Shape, axes: readonly number[]): Value {
  return linear.expand(linear.reshape(result, linear.withOnes(shape, axes)), shape);
}

export function countOf(shape: Shape, axes: readonly number[]): number {
  let count = 1;
  for (const axis of axes) count *= shape[axis];
  return count;
}

// sum, mean

const summing = (name: string): Composite<TypedReduction> => ({
  name,
  body: ([x], reduction) =>
    keeping(totalOf(ops.cast(x, reduction.dtype), reduction.axes), x, reduction),
});

/** On bool: any. */
const totalOf = (x: Value, axes: readonly number[]): Value =>
  x.node.dtype === "bool" ? reduce.amax(x, axes) : linear.sum(x, axes);

const sumOfAll = summing("SumBackward0");
const sumOfDims = summing("SumBackward1");

/** Integers and bools add up as int64. */
export const summedDType = (dtype: DType): DType => (isFloat(dtype) ? dtype : "int64");

export function sum(x: Value, dim?: Dims, keepdim = false, dtype?: DType): Value {
  const { node } = x;
  const axes = normalizeAxes("sum", dim, node.shape.length);
  const spec = isAll(dim) ? sumOfAll : sumOfDims;
  const result = dtype ?? summedDType(node.dtype);
  if (!keepdim && result === node.dtype && axes.length > 0) return linear.sum(x, axes, spec.name);
  return composite(spec, [x], { axes, keepdim, dtype: result });
}

const averaging = (name: string): Composite<TypedReduction> => ({
  name,
  body: ([x], reduction) => {
    const total = linear.sum(ops.cast(x, reduction.dtype), reduction.axes);
    return keeping(ops.div(total, countOf(x.node.shape, reduction.axes)), x, reduction);
  },
});

const meanOfAll = averaging("MeanBackward0");
const meanOfDims = averaging("MeanBackward1");

export function mean(x: Value, dim?: Dims, keepdim = false, dtype?: DType): Value {
  const axes = normalizeAxes("mean", dim, x.node.shape.length);
  const result = dtype ?? x.node.dtype;
  if (!isFloat(result)) {
    fail(
      "mean",
      `could not infer output dtype. ${dtype ? "Optional" : "Input"} dtype must be either a floating ` +
        `point or complex dtype. Got: ${result}. Name one: { dtype: "float32" }`,
    );
  }
  return composite(isAll(dim) ? meanOfAll : meanOfDims, [x], { axes, keepdim, dtype: result });
}

// var, std

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

const meanBeside: Composite<Reduction> = {
  name: "MeanBackward1",
  body: ([x], reduction) =>
    keeping(
      ops.div(linear.sum(x, reduction.axes), countOf(x.node.shape, reduction.axes)),
      x,
      reduction,
    ),
};

const varMeanSpec = {
  name: "VarMeanBackward0",
  body: ([x]: readonly Value[], spec: Spread): readonly Value[] => [
    composite(varianceSpec, [x], spec),
    composite(meanBeside, [x], spec),
  ],
};

function spreadOf(op: string, x: Value, dim: Dims, rest: Omit<Spread, "axes">): Spread {
  if (!isFloat(x.node.dtype)) {
    fail(op, `std and var only support floating point and complex dtypes, got ${x.node.dtype}`);
  }
  return { axes: normalizeAxes(op, dim, x.node.shape.length), ...rest };
}

export const variance = (x: Value, dim?: Dims, correction = 1, keepdim = false): Value =>
  composite(varianceSpec, [x], spreadOf("var", x, dim, { correction, keepdim }));

export const std = (x: Value, dim?: Dims, correction = 1, keepdim = false): Value =>
  composite(stdSpec, [x], spreadOf("std", x, dim, { correction, keepdim }));

export function varMean(
  x: Value,
  dim?: Dims,
  correction = 1,
  keepdim = false,
): readonly [Value, Value] {
  const spec = spreadOf("varMean", x, dim, { correction, keepdim });
  const [spreads, average] = compositeOfMany(varMeanSpec, [x], spec);
  return [spreads, average];
}

// prod, any, all

const multiplying = (name: string): Composite<TypedReduction> => ({
  name,
  body: ([x], reduction) =>
    keeping(reduce.prod(ops.cast(x, reduction.dtype), reduction.axes), x, reduction),
});

const prodOfAll = multiplying("ProdBackward0");
const prodOfDim = multiplying("ProdBackward1");

export function prod(x: Value, dim?: number | null, keepdim = false, dtype?: DType): Value {
  const rank = x.node.shape.length;
  const axes =
    dim == null || rank === 0
      ? normalizeAxes("prod", null, rank)
      : [normalizeAxis("prod", dim, rank)];
  const attrs = { axes, keepdim, dtype: dtype ?? summedDType(x.node.dtype) };
  return composite(dim == null ? prodOfAll : prodOfDim, [x], attrs);
}

function testing(op: string, reduceMask: typeof reduce.amax) {
  return (x: Value, dim?: Dims, keepdim = false): Value => {
    const axes = normalizeAxes(op, dim, x.node.shape.length);
    return keeping(reduceMask(ops.cast(constantValue(x.node), "bool"), axes), x, { axes, keepdim });
  };
}

export const any = testing("any", reduce.amax);
export const all = testing("all", reduce.amin);

// logsumexp

const logsumexpSpec: Composite<TypedReduction> = {
  name: "LogsumexpBackward0",
  body: ([given], reduction) => {
    const { axes } = reduction;
    const x = ops.cast(given, reduction.dtype);
    const { shape } = x.node;
    // A constant: the result does not depend on it.
    const most = reduce.amax(constantValue(x.node), axes);
    const shift = ops.where(ops.eq(ops.abs(most), Infinity), 0, most);
    const total = linear.sum(exp(ops.sub(x, spread(shift, shape, axes))), axes);
    return keeping(ops.add(log(total), shift), x, reduction);
  },
};

export function logsumexp(x: Value, dim: Dims, keepdim = false): Value {
  const axes = normalizeAxes("logsumexp", dim, x.node.shape.length);
  const dtype = dtypes[x.node.dtype].category === 2 ? x.node.dtype : "float32";
  return composite(logsumexpSpec, [x], { axes, keepdim, dtype });
}
