// gridSample: elements of an image where a grid points, from -1 to 1 along each axis, the last axis
// first; and affineGrid, which makes such grids.
//
//   point ── to elements ── padding ── floor ── taps: Σ Π weight·image[place], 0 outside
//
// The gradient to the grid is that of the weights; floors have none.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape, sizeOf } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { beside } from "../ops/beside.ts";
import { gather } from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import { fullLike, iota } from "../ops/source.ts";
import { cubicWeights } from "./cubic.ts";
import { alongAxis } from "./index-operands.ts";
import { requireFloatInput } from "./pool-windows.ts";

export const sampleModes = ["bilinear", "nearest", "bicubic"] as const;
export const samplePaddings = ["zeros", "border", "reflection"] as const;

export interface SampleOptions {
  readonly mode: (typeof sampleModes)[number];
  readonly paddingMode: (typeof samplePaddings)[number];
  readonly alignCorners: boolean;
}

/** A place along one axis for each point, whole but a float, and its weight; null is 1. */
interface Tap {
  readonly place: Value;
  readonly weight: Value | null;
}

/** From [-1, 1] to elements: the corners are the first and the last one's centers, or their edges. */
const toElements = (point: Value, size: number, alignCorners: boolean): Value =>
  alignCorners
    ? ops.mul(ops.add(point, 1), (size - 1) / 2)
    : ops.mul(ops.sub(ops.mul(ops.add(point, 1), size), 1), 0.5);

/** On a limit no gradient passes, as in PyTorch. */
function clipped(x: Value, last: number): Value {
  const below = ops.le(x, 0);
  return ops.where(below, 0, ops.where(ops.ge(x, last), last, x));
}

/** Mirrored at the first and the last element, or at their edges, until it is between them. */
function reflected(x: Value, size: number, alignCorners: boolean): Value {
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? size - 1 : size;
  if (span === 0) return ops.mul(x, 0);
  const far = ops.sub(x, low);
  const distance = ops.where(ops.lt(far, 0), ops.neg(far), far);
  const turns = ops.floor(ops.div(distance, span));
  const rest = ops.sub(distance, ops.mul(turns, span));
  const half = ops.mul(turns, 0.5);
  const isForwards = ops.eq(ops.floor(half), half);
  return ops.where(isForwards, ops.add(rest, low), ops.sub(span + low, rest));
}

function kept(x: Value, size: number, { paddingMode, alignCorners }: SampleOptions): Value {
  if (paddingMode === "zeros") return x;
  const inside = paddingMode === "border" ? x : reflected(x, size, alignCorners);
  return clipped(inside, size - 1);
}

function tapsOf(point: Value, size: number, options: SampleOptions): readonly Tap[] {
  const free = toElements(point, size, options.alignCorners);
  if (options.mode === "bicubic") {
    const first = ops.floor(free);
    return cubicWeights(ops.sub(free, first)).map((weight, at) => ({
      place: kept(ops.add(first, at - 1), size, options),
      weight,
    }));
  }
  const x = kept(free, size, options);
  if (options.mode === "nearest") return [{ place: ops.round(x), weight: null }];
  const first = ops.floor(x);
  const share = ops.sub(x, first);
  return [
    { place: first, weight: ops.sub(1, share) },
    { place: ops.add(first, 1), weight: share },
  ];
}

/** All combinations of one tap an axis. */
function corners(axes: readonly (readonly Tap[])[]): readonly (readonly Tap[])[] {
  return axes.reduce<readonly (readonly Tap[])[]>(
    (found, taps) => found.flatMap((corner) => taps.map((tap) => [...corner, tap])),
    [[]],
  );
}

/** Whether a place is one of an axis' elements, and it, or 0. */
function inside(place: Value, size: number): { isInside: Value; index: Value } {
  const isInside = ops.and(ops.ge(place, 0), ops.le(place, size - 1));
  return { isInside, index: ops.cast(ops.where(isInside, place, 0), "int32") };
}

const specs = [2, 3].map(
  (rank): Composite<SampleOptions> => ({
    name: `GridSampler${rank}DBackward0`,
    body: ([x, grid], options) => {
      const [batch, channels, ...sizes] = x.node.shape;
      const points = grid.node.shape.slice(1, -1);
      const count = sizeOf(points);
      const flat = linear.reshape(x, [batch, channels, sizeOf(sizes)]);
      const axes = sizes.map((size, axis) =>
        tapsOf(coordinate(grid, rank - 1 - axis, [batch, count]), size, options),
      );
      const terms = corners(axes).map((taps) => cornerOf(flat, taps, sizes));
      const sum = terms.reduce((total, term) => ops.add(total, term));
      const result = linear.reshape(sum, [batch, channels, ...points]);
      // The nearest element's gradient to the grid is zeros.
      return options.mode === "nearest" ? beside(result, grid) : result;
    },
  }),
);

/** One of the grid's coordinates, [batch, count]. */
function coordinate(grid: Value, at: number, shape: Shape): Value {
  const slices = grid.node.shape.map(linear.wholeSlice);
  slices[slices.length - 1] = { start: at, size: 1, step: 1 };
  return linear.reshape(linear.slice(grid, slices), shape);
}

/** Σ of one corner: Π weight·x[place]. */
function cornerOf(flat: Value, taps: readonly Tap[], sizes: readonly number[]): Value {
  const [batch, channels] = flat.node.shape;
  const places = taps.map(({ place }, axis) => inside(place, sizes[axis]));
  const [batches, count] = taps[0].place.node.shape;
  const spread = (value: Value): Value =>
    linear.expand(linear.reshape(value, [batches, 1, count]), [batch, channels, count]);
  const index = places
    .map((place, axis) => ops.mul(place.index, sizeOf(sizes.slice(axis + 1))))
    .reduce((sum, part) => ops.add(sum, part));
  const isInside = places.map((place) => place.isInside).reduce((all, one) => ops.and(all, one));
  const picked = ops.where(spread(isInside), gather(flat, 2, spread(index)), 0);
  const weights = taps.flatMap(({ weight }) => (weight ? [weight] : []));
  if (weights.length === 0) return picked;
  return ops.mul(picked, spread(weights.reduce((product, weight) => ops.mul(product, weight))));
}

/** The elements of x, [N, C, ..sizes], where the grid, [N, ..points, rank], points. */
export function gridSample(x: Value, grid: Value, options: SampleOptions): Value {
  const { shape, dtype } = x.node;
  const rank = shape.length - 2;
  requireFloatInput("gridSample", x);
  if (grid.node.dtype !== dtype) {
    fail(
      "gridSample",
      `expected input and grid to have same dtype, but input has ${dtype} and grid has ` +
        grid.node.dtype,
    );
  }
  if ((rank !== 2 && rank !== 3) || grid.node.shape.length !== rank + 2) {
    fail(
      "gridSample",
      "expected 4D or 5D input and grid with same number of dimensions, but got input with sizes " +
        `${showShape(shape)} and grid with sizes ${showShape(grid.node.shape)}`,
    );
  }
  if (grid.node.shape[0] !== shape[0]) {
    fail(
      "gridSample",
      "expected grid and input to have same batch size, but got sizes " +
        `${showShape(shape)} and ${showShape(grid.node.shape)}`,
    );
  }
  if (grid.node.shape.at(-1) !== rank) {
    fail(
      "gridSample",
      `expected grid to have size ${rank} in last dimension, but got grid with sizes ` +
        showShape(grid.node.shape),
    );
  }
  if (shape.slice(2).includes(0)) {
    fail(
      "gridSample",
      "expected input to have non-empty spatial dimensions, but input has sizes " +
        showShape(shape),
    );
  }
  if (rank === 3 && options.mode === "bicubic") {
    fail("gridSample", "bicubic interpolation only supports 4D input");
  }
  return composite(specs[rank - 2], [x, grid], options);
}

// affineGrid

interface Affine {
  readonly size: Shape;
  readonly alignCorners: boolean;
}

const affineSpec: Composite<Affine> = {
  name: "AffineGridGeneratorBackward0",
  body: ([theta], { size: [batch, , ...points], alignCorners }) => {
    const rank = points.length;
    const whole = [batch, ...points, rank];
    const columns = Array.from({ length: rank + 1 }, (_, column) => {
      const slices = [batch, rank].map(linear.wholeSlice);
      const part = linear.slice(theta, [...slices, { start: column, size: 1, step: 1 }]);
      return linear.expand(linear.reshape(part, [batch, ...points.map(() => 1), rank]), whole);
    });
    // theta·(x, y, .., 1), where x runs along the last axis.
    return points.reduce<Value>((sum, size, axis) => {
      const base = evenly(theta, size, alignCorners);
      const along = alongAxis(base, whole, axis + 1);
      return ops.add(sum, ops.mul(columns[rank - 1 - axis], along));
    }, columns[rank]);
  },
};

/** From -1 to 1: the first and the last at the ends, or half a step inside. */
function evenly(like: Value, size: number, alignCorners: boolean): Value {
  const number = ops.cast(iota(size), like.node.dtype);
  if (size === 1) return fullLike(number, 0);
  const step = 2 / (alignCorners ? size - 1 : size);
  return ops.add(ops.mul(number, step), alignCorners ? -1 : step / 2 - 1);
}

/** The grid, for gridSample, of an affine map: theta is [N, 2, 3] or [N, 3, 4]. */
export function affineGrid(theta: Value, size: Shape, alignCorners: boolean): Value {
  requireFloatInput("affineGrid", theta);
  const rank = size.length - 2;
  const wanted = [size[0], rank, rank + 1];
  if ((rank !== 2 && rank !== 3) || wanted.some((n, axis) => n !== theta.node.shape[axis])) {
    fail(
      "affineGrid",
      `Expected a batch of affine matrices of shape Nx2x3 for size NxCxHxW or Nx3x4 for size ` +
        `NxCxDxHxW, got ${showShape(theta.node.shape)} for ${showShape(size)}`,
    );
  }
  if (size.some((n) => n <= 0)) {
    fail("affineGrid", `Expected non-zero, positive output size. Got ${showShape(size)}`);
  }
  return composite(affineSpec, [theta], { size, alignCorners });
}
