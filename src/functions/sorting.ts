// Sorting along an axis, and what stands at known places of the order. Of equal elements the one that
// comes first stays first, in either direction; NaN is above all.

import { compositeOfMany } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxis } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { reshape, slice, wholeSlice } from "../ops/linear.ts";
import * as ops from "../ops/sort.ts";
import { type Extremes, requireElements } from "./extrema.ts";
import { atLeast1d } from "./index-operands.ts";
import { gather } from "./indexing.ts";

interface Places {
  readonly axis: number;
  readonly descending: boolean;
  /** Places of the order that are wanted: from `start` on, so many. */
  readonly start: number;
  readonly count: number;
  readonly keepdim: boolean;
}

const inPlaces = (name: string) => ({
  name,
  body: ([x]: readonly Value[], { axis, descending, start, count, keepdim }: Places) => {
    const line = atLeast1d(x);
    const order = ops.argsort(constantValue(line.node), axis, descending);
    const wanted = order.node.shape.map(wholeSlice).with(axis, { start, size: count, step: 1 });
    const indices = slice(order, wanted);
    const whole = indices.node.shape;
    const shape = x.node.shape.length === 0 ? [] : keepdim ? whole : whole.toSpliced(axis, 1);
    return [reshape(gather(line, axis, indices), shape), reshape(indices, shape)];
  },
});

const sortSpec = inPlaces("SortBackward0");
const stableSpec = inPlaces("SortBackward1");
const topkSpec = inPlaces("TopkBackward0");
const kthvalueSpec = inPlaces("KthvalueBackward0");

const lengthAt = (x: Value, axis: number): number => x.node.shape[axis] ?? 1;

function sorted(x: Value, along: [number, boolean], spec: typeof sortSpec): Extremes {
  const [dim, descending] = along;
  const axis = normalizeAxis("sort", dim, x.node.shape.length);
  const places = { axis, descending, start: 0, count: lengthAt(x, axis), keepdim: true };
  const [values, indices] = compositeOfMany(spec, [x], places);
  return { values, indices };
}

/** The elements along an axis in order, and where they stood. */
export const sort = (x: Value, dim = -1, descending = false): Extremes =>
  sorted(x, [dim, descending], sortSpec);

/** Every sort is stable; asked for, it has another name on the Tape. */
export const stableSort = (x: Value, dim = -1, descending = false): Extremes =>
  sorted(x, [dim, descending], stableSpec);

export const argsort = (x: Value, dim = -1, descending = false): Value =>
  sort(constantValue(x.node), dim, descending).indices;

/** Sorted along the first axis. */
export const msort = (x: Value): Value => sort(x, 0).values;

/** The k largest, or smallest, elements along an axis, in that order. */
export function topk(x: Value, k: number, dim = -1, largest = true): Extremes {
  if (x.node.dtype === "bool") fail("topk", "does not support bool dtypes");
  const axis = normalizeAxis("topk", dim, x.node.shape.length);
  const length = lengthAt(x, axis);
  if (k < 0 || k > length) {
    fail("topk", `selected index k out of range: wanted 0 … ${length} along dim ${axis}, got ${k}`);
  }
  const count = x.node.shape.length === 0 ? 1 : k;
  const places = { axis, descending: largest, start: 0, count, keepdim: true };
  const [values, indices] = compositeOfMany(topkSpec, [x], places);
  return { values, indices };
}

/** The k-th smallest element along an axis, k counted from 1. */
export function kthvalue(x: Value, k: number, dim = -1, keepdim = false): Extremes {
  if (x.node.dtype === "bool") fail("kthvalue", "not implemented for 'Bool'");
  const axis = normalizeAxis("kthvalue", dim, x.node.shape.length);
  requireElements("kthvalue", x, [axis]);
  if (k < 1 || k > lengthAt(x, axis)) {
    fail("kthvalue", `selected number k out of range for dimension ${axis}: got ${k}`);
  }
  const places = { axis, descending: false, start: k - 1, count: 1, keepdim };
  const [values, indices] = compositeOfMany(kthvalueSpec, [x], places);
  return { values, indices };
}
