// Records of views that come several at a time. One entry of the Tape has all parts of unbind, split
// and chunk; those of tensorSplit and its like are so many slices.

import { compositeOfMany } from "../../autograd/composite.ts";
import { fail } from "../../base/errors.ts";
import { int, ints, shape, tensor } from "../../base/parameters.ts";
import { normalizeAxis, showShape } from "../../base/shapes.ts";
import { contiguousView, type View } from "../../base/views.ts";
import * as geometry from "../../functions/geometry.ts";
import { viewAs } from "../../functions/shapes.ts";
import type { Value } from "../../graph/tape.ts";
import { afterReading, apart, family, op, viewOn } from "./record.ts";

const x = tensor("input");
const firstDim = int("dim", 0);

function unbindWindows(view: View, dim: number): readonly View[] {
  if (view.shape.length === 0)
    fail("unbind", "Dimension specified as 0 but tensor has no dimensions");
  const axis = normalizeAxis("unbind", dim, view.shape.length);
  return Array.from({ length: view.shape[axis] as number }, (_, i) =>
    geometry.select(view, axis, i),
  );
}

function splitWindows(view: View, sizes: number | readonly number[], dim: number): readonly View[] {
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

function chunkWindows(view: View, chunks: number, dim: number): readonly View[] {
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

const unbind = (x: Value, dim: number): readonly Value[] =>
  compositeOfMany(unbound, [x], unbindWindows(contiguousView(x.node.shape), dim));

const split = (x: Value, sizes: number | readonly number[], dim: number): readonly Value[] =>
  compositeOfMany(
    typeof sizes === "number" ? divided : dividedBySizes,
    [x],
    splitWindows(contiguousView(x.node.shape), sizes, dim),
  );

const chunk = (x: Value, chunks: number, dim: number): readonly Value[] =>
  compositeOfMany(divided, [x], chunkWindows(contiguousView(x.node.shape), chunks, dim));

// tensorSplit and its like

/** As Python slices between the indices, or `sections` parts, the first ones larger by one. */
function tensorSplitWindows(
  view: View,
  sections: number | readonly number[],
  dim: number,
  op = "tensorSplit",
): readonly View[] {
  if (view.shape.length === 0) {
    fail(op, "expected at least a 1-dimensional tensor, but got a tensor with 0 dims");
  }
  const axis = normalizeAxis(op, dim, view.shape.length);
  const size = view.shape[axis] as number;
  const ends = typeof sections === "number" ? sectionEnds(op, sections, size) : sections;
  return [...ends, size].map((end, at) =>
    geometry.slice(view, axis, at === 0 ? 0 : (ends[at - 1] as number), end),
  );
}

function sectionEnds(op: string, sections: number, size: number): number[] {
  if (sections <= 0) fail(op, `number of sections must be larger than 0, got ${sections}`);
  const [least, more] = [Math.floor(size / sections), size % sections];
  return Array.from({ length: sections - 1 }, (_, at) => (at + 1) * least + Math.min(at + 1, more));
}

type SplitWindows = (view: View, sections: number | readonly number[]) => readonly View[];

/** tensorSplit along an axis that the name tells; so many sections must be equal. */
const splitAlong =
  (op: string, least: number, dimOf: (rank: number) => number): SplitWindows =>
  (view, sections) => {
    const rank = view.shape.length;
    if (rank < least) {
      fail(
        op,
        `requires a tensor with at least ${least} dimension, but got a tensor with ${rank} dimensions!`,
      );
    }
    const dim = dimOf(rank);
    const size = view.shape[dim] as number;
    if (typeof sections === "number" && (sections === 0 || size % sections !== 0)) {
      fail(
        op,
        `attempted to split along dimension ${dim}, but the size of the dimension ${size} is not ` +
          `divisible by the split_size ${sections}!`,
      );
    }
    return tensorSplitWindows(view, sections, dim, op);
  };

const hsplitWindows = splitAlong("hsplit", 1, (rank) => (rank === 1 ? 0 : 1));
const vsplitWindows = splitAlong("vsplit", 2, () => 0);
const dsplitWindows = splitAlong("dsplit", 3, () => 2);

/** Each window a slice with an entry of its own. */
const slices = (x: Value, windows: Windows): readonly Value[] =>
  windows.map((window) => viewAs(x, window, "SliceBackward0"));

function along(windowsOf: SplitWindows) {
  const run = (x: Value, sections: number | readonly number[]): readonly Value[] =>
    slices(x, windowsOf(contiguousView(x.node.shape), sections));
  return op(
    apart(viewOn([x, int("sections")], windowsOf, run)),
    apart(viewOn([x, shape("indices")], windowsOf, run)),
  );
}

const tensorSplit = apart(
  viewOn(
    [x, ints("indicesOrSections"), firstDim],
    (view, sections, dim) => tensorSplitWindows(view, sections, dim),
    (x, sections, dim) =>
      slices(x, tensorSplitWindows(contiguousView(x.node.shape), sections, dim)),
  ),
);

export const splits = family({
  unbind: op(viewOn([x, firstDim], unbindWindows, unbind)),
  split: op(viewOn([x, ints("splitSize"), firstDim], splitWindows, split)),
  splitWithSizes: op(viewOn([x, shape("splitSizes"), firstDim], splitWindows, split)),
  chunk: op(viewOn([x, int("chunks"), firstDim], chunkWindows, chunk)),
  tensorSplit: op(
    tensorSplit,
    afterReading([x, tensor("indicesOrSections"), firstDim], 1, tensorSplit),
  ),
  hsplit: along(hsplitWindows),
  vsplit: along(vsplitWindows),
  dsplit: along(dsplitWindows),
});
