// Views that come several at a time: unbind, split, chunk. One entry of the Tape has all of them.

import { compositeOfMany } from "../../autograd/composite.ts";
import { fail } from "../../base/errors.ts";
import { normalizeAxis, showShape } from "../../base/shapes.ts";
import { contiguousView, type View } from "../../base/views.ts";
import * as geometry from "../../functions/geometry.ts";
import { viewAs } from "../../functions/shapes.ts";
import type { Value } from "../../graph/tape.ts";

export function unbindWindows(view: View, dim: number): readonly View[] {
  if (view.shape.length === 0)
    fail("unbind", "Dimension specified as 0 but tensor has no dimensions");
  const axis = normalizeAxis("unbind", dim, view.shape.length);
  return Array.from({ length: view.shape[axis] as number }, (_, i) =>
    geometry.select(view, axis, i),
  );
}

export function splitWindows(
  view: View,
  sizes: number | readonly number[],
  dim: number,
): readonly View[] {
  if (view.shape.length === 0) fail("split", "expects at least a 1-dimensional tensor");
  const axis = normalizeAxis("split", dim, view.shape.length);
  const whole = view.shape[axis] as number;
  const lengths = typeof sizes === "number" ? equalParts(sizes, whole) : checkedParts(sizes, whole);
  let start = 0;
  return lengths.map((length) => {
    const part = geometry.narrow(view, axis, start, length);
    start += length;
    return part;
  });
}

function equalParts(size: number, whole: number): readonly number[] {
  if (size < 0) fail("split", `expects splitSize be non-negative, but got splitSize=${size}`);
  if (size === 0 && whole > 0) {
    fail(
      "split",
      `splitSize can only be 0 if dimension size is 0, but got dimension size of ${whole}`,
    );
  }
  const count = Math.max(1, size === 0 ? 1 : Math.ceil(whole / size));
  return Array.from({ length: count }, (_, at) => Math.min(size, whole - at * size));
}

function checkedParts(sizes: readonly number[], whole: number): readonly number[] {
  const sum = sizes.reduce((total, size) => total + size, 0);
  if (sum !== whole || sizes.some((size) => size < 0)) {
    fail("split", `expects sizes that sum exactly to ${whole}, but got ${showShape(sizes)}`);
  }
  return sizes;
}

export function chunkWindows(view: View, chunks: number, dim: number): readonly View[] {
  if (chunks <= 0) fail("chunk", `expects chunks to be greater than 0, got: ${chunks}`);
  if (view.shape.length === 0) fail("chunk", "expects at least a 1-dimensional tensor");
  const axis = normalizeAxis("chunk", dim, view.shape.length);
  const size = Math.ceil((view.shape[axis] as number) / chunks);
  if (size > 0) return splitWindows(view, size, axis);
  return splitWindows(view, new Array<number>(chunks).fill(0), axis);
}

type Windows = readonly View[];

const body = ([x]: readonly Value[], windows: Windows): Value[] =>
  windows.map((window) => viewAs(x as Value, window, "SliceBackward0"));

const unbound = { name: "UnbindBackward0", body };
const divided = { name: "SplitBackward0", body };
const dividedBySizes = { name: "SplitWithSizesBackward0", body };

export const unbind = (x: Value, dim: number): readonly Value[] =>
  compositeOfMany(unbound, [x], unbindWindows(contiguousView(x.node.shape), dim));

export const split = (x: Value, sizes: number | readonly number[], dim: number): readonly Value[] =>
  compositeOfMany(
    typeof sizes === "number" ? divided : dividedBySizes,
    [x],
    splitWindows(contiguousView(x.node.shape), sizes, dim),
  );

export const chunk = (x: Value, chunks: number, dim: number): readonly Value[] =>
  compositeOfMany(divided, [x], chunkWindows(contiguousView(x.node.shape), chunks, dim));
