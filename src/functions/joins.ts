// Tensors put together: each is a part of the result, and gets that part of its gradient.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, promote } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxis, type Shape, sameShape, showShape, sizeOf } from "../base/shapes.ts";
import { contiguousView, sliceView, type View } from "../base/views.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import { cast } from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { full, zerosLike } from "../ops/source.ts";
import * as geometry from "./geometry.ts";
import { atLeast } from "./shapes.ts";

type Values = readonly Value[];

interface Joined {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Where each tensor lies in the result; null for what is no part of it. */
  readonly windows: readonly (View | null)[];
}

const shapeOf = (x: Value): Shape => x.node.shape;

const joining = (name: string): Composite<Joined> => ({
  name,
  body: (values, { shape, dtype, windows }) =>
    values.reduce(
      (joined, value, at) => {
        const window = windows[at];
        if (!window || value.node.size === 0) return joined;
        return linear.place(joined, linear.reshape(cast(value, dtype), window.shape), window);
      },
      full(dtype, shape, 0),
    ),
  // The chain rule would carry zeros through every place.
  gradient: (g, values, _, { windows }) =>
    values.map((value, at): Gradient => {
      if (!value.edge) return null;
      const window = windows[at];
      if (!window) return zerosLike(value);
      const part = cast(linear.window(g, window), value.node.dtype);
      return linear.reshape(part, shapeOf(value));
    }),
});

function requireValues(op: string, values: Values): void {
  if (values.length === 0) fail(op, `${op} expects a non-empty list of tensors`);
}

const joinedDType = (values: Values): DType => values.map(({ node }) => node.dtype).reduce(promote);

// cat

const catSpec = joining("CatBackward0");

/** An empty vector joins anything, as in PyTorch. */
const isNothing = (x: Value): boolean => sameShape(shapeOf(x), [0]);

/** Tensors one after the other along an axis. */
export function cat(values: Values, dim = 0): Value {
  requireValues("cat", values);
  for (const [at, { node }] of values.entries()) {
    if (node.shape.length === 0)
      fail("cat", `zero-dimensional tensor (at position ${at}) cannot be concatenated. Use stack.`);
  }
  const first = shapeOf(values.find((value) => !isNothing(value)) ?? values[0]);
  const axis = normalizeAxis("cat", dim, first.length);
  const isPart = (value: Value): boolean => first.length === 1 || !isNothing(value);
  values.forEach((value, at) => {
    if (isPart(value)) requireFitting(shapeOf(value), { first, axis, at });
  });
  const sizes = values.map((value) => (isPart(value) ? shapeOf(value)[axis] : 0));
  const shape = first.slice();
  shape[axis] = sizes.reduce((sum, size) => sum + size, 0);
  const windows = partsAlong(shape, axis, sizes).map((window, at) =>
    isPart(values[at]) ? window : null,
  );
  return composite(catSpec, values, { shape, dtype: joinedDType(values), windows });
}

function requireFitting(
  shape: Shape,
  { first, axis, at }: { first: Shape; axis: number; at: number },
): void {
  if (shape.length !== first.length) {
    fail(
      "cat",
      `Tensors must have same number of dimensions: got ${first.length} and ${shape.length}`,
    );
  }
  const other = shape.findIndex((n, one) => one !== axis && n !== first[one]);
  if (other < 0) return;
  fail(
    "cat",
    `Sizes of tensors must match except in dimension ${axis}. Expected size ${first[other]} but ` +
      `got size ${shape[other]} for tensor number ${at} in the list.`,
  );
}

function partsAlong(shape: Shape, axis: number, sizes: readonly number[]): View[] {
  const whole = contiguousView(shape);
  let start = 0;
  return sizes.map((size) => {
    const slices = shape.map((n, other) =>
      other === axis ? { start, size, step: 1 } : linear.wholeSlice(n),
    );
    start += size;
    return sliceView(whole, slices);
  });
}

export function hstack(values: Values): Value {
  requireValues("hstack", values);
  const rows = values.map((value) => atLeast(value, 1));
  return cat(rows, shapeOf(rows[0]).length === 1 ? 0 : 1);
}

export function vstack(values: Values): Value {
  requireValues("vstack", values);
  return cat(values.map((value) => atLeast(value, 2)));
}

export function dstack(values: Values): Value {
  requireValues("dstack", values);
  return cat(
    values.map((value) => atLeast(value, 3)),
    2,
  );
}

/** Vectors are columns. */
export function columnStack(values: Values): Value {
  requireValues("columnStack", values);
  const columns = values.map((value) => {
    const { shape, size } = value.node;
    return shape.length > 1 ? value : linear.reshape(value, [size, 1], "ViewBackward0");
  });
  return cat(columns, 1);
}

// stack

const stackSpec = joining("StackBackward0");

/** Tensors of one shape along a new axis. */
export function stack(values: Values, dim = 0): Value {
  requireValues("stack", values);
  const first = shapeOf(values[0]);
  const axis = normalizeAxis("stack", dim, first.length + 1);
  values.forEach((value, at) => {
    if (sameShape(shapeOf(value), first)) return;
    fail(
      "stack",
      `stack expects each tensor to be equal size, but got ${showShape(first)} at entry 0 and ` +
        `${showShape(shapeOf(value))} at entry ${at}`,
    );
  });
  const shape = [...first.slice(0, axis), values.length, ...first.slice(axis)];
  const windows = values.map((_, at) => geometry.select(contiguousView(shape), axis, at));
  return composite(stackSpec, values, { shape, dtype: joinedDType(values), windows });
}

// blockDiag

const blockDiagSpec = joining("BlockDiagBackward0");

/** Matrices along the diagonal of a larger one; a vector is a row, a number one element. */
export function blockDiag(values: Values): Value {
  const blocks = values.map((value, at): readonly [number, number] => {
    const shape = shapeOf(value);
    if (shape.length > 2) {
      fail(
        "blockDiag",
        `Input tensors must have 2 or fewer dimensions. Input ${at} has ${shape.length} dimensions`,
      );
    }
    const [rows, columns] = shape.length === 2 ? shape : [1, sizeOf(shape)];
    return [rows, columns];
  });
  const shape = [0, 1].map((axis) => blocks.reduce((sum, block) => sum + block[axis], 0));
  const start = [0, 0];
  const windows = blocks.map((block) => {
    const slices = block.map((size, axis) => ({ start: start[axis], size, step: 1 }));
    block.forEach((size, axis) => {
      start[axis] += size;
    });
    return sliceView(contiguousView(shape), slices);
  });
  return composite(blockDiagSpec, values, { shape, dtype: joinedDType(values), windows });
}
