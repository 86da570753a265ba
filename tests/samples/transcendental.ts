// Samples of the elementary functions of analysis.

import type { Tensor } from "../../src/index.ts";
import type {
  hyperbolics,
  transcendentals,
  trigonometrics,
} from "../../src/tensor/records/transcendental.ts";
import { type Sample, type Samples, sample } from "./samples.ts";

const wide = [-3, 3] as const;
const positive = [0.3, 3] as const;
const within = [-0.9, 0.9] as const;

const of = (call: (x: Tensor) => Tensor, range: readonly [number, number] = wide): Sample =>
  sample(call, range);

export const transcendentalSamples: Samples<typeof transcendentals> = {
  exp: of((x) => x.exp()),
  exp2: of((x) => x.exp2()),
  expm1: of((x) => x.expm1()),
  log: of((x) => x.log(), positive),
  log1p: of((x) => x.log1p(), positive),
  log2: of((x) => x.log2(), positive),
  log10: of((x) => x.log10(), positive),
  logit: [
    of((x) => x.logit(), [0.1, 0.9]),
    sample((x) => x.logit(0.3), { shape: [4], data: [0.1, 0.35, 0.6, 0.8] }),
  ],
  sigmoid: of((x) => x.sigmoid()),
  erf: of((x) => x.erf()),
  erfc: of((x) => x.erfc()),
  erfinv: of((x) => x.erfinv(), within),
  logaddexp: sample((x, y) => x.logaddexp(y), wide, { shape: [4], from: -3, to: 3 }),
  logaddexp2: sample((x, y) => x.logaddexp2(y), wide, { shape: [4], from: -3, to: 3 }),
  xlogy: [sample((x, y) => x.xlogy(y), wide, positive), sample((y) => y.xlogy(2), wide)],
};

export const trigonometricSamples: Samples<typeof trigonometrics> = {
  sin: of((x) => x.sin()),
  cos: of((x) => x.cos()),
  tan: of((x) => x.tan(), [-1.3, 1.3]),
  asin: of((x) => x.asin(), within),
  arcsin: of((x) => x.arcsin(), within),
  acos: of((x) => x.acos(), within),
  arccos: of((x) => x.arccos(), within),
  atan: of((x) => x.atan()),
  arctan: of((x) => x.arctan()),
  atan2: sample((y, x) => y.atan2(x), wide, positive),
  arctan2: sample((y, x) => y.arctan2(x), wide, positive),
  sinc: of((x) => x.sinc()),
  hypot: sample((x, y) => x.hypot(y), wide, positive),
  angle: "constant on either side of 0: the gradient is 0",
  deg2rad: of((x) => x.deg2rad()),
  rad2deg: of((x) => x.rad2deg()),
};

export const hyperbolicSamples: Samples<typeof hyperbolics> = {
  sinh: of((x) => x.sinh()),
  cosh: of((x) => x.cosh()),
  tanh: of((x) => x.tanh()),
  asinh: of((x) => x.asinh()),
  arcsinh: of((x) => x.arcsinh()),
  acosh: of((x) => x.acosh(), [1.2, 4]),
  arccosh: of((x) => x.arccosh(), [1.2, 4]),
  atanh: of((x) => x.atanh(), within),
  arctanh: of((x) => x.arctanh(), within),
};
