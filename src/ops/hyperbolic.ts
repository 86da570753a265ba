// Hyperbolic functions and their inverses.

import * as lanes from "./approximations/hyperbolic.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { pointwise } from "./pointwise.ts";
import { rsqrt } from "./transcendental.ts";

export const sinh = pointwise({
  name: "sinh",
  lanes: lanes.sinh,
  vjp: (g, [x]) => [mul(g, cosh(x))],
});

export const cosh = pointwise({
  name: "cosh",
  lanes: lanes.cosh,
  vjp: (g, [x]) => [mul(g, sinh(x))],
});

/** d asinh x = dx/√(x² + 1) */
export const asinh = pointwise({
  name: "asinh",
  lanes: lanes.asinh,
  vjp: (g, [x]) => [mul(g, rsqrt(add(mul(x, x), 1)))],
});

/** d acosh x = dx/√(x² - 1) */
export const acosh = pointwise({
  name: "acosh",
  lanes: lanes.acosh,
  vjp: (g, [x]) => [mul(g, rsqrt(sub(mul(x, x), 1)))],
});

/** d atanh x = dx/(1 - x²) */
export const atanh = pointwise({
  name: "atanh",
  lanes: lanes.atanh,
  vjp: (g, [x]) => [div(g, sub(1, mul(x, x)))],
});
