// erfinv x = x·C(w) for w < 5, x·T(√w) beyond, w = -log(1 - x²)        relative error f32 4e-8
//
// float64 begins with 1e-6 and takes one step of Halley's rule on erf (below ½) or erfc (above, where
// 1 - x is exact):  y - u/(1 + y·u),  u = (erf y - x)/(2/√π · e^(-y²))

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { erf, erfc } from "./error-function.ts";
import { exp } from "./exponential.ts";
import { forTypeOf, type PerFormat, polynomial } from "./float-format.ts";
import { log } from "./logarithm.ts";
import { withSignOf } from "./signs.ts";

/** C, of w - 2.5. */
const central = [
  1.5014094114303589, 0.24664029479026794, -0.004177500028163195, -0.001252759713679552,
  0.0002184105251217261, -0.000004953298230248038, -0.00000347694208358007, 4.640616850792867e-7,
  2.4252821972936545e-8, -8.643000093400133e-9,
];

interface Tail {
  /** What is taken from √w. */
  readonly middle: number;
  readonly coefficients: readonly number[];
}

/** T for 5 ≤ w ≤ 16.1 (f64: 36.2). */
const tail: PerFormat<Tail> = {
  f32: {
    middle: 3,
    coefficients: [
      2.832976818084717, 1.001675009727478, 0.009445239789783955, -0.0076383869163692,
      0.0056856051087379456, -0.003591323969885707, 0.0014908777084201574, -0.00006918000872246921,
      -0.0003153108700644225, 0.00012444706226233393,
    ],
  },
  f64: {
    middle: 4,
    coefficients: [
      3.8397820164482277, 1.0095107547816013, 0.0012856079473505296, -0.0009427054594902747,
      0.0002694749249907596, -0.000026449969830871438, 0.00008340433639024631,
      -0.00007930536288745019, 0.000018980254340378956,
    ],
  },
};

/** The inverse of erf: ±∞ at ±1, NaN beyond. */
export function erfinv(k: LaneWriter, x: Lane): Lane {
  const size = k.abs(x);
  const near = roughly(k, size);
  const inner = x.type === "f32" ? near : refined(k, size, near);
  const bounded = k.select(k.lt(size, 1), inner, k.const(x.type, Number.NaN));
  return withSignOf(k, k.select(k.eq(size, 1), k.const(x.type, Infinity), bounded), x);
}

function roughly(k: LaneWriter, x: Lane): Lane {
  const w = k.neg(log(k, k.mul(k.sub(1, x), k.add(x, 1))));
  const { middle, coefficients } = forTypeOf(x, tail);
  const far = polynomial(k, k.sub(k.sqrt(w), middle), coefficients);
  return k.mul(x, k.select(k.lt(w, 5), polynomial(k, k.sub(w, 2.5), central), far));
}

function refined(k: LaneWriter, x: Lane, y: Lane): Lane {
  const below = k.sub(erf(k, y), x);
  const above = k.sub(k.sub(1, x), erfc(k, y));
  const excess = k.select(k.lt(x, 0.5), below, above);
  const u = k.div(k.mul(excess, Math.sqrt(Math.PI) / 2), exp(k, k.neg(k.mul(y, y))));
  return k.sub(y, k.div(u, k.madd(y, u, 1)));
}
