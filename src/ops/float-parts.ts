// Signs, neighbours, mantissas and exponents: what is read from the bits of a float.

import * as lanes from "./approximations/float-parts.ts";
import { hasSign } from "./approximations/signs.ts";
import { cast, div, eq, mul, where } from "./arithmetic.ts";
import { pointwise } from "./pointwise.ts";
import { zerosLike } from "./source.ts";
import { pow } from "./transcendental.ts";

/** |x| with the sign of y, also of -0. d = ±dx, and 0 where x is 0. */
export const copysign = pointwise({
  name: "copysign",
  lanes: lanes.copysign,
  vjp: (g, [x, y], out) => [
    x.edge && mul(g, div(out, where(eq(x, 0), 1, x))),
    y.edge && zerosLike(g),
  ],
});

/** Whether x has the sign bit: of floats also -0 and some NaN, of integers what is below 0. */
export const signbit = pointwise({
  name: "signbit",
  lanes: (k, x) => (x.type === "i32" ? k.lt(x, 0) : hasSign(k, x)),
  result: () => "bool",
  vjp: "none",
});

/** The float next to x towards y, so near that it moves as x does. */
export const nextafter = pointwise({
  name: "nextafter",
  lanes: lanes.nextafter,
  vjp: (g, [, y]) => [g, y.edge && zerosLike(g)],
});

/** e of x = m·2^e, ½ ≤ |m| < 1; 0 for 0, infinity and NaN. */
export const exponent = pointwise({
  name: "exponent",
  lanes: lanes.exponent,
  result: () => "int32",
  vjp: "none",
});

/** m of x = m·2^e. dm = dx/2^e between the powers of two. */
export const mantissa = pointwise({
  name: "mantissa",
  lanes: lanes.mantissa,
  vjp: (g, [x]) => [div(g, pow(2, cast(exponent(x), x.node.dtype)))],
});
