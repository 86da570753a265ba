// Writing at indices: scatters along one axis, by a tensor of indices or by a list of positions. Equal
// places are met in the order of the elements, so that the last one wins and sums have one order.

import { type Composite, composite } from "../autograd/composite.ts";
import { dtypes, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Scalar, scalarValue } from "../base/scalars.ts";
import { normalizeAxis, type Shape, sameShape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { cast, div, maximum, mul } from "../ops/arithmetic.ts";
import { floorDivide } from "../ops/division.ts";
import * as ops from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import { fullLike } from "../ops/source.ts";
import {
  alongAxis,
  atLeast1d,
  cutTo,
  fromStart,
  onlyInt64,
  requireIndex,
  requireInside,
  requireSameDType,
  requireVector,
  resized,
} from "./index-operands.ts";
import { asValue, isValue, scalarDType } from "./operands.ts";

export type Reduction = "sum" | "prod" | "mean" | "amax" | "amin";

interface Scattered {
  readonly axis: number;
  /** null: what comes replaces what is there. */
  readonly reduce: Reduction | null;
  readonly includeSelf: boolean;
}

/** What a reduction starts from where the tensor's own elements do not count. */
function neutral(x: Value, reduce: Reduction): number {
  if (reduce === "sum" || reduce === "mean") return 0;
  if (reduce === "prod") return 1;
  const { dtype } = x.node;
  if (dtype === "bool") return reduce === "amax" ? 0 : 1;
  if (isFloat(dtype)) return reduce === "amax" ? -Infinity : Infinity;
  const bits = dtypes[dtype].bytes * 8;
  const [least, most] = dtype === "uint8" ? [0, 255] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  return reduce === "amax" ? least : most;
}

/** All of one shape but along the axis, where index and value agree. */
function scattered(
  x: Value,
  index: Value,
  value: Value,
  { axis, reduce, includeSelf }: Scattered,
): Value {
  if (reduce === null) return ops.scatter(x, axis, index, value);
  const base = includeSelf ? x : ops.scatter(x, axis, index, fullLike(value, neutral(x, reduce)));
  if (reduce === "sum") return ops.scatterAdd(base, axis, index, value);
  if (reduce !== "mean") return ops.scatterReduce(base, index, value, { axis, reduce });
  const total = ops.scatterAdd(base, axis, index, value);
  const own = fullLike(x, includeSelf ? 1 : 0);
  const counts = maximum(ops.scatterAdd(own, axis, index, fullLike(value, 1)), 1);
  return isFloat(x.node.dtype) ? div(total, counts) : floorDivide(total, counts);
}

const scatterComposite = (name: string): Composite<Scattered> => ({
  name,
  body: ([x, index, value], attrs) => {
    const places = atLeast1d(index);
    // An index of no element may have any number of dimensions.
    if (places.node.shape.length !== atLeast1d(x).node.shape.length) return x;
    const put = cutTo(atLeast1d(value), places.node.shape);
    return linear.reshape(scattered(atLeast1d(x), places, put, attrs), x.node.shape);
  },
});

const scatterSpec = scatterComposite("ScatterBackward0");
const scatterNumberSpec = scatterComposite("ScatterBackward1");
const scatterAddSpec = scatterComposite("ScatterAddBackward0");
const scatterReduceSpec = scatterComposite("ScatterReduceBackward0");

interface Target {
  readonly x: Value;
  readonly dim: number;
  readonly index: Value;
}

function checkedScatter(op: string, { x, dim, index }: Target, source: Value | null): number {
  const axis = normalizeAxis(op, dim, x.node.shape.length);
  if (source) requireSameDType(op, x, source);
  if (index.node.size === 0) return axis;
  requireIndex(op, index);
  const places = atLeast1d(index).node.shape;
  requireInside(op, { x: atLeast1d(x).node.shape, index: places, axis, name: "self" });
  if (source) {
    const own = atLeast1d(source).node.shape;
    requireInside(op, { x: own, index: places, axis: null, name: "src" });
  }
  return axis;
}

const reductionOf = { add: "sum", multiply: "prod" } as const;

/** x with src[i] written (or added, or multiplied) at [i with i[dim] = index[i]]. */
export function scatter(
  x: Value,
  dim: number,
  index: Value,
  source: Value | Scalar,
  reduce: "add" | "multiply" | null = null,
): Value {
  const axis = checkedScatter("scatter", { x, dim, index }, isValue(source) ? source : null);
  const attrs = { axis, reduce: reduce && reductionOf[reduce], includeSelf: true };
  if (isValue(source)) return composite(scatterSpec, [x, index, source], attrs);
  const filled = linear.expand(asValue(source, x.node.dtype), atLeast1d(index).node.shape);
  return composite(scatterNumberSpec, [x, index, filled], attrs);
}

/** x with src[i] added at [i with i[dim] = index[i]]. */
export function scatterAdd(x: Value, dim: number, index: Value, source: Value): Value {
  const axis = checkedScatter("scatterAdd", { x, dim, index }, source);
  const attrs = { axis, reduce: "sum", includeSelf: true } as const;
  return composite(scatterAddSpec, [x, index, source], attrs);
}

interface Reducing {
  readonly reduce: Reduction;
  readonly includeSelf: boolean;
}

/** x with src[i] folded into [i with i[dim] = index[i]]. */
export function scatterReduce(target: Target, source: Value, reducing: Reducing): Value {
  const axis = checkedScatter("scatterReduce", target, source);
  if (target.x.node.dtype === "bool" && reducing.reduce === "mean") {
    fail("scatterReduce", "mean is not implemented for 'Bool'. Cast it first: x.to(\"float32\")");
  }
  const { x, index } = target;
  return composite(scatterReduceSpec, [x, index, source], { ...reducing, axis });
}

// By a list of positions: index is a vector, and the source has as many slices.

const sliceComposite = (name: string): Composite<Scattered & { readonly alpha?: number }> => ({
  name,
  body: ([given, index, source], attrs) => {
    const x = atLeast1d(given);
    const shape = resized(x.node.shape, attrs.axis, index.node.size);
    const slices = linear.reshape(source, shape);
    const value = attrs.alpha === undefined ? slices : mul(slices, attrs.alpha);
    const places = alongAxis(index, x.node.shape, attrs.axis);
    return linear.reshape(scattered(x, places, value, attrs), given.node.shape);
  },
});

const indexAddSpec = sliceComposite("IndexAddBackward0");
const indexCopySpec = sliceComposite("IndexCopyBackward0");
const indexReduceSpec = sliceComposite("IndexReduceBackward0");

/** Checks that `source` has a slice of x's for each position. */
function checkedSlices(op: string, { x, dim, index }: Target, source: Value): number {
  const axis = normalizeAxis(op, dim, x.node.shape.length);
  requireVector(op, index);
  requireSameDType(op, x, source);
  const [own, given] = [x.node.shape, source.node.shape];
  const count = given[axis] ?? 1;
  if (index.node.size !== count) {
    fail(
      op,
      `Number of indices (${index.node.size}) should be equal to source.size(dim): (${count}), ` +
        `for dim: ${axis}`,
    );
  }
  if (sameShape(atLeast(own, axis, count), atLeast(given, axis, count))) return axis;
  fail(
    op,
    "Source tensor shape must match self tensor shape, excluding the specified dimension. " +
      `Got self.shape = ${showShape(own)} source.shape = ${showShape(given)}`,
  );
}

const atLeast = (shape: Shape, axis: number, count: number): Shape =>
  shape.length === 0 ? [count] : resized(shape, axis, count);

/** x with alpha·source's slices added at the positions. */
export function indexAdd(target: Target, source: Value, alpha: Scalar): Value {
  const { x, index } = target;
  requireIndex("indexAdd", index);
  const axis = checkedSlices("indexAdd", target, source);
  const kind = scalarDType(alpha);
  if (kind === "float32" && !isFloat(x.node.dtype)) {
    const why = "argument alpha must not be a floating point number.";
    fail("indexAdd", `For integral input tensors, ${why}`);
  }
  if (kind === "bool" && x.node.dtype !== "bool") {
    fail("indexAdd", "Boolean alpha only supported for Boolean results.");
  }
  const factor = alpha === 1 ? {} : { alpha: scalarValue(alpha) };
  const attrs = { axis, reduce: "sum", includeSelf: true, ...factor } as const;
  return composite(indexAddSpec, [x, index, source], attrs);
}

/** x with source's slices written at the positions. */
export function indexCopy(x: Value, dim: number, index: Value, source: Value): Value {
  requireIndex("indexCopy", index, onlyInt64);
  const axis = checkedSlices("indexCopy", { x, dim, index }, source);
  return composite(indexCopySpec, [x, index, source], { axis, reduce: null, includeSelf: true });
}

/** x with source's slices folded into those at the positions. */
export function indexReduce(target: Target, source: Value, reducing: Reducing): Value {
  const { x, index } = target;
  requireIndex("indexReduce", index);
  const axis = checkedSlices("indexReduce", target, source);
  if (x.node.dtype === "bool") {
    fail("indexReduce", "not implemented for 'Bool'. Cast it first: x.to(\"int64\")");
  }
  return composite(indexReduceSpec, [x, index, source], { ...reducing, axis });
}

const fillComposite = (name: string): Composite<{ readonly axis: number }> => ({
  name,
  body: ([given, index, value], { axis }) => {
    const x = atLeast1d(given);
    const size = x.node.shape[axis] as number;
    const places = alongAxis(fromStart(index, size), x.node.shape, axis);
    const filled = linear.expand(value, places.node.shape);
    return linear.reshape(ops.scatter(x, axis, places, filled), given.node.shape);
  },
});

const fillNumberSpec = fillComposite("IndexFillBackward0");
const fillValueSpec = fillComposite("IndexFillBackward1");

/** x with one value in all slices at the positions; negative ones count from the end. */
export function indexFill(x: Value, dim: number, index: Value, value: Value | Scalar): Value {
  const axis = normalizeAxis("indexFill", dim, x.node.shape.length);
  requireIndex("indexFill", index, onlyInt64);
  requireVector("indexFill", index);
  if (!isValue(value)) {
    return composite(fillNumberSpec, [x, index, asValue(value, x.node.dtype)], { axis });
  }
  const { shape } = value.node;
  if (shape.length > 0) {
    fail(
      "indexFill",
      `Only supports 0-dimensional value tensor, but got tensor with ${shape.length} dimension(s).`,
    );
  }
  return composite(fillValueSpec, [x, index, cast(value, x.node.dtype)], { axis });
}

// Flat: x is taken row-major.

const putSpec: Composite<{ readonly accumulate: boolean }> = {
  name: "PutBackward0",
  body: ([x, index, source], { accumulate }) => {
    const { size } = index.node;
    const flat = linear.reshape(x, [x.node.size]);
    const places = fromStart(linear.reshape(index, [size]), x.node.size);
    const write = accumulate ? ops.scatterAdd : ops.scatter;
    return linear.reshape(write(flat, 0, places, linear.reshape(source, [size])), x.node.shape);
  },
};

/** x with source's elements written at (or added to) the positions that the index names. */
export function put(x: Value, index: Value, source: Value, accumulate: boolean): Value {
  requireIndex("put", index, onlyInt64);
  requireSameDType("put", x, source);
  if (index.node.size !== source.node.size) {
    fail(
      "put",
      "Expected source and index to have the same number of elements, but got " +
        `source.numel() = ${source.node.size}, index.numel() = ${index.node.size}`,
    );
  }
  if (x.node.size === 0 && index.node.size > 0) {
    fail("put", "Tried to put elements into an empty tensor");
  }
  return composite(putSpec, [x, index, source], { accumulate });
}
