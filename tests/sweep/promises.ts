// What is promised of each unary function of float32, in ulps of the float64 truth, and the truth.

import { erf, erfc, erfinv, logit, sigmoid, sinc } from "../truths.ts";

interface SweptFunction {
  readonly promise: number;
  readonly truth: (x: number) => number;
  /** Inputs beyond it in size are left out; no bound where absent. */
  readonly limit?: number;
}

export const promises: Readonly<Record<string, SweptFunction>> = {
  exp: { promise: 2, truth: Math.exp },
  expm1: { promise: 3, truth: Math.expm1 },
  log: { promise: 2, truth: Math.log },
  log2: { promise: 3, truth: Math.log2 },
  log1p: { promise: 3, truth: Math.log1p },
  sqrt: { promise: 0.5, truth: Math.sqrt },
  sin: { promise: 2, truth: Math.sin, limit: 1e4 },
  cos: { promise: 2, truth: Math.cos, limit: 1e4 },
  tanh: { promise: 4, truth: Math.tanh },
  sigmoid: { promise: 4, truth: sigmoid },
  erf: { promise: 4, truth: erf },
  erfc: { promise: 8, truth: erfc },
  exp2: { promise: 2, truth: (x) => 2 ** x },
  log10: { promise: 3, truth: Math.log10 },
  tan: { promise: 5, truth: Math.tan, limit: 1e4 },
  asin: { promise: 3, truth: Math.asin },
  acos: { promise: 2, truth: Math.acos },
  atan: { promise: 2, truth: Math.atan },
  sinh: { promise: 2, truth: Math.sinh },
  cosh: { promise: 2, truth: Math.cosh },
  asinh: { promise: 3, truth: Math.asinh },
  acosh: { promise: 3, truth: Math.acosh },
  atanh: { promise: 3, truth: Math.atanh },
  erfinv: { promise: 3, truth: erfinv },
  logit: { promise: 3, truth: logit },
  sinc: { promise: 4, truth: sinc },
  rsqrt: { promise: 2, truth: (x) => 1 / Math.sqrt(x) },
  reciprocal: { promise: 0.5, truth: (x) => 1 / x },
  square: { promise: 0.5, truth: (x) => x * x },
  deg2rad: { promise: 1, truth: (x) => (x * Math.PI) / 180 },
  rad2deg: { promise: 1, truth: (x) => x * (180 / Math.PI) },
  frac: { promise: 0.5, truth: (x) => x - Math.trunc(x) },
};
