// Activations of straight pieces. At their corners gradients are PyTorch's, which the chain rule over
// minima and maxima would share out in halves.

import { type Composite, composite } from "../autograd/composite.ts";
import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { beside } from "../ops/beside.ts";
import { activation } from "./activations.ts";

/** min(max(x + 3, 0), 6) */
const ramp = (x: Value): Value => ops.minimum(ops.maximum(ops.add(x, 3), 0), 6);

const hardswishSpec: Composite<null> = {
  name: "HardswishBackward0",
  body: ([x]) => ops.div(ops.mul(x, ramp(x)), 6),
  gradient: (g, [x]) => {
    const middle = ops.mul(g, ops.add(ops.div(x, 3), 0.5));
    return [ops.where(ops.le(x, -3), 0, ops.where(ops.lt(x, 3), middle, g))];
  },
};

/** x·min(max(x + 3, 0), 6)/6 */
export const hardswish = (x: Value): Value => activation("hardswish", hardswishSpec, x, null);

const hardsigmoidSpec: Composite<null> = {
  name: "HardsigmoidBackward0",
  body: ([x]) => ops.div(ramp(x), 6),
  gradient: (g, [x]) => {
    const isSloping = ops.and(ops.gt(x, -3), ops.lt(x, 3));
    return [beside(ops.where(isSloping, ops.div(g, 6), 0), x)];
  },
};

/** min(max(x + 3, 0), 6)/6 */
export const hardsigmoid = (x: Value): Value => activation("hardsigmoid", hardsigmoidSpec, x, null);

interface Limits {
  readonly min: number;
  readonly max: number;
}

const hardtanhSpec: Composite<Limits> = {
  name: "HardtanhBackward0",
  body: ([x], { min, max }) => ops.minimum(ops.maximum(x, min), max),
  gradient: (g, [x], _, { min, max }) => {
    const isOutside = ops.or(ops.le(x, min), ops.ge(x, max));
    return [beside(ops.where(isOutside, 0, g), x)];
  },
};

/** x held between two limits; those of integers are cut to integers. */
function held(op: string, x: Value, limits: Limits): Value {
  const { dtype } = x.node;
  if (limits.min > limits.max) fail(op, "minVal cannot be greater than maxVal");
  if (dtype === "bool") fail(op, `Bool inputs not supported for ${op}`);
  if (isFloat(dtype)) return composite(hardtanhSpec, [x], limits);
  const [min, max] = [Math.trunc(limits.min), Math.trunc(limits.max)];
  if (dtype === "uint8" && (min < 0 || max < 0)) {
    fail(op, "cannot do hardtanh on an unsigned type with negative limits");
  }
  return composite(hardtanhSpec, [x], { min, max });
}

export const hardtanh = (x: Value, min: number, max: number): Value =>
  held("hardtanh", x, { min, max });

export const relu6 = (x: Value): Value => held("relu6", x, { min: 0, max: 6 });

interface Threshold {
  readonly limit: number;
  readonly value: number;
}

const thresholdSpec: Composite<Threshold> = {
  name: "ThresholdBackward0",
  body: ([x], { limit, value }) => ops.where(ops.le(x, limit), value, x),
  gradient: (g, [x], _, { limit }) => [beside(ops.where(ops.le(x, limit), 0, g), x)],
};

/** x above the limit, else `value`; of integers both are cut to integers. */
export function threshold(x: Value, limit: number, value: number): Value {
  const { dtype } = x.node;
  if (dtype === "bool") fail("threshold", "not implemented for bool. Cast it first");
  const attrs = isFloat(dtype)
    ? { limit, value }
    : { limit: Math.trunc(limit), value: Math.trunc(value) };
  return composite(thresholdSpec, [x], attrs);
}

const isWithin = (x: Value, lambd: number): Value => ops.and(ops.ge(x, -lambd), ops.le(x, lambd));

/** Nothing passes from within ±λ. */
const shrunken = (g: Value, x: Value, lambd: number): Value =>
  beside(ops.where(isWithin(x, lambd), 0, g), x);

const softshrinkSpec: Composite<number> = {
  name: "SoftshrinkBackward0",
  body: ([x], lambd) => {
    // A NaN is within no limits and stays.
    const low = ops.where(ops.lt(x, -lambd), ops.add(x, lambd), ops.mul(x, 0));
    return ops.where(ops.gt(x, lambd), ops.sub(x, lambd), low);
  },
  gradient: (g, [x], _, lambd) => [shrunken(g, x, lambd)],
};

/** x brought nearer to 0 by λ; 0 within ±λ. */
export function softshrink(x: Value, lambd: number): Value {
  if (!(lambd >= 0)) {
    fail("softshrink", `lambda must be greater or equal to 0, but found to be ${lambd}.`);
  }
  return activation("softshrink", softshrinkSpec, x, lambd);
}

const hardshrinkSpec: Composite<number> = {
  name: "HardshrinkBackward0",
  body: ([x], lambd) => ops.where(isWithin(x, lambd), 0, x),
  gradient: (g, [x], _, lambd) => [shrunken(g, x, lambd)],
};

/** x, but 0 within ±λ. */
export const hardshrink = (x: Value, lambd: number): Value =>
  activation("hardshrink", hardshrinkSpec, x, lambd);
