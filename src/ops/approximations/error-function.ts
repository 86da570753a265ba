// erf and erfc.
//
//   f32   erf a = 1 - e^(-a·G(a))            error in erf 5.2e-8
//   f64   erf a = a·S(a²) for a < 1, else 1 - erfc a        relative error of S 1.4e-17
//   both  erfc a = e^(-a²) · P(a)/Q(a)       relative error f32 5.7e-9, f64 5.0e-17

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { expm1Within, expOfRest, reduce, scaled } from "./exponential.ts";
import {
  atMost,
  forTypeOf,
  type PerFormat,
  polynomial,
  signBits,
  upperHalf,
} from "./float-format.ts";

/** -G on [0, 4]; erf is 1 beyond. */
const minusG = [
  -1.128379225730896, -0.6366151571273804, -0.10282906144857407, 0.01937822811305523,
  -0.0003039178845938295, -0.0011685318313539028, 0.0003476966521702707, -3.5714190744329244e-5,
];

/** S on [0, 1]. */
const series = [
  1.1283791670955126, -0.37612638903183343, 0.11283791670936966, -0.02686617064196424,
  0.005223977596796555, -0.0008548325488492922, 0.00012055280604965142, -1.4924467476035792e-5,
  1.6444165815268522e-6, -1.618401689174357e-7, 1.361627449938215e-8, -7.60577651212055e-10,
];

interface Complement {
  /** erfc is 0 beyond. */
  readonly bound: number;
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

/** P and Q on [0, bound]; all positive, so nothing cancels. */
const complement: PerFormat<Complement> = {
  f32: {
    bound: 10.06,
    numerator: [
      1, 1.2381027944823555, 0.731282235239301, 0.22906547303682584, 0.032764361110438504,
    ],
    denominator: [
      1, 2.3664825358408317, 2.4015625454021654, 1.3247677084724607, 0.40603454083525303,
      0.058072613605715265,
    ],
  },
  f64: {
    bound: 27.3,
    numerator: [
      1, 2.1910967895534874, 2.3750046455987213, 1.6355230331315942, 0.7808415877569236,
      0.26693261624315295, 0.06533176963826284, 0.01107704765422429, 0.0011895943280908518,
      6.255042925979419e-5,
    ],
    denominator: [
      1, 3.319475956648986, 5.120632160756515, 4.846314507092039, 3.1257747642044493,
      1.4408501347914913, 0.4828870910639132, 0.11685179707660592, 0.01968898964926824,
      0.0021085010477902948, 0.00011086774921765641,
    ],
  },
};

/** The error function, with the sign of x. */
export function erf(k: LaneWriter, x: Lane): Lane {
  const size = k.abs(x);
  const result = x.type === "f32" ? erfOfSize(k, size) : erfOfSizeInTwo(k, size);
  return k.bitcast(k.or(k.bitcast(result), signBits(k, x)));
}

function erfOfSize(k: LaneWriter, size: Lane): Lane {
  const a = atMost(k, size, 4);
  return k.neg(expm1Within(k, k.mul(polynomial(k, a, minusG), a)));
}

function erfOfSizeInTwo(k: LaneWriter, a: Lane): Lane {
  const small = k.mul(a, polynomial(k, k.mul(a, a), series));
  return k.select(k.lt(a, 1), small, k.sub(1, erfcOfSize(k, a)));
}

/** 1 - erf x, relatively accurate down to the underflow. */
export function erfc(k: LaneWriter, x: Lane): Lane {
  const tail = erfcOfSize(k, k.abs(x));
  return k.select(k.lt(x, 0), k.sub(2, tail), tail);
}

/** a² in two parts: the upper half of a squared, exact, and what is missing from it. */
function erfcOfSize(k: LaneWriter, size: Lane): Lane {
  const { bound, numerator, denominator } = forTypeOf(size, complement);
  const a = atMost(k, size, bound);
  const upper = upperHalf(k, a);
  const square = k.mul(upper, k.neg(upper));
  const finer = k.mul(k.sub(upper, a), k.add(upper, a));
  const { rest, bits } = reduce(k, square, doubleBias(size), finer);
  const ratio = k.div(polynomial(k, a, numerator), polynomial(k, a, denominator));
  return scaled(k, k.mul(expOfRest(k, rest), ratio), bits);
}

const doubleBias = (x: Lane): number => forTypeOf(x, { f32: 254, f64: 2046 });
