// Records of arithmetic, comparison and choice, element by element.

import {
  int,
  maybeChoice,
  nullable,
  number,
  only,
  operand,
  scalar,
  tensor,
} from "../../base/parameters.ts";
import type { Scalar } from "../../base/scalars.ts";
import * as activations from "../../functions/activations.ts";
import * as arithmetic from "../../functions/arithmetic.ts";
import * as comparison from "../../functions/comparison.ts";
import * as exponents from "../../functions/exponents.ts";
import * as numberTheory from "../../functions/number-theory.ts";
import * as rounding from "../../functions/rounding.ts";
import * as signs from "../../functions/signs.ts";
import type { Value } from "../../graph/tape.ts";
import { alsoInPlace, family, functionOnly, on, op, orSelf } from "./record.ts";

const x = tensor("input");
const other = operand("other");
/** In a function either side may be a number: `div(1, x)`. */
const left = operand("input");
const alpha = only(scalar("alpha", 1));
const roundingMode = only(maybeChoice("roundingMode", ["trunc", "floor"]));

const unary = (run: (x: Value) => Value) => alsoInPlace(on([x], run));

const binary = (run: (x: Value | Scalar, y: Value | Scalar) => Value) =>
  alsoInPlace(on([left, other], run));

/** PyTorch takes a number on the left only where an operator does. */
const binaryOfTensor = (run: (x: Value, y: Value | Scalar) => Value) =>
  alsoInPlace(on([x, other], run));

const ofTensors = (run: (x: Value, y: Value) => Value) => on([x, tensor("other")], run);

const oneOperand = nullable(operand("min", null));

export const arithmetics = family({
  add: alsoInPlace(on([left, other, alpha], arithmetic.add)),
  sub: alsoInPlace(on([left, other, alpha], arithmetic.sub)),
  subtract: alsoInPlace(on([left, other, alpha], arithmetic.sub)),
  mul: binary(arithmetic.mul),
  multiply: binary(arithmetic.mul),
  div: alsoInPlace(on([left, other, roundingMode], arithmetic.div)),
  divide: alsoInPlace(on([left, other, roundingMode], arithmetic.div)),
  trueDivide: binaryOfTensor((x, y) => arithmetic.div(x, y)),
  floorDivide: binary(arithmetic.floorDivide),
  remainder: binary(arithmetic.remainder),
  fmod: binaryOfTensor(arithmetic.fmod),
  pow: alsoInPlace(on([left, operand("exponent")], arithmetic.pow)),
  rsub: functionOnly(
    on([x, tensor("other"), alpha], arithmetic.rsub),
    on([x, scalar("other"), scalar("alpha", 1)], arithmetic.rsub),
  ),
  floatPower: alsoInPlace(on([left, operand("exponent")], exponents.floatPower)),
  maximum: op(ofTensors(arithmetic.maximum)),
  minimum: op(ofTensors(arithmetic.minimum)),
  fmax: op(ofTensors(comparison.fmax)),
  fmin: op(ofTensors(comparison.fmin)),
  gcd: alsoInPlace(ofTensors(numberTheory.gcd)),
  lcm: alsoInPlace(ofTensors(numberTheory.lcm)),
  neg: unary(arithmetic.neg),
  negative: unary(arithmetic.neg),
  abs: unary(arithmetic.abs),
  absolute: unary(arithmetic.abs),
  sign: unary(arithmetic.sign),
  sgn: unary(signs.sgn),
  copysign: binaryOfTensor(signs.copysign),
  heaviside: alsoInPlace(on([x, tensor("values")], signs.heaviside)),
  nextafter: alsoInPlace(ofTensors(signs.nextafter)),
  square: unary(arithmetic.square),
  reciprocal: unary(arithmetic.reciprocal),
  sqrt: unary(arithmetic.sqrt),
  rsqrt: unary(arithmetic.rsqrt),
  floor: unary(arithmetic.floor),
  ceil: unary(arithmetic.ceil),
  round: alsoInPlace(on([x, only(int("decimals", null))], rounding.roundTo)),
  positive: op(orSelf([x], arithmetic.positive)),
  real: op(orSelf([x], (x) => x)),
  trunc: unary(arithmetic.trunc),
  fix: unary(arithmetic.trunc),
  frac: unary(rounding.frac),
  nanToNum: alsoInPlace(
    on([x, number("nan", null), number("posinf", null), number("neginf", null)], rounding.nanToNum),
  ),
  frexp: op(on([x], exponents.frexp)),
  ldexp: alsoInPlace(ofTensors(exponents.ldexp)),
  clamp: alsoInPlace(on([x, oneOperand, nullable(operand("max", null))], arithmetic.clamp)),
  clip: alsoInPlace(on([x, oneOperand, nullable(operand("max", null))], arithmetic.clamp)),
  clampMin: alsoInPlace(on([x, operand("min")], arithmetic.clampMin)),
  clampMax: alsoInPlace(on([x, operand("max")], arithmetic.clampMax)),
  addcmul: alsoInPlace(
    on([x, tensor("tensor1"), tensor("tensor2"), only(scalar("value", 1))], arithmetic.addcmul),
  ),
  addcdiv: alsoInPlace(
    on([x, tensor("tensor1"), tensor("tensor2"), only(scalar("value", 1))], arithmetic.addcdiv),
  ),
  lerp: alsoInPlace(on([x, tensor("end"), operand("weight")], arithmetic.lerp)),
});

export const comparisons = family({
  eq: binaryOfTensor(comparison.eq),
  ne: binaryOfTensor(comparison.ne),
  lt: binaryOfTensor(comparison.lt),
  le: binaryOfTensor(comparison.le),
  gt: binaryOfTensor(comparison.gt),
  ge: binaryOfTensor(comparison.ge),
  notEqual: binaryOfTensor(comparison.ne),
  less: binaryOfTensor(comparison.lt),
  lessEqual: binaryOfTensor(comparison.le),
  greater: binaryOfTensor(comparison.gt),
  greaterEqual: binaryOfTensor(comparison.ge),
  logicalAnd: alsoInPlace(ofTensors(comparison.logicalAnd)),
  logicalOr: alsoInPlace(ofTensors(comparison.logicalOr)),
  logicalXor: alsoInPlace(ofTensors(comparison.logicalXor)),
  logicalNot: unary(comparison.logicalNot),
  isnan: op(on([x], comparison.isnan)),
  isinf: op(on([x], comparison.isinf)),
  isposinf: op(on([x], comparison.isposinf)),
  isneginf: op(on([x], comparison.isneginf)),
  isfinite: op(on([x], comparison.isfinite)),
  isreal: op(on([x], comparison.isreal)),
  signbit: op(on([x], signs.signbit)),
  maskedFill: alsoInPlace(on([x, tensor("mask"), operand("value")], comparison.maskedFill)),
});

export const rectifiers = family({
  relu: unary(activations.relu),
});

/** `where` has its receiver second: `x.where(condition, other)`. */
export const choices = family({
  where: functionOnly(
    on([tensor("condition"), operand("input"), operand("other")], comparison.where),
  ),
  fill: functionOnly(on([x, operand("value")], comparison.fill)),
});
