// What is promised of each unary function of float32, in ulps of the float64 truth, and the truth.

import { erf, erfc, sigmoid } from "../truths.ts";

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
};
