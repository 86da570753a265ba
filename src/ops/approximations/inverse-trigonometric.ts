// asin, acos, atan, atan2, each from a polynomial on the part of the curve that is nearly straight:
//
//   atan q = q + q·q²·P(q²) for 0 ≤ q ≤ 1,   atan q = π/2 - atan(1/q) beyond       error f32 5e-10
//   asin s = s + s·s²·R(s²) for 0 ≤ s ≤ ½,   asin x = π/2 - 2·asin √((1 - x)/2) beyond    f32 5e-9
//
// Relative errors in float64: 2e-17 and 4e-18. Multiples of π/2 come in two parts, the smaller first.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { forTypeOf, type PerFormat, polynomial } from "./float-format.ts";
import { hasSign, withSignOf } from "./signs.ts";

/** P on [0, 1]. */
const arctangent: PerFormat<readonly number[]> = {
  f32: [
    -0.333333283662796, 0.1999971568584442, -0.14280344545841217, 0.11061251163482666,
    -0.08821550011634827, 0.06763879954814911, -0.0449867770075798, 0.02278074249625206,
    -0.007426864467561245, 0.0011348240077495575,
  ],
  f64: [
    -0.33333333333333326, 0.19999999999998228, -0.14285714285571527, 0.11111111105322422,
    -0.09090908949940678, 0.07692305414754538, -0.06666640648753519, 0.058821333674478594,
    -0.052617448054926866, 0.04754803048754006, -0.043194386555906, 0.03908419543848751,
    -0.034623324570469, 0.029228142995771037, -0.02270376075972987, 0.015603650045810203,
    -0.009107354568806542, 0.004321476793194115, -0.0015832680202342846, 0.0004169968343168994,
    -0.00006989238870399785, 0.000005579021865074068,
  ],
};

/** R on [0, ¼]. */
const arcsine: PerFormat<readonly number[]> = {
  f32: [
    0.16666752099990845, 0.074953094124794, 0.04546916112303734, 0.02418466843664646,
    0.0421585813164711,
  ],
  f64: [
    0.1666666666666676, 0.07499999999970867, 0.04464285717457704, 0.030381942708185703,
    0.0223722149676923, 0.01735161353791691, 0.013980775912196585, 0.011399598131925289,
    0.010773997546308823, 0.003741486484086596, 0.0215887178702931, -0.020776571653532826,
    0.032451413297168316,
  ],
};

/** π/2, and what it lacks. */
const quarter: PerFormat<readonly [number, number]> = {
  f32: [1.5707963705062866, -4.371138828673793e-8],
  f64: [1.5707963267948966, 6.123233995736766e-17],
};

/** The arctangent of x. */
export function atan(k: LaneWriter, x: Lane): Lane {
  const size = k.abs(x);
  const isSteep = k.gt(size, 1);
  const angle = atanOfRatio(k, k.select(isSteep, k.div(1, size), size));
  const [right, lack] = forTypeOf(x, quarter);
  const beyond = k.sub(right, k.sub(angle, lack));
  return withSignOf(k, k.select(isSteep, beyond, angle), x);
}

/** atan q for 0 ≤ q ≤ 1 */
function atanOfRatio(k: LaneWriter, q: Lane): Lane {
  const square = k.mul(q, q);
  return k.madd(k.mul(q, square), polynomial(k, square, forTypeOf(q, arctangent)), q);
}

/** The angle of the point (x, y) in (-π, π], with IEEE's special cases. */
export function atan2(k: LaneWriter, y: Lane, x: Lane): Lane {
  const [up, along] = [k.abs(y), k.abs(x)];
  const isSteep = k.gt(up, along);
  const isBehind = hasSign(k, x);
  const near = k.select(isSteep, along, up);
  const far = k.select(isSteep, up, along);
  // 0/0 → 0 and ∞/∞ → 1
  const ofEqual = k.select(k.eq(far, 0), k.const(x.type, 0), 1);
  const angle = atanOfRatio(k, k.select(k.eq(near, far), ofEqual, k.div(near, far)));
  const [right, lack] = forTypeOf(x, quarter);
  const turns = k.select(isSteep, k.const(x.type, 1), k.select(isBehind, k.const(x.type, 2), 0));
  const turned = k.select(k.xor(isSteep, isBehind), k.neg(angle), angle);
  const size = k.add(k.mul(turns, right), k.add(turned, k.mul(turns, lack)));
  return withSignOf(k, size, y);
}

interface Arc {
  readonly isWide: Lane;
  /** asin |x| up to ½; beyond, asin |x| = π/2 - arc. */
  readonly arc: Lane;
}

function arcOf(k: LaneWriter, x: Lane): Arc {
  const size = k.abs(x);
  const isWide = k.gt(size, 0.5);
  const square = k.select(isWide, k.mul(k.sub(1, size), 0.5), k.mul(size, size));
  const sine = k.select(isWide, k.sqrt(square), size);
  const series = polynomial(k, square, forTypeOf(x, arcsine));
  const arc = k.madd(k.mul(sine, square), series, sine);
  return { isWide, arc: k.select(isWide, k.add(arc, arc), arc) };
}

/** The arcsine; NaN outside of [-1, 1]. */
export function asin(k: LaneWriter, x: Lane): Lane {
  const { isWide, arc } = arcOf(k, x);
  const [right, lack] = forTypeOf(x, quarter);
  return withSignOf(k, k.select(isWide, k.sub(right, k.sub(arc, lack)), arc), x);
}

/** The arccosine; NaN outside of [-1, 1]. */
export function acos(k: LaneWriter, x: Lane): Lane {
  const { isWide, arc } = arcOf(k, x);
  const [right, lack] = forTypeOf(x, quarter);
  const half = k.select(k.lt(x, 0), k.const(x.type, 2), 0);
  const turns = k.select(isWide, half, 1);
  const signed = withSignOf(k, arc, x);
  const turned = k.select(isWide, k.neg(signed), signed);
  return k.sub(k.mul(turns, right), k.sub(turned, k.mul(turns, lack)));
}
