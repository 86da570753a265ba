// Numbers at even steps. Everything is computed in float64 and rounded once to the dtype.

import { type DType, isFloat, roundTo } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { scalarValue } from "../base/scalars.ts";
import { showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand } from "../ops/linear.ts";
import { full, iota } from "../ops/source.ts";
import { pow } from "../ops/transcendental.ts";
import { isValue, type Operand } from "./operands.ts";

function refuseBool(op: string, dtype: DType): void {
  if (dtype === "bool") fail(op, "not implemented for 'Bool'. Ask for an integer dtype");
}

const indices = (count: number): Value => ops.cast(iota(count), "float64");

/** start, start + step, … below end. */
export function arange(start: number, end: number, step: number, dtype: DType): Value {
  refuseBool("arange", dtype);
  if (step === 0) fail("arange", "step must be nonzero");
  if (!Number.isFinite(start) || !Number.isFinite(end)) {
    fail("arange", `unsupported range: ${start} -> ${end}`);
  }
  if (step > 0 !== start <= end && start !== end) {
    fail("arange", "upper bound and lower bound inconsistent with step sign");
  }
  if (isFloat(dtype)) {
    const count = Math.ceil((end - start) / step);
    return ops.cast(ops.add(ops.mul(indices(count), step), start), dtype);
  }
  const [first, last, by] = [start, end, step].map(Math.trunc);
  if (dtype === "int64" && by === 0) fail("arange", "step must be nonzero");
  // PyTorch counts an int64 range after its ends are cut to integers, any other one before.
  const count = dtype === "int64" ? (last - first) / by : (end - start) / step;
  return ops.cast(ops.add(ops.mul(iota(Math.ceil(count)), by), first), dtype);
}

/** An end of a range: a number is one that its dtype holds, a tensor is read when the program runs. */
function endOf(op: string, name: string, end: Operand, dtype: DType): Value | number {
  if (!isValue(end)) return isFloat(dtype) ? scalarValue(end) : roundTo(dtype, scalarValue(end));
  const { node } = end;
  if (node.shape.length > 0) {
    fail(
      op,
      `only supports 0-dimensional start and end tensors, but got ${name} with ` +
        `${node.shape.length} dimension(s): ${showShape(node.shape)}`,
    );
  }
  // No gradient reaches the ends, as in PyTorch, which reads them.
  const value = { node, edge: null };
  return ops.cast(isFloat(dtype) ? value : ops.cast(value, dtype), "float64");
}

/** What is the same for all elements. */
const throughout = (x: Value | number, count: number): Value | number =>
  typeof x === "number" ? x : expand(x, [count]);

interface Range {
  readonly steps: number;
  readonly dtype: DType;
}

/** The numbers from start to end as float64, or null when there is at most one. */
function evenly(op: string, start: Operand, end: Operand, { steps, dtype }: Range): Value {
  refuseBool(op, dtype);
  if (steps < 0) fail(op, `number of steps must be non-negative, got ${steps}`);
  const first = throughout(endOf(op, "start", start, dtype), steps);
  const last = throughout(endOf(op, "end", end, dtype), steps);
  const zero = full("float64", [steps], 0);
  if (steps <= 1) return ops.add(zero, first);
  const step = ops.div(ops.sub(ops.add(zero, last), first), steps - 1);
  const index = indices(steps);
  // From the nearer end, so that both ends are met exactly.
  const low = ops.add(ops.mul(index, step), first);
  const high = ops.sub(ops.add(zero, last), ops.mul(ops.sub(steps - 1, index), step));
  return ops.where(ops.lt(index, Math.floor(steps / 2)), low, high);
}

/** `steps` numbers from start to end, both included. */
export const linspace = (start: Operand, end: Operand, steps: number, dtype: DType): Value =>
  ops.cast(evenly("linspace", start, end, { steps, dtype }), dtype);

/** base to the power of each number of a linspace. */
export function logspace(
  [start, end]: readonly [Operand, Operand],
  steps: number,
  base: number,
  dtype: DType,
): Value {
  const power = pow(base, evenly("logspace", start, end, { steps, dtype }));
  return ops.cast(isFloat(dtype) ? power : exactly(power), dtype);
}

/** What is an integer but for the last bits of pow: 10 ** 2 must not be cut to 99. */
function exactly(x: Value): Value {
  const whole = ops.round(x);
  const isClose = ops.le(ops.abs(ops.sub(x, whole)), ops.mul(ops.abs(whole), 2 ** -49));
  return ops.where(isClose, whole, x);
}
