// Samples of reductions, norms, and of differences and integrals along an axis.

import {
  corrcoef,
  cov,
  cumulativeTrapezoid,
  diff,
  dist,
  gradient,
  norm,
  renorm,
  stdMean,
  type Tensor,
  trapezoid,
  trapz,
  varMean,
} from "../../src/index.ts";
import type { linalgRecords } from "../../src/linalg/records.ts";
import * as linalg from "../../src/linalg.ts";
import { cross, norm as eitherNorm, matrixNorm, vecdot, vectorNorm } from "../../src/linalg.ts";
import type { softmaxRecords } from "../../src/nn/records/softmax.ts";
import { functional } from "../../src/nn.ts";
import type { integrationRecords } from "../../src/tensor/records/integration.ts";
import type { normRecords } from "../../src/tensor/records/norms.ts";
import type { reductionRecords } from "../../src/tensor/records/reductions.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const wide = [-3, 3] as const;
const positive = [0.3, 3] as const;
const single: SampleInput = { shape: [], from: 0.5, to: 2 };
const cube: SampleInput = { shape: [2, 3, 2], from: -2, to: 2 };

const of = (call: (x: Tensor) => Tensor | readonly Tensor[]): Sample => sample(call, wide);
const ofCube = (call: (x: Tensor) => Tensor | readonly Tensor[]): Sample => sample(call, cube);
const ofSingle = (call: (x: Tensor) => Tensor | readonly Tensor[]): Sample => sample(call, single);
const tests = "gives bools, which have no derivative";
const positions = "gives positions, which have no derivative";

/** What is NaN stays out, and has no gradient. */
const withNaN: SampleInput = { shape: [4], data: [1.5, Number.NaN, -0.5, 2] };

const extremes = (name: "max" | "min"): readonly Sample[] => [
  of((x) => x[name]()),
  of((x) => x[name](1).values),
  ofCube((x) => x[name](-2, true).values),
  sample((x, y) => x[name](y), wide, wide),
  ofSingle((x) => x[name](0).values),
];

const spreads = (name: "var" | "std"): readonly Sample[] => [
  of((x) => x[name]()),
  of((x) => x[name](1, { correction: 0.5, keepdim: true })),
  ofCube((x) => x[name]([0, -1], false)),
];

const softmaxes = (call: (x: Tensor, dim: number) => Tensor): readonly Sample[] => [
  of((x) => call(x, 1)),
  ofCube((x) => call(x, -2)),
  ofSingle((x) => call(x, 0)),
];

export const reductionSamples: Samples<typeof reductionRecords> = {
  sum: [of((x) => x.sum()), ofCube((x) => x.sum([0, -1], true)), ofSingle((x) => x.sum(0))],
  mean: [of((x) => x.mean()), ofCube((x) => x.mean([0, -1], true)), ofSingle((x) => x.mean())],
  prod: [
    of((x) => x.prod()),
    ofCube((x) => x.prod(1, true)),
    sample((x) => x.prod(), { shape: [4], data: [2, 0, -1.5, 0] }),
    sample((x) => x.prod(), { shape: [4], data: [2, 0, -1.5, 3] }),
  ],
  any: tests,
  all: tests,
  logsumexp: [of((x) => x.logsumexp(1)), ofCube((x) => x.logsumexp([0, 2], true))],
  var: spreads("var"),
  std: spreads("std"),
  varMean: [of((x) => varMean(x)), ofCube((x) => varMean(x, [0, 2], { correction: 0 }))],
  stdMean: [of((x) => stdMean(x)), ofCube((x) => stdMean(x, 1, { keepdim: true }))],
  nansum: [of((x) => x.nansum(1)), sample((x) => x.nansum(), withNaN)],
  nanmean: [of((x) => x.nanmean(1, true)), sample((x) => x.nanmean(), withNaN)],
  countNonzero: "gives a count, which has no derivative",
  sumToSize: [
    of((x) => x.sumToSize(1, 4)),
    ofCube((x) => x.sumToSize([3, 1])),
    of((x) => x.sumToSize(3, 4)),
  ],
  aminmax: [of((x) => [...x.aminmax()]), ofCube((x) => [...x.aminmax({ dim: 1, keepdim: true })])],
  amax: [of((x) => x.amax()), ofCube((x) => x.amax([0, 2]))],
  amin: [of((x) => x.amin()), ofCube((x) => x.amin([0, 2], true))],
  argmax: positions,
  argmin: positions,
  max: extremes("max"),
  min: extremes("min"),
  softmax: softmaxes((x, dim) => x.softmax(dim)),
  logSoftmax: softmaxes((x, dim) => x.logSoftmax(dim)),
};

export const softmaxSamples: Samples<typeof softmaxRecords> = {
  softmax: softmaxes((x, dim) => functional.softmax(x, dim)),
  logSoftmax: softmaxes((x, dim) => functional.logSoftmax(x, dim)),
  softmin: [of((x) => functional.softmin(x)), ...softmaxes((x, dim) => functional.softmin(x, dim))],
};

/** All orders that have a formula of their own; extrema and sums have no second derivative but 0. */
const orders = [2, 1, Infinity, -Infinity, 3, 1.5, 0.5, -1.5];

const norms = (call: (x: Tensor, p: number) => Tensor): readonly Sample[] =>
  orders.flatMap((p) => [of((x) => call(x, p))]);

export const normSamples: Samples<typeof normRecords> = {
  norm: [
    ...norms((x, p) => norm(x, p, 1)),
    of((x) => norm(x, "fro")),
    ofCube((x) => norm(x, 2.5, [0, 2], { keepdim: true })),
    ofSingle((x) => norm(x, 3)),
  ],
  dist: [
    sample((x, y) => dist(x, y), wide, wide),
    sample((x, y) => dist(x, y, 3), wide, { shape: [4], from: -1, to: 1 }),
  ],
  renorm: [of((x) => renorm(x, 2, 0, 2)), ofCube((x) => renorm(x, 1.5, -1, 1))],
};

export const linalgSamples: Samples<typeof linalgRecords> = {
  vectorNorm: [...norms((x, p) => vectorNorm(x, p)), ofCube((x) => vectorNorm(x, 2, [0, 2], true))],
  matrixNorm: [
    of((x) => matrixNorm(x)),
    ofCube((x) => matrixNorm(x, 1, [0, 1])),
    ofCube((x) => matrixNorm(x, -Infinity, [0, 2], true)),
  ],
  norm: [of((x) => eitherNorm(x)), of((x) => eitherNorm(x, 1)), of((x) => eitherNorm(x, 3, 1))],
  matmul: sample((x, y) => linalg.matmul(x, y), wide, { shape: [4, 2], from: -1, to: 2 }),
  matrixPower: sample((x) => linalg.matrixPower(x, 3), { shape: [2, 2], from: -1, to: 2 }),
  multiDot: sample(
    (x, y, z) => linalg.multiDot([x, y, z]),
    { shape: [4], from: -1, to: 2 },
    { shape: [4, 3], from: -1, to: 2 },
    { shape: [3, 2], from: -1, to: 2 },
  ),
  cross: sample((x, y) => cross(x, y), { shape: [2, 3] }, { shape: [1, 3] }),
  vecdot: sample((x, y) => vecdot(x, y), wide, { shape: [4], from: -1, to: 2 }),
};

const weights: SampleInput = { shape: [4], from: 0.5, to: 2 };
const counts: SampleInput = { shape: [4], dtype: "int64", data: [1, 3, 2, 1] };

const trapezoids = (call: typeof trapezoid): readonly Sample[] => [
  of((y) => call(y)),
  ofCube((y) => call(y, { dx: 0.5, dim: 1 })),
  sample((y, x) => call(y, x), wide, wide),
  sample((y, x) => call(y, x, { dim: 1 }), wide, weights),
];

export const integrationSamples: Samples<typeof integrationRecords> = {
  diff: [
    of((x) => diff(x)),
    ofCube((x) => diff(x, 2, 1)),
    sample((x, before) => diff(x, 1, 0, before), wide, { shape: [2, 4], from: -1, to: 1 }),
    of((x) => diff(x, 0)),
  ],
  gradient: [
    of((x) => gradient(x)),
    of((x) => gradient(x, { spacing: 0.5, dim: 1, edgeOrder: 2 })),
    of((x) => gradient(x, { spacing: [0.5, 2] })),
    sample((x, at) => gradient(x, { spacing: [at], dim: 1, edgeOrder: 2 }), wide, {
      shape: [4],
      data: [0.2, 1, 1.5, 3],
    }),
  ],
  trapezoid: trapezoids(trapezoid),
  trapz: trapezoids(trapz),
  cumulativeTrapezoid: trapezoids(cumulativeTrapezoid),
  cov: [
    of((x) => cov(x)),
    sample((x) => cov(x, { correction: 0 }), { shape: [5], from: -2, to: 2 }),
    sample((x, w, n) => cov(x, { aweights: w, fweights: n }), wide, weights, counts),
    sample((x, n) => cov(x, { fweights: n }), wide, counts),
  ],
  corrcoef: [sample((x) => corrcoef(x), positive)],
};
