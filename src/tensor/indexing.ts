// x.index(…) and x.indexPut_(…): views by integers and slices, copies by tensors. A mask's number of
// elements is known to the data only, so reading by one gives a promise.

import { describe } from "../base/binding-errors.ts";
import { fail } from "../base/errors.ts";
import { isTensor } from "../base/parameters.ts";
import { Float, type Scalar, scalarValue } from "../base/scalars.ts";
import type { Shape } from "../base/shapes.ts";
import { to } from "../functions/casts.ts";
import { full } from "../functions/creation.ts";
import { type Chosen, chosenPositions, indexedByMask, writeWhere } from "../functions/selection.ts";
import { reshape } from "../functions/shapes.ts";
import { constantValue, isRecording, type Value, withRecording } from "../graph/tape.ts";
import { readIndexed, requireBroadcast, writeIndexed } from "./advanced-index.ts";
import { type Advanced, alias, basicIndex, type Index, type Indexed } from "./basic-index.ts";
import { choose } from "./chosen.ts";
import { call, inputVersions } from "./dispatch.ts";
import type { Handle } from "./handle.ts";
import { checkMayChange, overwrite } from "./in-place.ts";
import { views } from "./records/shapes.ts";
import { copyInto, fillWith } from "./replace.ts";

export function indexed<T extends Handle>(x: T, given: readonly Index[]): T | Promise<T> {
  const { view, advanced } = basicIndex("index", x, given);
  if (advanced.length === 0) return view === x ? alias(x) : view;
  if (advanced.some(isMask)) return readByMasks(view, advanced);
  return fresh(view, [view], readIndexed("index", view.value, advanced));
}

function fresh<T extends Handle>(maker: T, inputs: readonly Handle[], value: Value): T {
  if (value.edge) value.edge.entry.saved = inputVersions(inputs);
  return maker.fresh(value);
}

const isMask = ({ index }: Advanced): boolean => index.node.dtype === "bool";

/** Reads what `view` shows now, as soon as the masks are counted. */
async function readByMasks<T extends Handle>(view: T, advanced: readonly Advanced[]): Promise<T> {
  const isOn = isRecording();
  const { value, shape } = view;
  const saved = inputVersions([view]);
  const counted = await Promise.all(
    advanced.map((one) => (isMask(one) ? choose(one.index) : null)),
  );
  const [only] = counted;
  const isWhole = advanced.length === 1 && advanced[0]?.index.node.shape.length === shape.length;
  const result = withRecording(isOn, () =>
    only && isWhole
      ? indexedByMask(value, only)
      : readIndexed("index", value, positionsOf(advanced, counted)),
  );
  if (result.edge) result.edge.entry.saved = saved;
  return view.fresh(result);
}

/** Masks as the positions of their true elements, one index a dimension. */
function positionsOf(
  advanced: readonly Advanced[],
  counted: readonly (Chosen | null)[],
): Advanced[] {
  return advanced.flatMap((one, at) => {
    const chosen = counted[at];
    if (!chosen) return [one];
    const { shape } = one.index.node;
    return chosenPositions(chosen, shape).map((index, axis) => ({
      dim: one.dim + axis,
      index,
      isChecked: true,
    }));
  });
}

/** Replaces the indexed elements of x, or adds to them. */
export function putIndexed<T extends Handle>(
  x: T,
  given: readonly Index[],
  value: Handle | Scalar,
  accumulates: boolean,
): T {
  const found = basicIndex("indexPut_", x, given);
  const { view, advanced } = found;
  if (advanced.length > 0) {
    const handles = isTensor(value) ? [view, value as Handle] : [view];
    checkMayChange("indexPut", view, handles);
    overwrite("indexPut", view, written(found, value, accumulates), handles);
    return x;
  }
  if (accumulates) {
    fail("indexPut_", "accumulate needs an index that is a tensor; use add_ on x.index(…)");
  }
  if (isTensor(value)) copyInto(view, fitting(value as Handle, view.shape.length));
  else fillWith("fill_", view, value as Scalar);
  return x;
}

/** As putIndexed, on a copy. */
export function withIndexed<T extends Handle>(
  x: T,
  given: readonly Index[],
  value: Handle | Scalar,
  accumulates: boolean,
): T | null {
  const found = basicIndex("indexPut", x, given);
  if (found.view !== x || found.advanced.length === 0) return null;
  const inputs = isTensor(value) ? [x, value as Handle] : [x];
  return fresh(x, inputs, written(found, value, accumulates));
}

function written(
  { view, advanced }: Indexed<Handle>,
  value: Handle | Scalar,
  accumulates: boolean,
): Value {
  const [one, ...others] = advanced;
  if (!one || !advanced.some(isMask)) {
    return writeIndexed(view.value, sourceOf(view, value, false), advanced, accumulates);
  }
  if (others.length > 0) {
    fail(
      "indexPut_",
      "a mask among other indices must be given as positions: " +
        "const [i, j] = await mask.nonzero({ asTuple: true })",
    );
  }
  const isSingle = !isTensor(value) || (value as Handle).value.node.size === 1;
  const source = sourceOf(view, value, isSingle && !accumulates);
  const rank = one.index.node.shape.length;
  const [before, behind] = [view.shape.slice(0, one.dim), view.shape.slice(one.dim + rank)];
  const count = source.node.shape.at(-behind.length - 1) ?? 1;
  requireBroadcast(source.node.shape, [...before, count, ...behind]);
  return writeWhere(view.value, one.index, source, {
    axis: one.dim,
    rank,
    accumulate: accumulates,
  });
}

/** How many first dimensions have one element only and are more than wanted. */
function leadingOnes(shape: Shape, rank: number): number {
  const extra = Math.max(0, shape.length - rank);
  const ones = shape.findIndex((n) => n !== 1);
  return Math.min(extra, ones < 0 ? shape.length : ones);
}

const fitting = (x: Handle, rank: number): Handle => {
  const ones = leadingOnes(x.shape, rank);
  return ones === 0 ? x : (call(views.reshape, x, [x.shape.slice(ones)]) as Handle);
};

const withoutLeadingOnes = (x: Value, rank: number): Value =>
  reshape(x, x.node.shape.slice(leadingOnes(x.node.shape, rank)));

/** The value as one of the view's dtype; only a fill by a mask converts it. */
function sourceOf({ dtype, shape }: Handle, value: Handle | Scalar, converts: boolean): Value {
  if (isTensor(value)) {
    const source = value as Handle;
    if (!converts && source.dtype !== dtype) {
      fail(
        "indexPut_",
        `Index put requires the source and destination dtypes match, got ${dtype} for the ` +
          `destination and ${source.dtype} for the source. Cast it: values.to("${dtype}")`,
      );
    }
    return withoutLeadingOnes(to(source.value, dtype), shape.length);
  }
  const isNumber = ["number", "boolean"].includes(typeof value) || value instanceof Float;
  if (!isNumber) fail("indexPut_", `value must be a number or a tensor, got ${describe(value)}`);
  return constantValue(full([], scalarValue(value as Scalar), dtype).node);
}
