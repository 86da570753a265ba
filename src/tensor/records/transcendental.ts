// Records of the elementary functions of analysis, element by element.

import { number, operand, tensor } from "../../base/parameters.ts";
import * as angles from "../../functions/angles.ts";
import * as exponents from "../../functions/exponents.ts";
import * as transcendental from "../../functions/transcendental.ts";
import type { Value } from "../../graph/tape.ts";
import { alsoInPlace, family, on, op } from "./record.ts";

const x = tensor("input");
const other = tensor("other");

const unary = (run: (x: Value) => Value) => alsoInPlace(on([x], run));

export const transcendentals = family({
  exp: unary(transcendental.exp),
  exp2: unary(transcendental.exp2),
  expm1: unary(transcendental.expm1),
  log: unary(transcendental.log),
  log1p: unary(transcendental.log1p),
  log2: unary(transcendental.log2),
  log10: unary(transcendental.log10),
  logit: alsoInPlace(on([x, number("eps", null)], transcendental.logit)),
  sigmoid: unary(transcendental.sigmoid),
  erf: unary(transcendental.erf),
  erfc: unary(transcendental.erfc),
  erfinv: unary(transcendental.erfinv),
  logaddexp: op(on([x, other], exponents.logaddexp)),
  logaddexp2: op(on([x, other], exponents.logaddexp2)),
  xlogy: alsoInPlace(on([operand("input"), operand("other")], exponents.xlogy)),
});

export const trigonometrics = family({
  sin: unary(transcendental.sin),
  cos: unary(transcendental.cos),
  tan: unary(transcendental.tan),
  asin: unary(transcendental.asin),
  arcsin: unary(transcendental.asin),
  acos: unary(transcendental.acos),
  arccos: unary(transcendental.acos),
  atan: unary(transcendental.atan),
  arctan: unary(transcendental.atan),
  atan2: alsoInPlace(on([x, other], angles.atan2)),
  arctan2: alsoInPlace(on([x, other], angles.atan2)),
  sinc: unary(transcendental.sinc),
  hypot: alsoInPlace(on([x, other], angles.hypot)),
  angle: op(on([x], angles.angle)),
  deg2rad: unary(angles.deg2rad),
  rad2deg: unary(angles.rad2deg),
});

export const hyperbolics = family({
  sinh: unary(transcendental.sinh),
  cosh: unary(transcendental.cosh),
  tanh: unary(transcendental.tanh),
  asinh: unary(transcendental.asinh),
  arcsinh: unary(transcendental.asinh),
  acosh: unary(transcendental.acosh),
  arccosh: unary(transcendental.acosh),
  atanh: unary(transcendental.atanh),
  arctanh: unary(transcendental.atanh),
});
