// Linear ops as adjoint pairs: permute | inverse permute, reshape | reshape, expand | sum,
// slice | place in zeros, window | scatter of overlaps. Views build no copy unless strides cannot say
// them.

import { dtypes } from "../base/dtypes.ts";
import type { LaneBody, LaneType } from "../base/lanes.ts";
import type { Reducer } from "../base/reducers.ts";
import { type Shape, sizeOf } from "../base/shapes.ts";
import { traceLanes } from "../base/trace-lanes.ts";
import {
  contiguousView,
  expandView,
  mayOverlap,
  permuteView,
  type Slice,
  sliceView,
  type View,
} from "../base/views.ts";
import {
  constantOf,
  fullNode,
  nodeView,
  placeNode,
  pointwiseNode,
  reduceNode,
  reviewNode,
  viewNode,
} from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/tape.ts";
import { add, mul } from "./arithmetic.ts";
import { scatterAdd } from "./indexing.ts";
import { apply, type Primitive } from "./primitive.ts";
import { full, iota, zerosLike } from "./source.ts";

const shapeOf = (x: Value): Shape => x.node.shape;

// permute

export const permutePrimitive: Primitive<readonly number[]> = {
  name: "permute",
  build: ([x], axes) => reviewNode(x, permuteView(nodeView(x), axes)),
  vjp: (g, _, __, axes) => [
    permute(
      g,
      axes.map((_one, axis) => axes.indexOf(axis)),
    ),
  ],
};

export const permute = (x: Value, axes: readonly number[], tapeName?: string): Value =>
  apply(permutePrimitive, [x], axes, tapeName);

// reshape

const copyBodies = new Map<LaneType, LaneBody>();

function copyNode(node: Node): Node {
  const { lane } = dtypes[node.dtype];
  let body = copyBodies.get(lane);
  if (!body) {
    body = traceLanes([lane], (_, x) => x);
    copyBodies.set(lane, body);
  }
  return pointwiseNode({
    name: "rowMajor",
    dtype: node.dtype,
    inputs: [node],
    body,
  });
}

/** The window on `node`'s row-major elements; a copy goes between where strides cannot say it. */
function windowNode(node: Node, view: View): Node {
  const windowed = viewNode(node, view);
  const isUncomposed = node.is("view") && !node.memory && windowed.inputs[0] === node;
  return isUncomposed ? viewNode(copyNode(node), view) : windowed;
}

export const reshapePrimitive: Primitive<Shape> = {
  name: "reshape",
  build: ([x], shape) => windowNode(x, contiguousView(shape)),
  vjp: (g, [x]) => [reshape(g, shapeOf(x))],
};

export const reshape = (x: Value, shape: Shape, tapeName?: string): Value =>
  apply(reshapePrimitive, [x], shape, tapeName);

// expand | sum

export const expandPrimitive: Primitive<Shape> = {
  name: "expand",
  build: ([x], shape) => reviewNode(x, expandView(nodeView(x), shape)),
  vjp: (g, [x], _, shape) => [sumTo(g, shapeOf(x), shape)],
};

export const expand = (x: Value, shape: Shape, tapeName?: string): Value =>
  apply(expandPrimitive, [x], shape, tapeName);

/** Sums the axes that `from` was expanded along to `shape`. */
function sumTo(g: Value, from: Shape, shape: Shape): Value {
  const lead = shape.length - from.length;
  const axes: number[] = [];
  shape.forEach((n, axis) => {
    if (axis < lead || from[axis - lead] !== n) axes.push(axis);
  });
  return reshape(sum(g, axes), from);
}

const sumReducers = Object.fromEntries(
  (["f32", "f64", "i32"] as const).map((lane) => [lane, sumReducer(lane)]),
) as Record<LaneType, Reducer>;

function sumReducer(lane: LaneType): Reducer {
  return {
    input: lane,
    state: [{ type: lane, initial: 0 }],
    step: traceLanes([lane, lane, "i32"], (k, total, x) => k.add(total, x)),
    merge: traceLanes([lane, lane], (k, a, b) => k.add(a, b)),
    finish: traceLanes([lane], (_, total) => total),
  };
}

/** Axes ascending; they vanish from the shape. */
export const sumPrimitive: Primitive<readonly number[]> = {
  name: "sum",
  build: ([x], axes) => {
    const input = x;
    const shape = input.shape.filter((_, axis) => !axes.includes(axis));
    // Σ over axes of size 1 is x;  Σ 0 → 0, also of no element at all
    if (sizeOf(shape) === input.size) return windowNode(input, contiguousView(shape));
    if (input.size === 0 || Object.is(constantOf(input), 0)) return fullNode(input.dtype, shape, 0);
    const reducer = sumReducers[dtypes[input.dtype].lane];
    return reduceNode({ name: "sum", dtype: input.dtype, input, axes, reducer });
  },
  vjp: (g, [x], _, axes) => [expand(reshape(g, withOnes(shapeOf(x), axes)), shapeOf(x))],
};

export const sum = (x: Value, axes: readonly number[], tapeName?: string): Value =>
  apply(sumPrimitive, [x], axes, tapeName);

/** `shape` with 1 at `axes`: a reduction's result as it broadcasts against its input. */
export const withOnes = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((n, axis) => (axes.includes(axis) ? 1 : n));

// slice | place

export const slicePrimitive: Primitive<readonly Slice[]> = {
  name: "slice",
  build: ([x], slices) => reviewNode(x, sliceView(nodeView(x), slices)),
  vjp: (g, [x], _, slices) => {
    const window = sliceView(contiguousView(shapeOf(x)), slices);
    return [place(zerosLike(x), g, window)];
  },
};

export const slice = (x: Value, slices: readonly Slice[], tapeName?: string): Value =>
  apply(slicePrimitive, [x], slices, tapeName);

export const wholeSlice = (size: number): Slice => ({ start: 0, size, step: 1 });

/** Every axis in `axes` backwards. */
export function flip(x: Value, axes: readonly number[], tapeName?: string): Value {
  const slices = x.node.shape.map((size, axis) =>
    axes.includes(axis) ? { start: size - 1, size, step: -1 } : wholeSlice(size),
  );
  return slice(x, slices, tapeName);
}

/** Inputs (base, value): the window's elements of the base replaced. Strides are positive. */
export const placePrimitive: Primitive<View> = {
  name: "place",
  build: ([base, value], window) => placeNode(base, value, window),
  vjp: (g, [, value], _, view) => [place(g, zerosLike(value), view), window(g, view)],
};

/** `view` is a window on the base's row-major elements that names none of them twice. */
export function place(base: Value, value: Value, view: View, tapeName?: string): Value {
  const back = view.strides.flatMap((stride, axis) => (stride < 0 ? [axis] : []));
  if (back.length === 0) return apply(placePrimitive, [base, value], view, tapeName);
  const forwards = sliceView(
    view,
    view.shape.map((size, axis) =>
      back.includes(axis) ? { start: size - 1, size, step: -1 } : wholeSlice(size),
    ),
  );
  return apply(placePrimitive, [base, flip(value, back)], forwards, tapeName);
}

// window | its adjoint

export const windowPrimitive: Primitive<View> = {
  name: "asStrided",
  build: ([x], view) => windowNode(x, view),
  vjp: (g, [x], _, view) => [spill(g, view, shapeOf(x))],
};

/** Any window on x's own row-major elements. */
export const window = (x: Value, view: View, tapeName?: string): Value =>
  apply(windowPrimitive, [x], view, tapeName);

/** Each element of g added to where `view` found it in `shape`: elements seen twice get both. */
function spill(g: Value, view: View, shape: Shape): Value {
  const still = view.shape.flatMap((n, axis) => (view.strides[axis] === 0 && n > 1 ? [axis] : []));
  const moves = (_: number, axis: number): boolean => !still.includes(axis);
  const sums = sum(g, still);
  const distinct: View = {
    shape: view.shape.filter(moves),
    strides: view.strides.filter(moves),
    offset: view.offset,
  };
  const { dtype } = g.node;
  if (!mayOverlap(distinct)) return place(full(dtype, shape, 0), sums, distinct);
  const flat = full(dtype, [sizeOf(shape)], 0);
  const count = [sizeOf(distinct.shape)];
  const added = scatterAdd(flat, 0, reshape(positions(distinct), count), reshape(sums, count));
  return reshape(added, shape);
}

/** The element of the base that each element of the view is. */
function positions(view: View): Value {
  let total = full("int32", view.shape, view.offset);
  view.shape.forEach((size, axis) => {
    const along = view.shape.map((_, other) => (other === axis ? size : 1));
    const steps = mul(iota(size), view.strides[axis] as number);
    total = add(total, expand(reshape(steps, along), view.shape));
  });
  return total;
}

// Any other function of geometry (select, diagonal, unfold), given as such.

export type Geometry = (view: View) => View;

export const reviewPrimitive: Primitive<Geometry> = {
  name: "view",
  build: ([x], geometry) => reviewNode(x, geometry(nodeView(x))),
  vjp: (g, [x], _, geometry) => [spill(g, geometry(contiguousView(shapeOf(x))), shapeOf(x))],
};

/** What `geometry` makes of x's own window, whatever that is. */
export const review = (x: Value, geometry: Geometry, tapeName?: string): Value =>
  apply(reviewPrimitive, [x], geometry, tapeName);
