// Elements by index, and tensors put together. An index out of range is a fault on data, reported when
// the program runs; whatever shapes tell throws here.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, isInteger, promote } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Scalar } from "../base/scalars.ts";
import { normalizeAxis, type Shape, sameShape, showShape } from "../base/shapes.ts";
import { contiguousView, sliceView, type View } from "../base/views.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import { cast } from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { full } from "../ops/source.ts";
import { asValue, isValue } from "./operands.ts";

function requireIndex(op: string, index: Value): void {
  if (isInteger(index.node.dtype)) return;
  fail(op, `Expected dtype int64 for index, got ${index.node.dtype}. Cast it: index.to("int64")`);
}

const atLeast1d = (x: Value): Value => (x.node.shape.length > 0 ? x : linear.reshape(x, [1]));

/** Checks that `index` fits into `x` in every axis but `axis`. */
function requireInside(op: string, x: Shape, index: Shape, axis: number | null): void {
  const fits = index.length === x.length && index.every((n, at) => at === axis || n <= x[at]);
  if (fits) return;
  fail(
    op,
    `Expected index ${showShape(index)} to be no larger than ${showShape(x)}` +
      (axis === null ? "" : ` apart from dimension ${axis}`),
  );
}

/** The part of x from its first elements on that is as large as the index. */
function cutTo(x: Value, shape: Shape): Value {
  if (sameShape(x.node.shape, shape)) return x;
  return linear.slice(x, shape.map(linear.wholeSlice));
}

interface Indexed {
  readonly axis: number;
}

const gatherSpec: Composite<Indexed> = {
  name: "GatherBackward0",
  body: ([x, index], { axis }) =>
    linear.reshape(linear.gather(atLeast1d(x), axis, atLeast1d(index)), index.node.shape),
};

/** out[i] = x[i with i[dim] = index[i]] */
export function gather(x: Value, dim: number, index: Value): Value {
  const axis = normalizeAxis("gather", dim, x.node.shape.length);
  requireIndex("gather", index);
  requireInside("gather", atLeast1d(x).node.shape, atLeast1d(index).node.shape, axis);
  if (index.node.shape.length > 0 && x.node.shape.length > 0) {
    return linear.gather(x, axis, index, "GatherBackward0");
  }
  return composite(gatherSpec, [x, index], { axis });
}

const scattering = (name: string, op: typeof linear.scatter): Composite<Indexed> => ({
  name,
  body: ([x, index, value], { axis }) => {
    const places = atLeast1d(index);
    const put = cutTo(atLeast1d(value), places.node.shape);
    return linear.reshape(op(atLeast1d(x), axis, places, put), x.node.shape);
  },
});

const scatterAddSpec = scattering("ScatterAddBackward0", linear.scatterAdd);
const scatterSpec = scattering("ScatterBackward0", linear.scatter);
const scatterNumberSpec = scattering("ScatterBackward1", linear.scatter);

function checkedScatter(
  op: string,
  { x, dim, index }: { x: Value; dim: number; index: Value },
  source: Value | null,
): Indexed {
  const axis = normalizeAxis(op, dim, x.node.shape.length);
  requireIndex(op, index);
  const places = atLeast1d(index).node.shape;
  requireInside(op, atLeast1d(x).node.shape, places, axis);
  if (source) {
    requireInside(op, atLeast1d(source).node.shape, places, null);
    if (source.node.dtype !== x.node.dtype) {
      fail(
        op,
        `Expected self.dtype to be equal to src.dtype, got ${x.node.dtype} and ${source.node.dtype}`,
      );
    }
  }
  return { axis };
}

/** x with src[i] added at [i with i[dim] = index[i]]. */
export function scatterAdd(x: Value, dim: number, index: Value, source: Value): Value {
  const attrs = checkedScatter("scatterAdd", { x, dim, index }, source);
  return composite(scatterAddSpec, [x, index, source], attrs);
}

/** x with src[i] written at [i with i[dim] = index[i]]; of equal places the last wins. */
export function scatter(x: Value, dim: number, index: Value, source: Value | Scalar): Value {
  const attrs = checkedScatter("scatter", { x, dim, index }, isValue(source) ? source : null);
  if (isValue(source)) return composite(scatterSpec, [x, index, source], attrs);
  const { dtype } = x.node;
  const filled = linear.expand(asValue(source, dtype), atLeast1d(index).node.shape);
  return composite(scatterNumberSpec, [x, index, filled], attrs);
}

const indexSelectSpec: Composite<Indexed> = {
  name: "IndexSelectBackward0",
  body: ([given, index], { axis }) => {
    const x = atLeast1d(given);
    const count = index.node.size;
    const along = x.node.shape.map((_, other) => (other === axis ? count : 1));
    const whole = x.node.shape.map((n, other) => (other === axis ? count : n));
    const result = linear.gather(x, axis, linear.expand(linear.reshape(index, along), whole));
    return given.node.shape.length > 0 ? result : linear.reshape(result, []);
  },
};

/** The slices of x that a list of positions along `dim` names. */
export function indexSelect(x: Value, dim: number, index: Value): Value {
  const axis = normalizeAxis("indexSelect", dim, x.node.shape.length);
  requireIndex("indexSelect", index);
  if (index.node.shape.length > 1) fail("indexSelect", "Index is supposed to be a vector");
  return composite(indexSelectSpec, [x, index], { axis });
}

/** `base` with the elements in `window`, a window on its row-major elements, replaced by `value`. */
export const place = (base: Value, value: Value, window: View): Value =>
  linear.place(base, value, window, "CopySlices");

// cat, stack

interface Joined {
  readonly axis: number;
  readonly dtype: DType;
}

const partsAlong = (shape: Shape, axis: number, sizes: readonly number[]): View[] => {
  const whole = contiguousView(shape);
  let start = 0;
  return sizes.map((size) => {
    const slices = shape.map((n, other) =>
      other === axis ? { start, size, step: 1 } : linear.wholeSlice(n),
    );
    start += size;
    return sliceView(whole, slices);
  });
};

const catSpec: Composite<Joined> = {
  name: "CatBackward0",
  body: (values, { axis, dtype }) => {
    const sizes = values.map(({ node }) => node.shape[axis]);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const shape = values[0].node.shape.map((n, other) => (other === axis ? total : n));
    const windows = partsAlong(shape, axis, sizes);
    return values.reduce(
      (joined, value, at) => linear.place(joined, cast(value, dtype), windows[at]),
      full(dtype, shape, 0),
    );
  },
  // The chain rule would carry zeros through every place.
  gradient: (g, values, _, { axis }) => {
    const windows = partsAlong(
      g.node.shape,
      axis,
      values.map(({ node }) => node.shape[axis]),
    );
    return values.map(
      ({ node, edge }, at): Gradient => edge && cast(linear.window(g, windows[at]), node.dtype),
    );
  },
};

function requireValues(op: string, values: readonly Value[]): void {
  if (values.length === 0) fail(op, "expected a non-empty list of tensors");
}

const joinedDType = (values: readonly Value[]): DType =>
  values.map(({ node }) => node.dtype).reduce(promote);

/** Tensors one after the other along an axis. */
export function cat(values: readonly Value[], dim = 0): Value {
  requireValues("cat", values);
  for (const [at, { node }] of values.entries()) {
    if (node.shape.length === 0)
      fail("cat", `zero-dimensional tensor (at position ${at}) cannot be concatenated. Use stack.`);
  }
  // An empty vector joins anything, as in PyTorch.
  const filled = values.filter(({ node }) => !sameShape(node.shape, [0]));
  const parts = filled.length > 0 ? filled : values;
  const first = parts[0].node.shape;
  const axis = normalizeAxis("cat", dim, first.length);
  parts.forEach(({ node: { shape } }, at) => {
    if (
      shape.length === first.length &&
      shape.every((n, other) => other === axis || n === first[other])
    )
      return;
    fail(
      "cat",
      `Sizes of tensors must match except in dimension ${axis}. Expected ${showShape(first)} but got ` +
        `${showShape(shape)} for tensor number ${at} in the list.`,
    );
  });
  return composite(catSpec, parts, { axis, dtype: joinedDType(values) });
}

const stackSpec: Composite<Joined> = {
  name: "StackBackward0",
  body: (values, { axis, dtype }) => {
    const rows = values.map((value) => {
      const shape = value.node.shape;
      return linear.reshape(value, [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
    });
    return composite(catSpec, rows, { axis, dtype });
  },
};

/** Tensors of one shape along a new axis. */
export function stack(values: readonly Value[], dim = 0): Value {
  requireValues("stack", values);
  const first = values[0].node.shape;
  const axis = normalizeAxis("stack", dim, first.length + 1);
  values.forEach(({ node }, at) => {
    if (sameShape(node.shape, first)) return;
    fail(
      "stack",
      `stack expects each tensor to be equal size, but got ${showShape(first)} at entry 0 and ` +
        `${showShape(node.shape)} at entry ${at}`,
    );
  });
  return composite(stackSpec, values, { axis, dtype: joinedDType(values) });
}
