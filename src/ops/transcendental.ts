// Transcendental functions and powers. Derivatives are stated through the result where that is stable.

import { isFloat } from "../base/dtypes.ts";
import { sameShape } from "../base/shapes.ts";
import type { Lane, LaneWriter } from "../base/trace-lanes.ts";
import { constantOf } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import { erfc as erfcLanes, erf as erfLanes } from "./approximations/error-function.ts";
import * as exponential from "./approximations/exponential.ts";
import * as logarithm from "./approximations/logarithm.ts";
import { pow as powLanes } from "./approximations/power.ts";
import * as trigonometric from "./approximations/trigonometric.ts";
import { add, and, div, eq, ge, mul, neg, sqrt, sub, where } from "./arithmetic.ts";
import { expand } from "./linear.ts";
import { alone, pointwise } from "./pointwise.ts";
import { zerosLike } from "./source.ts";

/** d eˣ = eˣ dx */
export const exp = pointwise({
  name: "exp",
  lanes: exponential.exp,
  vjp: (g, _, out) => [mul(g, out)],
});

/** eˣ - 1, accurate near 0. */
export const expm1 = pointwise({
  name: "expm1",
  lanes: exponential.expm1,
  vjp: (g, _, out) => [mul(g, add(out, 1))],
});

/** d log x = dx/x */
export const log = pointwise({
  name: "log",
  lanes: logarithm.log,
  vjp: (g, [x]) => [div(g, x)],
});

export const log2 = pointwise({
  name: "log2",
  lanes: logarithm.log2,
  vjp: (g, [x]) => [div(g, mul(x, Math.LN2))],
});

/** log(1 + x), accurate near 0. */
export const log1p = pointwise({
  name: "log1p",
  lanes: logarithm.log1p,
  vjp: (g, [x]) => [div(g, add(x, 1))],
});

export const sin = pointwise({
  name: "sin",
  lanes: trigonometric.sin,
  vjp: (g, [x]) => [mul(g, cos(x))],
});

export const cos = pointwise({
  name: "cos",
  lanes: trigonometric.cos,
  vjp: (g, [x]) => [neg(mul(g, sin(x)))],
});

/** d tanh x = (1 - tanh² x) dx */
export const tanh = pointwise({
  name: "tanh",
  lanes: exponential.tanh,
  vjp: (g, _, out) => [mul(g, sub(1, mul(out, out)))],
});

/** d σ(x) = σ(x)·(1 - σ(x)) dx */
export const sigmoid = pointwise({
  name: "sigmoid",
  lanes: exponential.sigmoid,
  vjp: (g, _, out) => [mul(g, mul(out, sub(1, out)))],
});

const twoPerRootPi = 2 / Math.sqrt(Math.PI);

/** d erf x = 2/√π · e^(-x²) dx */
export const erf = pointwise({
  name: "erf",
  lanes: erfLanes,
  vjp: (g, [x]) => [mul(g, bell(x, twoPerRootPi))],
});

export const erfc = pointwise({
  name: "erfc",
  lanes: erfcLanes,
  vjp: (g, [x]) => [mul(g, bell(x, -twoPerRootPi))],
});

const bell = (x: Value, height: number): Value => mul(exp(neg(mul(x, x))), height);

/** d(1/x) = -dx/x² */
export const reciprocal = pointwise({
  name: "reciprocal",
  lanes: (k, x) => k.div(1, x),
  vjp: (g, _, out) => [neg(mul(g, mul(out, out)))],
});

/** d x^(-½) = -½·x^(-3/2) dx */
export const rsqrt = pointwise({
  name: "rsqrt",
  lanes: (k, x) => k.div(1, k.sqrt(x)),
  vjp: (g, _, out) => [mul(mul(g, mul(out, mul(out, out))), -0.5)],
});

/** x^y. On integers by repeated squaring; a negative exponent leaves only what ±1 give. */
export const pow = pointwise({
  name: "pow",
  lanes: (k, x, y) => (x.type === "i32" ? integerPower(k, x, y) : powLanes(k, x, y)),
  law: ([x, y]) => {
    const exponent = constantOf(y);
    const base = exponent === null ? undefined : alone(x, y);
    return base && plainPower(base, exponent as number);
  },
  vjp: (g, [x, y], out) => [
    x.edge && gradientOfBase(g, x, y),
    y.edge && gradientOfExponent(g, { x, y, out }),
  ],
});

/** Exponents that have a shorter formula; as PyTorch's, x^½ is √x also where x is -0. */
function plainPower(x: Node, exponent: number): Node | undefined {
  const squared = (): Node => mul.primitive.build([x, x], null);
  if (exponent === 1) return x;
  if (exponent === 2) return squared();
  if (exponent === 3) return mul.primitive.build([squared(), x], null);
  if (!isFloat(x.dtype)) return undefined;
  if (exponent === 0.5) return sqrt.primitive.build([x], null);
  if (exponent === -0.5) return rsqrt.primitive.build([x], null);
  if (exponent === -1) return reciprocal.primitive.build([x], null);
  if (exponent === -2) return reciprocal.primitive.build([squared()], null);
  return undefined;
}

/** ∂ x^y/∂x = y·x^(y-1), and 0 for y = 0 whatever x is. */
function gradientOfBase(g: Value, x: Value, y: Value): Gradient {
  const exponent = constantOf(y.node);
  if (exponent === 0) return zerosLike(g);
  if (exponent !== null && !y.edge) return mul(g, mul(pow(x, exponent - 1), exponent));
  return where(eq(y, 0), 0, mul(g, mul(y, pow(x, sub(y, 1)))));
}

/** ∂ x^y/∂y = x^y·log x, and 0 where x is 0 and y is not negative. */
function gradientOfExponent(g: Value, { x, y, out }: { x: Value; y: Value; out: Value }): Gradient {
  const vanishes = and(eq(x, 0), ge(y, 0));
  // A number as base has no shape, and its logarithm is none that folding may write down.
  const base = sameShape(x.node.shape, out.node.shape) ? x : expand(x, out.node.shape);
  return where(vanishes, 0, mul(g, mul(out, log(base))));
}

function integerPower(k: LaneWriter, x: Lane, y: Lane): Lane {
  let result = k.const("i32", 1);
  let square = x;
  for (let bit = 0; bit < 31; bit++) {
    const isSet = k.ne(k.and(y, 2 ** bit), 0);
    result = k.select(isSet, k.mul(result, square), result);
    square = k.mul(square, square);
  }
  const isOdd = k.ne(k.and(y, 1), 0);
  const ofMinusOne = k.select(isOdd, k.const("i32", -1), 1);
  const inverse = k.select(k.eq(x, 1), k.const("i32", 1), k.select(k.eq(x, -1), ofMinusOne, 0));
  return k.select(k.lt(y, 0), inverse, result);
}
