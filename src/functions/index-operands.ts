// What functions by index share: checks of indices, and indices brought to the shape they point from.

import { type DType, isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, sameShape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { add, and, ge, lt, where } from "../ops/arithmetic.ts";
import { expand, reshape, slice, wholeSlice } from "../ops/linear.ts";

const anyIndex: readonly DType[] = ["int64", "int32"];

/** PyTorch takes int32 for some functions, for others int64 only. */
export function requireIndex(op: string, index: Value, dtypes = anyIndex): void {
  const { dtype } = index.node;
  if (dtypes.includes(dtype)) return;
  const wanted = dtypes.join(" or ");
  const cure = isInteger(dtype) ? "" : ", rounded as you mean it";
  fail(op, `Expected dtype ${wanted} for index, got ${dtype}. Cast it: index.to("int64")${cure}`);
}

export const onlyInt64: readonly DType[] = ["int64"];

export function requireVector(op: string, index: Value): void {
  const { shape } = index.node;
  if (shape.length > 1) fail(op, `Index is supposed to be a vector, got ${showShape(shape)}`);
}

export function requireSameDType(op: string, x: Value, source: Value): void {
  if (x.node.dtype === source.node.dtype) return;
  fail(
    op,
    `Expected self.dtype to be equal to src.dtype, got ${x.node.dtype} and ${source.node.dtype}`,
  );
}

export const atLeast1d = (x: Value): Value => (x.node.shape.length > 0 ? x : reshape(x, [1]));

/** Checks that `index` fits into `x` in every axis but `axis`. */
export function requireInside(
  op: string,
  { x, index, axis, name }: { x: Shape; index: Shape; axis: number | null; name: string },
): void {
  if (index.length !== x.length) {
    fail(
      op,
      `Index tensor must have the same number of dimensions as ${name} tensor, got ` +
        `${showShape(index)} and ${showShape(x)}`,
    );
  }
  if (index.every((n, at) => at === axis || n <= (x[at] as number))) return;
  fail(
    op,
    `Expected index ${showShape(index)} to be no larger than ${name} ${showShape(x)}` +
      (axis === null ? "" : ` apart from dimension ${axis}`),
  );
}

/** The part of x from its first elements on that is as large as `shape`. */
export function cutTo(x: Value, shape: Shape): Value {
  return sameShape(x.node.shape, shape) ? x : slice(x, shape.map(wholeSlice));
}

/** `shape` with `size` at an axis. */
export const resized = (shape: Shape, axis: number, size: number): Shape =>
  shape.map((n, at) => (at === axis ? size : n));

/** A list of positions along `axis` as an index that is the same for all other axes of `shape`. */
export function alongAxis(index: Value, shape: Shape, axis: number): Value {
  const { size } = index.node;
  const apart = shape.map((_, at) => (at === axis ? size : 1));
  return expand(reshape(index, apart), resized(shape, axis, size));
}

/** Positions counted from the end as ones from the start; what is out of range stays as it is. */
export function fromStart(index: Value, size: number): Value {
  const isFromEnd = and(lt(index, 0), ge(index, -size));
  return where(isFromEnd, add(index, size), index);
}
