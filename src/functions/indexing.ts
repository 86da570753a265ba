// Elements by index, and tensors put together. An index out of range is a fault on data, reported when
// the program runs; whatever shapes tell throws here.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { broadcastShapes, normalizeAxis, type Shape } from "../base/shapes.ts";
import { contiguousView, type View } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import {
  alongAxis,
  atLeast1d,
  fromStart,
  onlyInt64,
  requireIndex,
  requireInside,
  requireVector,
  resized,
} from "./index-operands.ts";

interface Indexed {
  readonly axis: number;
}

const gatherSpec: Composite<Indexed> = {
  name: "GatherBackward0",
  body: ([x, index], { axis }) => {
    const { shape, size } = index.node;
    if (size === 0) return cutToNothing(x, shape);
    return linear.reshape(ops.gather(atLeast1d(x), axis, atLeast1d(index)), shape);
  },
};

/** No element of x, in any shape of no element. */
const cutToNothing = (x: Value, shape: Shape): Value =>
  linear.window(x, { ...contiguousView(shape), offset: 0 });

/** out[i] = x[i with i[dim] = index[i]] */
export function gather(x: Value, dim: number, index: Value): Value {
  const axis = normalizeAxis("gather", dim, x.node.shape.length);
  if (index.node.size === 0) return composite(gatherSpec, [x, index], { axis });
  requireIndex("gather", index);
  const shapes = { x: atLeast1d(x).node.shape, index: atLeast1d(index).node.shape };
  requireInside("gather", { ...shapes, axis, name: "input" });
  if (index.node.shape.length > 0 && x.node.shape.length > 0) {
    return ops.gather(x, axis, index, "GatherBackward0");
  }
  return composite(gatherSpec, [x, index], { axis });
}

const indexSelectSpec: Composite<Indexed> = {
  name: "IndexSelectBackward0",
  body: ([given, index], { axis }) => {
    const x = atLeast1d(given);
    const { shape } = x.node;
    if (index.node.size === 0) return cutToNothing(x, resized(shape, axis, 0));
    const result = ops.gather(x, axis, alongAxis(index, shape, axis));
    return given.node.shape.length > 0 ? result : linear.reshape(result, []);
  },
};

/** The slices of x that a list of positions along `dim` names. */
export function indexSelect(x: Value, dim: number, index: Value): Value {
  const axis = normalizeAxis("indexSelect", dim, x.node.shape.length);
  requireVector("indexSelect", index);
  requireIndex("indexSelect", index);
  const { size } = index.node;
  if (x.node.shape.length === 0 && size !== 1) {
    fail("indexSelect", `Index to scalar can have only 1 value, got ${size} value(s)`);
  }
  return composite(indexSelectSpec, [x, index], { axis });
}

const takeSpec: Composite<null> = {
  name: "TakeBackward0",
  body: ([x, index]) => {
    const { shape, size } = index.node;
    if (size === 0) return cutToNothing(x, shape);
    const [flat, places] = [linear.reshape(x, [x.node.size]), linear.reshape(index, [size])];
    return linear.reshape(ops.gather(flat, 0, fromStart(places, x.node.size)), shape);
  },
};

/** The elements of x, taken flat, that the index names; negative positions count from the end. */
export function take(x: Value, index: Value): Value {
  requireIndex("take", index, onlyInt64);
  if (x.node.size === 0 && index.node.size > 0) fail("take", "tried to take from an empty tensor");
  return composite(takeSpec, [x, index], null);
}

const takeAlongDimSpec: Composite<{ readonly axis: number; readonly shapes: readonly Shape[] }> = {
  name: "GatherBackward0",
  body: ([x, index], { axis, shapes: [own, places] }) =>
    gather(linear.expand(x, own), axis, linear.expand(index, places)),
};

/** As gather, with both broadcast but along `dim`; without one, both are taken flat. */
export function takeAlongDim(x: Value, index: Value, dim: number | null): Value {
  requireIndex("takeAlongDim", index, onlyInt64);
  if (dim === null) {
    return gather(linear.reshape(x, [x.node.size]), 0, linear.reshape(index, [index.node.size]));
  }
  const [own, places] = [x.node.shape, index.node.shape];
  if (own.length !== places.length) {
    fail(
      "takeAlongDim",
      "input and indices should have the same number of dimensions, " +
        `but got ${own.length} dimensions for input, and ${places.length} dimensions for indices`,
    );
  }
  const axis = normalizeAxis("takeAlongDim", dim, own.length);
  const common = broadcastShapes("takeAlongDim", resized(own, axis, 1), resized(places, axis, 1));
  const shapes = [own, places].map((shape) => resized(common, axis, shape[axis] ?? 1));
  return composite(takeAlongDimSpec, [x, index], { axis, shapes });
}

/** `base` with the elements in `window`, a window on its row-major elements, replaced by `value`. */
export const place = (base: Value, value: Value, window: View): Value =>
  linear.place(base, value, window, "CopySlices");
