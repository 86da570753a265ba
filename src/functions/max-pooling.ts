// The largest elements of windows, and where they are: flat positions in the plane that is pooled. A
// gradient goes to the first of equal elements alone. Elements around the input count as the lowest
// number, and never win against an element of the input.

import {
  type Composite,
  composite,
  type CompositeOfMany,
  compositeOfMany,
} from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { contiguousStrides, type Shape, showShape, sizeOf } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { floorDivide, remainder } from "../ops/division.ts";
import { gather, scatterAdd } from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import * as reduce from "../ops/reduce.ts";
import { full, iota } from "../ops/source.ts";
import { adaptiveAxis, adaptiveWindows, requireAdaptive } from "./adaptive-windows.ts";
import { cropped, type PooledRank } from "./average-pooling.ts";
import type { Extremes } from "./extrema.ts";
import { alongAxis, resized } from "./index-operands.ts";
import {
  lastAxes,
  leadOf,
  overlaps,
  type PoolingOptions,
  paddedSizes,
  poolingOf,
  requireFloatInput,
  requirePoolable,
  type Windows,
  windowed,
  windowsOf,
  windowsView,
} from "./pool-windows.ts";
import { limitsOf } from "./random.ts";

type Sizes = readonly number[];

/** Windows of which the largest elements are taken: [..lead, ..out, ..kernel]. */
interface Choice {
  readonly out: Sizes;
  readonly kernel: Sizes;
  readonly elements: (x: Value) => Value;
  /** Of an offset in each window, row by row, where it is in the plane. */
  readonly places: (offsets: Value) => Value;
  /** The offset of the first element in each window that is one of the input's; null if it is 0. */
  readonly firsts: Value | null;
  /** Where no two windows share an element: the gradient of the elements given, that of x. */
  readonly back: ((g: Value) => Value) | null;
}

const lowest = (x: Value): number => limitsOf(x.node.dtype)[0];

/** The offset of each window's largest element: NaN is larger than all. */
function offsetsOf(x: Value, { kernel, elements, firsts }: Choice): Value {
  const windows = elements(constantValue(x.node));
  const axes = lastAxes(windows.node.shape, kernel.length);
  const offsets = reduce.argmax(windows, axes);
  if (!firsts) return offsets;
  const { shape } = offsets.node;
  const isLowest = ops.eq(reduce.amax(windows, axes), lowest(x));
  return ops.where(isLowest, linear.expand(ops.cast(firsts, "int64"), shape), offsets);
}

/** Inputs (x, offsets). */
const largest: Composite<Choice> = {
  name: "",
  body: ([x], { elements, kernel }) => {
    const windows = elements(x);
    return reduce.amax(windows, lastAxes(windows.node.shape, kernel.length));
  },
  // The chain rule would share among equals.
  gradient: (g, [x, offsets], _, choice) => [
    choice.back
      ? choice.back(chosen(g, offsets, choice.kernel))
      : scattered(g, choice.places(offsets), x.node.shape),
    null,
  ],
};

/** The gradient at the offset in each window, 0 beside it. */
function chosen(g: Value, offsets: Value, kernel: Sizes): Value {
  const { shape } = g.node;
  const inside = [...shape, ...kernel];
  const spread = (value: Value): Value =>
    linear.expand(linear.reshape(value, [...shape, ...kernel.map(() => 1)]), inside);
  const own = linear.reshape(iota(sizeOf(kernel)), kernel);
  const places = linear.expand(ops.cast(own, "int64"), inside);
  return ops.where(ops.eq(places, spread(offsets)), spread(g), 0);
}

/** g added at the places in planes of the shape of x. */
function scattered(g: Value, places: Value, shape: Shape): Value {
  const lead = leadOf(shape, shape.length - shared(shape, g.node.shape));
  const planes = sizeOf(lead);
  const [own, out] = [shape, g.node.shape].map((of) => [planes, sizeOf(of.slice(lead.length))]);
  const zeros = full(g.node.dtype, own, 0);
  return linear.reshape(
    scatterAdd(zeros, 1, linear.reshape(places, out), linear.reshape(g, out)),
    shape,
  );
}
