// Combinations of three: clamp, lerp, addcmul, addcdiv.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, isFloat, promote } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Scalar, scalarValue } from "../base/scalars.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import {
  asValue,
  type Common,
  commonShape,
  fitted,
  isValue,
  type Operand,
  resultDTypeOf,
  wantFloat,
} from "./operands.ts";

interface Limits extends Common {
  readonly hasMin: boolean;
  readonly hasMax: boolean;
}

interface Bounds {
  readonly min: Value | null;
  readonly max: Value | null;
}

const boundsOf = (limits: readonly Value[], { hasMin, hasMax }: Limits): Bounds => ({
  min: hasMin ? limits[0] : null,
  max: hasMax ? limits[hasMin ? 1 : 0] : null,
});

/** min(max(x, low), high) of one shape. On a limit the whole gradient passes, not a half. */
const clampedAs = (name: string): Composite<Limits> => ({
  name,
  body: ([x, ...limits], attrs) => {
    const { min, max } = boundsOf(limits, attrs);
    const isBool = attrs.dtype === "bool";
    const above = min ? (isBool ? ops.or : ops.maximum)(x, min) : x;
    return max ? (isBool ? ops.and : ops.minimum)(above, max) : above;
  },
  gradient: (g, [x, ...limits], _, attrs) => {
    const { min, max } = boundsOf(limits, attrs);
    const tests = [min && ops.ge(x, min), max && ops.le(x, max)].filter((test) => test !== null);
    const isInside = tests.length > 1 ? ops.and(tests[0], tests[1]) : tests[0];
    const gradients: Gradient[] = [ops.where(isInside, g, 0)];
    if (min) gradients.push(min.edge && ops.where(isBelow(x, min, max), g, 0));
    if (max) gradients.push(max.edge && ops.where(isAbove(x, min, max), g, 0));
    return gradients;
  },
});

const isBelow = (x: Value, min: Value, max: Value | null): Value =>
  max ? ops.and(ops.lt(x, min), ops.lt(min, max)) : ops.lt(x, min);

const isAbove = (x: Value, min: Value | null, max: Value): Value =>
  min ? ops.or(ops.gt(x, max), ops.lt(max, min)) : ops.gt(x, max);

const fittedAs = (name: string): Composite<Limits> => {
  const inside = clampedAs(name);
  return {
    name,
    body: (inputs, attrs) =>
      composite(
        inside,
        inputs.map((input) => fitted(input, attrs)),
        attrs,
      ),
  };
};

const clampSpecs = {
  clamp: [clampedAs("ClampBackward1"), fittedAs("ClampBackward0")],
  clampMin: [clampedAs("ClampMinBackward0"), fittedAs("ClampMinBackward1")],
  clampMax: [clampedAs("ClampMaxBackward0"), fittedAs("ClampMaxBackward1")],
} as const;

function clampTo(
  op: keyof typeof clampSpecs,
  x: Value,
  min: Operand | null,
  max: Operand | null,
): Value {
  if (min === null && max === null) fail(op, "At least one of 'min' or 'max' must not be null");
  const limits = [min, max].filter((limit) => limit !== null);
  const dtype = resultDTypeOf([x, ...limits]);
  const [ofNumbers, ofValues] = clampSpecs[op];
  const shape = commonShape(op, x, ...limits);
  const attrs = { shape, dtype, hasMin: min !== null, hasMax: max !== null };
  const values = limits.map((limit) => asValue(limit, dtype));
  if (limits.some(isValue)) return composite(ofValues, [x, ...values], attrs);
  return composite(ofNumbers, [fitted(x, attrs), ...values], attrs);
}

/** x held between two limits; where min > max, it is max. */
export const clamp = (x: Value, min: Operand | null = null, max: Operand | null = null): Value =>
  clampTo("clamp", x, min, max);

export const clampMin = (x: Value, min: Operand): Value => clampTo("clampMin", x, min, null);
export const clampMax = (x: Value, max: Operand): Value => clampTo("clampMax", x, null, max);

interface Weighted extends Common {
  readonly value: number;
  /** The dtypes that the factors come in: PyTorch rounds its derivatives' factors to them. */
  readonly own: readonly [DType, DType];
}

/** What `compute` makes of values as they were before they were fitted, back in the common dtype. */
function inOwn(
  { own, dtype }: Weighted,
  which: 0 | 1,
  x: Value,
  compute: (x: Value) => Value,
): Value {
  const before = own[which];
  return isFloat(before) ? ops.cast(compute(ops.cast(x, before)), dtype) : compute(x);
}

const weightedProduct: Composite<Weighted> = {
  name: "",
  body: ([x, a, b], { value }) => ops.add(x, ops.mul(ops.mul(a, b), value)),
  // As PyTorch multiplies: value·a and value·b first, in their own dtypes.
  gradient: (g, [, a, b], _, attrs) => {
    const scaled = (x: Value): Value => ops.mul(x, attrs.value);
    return [
      g,
      a.edge && ops.mul(g, inOwn(attrs, 1, b, scaled)),
      b.edge && ops.mul(g, inOwn(attrs, 0, a, scaled)),
    ];
  },
};

const weightedQuotient: Composite<Weighted> = {
  name: "",
  body: ([x, a, b], { value }) => ops.add(x, ops.mul(ops.div(a, b), value)),
  gradient: (g, [, a, b], _, attrs) => {
    const { own, value, dtype } = attrs;
    const inverse = (x: Value): Value => ops.div(value, x);
    const slope = (): Value => {
      const above = inOwn(attrs, 0, a, (x) => ops.mul(x, value));
      const below = inOwn(attrs, 1, b, (x) => ops.mul(x, x));
      const met = promote(...own);
      return ops.cast(ops.div(ops.cast(above, met), ops.cast(below, met)), dtype);
    };
    return [
      g,
      a.edge && ops.mul(g, inOwn(attrs, 1, b, inverse)),
      b.edge && ops.neg(ops.mul(g, slope())),
    ];
  },
};

const fittedFirst = (name: string, inside: Composite<Weighted>): Composite<Weighted> => ({
  name,
  body: (inputs, attrs) =>
    composite(
      inside,
      inputs.map((input) => fitted(input, attrs)),
      attrs,
    ),
});

const addcmulSpec = fittedFirst("AddcmulBackward0", weightedProduct);
const addcdivSpec = fittedFirst("AddcdivBackward0", weightedQuotient);

function weighted(
  spec: Composite<Weighted>,
  name: string,
  inputs: readonly [Value, Value, Value],
  value: Scalar,
): Value {
  const [x, a, b] = inputs;
  const dtype = resultDTypeOf(inputs);
  return composite(spec, [x, a, b], {
    shape: commonShape(name, ...inputs),
    dtype,
    value: scalarValue(value),
    own: [a.node.dtype, b.node.dtype],
  });
}

/** x + value·a·b */
export const addcmul = (x: Value, a: Value, b: Value, value: Scalar = 1): Value =>
  weighted(addcmulSpec, "addcmul", [x, a, b], value);

/** x + value·a/b */
export function addcdiv(x: Value, a: Value, b: Value, value: Scalar = 1): Value {
  if (!isFloat(a.node.dtype) && !isFloat(b.node.dtype)) {
    fail("addcdiv", "Integer division with addcdiv is not supported: cast to a float dtype first.");
  }
  return weighted(addcdivSpec, "addcdiv", [x, a, b], value);
}

const lerpSpec: Composite<Common> = {
  name: "LerpBackward1",
  body: ([x, end, weight], common) => {
    const [from, to, share] = [fitted(x, common), fitted(end, common), fitted(weight, common)];
    // From the nearer end, so that both ends are met exactly.
    const isNear = ops.lt(ops.abs(share), 0.5);
    const difference = ops.sub(to, from);
    const start = ops.add(from, ops.mul(share, difference));
    return ops.where(isNear, start, ops.sub(to, ops.mul(difference, ops.sub(1, share))));
  },
};
const lerpByNumber: Composite<Common> = { ...lerpSpec, name: "LerpBackward0" };

/** x + weight·(end - x) */
export function lerp(x: Value, end: Value, weight: Operand): Value {
  const { dtype } = x.node;
  for (const other of isValue(weight) ? [end, weight] : [end]) {
    if (other.node.dtype === dtype) continue;
    const which = other === end ? "end" : "weight";
    fail("lerp", `expected dtype ${dtype} for ${which} but got dtype ${other.node.dtype}`);
  }
  wantFloat("lerp", dtype);
  const shape = commonShape("lerp", x, end, weight);
  const spec = isValue(weight) ? lerpSpec : lerpByNumber;
  return composite(spec, [x, end, asValue(weight, dtype)], { shape, dtype });
}
