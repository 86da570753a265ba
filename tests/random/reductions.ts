// Reductions, and what moves elements by index.

import {
  filledBy,
  type Item,
  isFloating,
  itemsOf,
  type Model,
  type ModelDType,
  made,
  rowMajor,
  sizeOf,
  stored,
  unitOf,
} from "./model.ts";

type Row = readonly Item[];
type Rule = (row: Row, dtype: ModelDType) => Item;

const unknown: Item = [0, Number.POSITIVE_INFINITY];
/** Compensated: the model's own rounding must not count, also for float64. */
function sumOf(numbers: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const number of numbers) {
    const next = sum + number;
    lost += Math.abs(sum) >= Math.abs(number) ? sum - next + number : number - next + sum;
    sum = next;
  }
  return Number.isFinite(lost) ? sum + lost : sum;
}

/** Whether any order of adding gives the same: small multiples of one power of 2. */
function isExactSum(row: Row, dtype: ModelDType): boolean {
  const total = sumOf(row.map(([x]) => Math.abs(x)));
  const most = dtype === "float32" ? 2 ** 14 : 2 ** 42;
  return total < most && row.every(([x, e]) => e === 0 && Number.isInteger(x * 2 ** 10));
}

function summed(row: Row, dtype: ModelDType): Item {
  const total = sumOf(row.map(([x]) => x));
  if (!isFloating(dtype)) return row.every(([, e]) => e === 0) ? [total, 0] : unknown;
  if (isExactSum(row, dtype)) return [total, 0];
  // A partial sum may overflow, in one order or another.
  const finite = row.reduce((sum, [x]) => sum + (Number.isFinite(x) ? Math.abs(x) : 0), 0);
  if (finite > (dtype === "float32" ? 3e38 : 1e308)) return unknown;
  if (!Number.isFinite(total)) return row.every(([, e]) => e === 0) ? [total, 0] : unknown;
  const sizes = sumOf(row.map(([x]) => Math.abs(x)));
  const roundings = 8 + 4 * Math.sqrt(row.length);
  return [total, sumOf(row.map(([, e]) => e)) + roundings * unitOf(dtype) * sizes];
}

function multiplied(row: Row, dtype: ModelDType): Item {
  const product = row.reduce((a, [x]) => a * x, 1);
  // A partial product may overflow, in one order or another.
  const largest = row.reduce((a, [x]) => a * Math.max(Math.abs(x), 1), 1);
  if (!(largest < 3e38)) return unknown;
  const widest = row.reduce((a, [x, e]) => a * (Math.abs(x) + e), 1);
  if (row.every(([x, e]) => e === 0 && Number.isInteger(x)) && Math.abs(product) < 2 ** 24) {
    return [product, 0];
  }
  if (!isFloating(dtype)) return unknown;
  return [product, widest - Math.abs(product) + 2 * row.length * unitOf(dtype) * widest + 1e-37];
}

function extreme(row: Row, isMax: boolean): Item {
  let value = isMax ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  let error = 0;
  for (const [x, e] of row) {
    value = isMax ? Math.max(value, x) : Math.min(value, x);
    error = Math.max(error, e);
  }
  return error > 0 && !Number.isFinite(value) ? unknown : [value, error];
}

/** The first place of the extreme one, unless bounds or NaN leave it open. */
function placeOf(row: Row, isMax: boolean): Item {
  const [value, error] = extreme(row, isMax);
  if (Number.isNaN(value)) return unknown;
  const at = row.findIndex(([x]) => x === value);
  const rivals = row.filter(([x, e], other) => other !== at && Math.abs(x - value) <= e + error);
  const isOpen = row.some(([, e]) => e > 0) && rivals.length > 0;
  return isOpen || at < 0 || error === Infinity ? unknown : [at, 0];
}

export const reductions = {
  sum: summed,
  mean: (row, dtype) => {
    if (row.length === 0) return [Number.NaN, 0];
    const [total, error] = summed(row, dtype);
    const mean = total / row.length;
    return [mean, error / row.length + 2 * unitOf(dtype) * Math.abs(mean)];
  },
  prod: multiplied,
  amax: (row) => extreme(row, true),
  amin: (row) => extreme(row, false),
  argmax: (row) => placeOf(row, true),
  argmin: (row) => placeOf(row, false),
  any: (row) => (row.some(([, e]) => e > 0) ? unknown : [Number(row.some(([x]) => x !== 0)), 0]),
  all: (row) => (row.some(([, e]) => e > 0) ? unknown : [Number(row.every(([x]) => x !== 0)), 0]),
} satisfies Record<string, Rule>;

export type ReductionName = keyof typeof reductions;

/** Reduces over `axes`; `dtype` is the result's, `within` what is added up in. */
export function reduced(
  rule: Rule,
  x: Model,
  axes: readonly number[],
  { keepdim, dtype, within }: { keepdim: boolean; dtype: ModelDType; within: ModelDType },
): Model {
  const { values, errors } = itemsOf(x);
  const strides = rowMajor(x.shape);
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const walk = (over: readonly number[]): number[] => {
    let starts = [0];
    for (const axis of over) {
      const steps = Array.from({ length: x.shape[axis] }, (_, i) => i * strides[axis]);
      starts = starts.flatMap((start) => steps.map((step) => start + step));
    }
    return starts;
  };
  const [outer, inner] = [walk(kept), walk([...axes].sort((a, b) => a - b))];
  const shape = keepdim
    ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : kept.map((axis) => x.shape[axis]);
  return filledBy(dtype, shape, (at) => {
    const start = outer[at];
    return rule(
      inner.map((step): Item => [values[start + step], errors[start + step]]),
      within,
    );
  });
}

/** out[i] = x[i with i[axis] = index[i]] */
export function gathered(x: Model, axis: number, index: Model): Model {
  const items = itemsOf(x);
  const positions = addressed(x.shape, axis, index);
  const { errors } = itemsOf(index);
  return filledBy(x.storage.dtype, index.shape, (at) => {
    return errors[at] > 0 ? unknown : [items.values[positions[at]], items.errors[positions[at]]];
  });
}

/** `x` with source[i] combined at [i with i[axis] = index[i]], in order. */
export function scattered(
  x: Model,
  axis: number,
  index: Model,
  source: Model,
  combine: (old: Item, add: Item) => Item,
): Model {
  const result = made(x.storage.dtype, x.shape);
  const { values, errors } = result.storage;
  const old = itemsOf(x);
  values.set(old.values);
  errors.set(old.errors);
  const sourceItems = itemsOf(source);
  const sourcePositions = addressed(source.shape, null, index);
  addressed(x.shape, axis, index).forEach((position, at) => {
    const from = sourcePositions[at];
    const add: Item = [sourceItems.values[from], sourceItems.errors[from]];
    const item = combine([values[position], errors[position]], add);
    [values[position], errors[position]] = stored(x.storage.dtype, item);
  });
  return result;
}

/** Row-major positions in `shape` that the elements of `index` stand at or, along `axis`, name. */
function addressed(shape: readonly number[], axis: number | null, index: Model): number[] {
  const strides = rowMajor(shape);
  const own = rowMajor(index.shape);
  const { values } = itemsOf(index);
  return Array.from({ length: sizeOf(index.shape) }, (_, at) => {
    let position = 0;
    for (let other = 0; other < shape.length; other++) {
      const digit = Math.floor(at / own[other]) % index.shape[other];
      position += strides[other] * (other === axis ? values[at] : digit);
    }
    return position;
  });
}
