// Records of what is computed element by element.

import {
  int,
  maybeChoice,
  nullable,
  only,
  operand,
  scalar,
  tensor,
} from "../../base/parameters.ts";
import type { Scalar } from "../../base/scalars.ts";
import * as activations from "../../functions/activations.ts";
import * as arithmetic from "../../functions/arithmetic.ts";
import * as comparison from "../../functions/comparison.ts";
import * as transcendental from "../../functions/transcendental.ts";
import type { Value } from "../../graph/tape.ts";
import { alsoInPlace, family, functionOnly, on, op } from "./record.ts";

const x = tensor("input");
const other = operand("other");
/** In a function either side may be a number: `div(1, x)`. */
const left = operand("input");
const alpha = only(scalar("alpha", 1));
const roundingMode = only(maybeChoice("roundingMode", ["trunc", "floor"]));

const unary = (run: (x: Value) => Value) => alsoInPlace(on([x], run));

const binary = (run: (x: Value | Scalar, y: Value | Scalar) => Value) =>
  alsoInPlace(on([left, other], run));

const oneOperand = nullable(operand("min", null));

/** round(x·10^d) / 10^d */
function roundTo(x: Value, decimals: number): Value {
  if (decimals === 0) return arithmetic.round(x);
  const power = 10 ** Math.abs(decimals);
  const [up, down] =
    decimals > 0 ? [arithmetic.mul, arithmetic.div] : [arithmetic.div, arithmetic.mul];
  return down(arithmetic.round(up(x, power)), power);
}

export const arithmetics = family({
  add: alsoInPlace(on([left, other, alpha], arithmetic.add)),
  sub: alsoInPlace(on([left, other, alpha], arithmetic.sub)),
  subtract: alsoInPlace(on([left, other, alpha], arithmetic.sub)),
  mul: binary(arithmetic.mul),
  multiply: binary(arithmetic.mul),
  div: alsoInPlace(on([left, other, roundingMode], arithmetic.div)),
  divide: alsoInPlace(on([left, other, roundingMode], arithmetic.div)),
  trueDivide: binary((x, y) => arithmetic.div(x, y)),
  floorDivide: binary(arithmetic.floorDivide),
  remainder: binary(arithmetic.remainder),
  fmod: binary(arithmetic.fmod),
  pow: alsoInPlace(on([left, operand("exponent")], arithmetic.pow)),
  maximum: op(on([x, tensor("other")], arithmetic.maximum)),
  minimum: op(on([x, tensor("other")], arithmetic.minimum)),
  neg: unary(arithmetic.neg),
  negative: unary(arithmetic.neg),
  abs: unary(arithmetic.abs),
  absolute: unary(arithmetic.abs),
  sign: unary(arithmetic.sign),
  square: unary(arithmetic.square),
  reciprocal: unary(arithmetic.reciprocal),
  sqrt: unary(arithmetic.sqrt),
  rsqrt: unary(arithmetic.rsqrt),
  floor: unary(arithmetic.floor),
  ceil: unary(arithmetic.ceil),
  round: alsoInPlace(on([x, only(int("decimals", 0))], roundTo)),
  positive: op(on([x], arithmetic.positive)),
  trunc: unary(arithmetic.trunc),
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

export const transcendentals = family({
  exp: unary(transcendental.exp),
  exp2: unary(transcendental.exp2),
  expm1: unary(transcendental.expm1),
  log: unary(transcendental.log),
  log1p: unary(transcendental.log1p),
  log2: unary(transcendental.log2),
  log10: unary(transcendental.log10),
  sin: unary(transcendental.sin),
  cos: unary(transcendental.cos),
  tan: unary(transcendental.tan),
  tanh: unary(transcendental.tanh),
  sigmoid: unary(transcendental.sigmoid),
  erf: unary(transcendental.erf),
  erfc: unary(transcendental.erfc),
});

export const comparisons = family({
  eq: binary(comparison.eq),
  ne: binary(comparison.ne),
  lt: binary(comparison.lt),
  le: binary(comparison.le),
  gt: binary(comparison.gt),
  ge: binary(comparison.ge),
  logicalAnd: alsoInPlace(on([x, tensor("other")], comparison.logicalAnd)),
  logicalOr: alsoInPlace(on([x, tensor("other")], comparison.logicalOr)),
  logicalXor: alsoInPlace(on([x, tensor("other")], comparison.logicalXor)),
  logicalNot: unary(comparison.logicalNot),
  isnan: op(on([x], comparison.isnan)),
  isinf: op(on([x], comparison.isinf)),
  isfinite: op(on([x], comparison.isfinite)),
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
});
