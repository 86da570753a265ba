// Transcendental functions. Integers and bools compute as float32.

import { type Composite, composite } from "../autograd/composite.ts";
import { isFloat } from "../base/dtypes.ts";
import type { Value } from "../graph/tape.ts";
import { cast, div, mul } from "../ops/arithmetic.ts";
import type { PointwiseOp } from "../ops/pointwise.ts";
import { full } from "../ops/source.ts";
import * as ops from "../ops/transcendental.ts";

const float = (x: Value): Value => (isFloat(x.node.dtype) ? x : cast(x, "float32"));

const unary =
  (op: PointwiseOp) =>
  (x: Value): Value =>
    op(float(x));

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

export const exp2 = (x: Value): Value => composite(exp2Spec, [float(x)], null);
export const log10 = (x: Value): Value => composite(log10Spec, [float(x)], null);
export const tan = (x: Value): Value => composite(tanSpec, [float(x)], null);
