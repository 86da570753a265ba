// Grids: the axes they are made of, positions in triangles and arrays, all pairs and powers.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, isFloat, isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { broadcastShapes, type Shape, showShape, sizeOf } from "../base/shapes.ts";
import { expandView, type View } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { floorDivide, remainder } from "../ops/division.ts";
import * as linear from "../ops/linear.ts";
import { iota } from "../ops/source.ts";
import { pow } from "./arithmetic.ts";
import { indexSelect } from "./indexing.ts";
import { stack } from "./joins.ts";
import { arange } from "./ranges.ts";
import { atLeast } from "./shapes.ts";

type Values = readonly Value[];
type Views = readonly View[];

// broadcastTensors

export const commonShape = (op: string, shapes: readonly Shape[]): Shape =>
  shapes.reduce((common, shape) => broadcastShapes(op, common, shape), []);

const shapesOf = (values: Values): Shape[] => values.map(({ node }) => node.shape);

export function broadcastWindows(views: Views): Views {
  const shape = commonShape(
    "broadcastTensors",
    views.map((view) => view.shape),
  );
  return views.map((view) => expandView(view, shape));
}

export function broadcastTensors(values: Values): Values {
  const shape = commonShape("broadcastTensors", shapesOf(values));
  return values.map((value) => linear.expand(value, shape, "ExpandBackward0"));
}

// meshgrid

interface Grid {
  readonly shape: Shape;
  /** The axis of the grid that each vector runs along. */
  readonly axes: readonly number[];
}

function gridOf(shapes: readonly Shape[], indexing: string | null): Grid {
  const sizes = shapes.map((shape) => {
    if (shape.length <= 1) return sizeOf(shape);
    fail("meshgrid", `Expected 0D or 1D tensor in the tensor list but got: ${showShape(shape)}`);
  });
  const axes = sizes.map((_, axis) => axis);
  // Rows are y and columns x: the first two exchange places.
  if (indexing === "xy" && axes.length >= 2) {
    for (const list of [sizes, axes]) list.splice(0, 2, list[1], list[0]);
  }
  return { shape: sizes, axes };
}

function requireOneDType(values: Values): void {
  if (values.every(({ node }) => node.dtype === values[0].node.dtype)) return;
  fail("meshgrid", "expects all tensors to have the same dtype");
}

export function meshgridWindows(views: Views, values: Values, indexing: string | null): Views {
  requireOneDType(values);
  const { shape, axes } = gridOf(
    views.map((view) => view.shape),
    indexing,
  );
  return views.map(({ strides, offset }, at) => ({
    shape,
    strides: shape.map((n, axis) => (axis === axes[at] && n > 1 ? (strides[0] ?? 0) : 0)),
    offset,
  }));
}

/** Each vector along an axis of its own, the same along all others. */
export function meshgrid(values: Values, indexing: string | null): Values {
  requireOneDType(values);
  const { shape, axes } = gridOf(shapesOf(values), indexing);
  return values.map((value, at) => {
    const along = shape.map((n, axis) => (axis === axes[at] ? n : 1));
    return linear.expand(linear.reshape(value, along), shape, "ExpandBackward0");
  });
}

function requireVector(op: string, x: Value): void {
  const { shape } = x.node;
  if (shape.length !== 1) fail(op, `Expect a 1D vector, but got shape ${showShape(shape)}`);
}

/** All tuples of one element of each vector, one row each. */
export function cartesianProd(values: Values): Value {
  for (const value of values) requireVector("cartesianProd", value);
  if (values.length === 1) return values[0];
  const columns = meshgrid(values, "ij").map((grid) => linear.reshape(grid, [grid.node.size]));
  return stack(columns, 1);
}

/** The rows of `count` elements of x that `positions`, row by row, name. */
export function combinations(x: Value, positions: Value, count: number): Value {
  const flat = indexSelect(x, 0, linear.reshape(positions, [positions.node.size]));
  return linear.reshape(flat, [positions.node.size / count, count], "StackBackward0");
}

/** Positions of all increasing choices of `count` out of n, in order. */
export function chosenPositions(
  x: Value,
  count: number,
  withReplacement: boolean,
): readonly number[] {
  requireVector("combinations", x);
  if (count < 0) fail("combinations", `Expect a non-negative number, but got ${count}`);
  const n = x.node.size;
  const found: number[] = [];
  const chosen: number[] = [];
  const choose = (from: number): void => {
    if (chosen.length === count) {
      found.push(...chosen);
      return;
    }
    for (let next = from; next < n; next++) {
      chosen.push(next);
      choose(withReplacement ? next : next + 1);
      chosen.pop();
    }
  };
  if (count > 0) choose(0);
  return found;
}

// triangles

interface Matrix {
  readonly rows: number;
  readonly columns: number;
}

/** Rows and columns of a matrix' elements on and below a diagonal, row by row. */
export function trilIndices({ rows, columns }: Matrix, offset: number, dtype: DType): Value {
  checkSides("trilIndices", { rows, columns });
  return indexPairs(belowDiagonal({ rows, columns }, offset), dtype);
}

/** Turned by 180 degrees, what is above a diagonal is below another. */
export function triuIndices({ rows, columns }: Matrix, offset: number, dtype: DType): Value {
  checkSides("triuIndices", { rows, columns });
  const turned = belowDiagonal({ rows, columns }, columns - rows - offset);
  const [row, column] = turned.map((value) => linear.flip(value, [0]));
  return indexPairs([ops.sub(rows - 1, row), ops.sub(columns - 1, column)], dtype);
}

function checkSides(op: string, { rows, columns }: Matrix): void {
  if (rows < 0) fail(op, `row must be non-negative, got ${rows}`);
  if (columns < 0) fail(op, `col must be non-negative, got ${columns}`);
}

function indexPairs(pair: Values, dtype: DType): Value {
  if (dtype === "bool") fail("triangle indices", "not implemented for 'Bool'");
  return ops.cast(stack(pair), dtype);
}

/**
 * Row and column of element k, as float64. From the first row that has any, rows grow by one from
 * `shortest` to the full width: `grown` of them, with j·shortest + j(j-1)/2 elements before row j;
 * all further ones are full.
 */
function belowDiagonal({ rows, columns }: Matrix, offset: number): readonly [Value, Value] {
  const first = Math.max(0, -offset);
  const height = Math.max(rows - first, 0);
  const shortest = Math.min(columns, first + offset + 1);
  const grown = Math.min(height, columns - shortest);
  const before = grown * shortest + (grown * (grown - 1)) / 2;
  const total = columns === 0 ? 0 : before + (height - grown) * columns;
  const k = ops.cast(iota(total), "float64");
  // j is the root of j·shortest + j(j-1)/2 = k, cut: exact, since √ of a square is exact.
  const b = 2 * shortest - 1;
  const root = ops.sqrt(ops.add(ops.mul(k, 8), b * b));
  const j = ops.floor(ops.mul(ops.sub(root, b), 0.5));
  const start = ops.add(ops.mul(j, shortest), ops.mul(ops.mul(j, ops.sub(j, 1)), 0.5));
  const beyond = ops.sub(k, before);
  const full = ops.floor(ops.div(beyond, columns));
  const isGrowing = ops.lt(k, before);
  const row = ops.where(isGrowing, ops.add(j, first), ops.add(full, first + grown));
  const rest = ops.sub(beyond, ops.mul(full, columns));
  return [row, ops.where(isGrowing, ops.sub(k, start), rest)];
}

// unravelIndex, vander

/** For flat positions in an array of `shape`, the position along each axis. */
export function unravelIndex(indices: Value, shape: number | Shape): Values {
  const { dtype } = indices.node;
  if (!isInteger(dtype)) {
    fail("unravelIndex", `expected 'indices' to be integer dtype, but got ${dtype}`);
  }
  const sizes = typeof shape === "number" ? [shape] : shape;
  if (sizes.some((n) => n < 0)) {
    fail("unravelIndex", `'shape' cannot have negative values, but got ${showShape(sizes)}`);
  }
  const flat = ops.cast({ node: indices.node, edge: null }, "int64");
  return sizes.map((n, axis) =>
    n < 2 ** 31
      ? remainder(dividedBy(flat, sizeOf(sizes.slice(axis + 1))), n)
      : dividedBy(flat, sizeOf(sizes.slice(axis + 1))),
  );
}

/** PyTorch's int64 ranges further than ours: what exceeds it divides everything to 0, or -1. */
function dividedBy(x: Value, divisor: number): Value {
  if (divisor < 2 ** 31) return floorDivide(x, divisor);
  return ops.neg(ops.cast(ops.lt(x, 0), "int64"));
}

interface Powers {
  readonly count: number;
  readonly isFalling: boolean;
}

const vanderSpec: Composite<Powers> = {
  name: "CatBackward0",
  body: ([x], { count, isFalling }) => {
    const own = isFloat(x.node.dtype) ? x : ops.cast(x, "int64");
    const exponents = arange(0, count, 1, own.node.dtype);
    const column = linear.reshape(own, [...x.node.shape, 1]);
    return pow(column, isFalling ? linear.flip(exponents, [0]) : exponents);
  },
};

/** x to the powers 0, 1, … along a new last axis, as many as it has elements. */
export function linalgVander(input: Value, count: number | null): Value {
  const x = atLeast(input, 1);
  const { shape } = x.node;
  if (count !== null && count <= 1) fail("vander", "N must be greater than 1.");
  return composite(vanderSpec, [x], { count: count ?? shape[shape.length - 1], isFalling: false });
}

/** As linalg.vander for one vector, the powers falling unless said otherwise. */
export function vander(x: Value, count: number | null, increasing: boolean): Value {
  const { shape } = x.node;
  if (shape.length !== 1) {
    fail("vander", `x must be a one-dimensional tensor, got ${showShape(shape)}`);
  }
  if (count !== null && count < 0) fail("vander", `N must be non-negative, got ${count}`);
  return composite(vanderSpec, [x], { count: count ?? shape[0], isFalling: !increasing });
}
