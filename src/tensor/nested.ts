// Data given by the user (numbers, nested lists, typed arrays) as flat elements, and back.

import { describe } from "../base/binding-errors.ts";
import {
  type DType,
  dtypes,
  holds,
  isHalf,
  isInteger,
  isSmall,
  roundTo,
  type TypedArray,
  typedArray,
} from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { encodeHalves } from "../base/half-floats.ts";
import { Float } from "../base/scalars.ts";
import { type Shape, showShape, sizeOf } from "../base/shapes.ts";

type Item = number | boolean | bigint | Float;
type AnyTypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

export type TensorData = Item | AnyTypedArray | readonly TensorData[];
export type NestedList<T> = T | NestedList<T>[];

export interface Elements {
  readonly shape: Shape;
  readonly dtype: DType;
  /** As it lies in memory. */
  readonly data: TypedArray;
}

/** Flat elements of `data`, as `dtype` or what PyTorch would infer. */
export function elementsOf(op: string, data: TensorData, wanted?: DType | null): Elements {
  if (isTypedArray(data)) {
    const dtype = wanted ?? dtypeOfArray(data);
    return { shape: [data.length], dtype, data: converted(op, data, dtype) };
  }
  const shape = shapeOf(data);
  const items: Item[] = [];
  collect(op, data, shape, [], items);
  const dtype = wanted ?? inferred(data, items);
  return { shape, dtype, data: converted(op, items, dtype) };
}

const isTypedArray = (data: unknown): data is AnyTypedArray =>
  ArrayBuffer.isView(data) && !(data instanceof DataView);

/** By the array's class; an integer that no signed dtype of its width holds takes the next wider. */
const dtypesOfArrays: Readonly<Record<string, DType>> = {
  Float16Array: "float16",
  Float32Array: "float32",
  Float64Array: "float64",
  Int8Array: "int8",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
  Int16Array: "int16",
  Uint16Array: "int32",
  Int32Array: "int32",
  Uint32Array: "int64",
  BigInt64Array: "int64",
  BigUint64Array: "int64",
};

const dtypeOfArray = (data: AnyTypedArray): DType =>
  dtypesOfArrays[data[Symbol.toStringTag]] as DType;

/** Sizes as the first items tell them; `collect` checks all others. */
function shapeOf(data: TensorData): number[] {
  const shape: number[] = [];
  let level: unknown = data;
  while (Array.isArray(level) || isTypedArray(level)) {
    shape.push(level.length);
    level = level[0];
  }
  return shape;
}

function collect(op: string, data: TensorData, shape: Shape, place: number[], items: Item[]): void {
  const wanted = shape[place.length];
  if (wanted === undefined) {
    if (!isItem(data)) refuse(op, data, place);
    items.push(data);
    return;
  }
  if (!Array.isArray(data) && !isTypedArray(data)) {
    fail(op, `expected a list of length ${wanted} at ${showShape(place)}, got ${describe(data)}`);
  }
  if (data.length !== wanted) {
    fail(
      op,
      `expected sequence of length ${wanted} at dim ${place.length} (got ${data.length}), ` +
        `at ${showShape(place)}: rows must have one length`,
    );
  }
  for (let at = 0; at < wanted; at++) {
    place.push(at);
    collect(op, data[at] as TensorData, shape, place, items);
    place.pop();
  }
}

const isItem = (data: unknown): data is Item =>
  typeof data === "number" ||
  typeof data === "boolean" ||
  typeof data === "bigint" ||
  data instanceof Float;

function refuse(op: string, data: unknown, place: readonly number[]): never {
  const at = place.length > 0 ? ` at ${showShape(place)}` : "";
  if (Array.isArray(data)) {
    fail(op, `expected a number${at}, got a list of length ${data.length}: lists must nest evenly`);
  }
  fail(op, `wants numbers, nested lists of them, or a typed array; got ${typeof data}${at}`);
}

function inferred(data: TensorData, items: readonly Item[]): DType {
  if (items.length === 0) return "float32";
  const rows = Array.isArray(data) ? data : [];
  if (rows.length > 0 && rows.every(isTypedArray)) return dtypeOfArray(rows[0] as AnyTypedArray);
  let dtype: DType = "bool";
  for (const item of items) {
    if (typeof item === "boolean") continue;
    if (typeof item === "bigint" || (typeof item === "number" && Number.isInteger(item))) {
      dtype = "int64";
    } else {
      return "float32";
    }
  }
  return dtype;
}

/** A new array of `dtype`; integers are cut towards 0 and must fit. */
function converted(op: string, items: ArrayLike<Item>, dtype: DType): TypedArray {
  if (isHalf(dtype)) return encodeHalves(dtype, Float32Array.from(items, Number));
  const { bytes } = dtypes[dtype];
  const out = typedArray(dtype, new ArrayBuffer(items.length * bytes), 0, items.length);
  if (dtype === "bool") {
    for (let at = 0; at < items.length; at++) out[at] = Number(items[at]) === 0 ? 0 : 1;
  } else if (isInteger(dtype)) {
    const integer = isTypedArray(items) && isSmall(dtype) ? wrapped : checkedInteger;
    for (let at = 0; at < items.length; at++) out[at] = integer(op, items[at] as Item, dtype);
  } else if (isTypedArray(items) && !isBig(items)) {
    out.set(items);
  } else {
    for (let at = 0; at < items.length; at++) out[at] = Number(items[at]);
  }
  return out;
}

const isBig = (items: unknown): items is BigInt64Array | BigUint64Array =>
  items instanceof BigInt64Array || items instanceof BigUint64Array;

/** An array of another dtype is converted as a tensor of it would be. */
const wrapped = (_: string, item: Item, dtype: DType): number => roundTo(dtype, Number(item));

function checkedInteger(op: string, item: Item, dtype: DType): number {
  const value = Math.trunc(Number(item));
  if (holds(dtype, value)) return roundTo(dtype, value);
  if (isSmall(dtype)) fail(op, `value ${item} cannot be converted to ${dtype} without overflow`);
  fail(
    op,
    `${String(item)} does not fit ${dtype}, which holds integers from -2147483648 to 2147483647 ` +
      "here; use float64 for larger ones",
  );
}

/** Nested lists of row-major elements; of a 0-dimensional tensor the element itself. */
export function nestedList(
  data: TypedArray,
  shape: Shape,
  dtype: DType,
): NestedList<number | boolean> {
  const item = (at: number): number | boolean =>
    dtype === "bool" ? data[at] !== 0 : (data[at] as number);
  const nest = (axis: number, from: number): NestedList<number | boolean> => {
    if (axis === shape.length) return item(from);
    const stride = sizeOf(shape.slice(axis + 1));
    return Array.from({ length: shape[axis] as number }, (_, i) =>
      nest(axis + 1, from + i * stride),
    );
  };
  return nest(0, 0);
}
