// How approximations are measured, and the cases of the hyperbolic and inverse functions.

import type { Lane, LaneWriter } from "../../src/base/trace-lanes.ts";
import * as hyperbolic from "../../src/ops/approximations/hyperbolic.ts";
import { erfinv } from "../../src/ops/approximations/inverse-error-function.ts";
import * as inverse from "../../src/ops/approximations/inverse-trigonometric.ts";
import { logit } from "../../src/ops/approximations/logit.ts";
import { sinc } from "../../src/ops/approximations/sinc.ts";
import type { Precise } from "../precise.ts";
import { preciseInverses } from "../precise-inverses.ts";
import * as truths from "../truths.ts";

export type Write = (k: LaneWriter, x: Lane) => Lane;

export interface Case {
  readonly write: Write;
  readonly truth: (x: number) => number;
  readonly precise: (x: number) => Precise;
  /** Promised ulps, f32 and f64. */
  readonly ulps: readonly [number, number];
  /** Where the promise holds. */
  readonly within?: (x: number) => boolean;
  /** Where something changes: measured with its neighbours. */
  readonly edges: readonly number[];
  /** Measured densely in f64, with the number of points. */
  readonly spans: readonly (readonly [low: number, high: number, points: number])[];
}

export const inverseCases: Readonly<Record<string, Case>> = {
  sinh: {
    write: hyperbolic.sinh,
    truth: Math.sinh,
    precise: preciseInverses.sinh,
    ulps: [2, 2],
    edges: [1, 88.7228, 89.4159, 90, 709.78, 710.4758],
    spans: [
      [-3, 3, 300],
      [1, 710, 100],
    ],
  },
  cosh: {
    write: hyperbolic.cosh,
    truth: Math.cosh,
    precise: preciseInverses.cosh,
    ulps: [2, 2],
    edges: [1, 88.7228, 89.4159, 90, 709.78, 710.4758],
    spans: [
      [-3, 3, 300],
      [1, 710, 100],
    ],
  },
  asinh: {
    write: hyperbolic.asinh,
    truth: Math.asinh,
    precise: preciseInverses.asinh,
    ulps: [3, 2],
    edges: [1, 2 ** -12, 2 ** 30, 2 ** 60, 2 ** 127.5],
    spans: [[-3, 3, 400]],
  },
  acosh: {
    write: hyperbolic.acosh,
    truth: Math.acosh,
    precise: preciseInverses.acosh,
    ulps: [3, 2],
    edges: [1, 2, 2 ** 30, 2 ** 60, 2 ** 127.5],
    spans: [
      [1, 1.2, 100],
      [1, 5, 300],
    ],
  },
  atanh: {
    write: hyperbolic.atanh,
    truth: Math.atanh,
    precise: preciseInverses.atanh,
    ulps: [3, 2],
    edges: [0.5, 1, 0.25, 0.1],
    spans: [[-1, 1, 500]],
  },
  asin: {
    write: inverse.asin,
    truth: Math.asin,
    precise: preciseInverses.asin,
    ulps: [3, 2],
    edges: [0.5, 1],
    spans: [[-1, 1, 500]],
  },
  acos: {
    write: inverse.acos,
    truth: Math.acos,
    precise: preciseInverses.acos,
    ulps: [2, 2],
    edges: [0.5, 1],
    spans: [[-1, 1, 500]],
  },
  atan: {
    write: inverse.atan,
    truth: Math.atan,
    precise: preciseInverses.atan,
    ulps: [2, 2],
    edges: [0.5, 1],
    spans: [
      [-2, 2, 400],
      [2, 30, 100],
    ],
  },
  erfinv: {
    write: erfinv,
    truth: truths.erfinv,
    precise: preciseInverses.erfinv,
    ulps: [3, 3],
    edges: [0.5, 0.9966, 1, 1 - 2 ** -20, 1 - 2 ** -50],
    spans: [[-1, 1, 100]],
  },
  logit: {
    write: logit,
    truth: truths.logit,
    precise: preciseInverses.logit,
    ulps: [3, 2],
    edges: [0.25, 0.5, 1, 2 ** -100, 2 ** -126, 2 ** -900],
    spans: [
      [0, 1, 300],
      [0.4, 0.6, 100],
    ],
  },
  sinc: {
    write: sinc,
    truth: truths.sinc,
    precise: preciseInverses.sinc,
    ulps: [4, 3],
    edges: [0.5, 1, 1.5, 2, 3, 100, 1000.5, 2 ** 22],
    spans: [[-5, 5, 400]],
  },
};
