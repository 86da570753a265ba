// Transcendental functions. Integers and bools compute as float32.

import { type Composite, composite } from "../autograd/composite.ts";
import type { Value } from "../graph/tape.ts";
import { div, gt, lt, mul, where } from "../ops/arithmetic.ts";
import * as hyperbolic from "../ops/hyperbolic.ts";
import * as inverse from "../ops/inverse-trigonometric.ts";
import type { PointwiseOp } from "../ops/pointwise.ts";
import { full } from "../ops/source.ts";
import * as special from "../ops/special.ts";
import * as ops from "../ops/transcendental.ts";
import { asFloat } from "./operands.ts";

const unary =
  (op: PointwiseOp) =>
  (x: Value): Value =>
    op(asFloat(x));

export const exp = unary(ops.exp);
export const expm1 = unary(ops.expm1);
export const log = unary(ops.log);
export const log1p = unary(ops.log1p);
export const log2 = unary(ops.log2);
export const sin = unary(ops.sin);
export const cos = unary(ops.cos);
export const tanh = unary(ops.tanh);
export const sigmoid = unary(ops.sigmoid);
export const erf = unary(ops.erf);
export const erfc = unary(ops.erfc);
export const asin = unary(inverse.asin);
export const acos = unary(inverse.acos);
export const atan = unary(inverse.atan);
export const sinh = unary(hyperbolic.sinh);
export const cosh = unary(hyperbolic.cosh);
export const asinh = unary(hyperbolic.asinh);
export const acosh = unary(hyperbolic.acosh);
export const atanh = unary(hyperbolic.atanh);
export const erfinv = unary(special.erfinv);
export const sinc = unary(special.sinc);

const exp2Spec: Composite<null> = {
  name: "Exp2Backward0",
  body: ([x]) => ops.pow(full(x.node.dtype, x.node.shape, 2), x),
  // The chain rule would take a logarithm of 2 for every element.
  gradient: (g, _, out) => [mul(g, mul(out, Math.LN2))],
};

const log10Spec: Composite<null> = {
  name: "Log10Backward0",
  body: ([x]) => mul(ops.log(x), Math.LOG10E),
};

const tanSpec: Composite<null> = {
  name: "TanBackward0",
  body: ([x]) => div(ops.sin(x), ops.cos(x)),
};

export const exp2 = (x: Value): Value => composite(exp2Spec, [asFloat(x)], null);
export const log10 = (x: Value): Value => composite(log10Spec, [asFloat(x)], null);
export const tan = (x: Value): Value => composite(tanSpec, [asFloat(x)], null);

/** x held between eps and 1 - eps first: outside no gradient passes, on the limits all of it. */
const boundedLogitSpec: Composite<number> = {
  name: "LogitBackward0",
  body: ([x], eps) => {
    const above = where(lt(x, eps), eps, x);
    return special.logit(where(gt(above, 1 - eps), 1 - eps, above));
  },
};

/** log(x/(1 - x)), of x held between eps and 1 - eps if that is given. */
export function logit(x: Value, eps: number | null = null): Value {
  const bounded = eps !== null && eps >= 0;
  return bounded ? composite(boundedLogitSpec, [asFloat(x)], eps) : special.logit(asFloat(x));
}
