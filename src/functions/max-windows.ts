// The largest elements of windows, and where they are: flat positions in the plane that is pooled. A
// gradient goes to the first of equal elements alone. Elements around the input count as the lowest
// number, and never win against an element of the input.

import {
  type Composite,
  type CompositeOfMany,
  composite,
  compositeOfMany,
} from "../autograd/composite.ts";
import { type Shape, sizeOf } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { beside } from "../ops/beside.ts";
import { floorDivide, remainder } from "../ops/division.ts";
import { gather, scatterAdd } from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import * as reduce from "../ops/reduce.ts";
import { full, iota } from "../ops/source.ts";
import type { Extremes } from "./extrema.ts";
import { alongAxis, resized } from "./index-operands.ts";
import {
  fromRows,
  leadOf,
  offsetsInRows,
  overlaps,
  overWindows,
  spreadInRows,
  type Windows,
  windowed,
} from "./pool-windows.ts";
import { limitsOf } from "./random.ts";

type Sizes = readonly number[];

/** Windows of which the largest elements are taken: [..lead, ..out, ..kernel]. */
export interface Choice {
  readonly kernel: Sizes;
  readonly elements: (x: Value) => Value;
  /** Of an offset in each window, row by row, where that is in the plane. */
  readonly places: (offsets: Value) => Value;
  /** The offset of the first element in each window that is one of the input's; null if it is 0. */
  readonly firsts: Value | null;
  /** Where no two windows share an element: the gradient of the largest as that of x. */
  readonly back: ((g: Value, offsets: Value) => Value) | null;
}

const lowestOf = (x: Value): number => limitsOf(x.node.dtype)[0];

/** The offset of each window's largest element. */
function offsetsOf(x: Value, { kernel, elements, firsts }: Choice): Value {
  const windows = elements(constantValue(x.node));
  const offsets = overWindows(windows, kernel.length, reduce.argmax);
  if (!firsts) return offsets;
  const isLowest = ops.eq(overWindows(windows, kernel.length, reduce.amax), lowestOf(x));
  return ops.where(isLowest, linear.expand(firsts, offsets.node.shape), offsets);
}

/** Inputs (x, offsets). */
const largest: Composite<Choice> = {
  name: "",
  body: ([x], { elements, kernel }) => overWindows(elements(x), kernel.length, reduce.amax),
  // The chain rule would share among equals.
  gradient: (g, [x, offsets], _, { kernel, places, back }) => {
    const whole = back
      ? back(g, offsets)
      : scattered(g, places(offsets), { shape: x.node.shape, rank: kernel.length });
    return [beside(whole, x), null];
  },
};

interface Planes {
  readonly shape: Shape;
  /** How many axes a plane has. */
  readonly rank: number;
}

/** Planes as rows. */
const asRows = (x: Value, rank: number): Value => {
  const { shape } = x.node;
  const lead = leadOf(shape, rank);
  return linear.reshape(x, [sizeOf(lead), sizeOf(shape.slice(lead.length))]);
};

/** Planes of zeros with g added at the places. */
function scattered(g: Value, places: Value, { shape, rank }: Planes): Value {
  const zeros = asRows(full(g.node.dtype, shape, 0), rank);
  return linear.reshape(scatterAdd(zeros, 1, asRows(places, rank), asRows(g, rank)), shape);
}

const choosing = (name: string): CompositeOfMany<Choice> => ({
  name,
  body: ([x], choice) => {
    const offsets = offsetsOf(x, choice);
    return [composite(largest, [x, offsets], choice), choice.places(offsets)];
  },
});

const specs = new Map<string, CompositeOfMany<Choice>>();

/** The largest elements and their positions; on the Tape under `name`. */
export function chooseLargest(name: string, x: Value, choice: Choice): Extremes {
  let spec = specs.get(name);
  if (!spec) {
    spec = choosing(name);
    specs.set(name, spec);
  }
  const [values, indices] = compositeOfMany(spec, [x], choice);
  return { values, indices };
}

/** The number along one axis of an offset in a window. */
function digit(offsets: Value, kernel: Sizes, axis: number): Value {
  const inner = sizeOf(kernel.slice(axis + 1));
  const outer = inner === 1 ? offsets : floorDivide(offsets, inner);
  return axis === 0 ? outer : remainder(outer, kernel[axis]);
}

const int64s = (x: Value): Value => ops.cast(x, "int64");

/** Windows as strides say them. */
export function stridedChoice(x: Value, windows: Windows): Choice {
  const { input, out, kernel, stride, padding, dilation } = windows;
  const along = (counts: Value, axis: number): Value => alongAxis(counts, out, axis);
  const starts = out.map((n, axis) => ops.sub(ops.mul(iota(n), stride[axis]), padding[axis]));
  return {
    kernel,
    elements: (value) => windowed(value, windows, lowestOf(x)),
    places: (offsets) =>
      sumOver(out, (axis) => {
        const within = ops.mul(digit(offsets, kernel, axis), dilation[axis]);
        const start = linear.expand(int64s(along(starts[axis], axis)), offsets.node.shape);
        return ops.mul(ops.add(start, within), sizeOf(input.slice(axis + 1)));
      }),
    firsts: padding.some((pad) => pad > 0)
      ? sumOver(out, (axis) => {
          const skipped = firstInside(starts[axis], dilation[axis]);
          return int64s(ops.mul(along(skipped, axis), sizeOf(kernel.slice(axis + 1))));
        })
      : null,
    back: overlaps(windows) ? null : (g, offsets) => chosen(g, offsets, windows),
  };
}

/** The gradient at the offset in each window, 0 beside it. */
function chosen(g: Value, offsets: Value, windows: Windows): Value {
  const lead = leadOf(g.node.shape, windows.out.length);
  const own = int64s(offsetsInRows(lead, windows));
  const isChosen = ops.eq(own, spreadInRows(offsets, windows));
  return fromRows(ops.where(isChosen, spreadInRows(g, windows), 0), lead, windows);
}

/** ceil(-start / dilation) where a window starts before the input, else 0. */
const firstInside = (start: Value, dilation: number): Value =>
  floorDivide(
    ops.add(ops.maximum(ops.neg(start), full("int32", start.node.shape, 0)), dilation - 1),
    dilation,
  );

const sumOver = (axes: Sizes, part: (axis: number) => Value): Value =>
  axes.map((_, axis) => part(axis)).reduce((sum, one) => ops.add(sum, one));

/** Windows along one axis by where they start. */
export interface StartedAxis {
  readonly out: number;
  readonly kernel: number;
  /** int32, [..lead, out], or with 1 for axes of the lead. */
  readonly starts: Value;
  /** Where they end if not all have `kernel` elements; they do not end after the input. */
  readonly ends: Value | null;
}

/** Windows that start anywhere. */
export function startedChoice(x: Value, axes: readonly StartedAxis[]): Choice {
  const rank = axes.length;
  const { shape } = x.node;
  const lead = leadOf(shape, rank);
  const input = shape.slice(lead.length);
  const kernel = axes.map((axis) => axis.kernel);
  return {
    kernel,
    elements: (value) => gatherWindows(value, axes, lowestOf(x)),
    places: (offsets) =>
      sumOver(kernel, (axis) => {
        const start = linear.expand(
          int64s(onAxis(axes[axis].starts, lead.length, axis, rank)),
          offsets.node.shape,
        );
        const within = digit(offsets, kernel, axis);
        return ops.mul(ops.add(start, within), sizeOf(input.slice(axis + 1)));
      }),
    firsts: null,
    back: null,
  };
}

/** [..lead, n] with n at one of the last `rank` axes. */
function onAxis(x: Value, lead: number, axis: number, rank: number): Value {
  const { shape } = x.node;
  const own = Array.from({ length: rank }, (_, at) => (at === axis ? shape[lead] : 1));
  return linear.reshape(x, [...shape.slice(0, lead), ...own]);
}

function gatherWindows(x: Value, axes: readonly StartedAxis[], lowest: number): Value {
  const rank = axes.length;
  const lead = leadOf(x.node.shape, rank);
  const inside: Value[] = [];
  let picked = x;
  axes.forEach(({ out, kernel, starts, ends }, axis) => {
    const at = lead.length + axis;
    const before = [...starts.node.shape, kernel];
    const each = (value: Value): Value =>
      linear.expand(linear.reshape(value, [...value.node.shape, 1]), before);
    const places = ops.add(each(starts), linear.expand(iota(kernel), before));
    const last = full("int32", before, x.node.shape[at] - 1);
    const index = linear.reshape(ops.minimum(places, last), [
      ...starts.node.shape.slice(0, -1),
      out * kernel,
    ]);
    const shape = resized(picked.node.shape, at, out * kernel);
    picked = gather(picked, at, linear.expand(onAxis(index, lead.length, axis, rank), shape));
    if (!ends) return;
    const isOwn = linear.reshape(ops.lt(places, each(ends)), [...starts.node.shape, kernel]);
    inside.push(windowAxes(isOwn, lead.length, axis, rank));
  });
  const split = axes.flatMap(({ out, kernel }) => [out, kernel]);
  const order = [0, 1].flatMap((side) => axes.map((_, axis) => lead.length + 2 * axis + side));
  const windows = linear.permute(linear.reshape(picked, [...lead, ...split]), [
    ...lead.keys(),
    ...order,
  ]);
  return inside.reduce(
    (kept, mask) => ops.where(linear.expand(mask, kept.node.shape), kept, lowest),
    windows,
  );
}

/** [..lead, out, kernel] as it broadcasts against windows. */
function windowAxes(x: Value, lead: number, axis: number, rank: number): Value {
  const { shape } = x.node;
  const own = new Array<number>(2 * rank).fill(1);
  own[axis] = shape[lead];
  own[rank + axis] = shape[lead + 1];
  return linear.reshape(x, [...shape.slice(0, lead), ...own]);
}
