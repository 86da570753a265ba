// Functions that their formulas would compute badly: near a zero, a pole or a hole of the formula.

import { erfinv as erfinvLanes } from "./approximations/inverse-error-function.ts";
import { log as logLanes } from "./approximations/logarithm.ts";
import { logit as logitLanes } from "./approximations/logit.ts";
import { sinc as sincLanes } from "./approximations/sinc.ts";
import { and, div, eq, gt, le, lt, mul, or, sub, where } from "./arithmetic.ts";
import { pointwise } from "./pointwise.ts";
import { cos, exp } from "./transcendental.ts";

const halfRootPi = Math.sqrt(Math.PI) / 2;

/** d erfinv x = √π/2 · e^(y²) dx */
export const erfinv = pointwise({
  name: "erfinv",
  lanes: erfinvLanes,
  vjp: (g, _, out) => [mul(g, mul(exp(mul(out, out)), halfRootPi))],
});

/** log(x/(1 - x)). d = dx/(x·(1 - x)), and NaN where there is no result. */
export const logit = pointwise({
  name: "logit",
  lanes: logitLanes,
  vjp: (g, [x]) => {
    const slope = div(g, mul(x, sub(1, x)));
    return [where(or(lt(x, 0), gt(x, 1)), Number.NaN, slope)];
  },
});

/** sin πx/(πx), 1 at 0. d = (cos πx - sinc x)/x dx, 0 at 0. */
export const sinc = pointwise({
  name: "sinc",
  lanes: sincLanes,
  vjp: (g, [x], out) => {
    const difference = sub(cos(mul(x, Math.PI)), out);
    return [mul(g, div(difference, where(eq(x, 0), 1, x)))];
  },
});

/** x·log y, and 0 where x is 0, whatever y but NaN. */
export const xlogy = pointwise({
  name: "xlogy",
  lanes: (k, x, y) => {
    const product = k.mul(x, logLanes(k, y));
    return k.select(k.and(k.eq(x, 0), k.eq(y, y)), k.const(x.type, 0), product);
  },
  vjp: (g, [x, y]) => [
    x.edge && where(and(eq(x, 0), le(y, 0)), 0, xlogy(g, y)),
    y.edge && mul(g, div(x, y)),
  ],
});
