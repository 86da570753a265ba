// Sums and what follows from them: mean, products, any and all, logsumexp, what skips NaN.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated, type DType, dtypes, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxes, normalizeAxis, type Shape, showShape } from "../base/shapes.ts";
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
    const total = linear.sum(ops.cast(x, accumulated(reduction.dtype)), reduction.axes);
    const average = ops.div(total, countOf(x.node.shape, reduction.axes));
    return keeping(ops.cast(average, reduction.dtype), x, reduction);
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

/** Of no dims at all every element is tested by itself. */
function testing(op: string, reduceMask: typeof reduce.amax) {
  return (x: Value, dim?: Dims, keepdim = false): Value => {
    const isNone = typeof dim === "object" && dim?.length === 0;
    const axes = isNone ? [] : normalizeAxes(op, dim, x.node.shape.length);
    const found = reduceMask(ops.cast(constantValue(x.node), "bool"), axes);
    // PyTorch's bytes were its bools once: their tests still give bytes.
    const typed = x.node.dtype === "uint8" ? ops.cast(found, "uint8") : found;
    return keeping(typed, x, { axes, keepdim });
  };
}

export const any = testing("any", reduce.amax);
export const all = testing("all", reduce.amin);

// logsumexp

const logsumexpSpec: Composite<TypedReduction> = {
  name: "LogsumexpBackward0",
  body: ([given], reduction) => {
    const { axes } = reduction;
    const x = ops.cast(given, accumulated(reduction.dtype));
    const { shape } = x.node;
    // A constant: the result does not depend on it.
    const most = reduce.amax(constantValue(x.node), axes);
    const shift = ops.where(ops.eq(ops.abs(most), Infinity), 0, most);
    const total = linear.sum(exp(ops.sub(x, spread(shift, shape, axes))), axes);
    return keeping(ops.cast(ops.add(log(total), shift), reduction.dtype), x, reduction);
  },
};

export function logsumexp(x: Value, dim: Dims, keepdim = false): Value {
  const axes = normalizeAxes("logsumexp", dim, x.node.shape.length);
  const dtype = dtypes[x.node.dtype].category === 2 ? x.node.dtype : "float32";
  return composite(logsumexpSpec, [x], { axes, keepdim, dtype });
}

// What skips NaN

const skippingNaN: Composite<TypedReduction> = {
  name: "NansumBackward0",
  body: ([given], reduction) => {
    const x = ops.cast(given, reduction.dtype);
    return keeping(linear.sum(ops.where(ops.ne(x, x), 0, x), reduction.axes), x, reduction);
  },
};

/** The sum of what is not NaN. */
export function nansum(x: Value, dim?: Dims, keepdim = false, dtype?: DType): Value {
  const axes = normalizeAxes("nansum", dim, x.node.shape.length);
  const result = dtype ?? summedDType(x.node.dtype);
  if (!isFloat(result)) return sum(x, dim, keepdim, result);
  return composite(skippingNaN, [x], { axes, keepdim, dtype: result });
}

const meanOfKnown: Composite<TypedReduction> = {
  name: "DivBackward0",
  body: ([given], reduction) => {
    const x = ops.cast(given, accumulated(reduction.dtype));
    const isKnown = ops.eq(x, x);
    const total = linear.sum(ops.where(isKnown, x, 0), reduction.axes);
    const count = linear.sum(ops.cast(isKnown, x.node.dtype), reduction.axes);
    return keeping(ops.cast(ops.div(total, count), reduction.dtype), x, reduction);
  },
};

/** The mean of what is not NaN. */
export function nanmean(x: Value, dim?: Dims, keepdim = false, dtype?: DType): Value {
  const axes = normalizeAxes("nanmean", dim, x.node.shape.length);
  const result = dtype ?? x.node.dtype;
  if (!isFloat(x.node.dtype) || !isFloat(result)) {
    const got = isFloat(x.node.dtype) ? result : x.node.dtype;
    fail("nanmean", `expected input to have floating point or complex dtype but got ${got}`);
  }
  return composite(meanOfKnown, [x], { axes, keepdim, dtype: result });
}

/** How many elements are not 0. */
export function countNonzero(x: Value, dim?: Dims): Value {
  const axes = normalizeAxes("countNonzero", dim, x.node.shape.length);
  return linear.sum(ops.cast(ops.cast(constantValue(x.node), "bool"), "int64"), axes);
}

/** Sums the axes along which `sizes` would broadcast to x's shape. */
export function sumToSize(x: Value, sizes: Shape): Value {
  const { shape } = x.node;
  const lead = shape.length - sizes.length;
  if (lead < 0 || !sizes.every((n, at) => n === 1 || n === shape[lead + at])) {
    fail(
      "sumToSize",
      `size {${showShape(sizes)}} is not expandable to size {${showShape(shape)}}.`,
    );
  }
  if (sizes.length === 0) return sum(x);
  const axes = shape.flatMap((n, axis) =>
    axis < lead || (sizes[axis - lead] === 1 && n !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return x;
  const summed = sum(x, axes, true);
  return lead === 0 ? summed : linear.reshape(summed, sizes, "ViewBackward0");
}
