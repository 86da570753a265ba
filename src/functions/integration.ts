// Integrals along an axis by the trapezoidal rule, and differences of neighbours. As PyTorch's these are
// sequences of public functions, each with its own entry on the Tape.

import { type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { Float, type Scalar, scalarValue } from "../base/scalars.ts";
import { normalizeAxis, type Shape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { xor } from "../ops/arithmetic.ts";
import { full } from "../ops/source.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { clone, to } from "./casts.ts";
import { cat } from "./joins.ts";
import { sum } from "./reductions.ts";
import { cumsum } from "./scans.ts";
import { narrow, reshape, select } from "./shapes.ts";

const lengthOf = (x: Value, axis: number): number => x.node.shape[axis] ?? 1;

/** All but the last element along an axis, and all but the first. */
function neighbours(x: Value, axis: number): readonly [Value, Value] {
  const count = Math.max(lengthOf(x, axis) - 1, 0);
  const start = Math.min(1, lengthOf(x, axis));
  return [narrow(x, axis, 0, count), narrow(x, axis, start, count)];
}

function differences(x: Value, axis: number): Value {
  const [left, right] = neighbours(x, axis);
  return x.node.dtype === "bool" ? xor(right, left) : sub(right, left);
}

/** Differences of neighbours, `n` times over; what is beside x is joined to it first. */
export function diff(
  x: Value,
  n = 1,
  dim = -1,
  prepend: Value | null = null,
  append: Value | null = null,
): Value {
  const { length } = x.node.shape;
  if (length === 0) fail("diff", "diff expects input to be at least one-dimensional");
  const axis = normalizeAxis("diff", dim, length);
  for (const beside of [prepend, append]) if (beside) requireBeside(x, beside, axis);
  if (n < 0) fail("diff", `order must be non-negative but got ${n}`);
  if (n === 0) return clone(x);
  const parts = [prepend, x, append].filter((part) => part !== null);
  let out = parts.length > 1 ? cat(parts, axis) : x;
  const times = Math.min(n, lengthOf(out, axis));
  for (let time = 0; time < times; time++) out = differences(out, axis);
  return out;
}

function requireBeside(x: Value, beside: Value, axis: number): void {
  const [own, other] = [x.node.shape, beside.node.shape];
  if (own.length !== other.length) {
    fail("diff", "diff expects prepend or append to be the same dimension as input");
  }
  if (own.every((n, at) => at === axis || n === other[at])) return;
  fail("diff", "diff expects the shape of tensor to prepend or append to match that of input");
}

// The trapezoidal rule

function requireSamples(op: string, y: Value, x: Value | null): void {
  if (y.node.dtype !== "bool" && x?.node.dtype !== "bool") return;
  fail(op, `received a bool input for ${x ? "`x` or " : ""}\`y\`, but bool is not supported`);
}

function axisOf(op: string, y: Value, dim: number): number {
  const { length } = y.node.shape;
  if (length > 0) return normalizeAxis(op, dim, length);
  fail(op, `Dimension specified as ${dim} but tensor has no dimensions`);
}

/** Steps between the points, of y's rank. */
function stepsOf(op: string, y: Value, x: Value, axis: number): Value {
  const { shape } = x.node;
  const rank = y.node.shape.length;
  if (shape.length === 1 && shape[0] !== lengthOf(y, axis)) {
    fail(op, "There must be one `x` value for each sample point");
  }
  const padded: Shape =
    shape.length === 1
      ? y.node.shape.map((_, at) => (at === axis ? shape[0] : 1))
      : [...new Array<number>(Math.max(rank - shape.length, 0)).fill(1), ...shape];
  return differences(reshape(x, padded), axis);
}

const withoutAxis = (shape: Shape, axis: number): Shape => shape.filter((_, at) => at !== axis);

/** Samples and where they were taken. */
export function trapezoidOver(y: Value, x: Value, dim = -1): Value {
  const axis = axisOf("trapezoid", y, dim);
  if (lengthOf(y, axis) === 0) return full(y.node.dtype, withoutAxis(y.node.shape, axis), 0);
  requireSamples("trapezoid", y, x);
  const [left, right] = neighbours(y, axis);
  const areas = mul(add(left, right), stepsOf("trapezoid", y, x, axis));
  return div(sum(areas, axis), 2);
}

/** Samples at even distances. */
export function trapezoid(y: Value, dx: Scalar = 1, dim = -1): Value {
  const axis = axisOf("trapezoid", y, dim);
  if (lengthOf(y, axis) === 0) return full(y.node.dtype, withoutAxis(y.node.shape, axis), 0);
  requireSamples("trapezoid", y, null);
  const ends = add(select(y, axis, 0), select(y, axis, -1));
  return mul(sub(sum(y, axis), mul(ends, 0.5)), new Float(scalarValue(dx)));
}

export function cumulativeTrapezoidOver(y: Value, x: Value, dim = -1): Value {
  const axis = axisOf("cumulativeTrapezoid", y, dim);
  requireSamples("cumulativeTrapezoid", y, x);
  const [left, right] = neighbours(y, axis);
  const areas = mul(add(left, right), stepsOf("cumulativeTrapezoid", y, x, axis));
  return div(cumsum(areas, axis), 2);
}

export function cumulativeTrapezoid(y: Value, dx: Scalar = 1, dim = -1): Value {
  const axis = axisOf("cumulativeTrapezoid", y, dim);
  requireSamples("cumulativeTrapezoid", y, null);
  const [left, right] = neighbours(y, axis);
  return cumsum(mul(add(left, right), new Float(scalarValue(dx) / 2)), axis);
}

/** x, or integers as float32. */
export const inFloats = (x: Value): Value => {
  const { dtype } = x.node;
  const floats: DType = isFloat(dtype) ? dtype : "float32";
  return to(x, floats);
};
