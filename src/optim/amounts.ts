// Amounts: learning rates, decay rates and what is computed of them. A number is told anew at each step,
// and at each replay of a captured one; it is always a parameter of the program, so that another value
// compiles nothing. A tensor of one element may stand in its place; it is computed with lazily, in
// float64.

import type { DType } from "../base/dtypes.ts";
import { reshape } from "../functions/shapes.ts";
import { liveScalarNode } from "../graph/live.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand } from "../ops/linear.ts";
import type { Operand, PointwiseOp } from "../ops/pointwise.ts";
import { pow } from "../ops/transcendental.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A number that is told when it is needed. Within a step all that use it share one node. */
class Told {
  private readonly values = new Map<DType, Value>();

  constructor(readonly now: () => number) {}

  in(dtype: DType): Value {
    let value = this.values.get(dtype);
    if (!value) {
      value = constantValue(liveScalarNode(dtype, this.now));
      this.values.set(dtype, value);
    }
    return value;
  }
}

/** A constant, a number that is told, or a value without dimensions. */
export type Amount = number | Told | Value;

/** A setting, or a number of the state, as it is whenever the step is made. */
export function told(read: () => number | Tensor): Amount {
  const first = read();
  if (!(first instanceof Tensor)) return new Told(read as () => number);
  return ops.cast(reshape(first.value, []), "float64");
}

const isNumber = (x: Amount): x is number | Told => typeof x === "number" || x instanceof Told;

const now = (x: number | Told): number => (typeof x === "number" ? x : x.now());

/** The number of now; null of a tensor. */
export const numberNow = (x: Amount): number | null => (isNumber(x) ? now(x) : null);

const operand = (x: Amount): Operand => (x instanceof Told ? x.in("float64") : x);

const combined =
  (op: PointwiseOp, ofNumbers: (x: number, y: number) => number) =>
  (x: Amount, y: Amount): Amount => {
    if (isNumber(x) && isNumber(y)) return new Told(() => ofNumbers(now(x), now(y)));
    return op(operand(x), operand(y));
  };

export const plus = combined(ops.add, (x, y) => x + y);
export const minus = combined(ops.sub, (x, y) => x - y);
export const times = combined(ops.mul, (x, y) => x * y);
export const over = combined(ops.div, (x, y) => x / y);
export const power = combined(pow, (x, y) => x ** y);
export const smaller = combined(ops.minimum, Math.min);

export const root = (x: Amount): Amount =>
  isNumber(x) ? new Told(() => Math.sqrt(now(x))) : ops.sqrt(x);

/** An amount as an operand beside `like`. */
export function spread(x: Amount, like: Value): Operand {
  const { dtype, shape } = like.node;
  if (typeof x === "number") return x;
  if (x instanceof Told) return x.in(dtype);
  return expand(ops.cast(x, dtype), shape);
}
