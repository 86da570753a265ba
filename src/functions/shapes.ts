// View functions on values: what geometry.ts says of windows, with a gradient. Where PyTorch copies
// (flip) the value is lazy all the same.

import { fail } from "../base/errors.ts";
import { normalizeAxis, type Shape, showShape } from "../base/shapes.ts";
import { contiguousView, type View } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import * as linear from "../ops/linear.ts";
import * as geometry from "./geometry.ts";

type Sizes = readonly number[];

const shapeOf = (x: Value): Shape => x.node.shape;
const rankOf = (x: Value): number => x.node.shape.length;

export function permute(x: Value, dims: Sizes): Value {
  const rank = rankOf(x);
  if (
    dims.length !== rank ||
    new Set(dims.map((dim) => normalizeAxis("permute", dim, rank))).size !== rank
  ) {
    fail("permute", `wants each of ${rank} dimensions once, got ${showShape(dims)}`);
  }
  return linear.permute(
    x,
    dims.map((dim) => normalizeAxis("permute", dim, rank)),
    "PermuteBackward0",
  );
}

/** The order of axes with two exchanged. */
function exchanged(rank: number, a: number, b: number): number[] {
  return Array.from({ length: rank }, (_, axis) => (axis === a ? b : axis === b ? a : axis));
}

export function transpose(x: Value, dim0: number, dim1: number): Value {
  const rank = rankOf(x);
  const [a, b] = [normalizeAxis("transpose", dim0, rank), normalizeAxis("transpose", dim1, rank)];
  return linear.permute(x, exchanged(rank, a, b), "TransposeBackward0");
}

export function t(x: Value): Value {
  const rank = rankOf(x);
  if (rank > 2) fail("t", `expects a tensor with <= 2 dimensions, but self is ${rank}D`);
  return linear.permute(x, rank < 2 ? exchanged(rank, 0, 0) : [1, 0], "TBackward0");
}

export const movedim = (x: Value, source: number | Sizes, destination: number | Sizes): Value =>
  linear.permute(x, geometry.movedAxes(rankOf(x), source, destination), "PermuteBackward0");

export const expand = (x: Value, sizes: Sizes): Value =>
  linear.expand(x, geometry.expandedShape("expand", shapeOf(x), sizes), "ExpandBackward0");

export const narrow = (x: Value, dim: number, start: number, length: number): Value =>
  linear.review(x, (view) => geometry.narrow(view, dim, start, length), "SliceBackward0");

export const select = (x: Value, dim: number, index: number): Value =>
  linear.review(x, (view) => geometry.select(view, dim, index), "SelectBackward0");

export const slice = (
  x: Value,
  dim: number,
  start: number | null = null,
  end: number | null = null,
  step = 1,
): Value =>
  linear.review(x, (view) => geometry.slice(view, dim, start, end, step), "SliceBackward0");

export function squeeze(x: Value, dim?: number | Sizes | null): Value {
  const tapeName = `SqueezeBackward${dim == null ? 0 : typeof dim === "number" ? 1 : 2}`;
  return linear.review(x, (view) => geometry.squeeze(view, dim), tapeName);
}

export const unsqueeze = (x: Value, dim: number): Value =>
  linear.review(x, (view) => geometry.unsqueeze(view, dim), "UnsqueezeBackward0");

export const reshape = (x: Value, sizes: Sizes): Value =>
  linear.reshape(x, geometry.inferredShape("reshape", x.node.size, sizes), "ViewBackward0");

export { reshape as view };

export const flatten = (x: Value, startDim = 0, endDim = -1): Value =>
  linear.reshape(x, geometry.flattenedShape(shapeOf(x), startDim, endDim), "ViewBackward0");

export const unflatten = (x: Value, dim: number, sizes: Sizes): Value =>
  linear.reshape(x, geometry.unflattenedShape(shapeOf(x), dim, sizes), "ViewBackward0");

/** The matrix transpose; PyTorch conjugates too, which real numbers do not show. */
export function adjoint(x: Value): Value {
  const rank = rankOf(x);
  if (rank < 2) geometry.adjoint(contiguousView(shapeOf(x)));
  return linear.permute(x, exchanged(rank, rank - 2, rank - 1), "TransposeBackward0");
}

export const atLeast = (x: Value, rank: 1 | 2 | 3): Value =>
  linear.review(
    x,
    (view) => geometry.atLeast(view, rank),
    rankOf(x) === 0 ? "ViewBackward0" : "UnsqueezeBackward0",
  );

export const ravel = (x: Value): Value => reshape(x, [-1]);

export const diagonal = (x: Value, offset = 0, dim1 = 0, dim2 = 1): Value =>
  linear.review(x, (view) => geometry.diagonal(view, offset, dim1, dim2), "DiagonalBackward0");

export const unfold = (x: Value, dimension: number, size: number, step: number): Value =>
  linear.review(x, (view) => geometry.unfold(view, dimension, size, step), "UnfoldBackward0");

/** Any window on x's own row-major elements. */
export const viewAs = (x: Value, window: View, tapeName: string): Value =>
  linear.window(x, window, tapeName);

export const asStrided = (x: Value, window: View): Value => viewAs(x, window, "AsStridedBackward0");

export function fliplr(x: Value): Value {
  if (rankOf(x) < 2) fail("fliplr", "Input must be >= 2-d.");
  return flip(x, [1]);
}

export function flipud(x: Value): Value {
  if (rankOf(x) < 1) fail("flipud", "Input must be >= 1-d.");
  return flip(x, [0]);
}

export const flip = (x: Value, dims: Sizes): Value =>
  linear.flip(x, geometry.flippedAxes(rankOf(x), dims), "FlipBackward0");
