// Arithmetic with PyTorch's semantics: broadcasting, promotion, names on the Tape.

import { type Composite, composite } from "../autograd/composite.ts";
import { isFloat, isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Scalar, scalarValue } from "../base/scalars.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as division from "../ops/division.ts";
import { fullLike } from "../ops/source.ts";
import * as transcendental from "../ops/transcendental.ts";
import {
  asFloat,
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
  scalarDType,
} from "./operands.ts";

export type { Operand } from "./operands.ts";

const addition: BinaryFunction = { name: "add", op: ops.add, tapeName: "AddBackward0" };
const subtraction: BinaryFunction = { name: "sub", op: ops.sub, tapeName: "SubBackward0" };
const multiplication: BinaryFunction = { name: "mul", op: ops.mul, tapeName: "MulBackward0" };

/** x + alpha·y */
export function add(x: Operand, y: Operand, alpha: Scalar = 1): Value {
  if (alpha === 1) return callBinary(addition, x, y);
  return scaledSum(addScaled, "add", [x, y, alpha]);
}

/** x - alpha·y */
export function sub(x: Operand, y: Operand, alpha: Scalar = 1): Value {
  refuseBools("sub", x, y);
  if (alpha === 1) return callBinary(subtraction, x, y);
  return scaledSum(subScaled, "sub", [x, y, alpha]);
}

/** y - alpha·x */
export function rsub(x: Value, y: Operand, alpha: Scalar = 1): Value {
  refuseBools("rsub", x, y);
  const tapeName = isValue(y) ? rsubScaled : rsubScaledNumber;
  return scaledSum(tapeName, "rsub", [y, x, alpha]);
}

interface Scaled extends Common {
  readonly alpha: number;
}

const scaled = (name: string, op: typeof ops.add): Composite<Scaled> => ({
  name,
  body: ([x, y], attrs) => op(fitted(x, attrs), ops.mul(fitted(y, attrs), attrs.alpha)),
});

const addScaled = scaled("AddBackward0", ops.add);
const subScaled = scaled("SubBackward0", ops.sub);
const rsubScaled = scaled("RsubBackward0", ops.sub);
const rsubScaledNumber = scaled("RsubBackward1", ops.sub);

function scaledSum(
  spec: Composite<Scaled>,
  name: string,
  [x, y, alpha]: readonly [Operand, Operand, Scalar],
): Value {
  const dtype = resultDType(x, y);
  const kind = scalarDType(alpha);
  if (isInteger(dtype) && kind === "float32") {
    fail(name, "For integral input tensors, argument alpha must not be a floating point number.");
  }
  if (kind === "bool" && dtype !== "bool")
    fail(name, "Boolean alpha only supported for Boolean results.");
  const shape = commonShape(name, x, y);
  const attrs = { shape, dtype, alpha: scalarValue(alpha) };
  return composite(spec, [asValue(x, dtype), asValue(y, dtype)], attrs);
}

const isBool = (x: Operand): boolean =>
  isValue(x) ? x.node.dtype === "bool" : x === true || x === false;

function refuseBools(name: string, x: Operand, y: Operand): void {
  if (!isBool(x) && !isBool(y)) return;
  const both = isBool(x) && isBool(y);
  fail(
    name,
    both
      ? "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or " +
          "`logicalXor()` operator instead."
      : "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to " +
          "invert a mask, use the `~` or `logicalNot()` operator instead.",
  );
}

export const mul = (x: Operand, y: Operand): Value => callBinary(multiplication, x, y);

const quotient: BinaryFunction = {
  name: "div",
  op: ops.div,
  tapeName: "DivBackward0",
  computeIn: inFloat,
};
const truncated: BinaryFunction = {
  name: "div",
  op: division.truncDivide,
  tapeName: "DivBackward2",
  refusesBool: true,
};
const floored: BinaryFunction = { ...truncated, op: division.floorDivide };
const floorQuotient: BinaryFunction = { ...floored, name: "floorDivide" };

/** True division unless a rounding is named; integers give float32 then. */
export function div(x: Operand, y: Operand, roundingMode: string | null = null): Value {
  if (roundingMode === null) return callBinary(quotient, x, y);
  refuseZero("div", x, y);
  if (roundingMode === "trunc") return callBinary(truncated, x, y);
  if (roundingMode === "floor") return callBinary(floored, x, y);
  fail(
    "div",
    `expected roundingMode to be one of null, 'trunc', or 'floor' but found '${roundingMode}'`,
  );
}

/** Integers have no quotient by 0; a 0 among the elements of a tensor gives an undefined one. */
function refuseZero(name: string, x: Operand, y: Operand): void {
  if (isValue(y) || scalarValue(y) !== 0 || isFloat(resultDType(x, y))) return;
  fail(name, "ZeroDivisionError: an integer tensor divided by 0");
}

export function floorDivide(x: Operand, y: Operand): Value {
  refuseZero("floorDivide", x, y);
  return callBinary(floorQuotient, x, y);
}

const remainderByValue: BinaryFunction = {
  name: "remainder",
  op: division.remainder,
  tapeName: "RemainderBackward1",
  refusesBool: true,
};
const remainderByNumber: BinaryFunction = { ...remainderByValue, tapeName: "RemainderBackward0" };

/** Of y's sign, as Python's %. */
export function remainder(x: Operand, y: Operand): Value {
  refuseZero("remainder", x, y);
  return callBinary(isValue(y) ? remainderByValue : remainderByNumber, x, y);
}

const fmodByValue: BinaryFunction = {
  name: "fmod",
  op: division.fmod,
  tapeName: "FmodBackward1",
  refusesBool: true,
};
const fmodByNumber: BinaryFunction = { ...fmodByValue, tapeName: "FmodBackward0" };

/** Of x's sign, as C's fmod. */
export function fmod(x: Operand, y: Operand): Value {
  refuseZero("fmod", x, y);
  return callBinary(isValue(y) ? fmodByValue : fmodByNumber, x, y);
}

const powOfNumbers: BinaryFunction = {
  name: "pow",
  op: transcendental.pow,
  tapeName: "PowBackward0",
  refusesBool: true,
};
const powOfValues: BinaryFunction = { ...powOfNumbers, tapeName: "PowBackward1" };
const powOfNumber: BinaryFunction = { ...powOfNumbers, tapeName: "PowBackward2" };

/** x^y; of bools only where the exponent is a boolean itself, for which nothing is computed. */
export function pow(x: Operand, y: Operand): Value {
  if (!isValue(x)) return callBinary(powOfNumber, x, y);
  if (typeof y === "boolean" && x.node.dtype === "bool") return y ? x : fullLike(x, 1);
  if (isValue(y)) return callBinary(powOfValues, x, y);
  if (!isFloat(resultDType(x, y)) && scalarValue(y) < 0) {
    fail(
      "pow",
      "Integers to negative integer powers are not allowed. Cast to a float dtype first.",
    );
  }
  return callBinary(powOfNumbers, x, y);
}

export const square = (x: Value): Value => pow(x, 2);

const greater: BinaryFunction = { name: "maximum", op: ops.maximum, tapeName: "MaximumBackward0" };
const smaller: BinaryFunction = { name: "minimum", op: ops.minimum, tapeName: "MinimumBackward0" };
const either: BinaryFunction = { name: "maximum", op: ops.or, tapeName: "" };
const both: BinaryFunction = { name: "minimum", op: ops.and, tapeName: "" };

export const maximum = (x: Value, y: Value): Value =>
  callBinary(resultDType(x, y) === "bool" ? either : greater, x, y);

export const minimum = (x: Value, y: Value): Value =>
  callBinary(resultDType(x, y) === "bool" ? both : smaller, x, y);

export function neg(x: Value): Value {
  if (x.node.dtype === "bool") {
    fail(
      "neg",
      "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert " +
        "a mask, use the `~` or `logicalNot()` operator instead.",
    );
  }
  return ops.neg(x);
}

function refuseBool(name: string, x: Value): void {
  if (x.node.dtype === "bool")
    fail(name, `not implemented for 'Bool'. Cast it first: x.to("int64")`);
}

export function abs(x: Value): Value {
  refuseBool("abs", x);
  return ops.abs(x);
}

export const sign = (x: Value): Value => (x.node.dtype === "bool" ? x : ops.sign(x));

export function positive(x: Value): Value {
  refuseBool("positive", x);
  return x;
}

/** Integers are whole already. */
function rounded(name: string, op: typeof ops.floor, x: Value): Value {
  refuseBool(name, x);
  return isFloat(x.node.dtype) ? op(x) : x;
}

export const floor = (x: Value): Value => rounded("floor", ops.floor, x);
export const ceil = (x: Value): Value => rounded("ceil", ops.ceil, x);
export const trunc = (x: Value): Value => rounded("trunc", ops.trunc, x);
/** Ties go to the even neighbour. */
export const round = (x: Value): Value => rounded("round", ops.round, x);

export const sqrt = (x: Value): Value => ops.sqrt(asFloat(x));
export const rsqrt = (x: Value): Value => transcendental.rsqrt(asFloat(x));
export const reciprocal = (x: Value): Value => transcendental.reciprocal(asFloat(x));

export { addcdiv, addcmul, clamp, clampMax, clampMin, lerp } from "./combined.ts";
