// Exponents and logarithms of two operands, and floats taken apart.

import { type Composite, composite, compositeOfMany } from "../autograd/composite.ts";
import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as floatParts from "../ops/float-parts.ts";
import * as special from "../ops/special.ts";
import { exp, log1p, pow as power, sigmoid } from "../ops/transcendental.ts";
import { pow } from "./arithmetic.ts";
import {
  asValue,
  type BinaryFunction,
  type Common,
  callBinary,
  commonShape,
  fitted,
  inFloat,
  isValue,
  type Operand,
  resultDType,
  wantFloat,
} from "./operands.ts";

interface Based {
  /** The logarithm of the base. */
  readonly unit: number;
}

const sumOfPowers: Composite<Based> = {
  name: "",
  // max + log(1 + e^-|x - y|); where both are equal, also infinite, |x - y| would be NaN
  body: ([x, y], { unit }) => {
    const apart = ops.abs(ops.sub(x, y));
    const distance = ops.mul(ops.where(ops.eq(x, y), 0, apart), -unit);
    return ops.add(ops.maximum(x, y), ops.mul(log1p(exp(distance)), 1 / unit));
  },
  // The chain rule would pass through |x - y|, which has no slope at 0.
  gradient: (g, [x, y], _, { unit }) => {
    const lead = ops.mul(ops.sub(x, y), unit);
    return [x.edge && ops.mul(g, sigmoid(lead)), y.edge && ops.mul(g, sigmoid(ops.neg(lead)))];
  },
};

const fittedSum = (name: string): Composite<Common & Based> => ({
  name,
  body: ([x, y], attrs) => composite(sumOfPowers, [fitted(x, attrs), fitted(y, attrs)], attrs),
});

const natural = fittedSum("LogaddexpBackward0");
const binary = fittedSum("Logaddexp2Backward0");

function logOfSum(name: string, spec: typeof natural, x: Value, y: Value, unit: number): Value {
  const dtype = wantFloat(name, resultDType(x, y));
  return composite(spec, [x, y], { shape: commonShape(name, x, y), dtype, unit });
}

/** log(eˣ + eʸ), whatever their sizes. */
export const logaddexp = (x: Value, y: Value): Value => logOfSum("logaddexp", natural, x, y, 1);

/** log₂(2ˣ + 2ʸ) */
export const logaddexp2 = (x: Value, y: Value): Value =>
  logOfSum("logaddexp2", binary, x, y, Math.LN2);

const product: BinaryFunction = {
  name: "xlogy",
  op: special.xlogy,
  tapeName: "XlogyBackward0",
  computeIn: inFloat,
};
const ofNumber: BinaryFunction = { ...product, tapeName: "XlogyBackward1" };
const byNumber: BinaryFunction = { ...product, tapeName: "XlogyBackward2" };

/** x·log y, and 0 where x is 0. */
export function xlogy(x: Operand, y: Operand): Value {
  return callBinary(isValue(x) ? (isValue(y) ? product : byNumber) : ofNumber, x, y);
}

const ldexpSpec: Composite<Common> = {
  name: "LdexpBackward0",
  body: ([x, y], common) => ops.mul(fitted(x, common), power(2, fitted(y, common))),
};

/** x·2^y */
export function ldexp(x: Value, y: Value): Value {
  const dtype = inFloat(resultDType(x, y));
  return composite(ldexpSpec, [x, y], { shape: commonShape("ldexp", x, y), dtype });
}

/** x^y in float64. */
export function floatPower(x: Operand, y: Operand): Value {
  const double = (operand: Operand): Value =>
    isValue(operand) ? ops.cast(operand, "float64") : asValue(operand, "float64");
  if (!isValue(x)) return pow(x, double(y));
  return pow(double(x), isValue(y) ? double(y) : y);
}

const frexpSpec = {
  name: "FrexpBackward0",
  body: ([x]: readonly Value[]): readonly Value[] => [
    floatParts.mantissa(x),
    floatParts.exponent(x),
  ],
};

export interface Parts {
  readonly mantissa: Value;
  readonly exponent: Value;
}

/** mantissa·2^exponent = x, with ½ ≤ |mantissa| < 1. */
export function frexp(x: Value): Parts {
  if (!isFloat(x.node.dtype)) {
    fail("frexp", `only supports floating point tensors, got ${x.node.dtype}. Cast it first.`);
  }
  const [mantissa, exponent] = compositeOfMany(frexpSpec, [x], null);
  return { mantissa, exponent };
}
