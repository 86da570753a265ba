// An eager tensor in plain loops, with PyTorch's storages, views and promotion: the oracle of random
// programs. It shares no code with the library. Each element carries a bound of how far a correct
// result may lie from it: 0 where every step is exactly rounded, Infinity where nothing is promised.

export type ModelDType = "float32" | "float64" | "int32" | "int64" | "bool";

export interface ModelStorage {
  readonly dtype: ModelDType;
  readonly values: Float64Array;
  readonly errors: Float64Array;
}

export interface Layout {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

export interface Model extends Layout {
  readonly storage: ModelStorage;
}

/** An element with its bound. */
export type Item = readonly [value: number, error: number];

const categories = { bool: 0, int32: 1, int64: 1, float32: 2, float64: 2 } as const;
const ranks = { bool: 0, int32: 1, int64: 2, float32: 1, float64: 2 } as const;

export const categoryOf = (dtype: ModelDType): number => categories[dtype];
export const isFloating = (dtype: ModelDType): boolean => categories[dtype] === 2;

/** Half a unit in the last place, relative. */
export const unitOf = (dtype: ModelDType): number => (dtype === "float32" ? 2 ** -24 : 2 ** -53);

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= Math.max(shape[axis], 1);
  }
  return strides;
}

export function promoted(a: ModelDType, b: ModelDType): ModelDType {
  if (categories[a] !== categories[b]) return categories[a] > categories[b] ? a : b;
  return ranks[a] > ranks[b] ? a : b;
}

/** Of two tensors: the one of rank 0 counts only by its category. */
export function resultDType(a: Model, b: Model): ModelDType {
  const [x, y] = [a.storage.dtype, b.storage.dtype];
  const lead = Math.sign(a.shape.length) - Math.sign(b.shape.length);
  if (lead === 0) return promoted(x, y);
  const [high, low] = lead > 0 ? [x, y] : [y, x];
  return categories[low] > categories[high] ? low : high;
}

/** A number as `dtype` holds it, and what its rounding adds to the bound. */
export function stored(dtype: ModelDType, [value, error]: Item): Item {
  if (dtype === "float64") return widened(value, value, error, dtype);
  if (dtype === "float32") return widened(Math.fround(value), value, error, dtype);
  if (error > 0) return [0, Number.POSITIVE_INFINITY];
  if (dtype === "bool") return [value === 0 ? 0 : 1, 0];
  const whole = Math.trunc(value);
  const fits = Math.abs(whole) < 2 ** 31;
  return fits ? [whole, 0] : [0, Number.POSITIVE_INFINITY];
}

/** Rounding an exact result is exact; any other may have rounded to a neighbour. */
function widened(rounded: number, value: number, error: number, dtype: ModelDType): Item {
  if (error === 0) return [rounded, 0];
  const bound = error + 2 * unitOf(dtype) * Math.abs(value) + (dtype === "float32" ? 1e-44 : 0);
  const most = dtype === "float32" ? 3.3e38 : 1.7e308;
  const isKnown = Math.abs(value) + bound < most;
  return isKnown ? [rounded, bound] : [rounded, Number.POSITIVE_INFINITY];
}

export function made(dtype: ModelDType, shape: readonly number[]): Model {
  const size = sizeOf(shape);
  const storage = { dtype, values: new Float64Array(size), errors: new Float64Array(size) };
  return { storage, shape, strides: rowMajor(shape), offset: 0 };
}

export function filledBy(
  dtype: ModelDType,
  shape: readonly number[],
  item: (at: number) => Item,
): Model {
  const result = made(dtype, shape);
  const { values, errors } = result.storage;
  for (let at = 0; at < values.length; at++) [values[at], errors[at]] = stored(dtype, item(at));
  return result;
}

/** Where each element lies in its storage, in row-major order. */
export function positionsOf({ shape, strides, offset }: Layout): Int32Array {
  const positions = new Int32Array(sizeOf(shape));
  const index = new Array<number>(shape.length).fill(0);
  let position = offset;
  for (let at = 0; at < positions.length; at++) {
    positions[at] = position;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis];
      if (++index[axis] < shape[axis]) break;
      position -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return positions;
}

/** The elements of a tensor in row-major order. */
export function itemsOf(x: Model): { values: Float64Array; errors: Float64Array } {
  const positions = positionsOf(x);
  const { values, errors } = x.storage;
  const items = {
    values: new Float64Array(positions.length),
    errors: new Float64Array(positions.length),
  };
  for (let at = 0; at < positions.length; at++) {
    items.values[at] = values[positions[at]];
    items.errors[at] = errors[positions[at]];
  }
  return items;
}

/** Writes through the window: every alias sees it. */
export function write(target: Model, source: Model): void {
  const { values, errors } = itemsOf(source);
  const { storage } = target;
  positionsOf(target).forEach((position, at) => {
    const item = stored(storage.dtype, [values[at], errors[at]]);
    [storage.values[position], storage.errors[position]] = item;
  });
}

const overlapping = new WeakMap<Model, boolean>();

/** Whether two indices name the same element. */
export function isOverlapping(x: Model): boolean {
  let known = overlapping.get(x);
  if (known === undefined) {
    const isPlain = String(x.strides) === String(rowMajor(x.shape));
    known = !isPlain && new Set(positionsOf(x)).size < sizeOf(x.shape);
    overlapping.set(x, known);
  }
  return known;
}

/** The shape both broadcast to, or null. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) return null;
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

export function expanded(x: Model, shape: readonly number[]): Model {
  const lead = shape.length - x.shape.length;
  const strides = shape.map((size, axis) => {
    if (axis < lead) return 0;
    return x.shape[axis - lead] === size ? x.strides[axis - lead] : 0;
  });
  return { ...x, shape, strides };
}

export function contiguous(x: Model): Model {
  const { values, errors } = itemsOf(x);
  return filledBy(x.storage.dtype, x.shape, (at) => [values[at], errors[at]]);
}

export const cast = (x: Model, dtype: ModelDType): Model => {
  const { values, errors } = itemsOf(x);
  return filledBy(dtype, x.shape, (at) => {
    const [value, error] = [values[at], errors[at]];
    const isLost = !isFloating(dtype) && dtype !== "bool" && !Number.isFinite(value);
    return isLost ? [0, Number.POSITIVE_INFINITY] : [value, error];
  });
};

/**
 * The strides with which `shape` walks the same elements, or null where only a copy can: axes that run
 * on into each other form blocks, and each block must be cut by the new sizes alone.
 */
export function reshaped(x: Layout, shape: readonly number[]): Layout | null {
  if (sizeOf(shape) === 0) return { shape, strides: rowMajor(shape), offset: x.offset };
  const blocks: { size: number; stride: number }[] = [];
  x.shape.forEach((size, axis) => {
    if (size === 1) return;
    const last = blocks.at(-1);
    if (last && last.stride === size * x.strides[axis]) {
      last.size *= size;
      last.stride = x.strides[axis];
    } else blocks.push({ size, stride: x.strides[axis] });
  });
  const strides = new Array<number>(shape.length);
  let block = blocks.pop() ?? { size: 1, stride: 1 };
  let inside = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && inside === block.size) {
      const next = blocks.pop();
      if (!next) return null;
      [block, inside] = [next, 1];
    }
    strides[axis] = block.stride * inside;
    inside *= shape[axis];
    if (block.size % inside !== 0) return null;
  }
  return { shape, strides, offset: x.offset };
}
