// What every primitive must do, one row each: how it is called, what it must give (in plain
// arithmetic), and from which numbers. The driver checks forward and gradients of order 1 and 2.

import type { DType } from "../src/base/dtypes.ts";
import { contiguousStrides, type Shape, sizeOf } from "../src/base/shapes.ts";
import type { Value } from "../src/graph/tape.ts";
import * as arithmetic from "../src/ops/arithmetic.ts";
import { beside } from "../src/ops/beside.ts";
import { contract } from "../src/ops/contract.ts";
import * as indexing from "../src/ops/indexing.ts";
import * as linear from "../src/ops/linear.ts";
import { type PointwiseName, type PrimitiveName, pointwiseOps } from "../src/ops/primitives.ts";
import * as reduce from "../src/ops/reduce.ts";
import * as scan from "../src/ops/scan.ts";
import * as selection from "../src/ops/selection.ts";
import { argsort } from "../src/ops/sort.ts";
import * as truths from "./truths.ts";

export interface Input {
  readonly shape: Shape;
  /** Floats are checked in float64 and float32. */
  readonly dtype?: DType;
  readonly from: number;
  readonly to: number;
  /** Kept instead of drawn numbers. */
  readonly data?: readonly number[];
}

export interface Case {
  readonly inputs: readonly Input[];
  readonly call: (...inputs: Value[]) => Value;
  /** The elements of the result, row-major, from those of the inputs. */
  readonly expected: (...inputs: (readonly number[])[]) => number[];
  /** Orders of derivatives that finite differences can check; by default 2. */
  readonly orders?: 0 | 1 | 2;
}

const shape = [3, 4];

type Scalars = (...inputs: number[]) => number;
type Range = readonly [number, number];

interface PointwiseCase {
  readonly scalar: Scalars;
  readonly ranges: readonly Range[];
  readonly dtype?: DType;
  readonly orders?: 0 | 1 | 2;
}

const wide: Range = [-3, 3];
const positive: Range = [0.3, 3];
const within: Range = [-0.9, 0.9];
const on = (scalar: Scalars, ...ranges: Range[]): PointwiseCase => ({ scalar, ranges });
/** No derivative, or 0 wherever there is one. */
const flat = (scalar: Scalars, ...ranges: Range[]): PointwiseCase => ({
  scalar,
  ranges,
  orders: 1,
});
const test = (scalar: (x: number, y: number) => boolean): PointwiseCase => ({
  scalar: (x, y) => Number(scalar(x, y)),
  ranges: [wide, wide],
  orders: 0,
});
const logic = (scalar: Scalars, count = 2): PointwiseCase => ({
  scalar: (...inputs) => scalar(...inputs) & 1,
  ranges: Array<Range>(count).fill([0, 2]),
  dtype: "bool",
  orders: 0,
});

/** Of integers by integers: inputs are cut to them. */
const shift = (scalar: Scalars): PointwiseCase => ({
  scalar,
  ranges: [
    [-100, 100],
    [0, 8],
  ],
  dtype: "int32",
  orders: 0,
});

const toEven = (x: number): number => {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
};
const floorRest = (x: number, y: number): number => x - Math.floor(x / y) * y;

const pointwiseCases: Record<PointwiseName, PointwiseCase> = {
  add: on((x, y) => x + y, wide, wide),
  sub: on((x, y) => x - y, wide, wide),
  mul: on((x, y) => x * y, wide, wide),
  div: on((x, y) => x / y, wide, positive),
  neg: on((x) => -x, wide),
  abs: on(Math.abs, wide),
  sign: flat(Math.sign, wide),
  sqrt: on(Math.sqrt, positive),
  floor: flat(Math.floor, wide),
  ceil: flat(Math.ceil, wide),
  trunc: flat(Math.trunc, wide),
  round: flat(toEven, wide),
  maximum: on(Math.max, wide, wide),
  minimum: on(Math.min, wide, wide),
  eq: test((x, y) => x === y),
  ne: test((x, y) => x !== y),
  lt: test((x, y) => x < y),
  le: test((x, y) => x <= y),
  gt: test((x, y) => x > y),
  ge: test((x, y) => x >= y),
  and: logic((x, y) => x & y),
  or: logic((x, y) => x | y),
  xor: logic((x, y) => x ^ y),
  not: logic((x) => ~x, 1),
  leftShift: shift((x, n) => x << n),
  rightShift: shift((x, n) => x >> n),
  relu: on((x) => Math.max(x, 0), wide),
  where: on((mask, x, y) => (mask ? x : y), [0, 2], wide, wide),
  floorDivide: flat((x, y) => Math.floor(x / y), wide, positive),
  truncDivide: flat((x, y) => Math.trunc(x / y), wide, positive),
  remainder: on(floorRest, wide, positive),
  fmod: on((x, y) => x % y, wide, positive),
  exp: on(Math.exp, wide),
  expm1: on(Math.expm1, wide),
  log: on(Math.log, positive),
  log2: on(Math.log2, positive),
  log1p: on(Math.log1p, positive),
  sin: on(Math.sin, wide),
  cos: on(Math.cos, wide),
  tanh: on(Math.tanh, wide),
  sigmoid: on(truths.sigmoid, wide),
  erf: on(truths.erf, wide),
  erfc: on(truths.erfc, wide),
  reciprocal: on((x) => 1 / x, positive),
  rsqrt: on((x) => 1 / Math.sqrt(x), positive),
  pow: on((x, y) => x ** y, positive, wide),
  asin: on(Math.asin, within),
  acos: on(Math.acos, within),
  atan: on(Math.atan, wide),
  sinh: on(Math.sinh, wide),
  cosh: on(Math.cosh, wide),
  asinh: on(Math.asinh, wide),
  acosh: on(Math.acosh, [1.2, 4]),
  atanh: on(Math.atanh, within),
  atan2: on(Math.atan2, wide, positive),
  hypot: on(Math.hypot, wide, positive),
  erfinv: on(truths.erfinv, within),
  logit: on(truths.logit, [0.1, 0.9]),
  sinc: on(truths.sinc, wide),
  xlogy: on((x, y) => x * Math.log(y), wide, positive),
  copysign: on((x, y) => Math.abs(x) * Math.sign(y), wide, wide),
  signbit: { scalar: (x) => Number(x < 0), ranges: [wide], orders: 0 },
  nextafter: on((x) => x, wide, wide),
  exponent: { scalar: truths.exponent, ranges: [wide], orders: 0 },
  mantissa: on((x) => x / 2 ** truths.exponent(x), positive),
  gcd: {
    scalar: truths.gcd,
    ranges: [
      [-90, 90],
      [0, 60],
    ],
    dtype: "int32",
    orders: 0,
  },
};

function caseOf(name: PointwiseName): Case {
  const { scalar, ranges, dtype, orders = 2 } = pointwiseCases[name];
  const inputs = ranges.map(([from, to], at): Input => {
    const own = name === "where" && at === 0 ? "bool" : dtype;
    return { shape, from, to, ...(own ? { dtype: own } : {}) };
  });
  return {
    inputs,
    call: (...values) => pointwiseOps[name](...values),
    expected: (...elements) =>
      elements[0].map((_, i) => scalar(...elements.map((list) => list[i]))),
    orders,
  };
}

/** The flat positions of a window, row-major. */
export function windowPositions(window: Shape, strides: readonly number[], offset = 0): number[] {
  const own = contiguousStrides(window);
  return Array.from({ length: sizeOf(window) }, (_, flat) =>
    window.reduce((at, n, axis) => at + (Math.floor(flat / own[axis]) % n) * strides[axis], offset),
  );
}

const numbers = (own: Shape): Input => ({ shape: own, from: -2, to: 2 });
const indices = (own: Shape, data: readonly number[]): Input => ({
  shape: own,
  dtype: "int64",
  from: 0,
  to: 1,
  data,
});

const viewCase = (
  call: (x: Value) => Value,
  positions: readonly number[],
  of: Shape = [3, 4],
): Case => ({
  inputs: [numbers(of)],
  call,
  expected: (x) => positions.map((at) => x[at]),
});

/** Reductions of [3, 4] along axis 1. */
const rowCase = (
  call: (x: Value, axes: readonly number[]) => Value,
  row: (elements: readonly number[]) => number,
  orders: 0 | 1 | 2 = 2,
): Case => ({
  inputs: [numbers([3, 4])],
  call: (x) => call(x, [1]),
  expected: (x) => [0, 4, 8].map((start) => row(x.slice(start, start + 4))),
  orders,
});

/** Scans of [3, 4] along axis 1: what the first elements of a row come to. */
const scanCase = (
  call: (x: Value, axis: number) => Value,
  prefix: (elements: readonly number[]) => number,
  orders: 0 | 1 | 2 = 2,
): Case => ({
  inputs: [numbers([3, 4])],
  call: (x) => call(x, 1),
  expected: (x) => x.map((_, i) => prefix(x.slice(i - (i % 4), i + 1))),
  orders,
});

const sumOf = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0);
const productOf = (list: readonly number[]): number => list.reduce((product, x) => product * x, 1);
const overlapping = { shape: [3, 3], strides: [2, 1], offset: 1 };
const hole = { shape: [2, 2], strides: [8, 3], offset: 0 };
const places = [2, 0, 1, 2, 2, 0, 0, 1];

const otherCases: Record<Exclude<PrimitiveName, PointwiseName>, Case> = {
  cast: {
    inputs: [numbers([3, 4])],
    call: (x) => arithmetic.cast(arithmetic.cast(x, "int32"), x.node.dtype),
    expected: (x) => x.map(Math.trunc),
    orders: 0,
  },
  contract: {
    inputs: [numbers([2, 3, 5]), numbers([2, 4, 5])],
    call: (a, b) => contract(a, b),
    expected: (a, b) =>
      Array.from({ length: 24 }, (_, i) => {
        const [n, row, column] = [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4];
        let sum = 0;
        for (let k = 0; k < 5; k++) sum += a[(n * 3 + row) * 5 + k] * b[(n * 4 + column) * 5 + k];
        return sum;
      }),
  },
  beside: {
    inputs: [numbers([3, 4]), numbers([3, 4])],
    call: beside,
    expected: (x) => [...x],
  },
  permute: viewCase((x) => linear.permute(x, [1, 0]), windowPositions([4, 3], [1, 4])),
  reshape: viewCase(
    (x) => linear.reshape(linear.permute(x, [1, 0]), [2, 6]),
    windowPositions([4, 3], [1, 4]),
  ),
  expand: viewCase(
    (x) => linear.expand(x, [2, 3, 4]),
    windowPositions([2, 3, 4], [0, 0, 1]),
    [1, 4],
  ),
  slice: viewCase(
    (x) =>
      linear.slice(x, [
        { start: 2, size: 3, step: -1 },
        { start: 1, size: 2, step: 2 },
      ]),
    windowPositions([3, 2], [-4, 2], 9),
  ),
  window: viewCase((x) => linear.window(x, overlapping), windowPositions([3, 3], [2, 1], 1)),
  review: viewCase(
    (x) =>
      linear.review(x, ({ strides, offset }) => ({
        shape: [3],
        strides: [strides[0] + strides[1]],
        offset,
      })),
    [0, 5, 10],
  ),
  sum: rowCase((x, axes) => linear.sum(x, axes), sumOf),
  amax: rowCase(
    (x, axes) => reduce.amax(x, axes),
    (row) => Math.max(...row),
  ),
  amin: rowCase(
    (x, axes) => reduce.amin(x, axes),
    (row) => Math.min(...row),
  ),
  argmax: rowCase(reduce.argmax, (row) => row.indexOf(Math.max(...row)), 0),
  argmin: rowCase(reduce.argmin, (row) => row.indexOf(Math.min(...row)), 0),
  prod: rowCase((x, axes) => reduce.prod(x, axes), productOf),
  cumsum: scanCase(scan.cumsum, sumOf),
  cumprod: scanCase(scan.cumprod, productOf),
  cummax: scanCase(scan.cummax, (row) => Math.max(...row)),
  cummin: scanCase(scan.cummin, (row) => Math.min(...row)),
  argcummax: scanCase(scan.argcummax, (row) => row.lastIndexOf(Math.max(...row)), 0),
  argcummin: scanCase(scan.argcummin, (row) => row.lastIndexOf(Math.min(...row)), 0),
  logcumsumexp: scanCase(scan.logcumsumexp, (row) => Math.log(sumOf(row.map(Math.exp)))),
  recurrence: {
    inputs: [numbers([3, 4]), numbers([3, 4])],
    call: (a, b) => scan.recurrence(a, b, 1, true),
    expected: (a, b) => {
      const out = b.slice();
      for (let i = b.length - 1; i >= 0; i--) if (i % 4 < 3) out[i] += a[i] * out[i + 1];
      return out;
    },
  },
  place: {
    inputs: [numbers([3, 4]), numbers([2, 2])],
    call: (base, value) => linear.place(base, value, hole),
    expected: (base, value) => {
      const out = base.slice();
      windowPositions(hole.shape, hole.strides).forEach((at, i) => {
        out[at] = value[i];
      });
      return out;
    },
  },
  gather: {
    inputs: [numbers([3, 4]), indices([2, 4], places)],
    call: (x, index) => indexing.gather(x, 0, index),
    expected: (x, index) => index.map((row, i) => x[row * 4 + (i % 4)]),
  },
  scatterAdd: {
    inputs: [numbers([3, 4]), indices([2, 4], places), numbers([2, 4])],
    call: (base, index, value) => indexing.scatterAdd(base, 0, index, value),
    expected: (base, index, value) => {
      const out = base.slice();
      index.forEach((row, i) => {
        out[row * 4 + (i % 4)] += value[i];
      });
      return out;
    },
  },
  scatter: {
    inputs: [numbers([3, 4]), indices([2, 4], [2, 0, 1, 2, 1, 1, 0, 0]), numbers([2, 4])],
    call: (base, index, value) => indexing.scatter(base, 0, index, value),
    expected: (base, index, value) => {
      const out = base.slice();
      index.forEach((row, i) => {
        out[row * 4 + (i % 4)] = value[i];
      });
      return out;
    },
  },
  scatterReduce: {
    inputs: [numbers([3, 4]), indices([2, 4], places), numbers([2, 4])],
    call: (base, index, value) =>
      indexing.scatterReduce(base, index, value, { axis: 0, reduce: "prod" }),
    expected: (base, index, value) => {
      const out = base.slice();
      index.forEach((row, i) => {
        out[row * 4 + (i % 4)] *= value[i];
      });
      return out;
    },
  },
  compact: {
    inputs: [
      numbers([6]),
      { shape: [6], dtype: "bool", from: 0, to: 1, data: [1, 0, 0, 1, 1, 0] },
      { shape: [2], dtype: "int32", from: 0, to: 1, data: [0, 3] },
    ],
    call: (x, mask, starts) => selection.compact(x, mask, starts, 3),
    expected: (x) => [x[0], x[3], x[4]],
  },
  argsort: {
    inputs: [{ ...numbers([4, 3]), data: [2, 0, -1, 2, NaN, 1, -3, -0, 1, 1, 0, Infinity] }],
    call: (x) => argsort(x, 0, true),
    expected: () => [0, 1, 3, 1, 0, 1, 3, 2, 2, 2, 3, 0],
    orders: 0,
  },
};

const pointwiseNames = Object.keys(pointwiseCases) as PointwiseName[];

export const cases = {
  ...(Object.fromEntries(pointwiseNames.map((name) => [name, caseOf(name)])) as Record<
    PointwiseName,
    Case
  >),
  ...otherCases,
} satisfies Record<PrimitiveName, Case>;
