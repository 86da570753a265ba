// The inverses of sin, cos and tan.

import * as lanes from "./approximations/inverse-trigonometric.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { pointwise } from "./pointwise.ts";
import { rsqrt } from "./transcendental.ts";

/** d asin x = dx/√(1 - x²) */
export const asin = pointwise({
  name: "asin",
  lanes: lanes.asin,
  vjp: (g, [x]) => [mul(g, rsqrt(sub(1, mul(x, x))))],
});

export const acos = pointwise({
  name: "acos",
  lanes: lanes.acos,
  vjp: (g, [x]) => [neg(mul(g, rsqrt(sub(1, mul(x, x)))))],
});

/** d atan x = dx/(1 + x²) */
export const atan = pointwise({
  name: "atan",
  lanes: lanes.atan,
  vjp: (g, [x]) => [div(g, add(mul(x, x), 1))],
});
