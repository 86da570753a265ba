// x.index(…) and x.indexPut_(…): views by integers and slices, copies by tensors. A mask's number of
// elements is known to the data only, so reading by one gives a promise.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { isTensor } from "../base/parameters.ts";
import { Float, type Scalar, scalarValue } from "../base/scalars.ts";
import { broadcastShapes, sizeOf } from "../base/shapes.ts";
import { to } from "../functions/casts.ts";
import { where } from "../functions/comparison.ts";
import { full } from "../functions/creation.ts";
import { expand, reshape } from "../functions/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { read, upload } from "../realize.ts";
import { readIndexed, writeIndexed } from "./advanced-index.ts";
import { type Advanced, alias, basicIndex, type Index } from "./basic-index.ts";
import { inputVersions } from "./dispatch.ts";
import type { Handle } from "./handle.ts";
import { checkMayChange, overwrite } from "./in-place.ts";
import { copyInto, fillWith } from "./replace.ts";

export function indexed<T extends Handle>(x: T, given: readonly Index[]): T | Promise<T> {
  const { view, advanced } = basicIndex("index", x, given);
  if (advanced.length === 0) return view === x ? alias(x) : view;
  if (!advanced.some(isMask)) return readAt(view, advanced);
  return Promise.all(advanced.map(positionsOf)).then((found) => readAt(view, found.flat()));
}

function readAt<T extends Handle>(view: T, advanced: readonly Advanced[]): T {
  const value = readIndexed("index", view.value, advanced);
  if (value.edge) value.edge.entry.saved = inputVersions([view]);
  return view.fresh(value);
}

const isMask = ({ index }: Advanced): boolean => index.node.dtype === "bool";

/** A mask as the positions of its true elements, one index a dimension. */
async function positionsOf(one: Advanced): Promise<Advanced[]> {
  if (!isMask(one)) return [one];
  const { shape } = one.index.node;
  const mask = await read(one.index.node);
  const positions = truePositions(mask, shape);
  return positions.map((data, axis) => ({
    dim: one.dim + axis,
    index: constantValue(upload("int64", [data.length], data)),
    isChecked: true,
  }));
}

/** Multi-indices of the elements that are not 0, in order: one array a dimension. */
export function truePositions(data: ArrayLike<number>, shape: readonly number[]): Int32Array[] {
  const found: number[] = [];
  for (let at = 0; at < data.length; at++) if (data[at] !== 0) found.push(at);
  return shape.map((size, axis) => {
    const stride = sizeOf(shape.slice(axis + 1));
    return Int32Array.from(found, (at) => Math.floor(at / stride) % size);
  });
}

export async function nonzero<T extends Handle>(x: T): Promise<T> {
  const { shape } = x;
  const data = await read(x.value.node);
  const columns = truePositions(data, shape);
  const count = columns[0]?.length ?? (data[0] === 0 ? 0 : 1);
  const rows = new Int32Array(count * shape.length);
  columns.forEach((column, axis) => {
    column.forEach((at, row) => {
      rows[row * shape.length + axis] = at;
    });
  });
  return x.fresh(constantValue(upload("int64", [count, shape.length], rows)));
}

export async function maskedSelect<T extends Handle>(x: T, mask: T): Promise<T> {
  if (mask.dtype !== "bool") fail("maskedSelect", `mask must be a bool tensor, got ${mask.dtype}`);
  const shape = broadcastShapes("maskedSelect", x.shape, mask.shape);
  const positions = truePositions(await read(expand(mask.value, shape).node), shape);
  return x.fresh(selectedBy(expand(x.value, shape), positions));
}

function selectedBy(x: Value, positions: readonly Int32Array[]): Value {
  const advanced = positions.map((data, dim) => ({
    dim,
    index: constantValue(upload("int64", [data.length], data)),
    isChecked: true,
  }));
  return readIndexed("maskedSelect", x, advanced);
}

export function putIndexed<T extends Handle>(
  x: T,
  given: readonly Index[],
  value: Handle | Scalar,
  accumulates: boolean,
): T {
  const { view, advanced } = basicIndex("indexPut_", x, given);
  if (advanced.length === 0) {
    if (accumulates)
      fail("indexPut_", "accumulate needs an index that is a tensor; use add_ on x.index(…)");
    if (isTensor(value)) copyInto(view, value as Handle);
    else fillWith("fill_", view, value as Scalar);
    return x;
  }
  const handles = isTensor(value) ? [view, value as Handle] : [view];
  checkMayChange("indexPut", view, handles);
  const source = sourceOf(view, value);
  const result = advanced.some(isMask)
    ? maskedWrite(view.value, source, advanced, accumulates)
    : writeIndexed(view.value, source, advanced, accumulates);
  overwrite("indexPut", view, result, handles);
  return x;
}

function sourceOf({ dtype }: Handle, value: Handle | Scalar): Value {
  if (isTensor(value)) return to((value as Handle).value, dtype);
  const isNumber = ["number", "boolean"].includes(typeof value) || value instanceof Float;
  if (!isNumber) fail("indexPut_", `value must be a number or a tensor, got ${String(value)}`);
  return constantValue(full([], scalarValue(value as Scalar), dtype).node);
}

const masking: Composite<readonly number[]> = {
  name: "IndexPutBackward0",
  body: ([mask, x, value], shape) =>
    where(expand(mask as Value, shape), expand(value as Value, shape), x as Value),
};

/** One value for all of a mask's true elements: no count of them is needed. */
function maskedWrite(
  x: Value,
  value: Value,
  advanced: readonly Advanced[],
  accumulates: boolean,
): Value {
  const [one, ...others] = advanced;
  if (!one || others.length > 0 || accumulates || value.node.size !== 1) {
    fail(
      "indexPut_",
      "by a mask writes a single value. Otherwise take the mask's positions first: " +
        "const [i, j] = (await mask.nonzero()).unbind(1)",
    );
  }
  const { shape } = x.node;
  const behind = shape.slice(one.dim + one.index.node.shape.length);
  const mask = reshape(one.index, [...one.index.node.shape, ...behind.map(() => 1)]);
  return composite(masking, [mask, x, reshape(value, [])], shape);
}
