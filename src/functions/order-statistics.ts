// Medians and modes: elements that are found by their order. Along an axis a gradient goes to the element
// whose position is returned; over all it is spread evenly among equals, as for extrema.

import { type Composite, composite, compositeOfMany } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxis, type Shape } from "../base/shapes.ts";
import { contiguousView, sliceView } from "../base/views.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { floorDivide } from "../ops/division.ts";
import { gather } from "../ops/indexing.ts";
import { expand, place, reshape, slice, sum, wholeSlice } from "../ops/linear.ts";
import { argmax } from "../ops/reduce.ts";
import { cummax } from "../ops/scan.ts";
import { argsort } from "../ops/sort.ts";
import { full, iota } from "../ops/source.ts";
import { ne } from "./comparison.ts";
import { type Extremes, requireElements } from "./extrema.ts";
import { atLeast1d, resized } from "./index-operands.ts";
import { keeping, type Reduction, spread } from "./reductions.ts";

/** Of each row the place in its order that is meant, or its position at once. */
type Find = (line: Value, order: Value, axis: number) => Value;

/** Where the row's element is, the axis left with one. */
const positionOf = (x: Value, axis: number, find: Find): Value => {
  const line = constantValue(x.node);
  const order = argsort(line, axis);
  return gather(order, axis, find(line, order, axis));
};

const alone = (x: Value, axis: number): Shape => resized(x.node.shape, axis, 1);

/** How many are no NaN. */
function knownCount(line: Value, axis: number): Value {
  const known = ops.cast(ops.eq(line, line), "int32");
  return reshape(sum(known, [axis]), alone(line, axis));
}

/** The lower of two in the middle. Where there is a NaN: the first of them, and they come last. */
const middle: Find = (line, _, axis) => {
  const length = line.node.shape[axis];
  const known = knownCount(line, axis);
  return ops.where(ops.eq(known, length), Math.floor((length - 1) / 2), known);
};

/** The middle of what is no NaN; of nothing but NaNs the first. */
const knownMiddle: Find = (line, _, axis) =>
  floorDivide(ops.maximum(ops.sub(knownCount(line, axis), 1), 0), 2);

/** The least of the elements that are there most often: of its run in the order the last. */
const mostFrequent: Find = (line, order, axis) => {
  const { shape } = line.node;
  const sorted = gather(line, axis, order);
  const along = shape.map((n, at) => (at === axis ? n : 1));
  const places = expand(reshape(iota(shape[axis]), along), shape);
  const start = cummax(ops.where(startsRun(sorted, axis), places, 0), axis);
  return reshape(argmax(ops.sub(places, start), [axis]), alone(line, axis));
};

/** Where an element differs from the one before it along the axis; the first does. */
export function startsRun(x: Value, axis: number): Value {
  const { shape } = x.node;
  const ones = full("bool", shape, 1);
  if (shape[axis] <= 1) return ones;
  const part = (start: number) =>
    shape.map((n, at) => (at === axis ? { start, size: n - 1, step: 1 } : wholeSlice(n)));
  const differs = ne(slice(x, part(1)), slice(x, part(0)));
  return place(ones, differs, sliceView(contiguousView(shape), part(1)));
}

// Along an axis

const along = (name: string, find: Find) => ({
  name,
  body: ([x]: readonly Value[], { axes, keepdim }: Reduction): readonly Value[] => {
    const line = atLeast1d(x);
    const axis = axes[0] ?? 0;
    const index = positionOf(line, axis, find);
    const value = gather(line, axis, index);
    const { shape } = line.node;
    const kept = shape.toSpliced(axis, 1);
    const result = (one: Value): Value => keeping(reshape(one, kept), x, { axes, keepdim });
    return [result(value), result(index)];
  },
});

type Along = ReturnType<typeof along>;

const alongAxis =
  (op: string, spec: Along, refusesBool: boolean) =>
  (x: Value, dim: number, keepdim = false): Extremes => {
    if (refusesBool) requireNumbers(op, x);
    const rank = x.node.shape.length;
    const axis = normalizeAxis(op, dim, rank);
    const axes = rank === 0 ? [] : [axis];
    requireElements(op, x, axes);
    const [values, indices] = compositeOfMany(spec, [x], { axes, keepdim });
    return { values, indices };
  };

function requireNumbers(op: string, x: Value): void {
  if (x.node.dtype === "bool") fail(op, "not implemented for 'Bool'. Cast it: x.to(\"uint8\")");
}

/** The middle of the elements along an axis, the lower of two; NaN where there is one. */
export const medianAlong = alongAxis("median", along("MedianBackward1", middle), true);

/** As medianAlong, of the elements that are no NaN. */
export const nanmedianAlong = alongAxis(
  "nanmedian",
  along("NanmedianBackward1", knownMiddle),
  true,
);

/** The most frequent element along an axis, the least of several. */
export const mode = alongAxis("mode", along("ModeBackward0", mostFrequent), false);

// Over all

const overAll = (name: string, find: Find): Composite<null> => ({
  name,
  body: ([x]) => {
    const flat = reshape(x, [x.node.size]);
    return reshape(gather(flat, 0, positionOf(flat, 0, find)), []);
  },
  // The chain rule would give all of it to one of the elements that are equal.
  gradient: (g, [x], out) => {
    const { shape } = x.node;
    const axes = shape.map((_, axis) => axis);
    const value = spread(out, shape, axes);
    const isBoth = ops.and(ops.ne(x, x), ops.ne(value, value));
    const isEqual = ops.or(ops.eq(x, value), isBoth);
    const share = ops.div(g, sum(ops.cast(isEqual, x.node.dtype), axes));
    return [ops.where(isEqual, spread(share, shape, axes), 0)];
  },
});

const ofAll = (op: string, spec: Composite<null>) => (x: Value) => {
  requireNumbers(op, x);
  if (x.node.size === 0) return full(x.node.dtype, [], Number.NaN);
  return composite(spec, [x], null);
};

/** The middle of all elements. */
export const medianAll = ofAll("median", overAll("MedianBackward0", middle));

export const nanmedianAll = ofAll("nanmedian", overAll("NanmedianBackward0", knownMiddle));
