// Values from sizes and numbers: constants, ranges, random numbers, triangles.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape, sizeOf } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, reshape } from "../ops/linear.ts";
import * as random from "../ops/random.ts";
import * as source from "../ops/source.ts";

export type { Draw } from "../ops/random.ts";

export const full = (shape: Shape, value: number, dtype: DType): Value =>
  source.full(dtype, shape, value);

export const zeros = (shape: Shape, dtype: DType = "float32"): Value => full(shape, 0, dtype);
export const ones = (shape: Shape, dtype: DType = "float32"): Value => full(shape, 1, dtype);

/** start, start + step, … below end. */
export function arange(start: number, end: number, step: number, dtype: DType): Value {
  if (step === 0) fail("arange", "step must be nonzero");
  if (!Number.isFinite(start) || !Number.isFinite(end)) {
    fail("arange", `unsupported range: ${start} -> ${end}`);
  }
  if (step > 0 !== start <= end && start !== end) {
    fail("arange", "upper bound and lower bound inconsistent with step sign");
  }
  return progression(Math.ceil((end - start) / step), { start, step }, dtype);
}

/** start + i·step. Floats take one rounding more than i·step has, in float64. */
function progression(
  count: number,
  { start, step }: { start: number; step: number },
  dtype: DType,
): Value {
  const index = source.iota(count);
  if (!isFloat(dtype)) return ops.cast(ops.add(ops.mul(index, step), start), dtype);
  const exact = ops.cast(index, "float64");
  return ops.cast(ops.add(ops.mul(exact, step), start), dtype);
}

/** `steps` numbers from start to end, both included. */
export function linspace(first: number, last: number, steps: number, dtype: DType): Value {
  const [start, end] = isFloat(dtype) ? [first, last] : [Math.trunc(first), Math.trunc(last)];
  if (steps < 0) fail("linspace", `number of steps must be non-negative, got ${steps}`);
  if (steps === 1) return full([1], start, dtype);
  const step = (end - start) / (steps - 1);
  const index = ops.cast(source.iota(steps), "float64");
  // From the nearer end, so that both ends are met exactly.
  const low = ops.add(ops.mul(index, step), start);
  const high = ops.sub(end, ops.mul(ops.sub(steps - 1, index), step));
  return ops.cast(ops.where(ops.lt(index, steps / 2), low, high), dtype);
}

/** Column minus row, for the last two axes. */
function aboveDiagonal(rows: number, columns: number): Value {
  const column = expand(reshape(source.iota(columns), [1, columns]), [rows, columns]);
  const row = expand(reshape(source.iota(rows), [rows, 1]), [rows, columns]);
  return ops.sub(column, row);
}

export function eye(n: number, m: number = n, dtype: DType = "float32"): Value {
  if (n < 0 || m < 0) fail("eye", `n and m must be greater or equal to 0, got ${n} and ${m}`);
  return ops.cast(ops.eq(aboveDiagonal(n, m), 0), dtype);
}

interface Triangle {
  readonly isUpper: boolean;
  readonly diagonal: number;
}

const triangle = (name: string): Composite<Triangle> => ({
  name,
  body: ([x], { isUpper, diagonal }) => {
    const { shape } = x.node;
    const [rows, columns] = shape.slice(-2);
    const above = aboveDiagonal(rows, columns);
    const kept = isUpper ? ops.ge(above, diagonal) : ops.le(above, diagonal);
    return ops.where(expand(kept, shape), x, 0);
  },
});

const trilSpec = triangle("TrilBackward0");
const triuSpec = triangle("TriuBackward0");

function ofMatrix(op: string, spec: Composite<Triangle>, x: Value, attrs: Triangle): Value {
  if (x.node.shape.length < 2) {
    fail(op, `input tensor must have at least 2 dimensions, got ${showShape(x.node.shape)}`);
  }
  return composite(spec, [x], attrs);
}

/** The lower triangle, up to and with a diagonal. */
export const tril = (x: Value, diagonal = 0): Value =>
  ofMatrix("tril", trilSpec, x, { isUpper: false, diagonal });

export const triu = (x: Value, diagonal = 0): Value =>
  ofMatrix("triu", triuSpec, x, { isUpper: true, diagonal });

function floatOf(op: string, dtype: DType): "float32" | "float64" {
  if (dtype === "float32" || dtype === "float64") return dtype;
  fail(op, `wants a floating point dtype, got ${dtype}`);
}

/** Uniform on [0, 1). */
export const rand = (shape: Shape, dtype: DType, draw: random.Draw): Value =>
  reshape(random.rand(floatOf("rand", dtype), sizeOf(shape), draw), shape);

/** Standard normal. */
export const randn = (shape: Shape, dtype: DType, draw: random.Draw): Value =>
  reshape(random.randn(floatOf("randn", dtype), sizeOf(shape), draw), shape);

/** Integers from low on, below high. */
export function randint(
  low: number,
  high: number,
  shape: Shape,
  dtype: DType,
  draw: random.Draw,
): Value {
  if (!(low < high))
    fail(
      "randint",
      `random_ expects 'from' to be less than 'to', but got from=${low} >= to=${high}`,
    );
  const share = random.rand("float64", sizeOf(shape), draw);
  const whole = ops.add(ops.floor(ops.mul(share, high - low)), low);
  return reshape(ops.cast(whole, dtype), shape);
}

/** 1 with the probability that x's elements name, else 0. */
export function bernoulli(x: Value, draw: random.Draw): Value {
  const { dtype, shape } = x.node;
  const uniform = rand(shape, floatOf("bernoulli", dtype), draw);
  return ops.cast(ops.lt(uniform, { node: x.node, edge: null }), dtype);
}
