// Samples of masked functions: with a mask that hides some, and without one.

import type { Tensor } from "../../src/index.ts";
import type { maskedRecords } from "../../src/masked/records.ts";
import * as masked from "../../src/masked.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const wide = [-2, 2] as const;
const mask: SampleInput = {
  shape: [3, 4],
  dtype: "bool",
  data: [1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 1],
};
/** Meets a [3, 4] by broadcasting. */
const rowMask: SampleInput = { shape: [4], dtype: "bool", data: [1, 0, 1, 1] };

interface Options {
  readonly mask?: Tensor;
}

const of = (call: (x: Tensor, options: Options) => Tensor): readonly Sample[] => [
  sample((x) => call(x, {}), wide),
  sample((x, mask) => call(x, { mask }), wide, mask),
  sample((x, mask) => call(x, { mask }), wide, rowMask),
];

const positions = "gives positions, which have no derivative";

export const maskedSamples: Samples<typeof maskedRecords> = {
  sum: of((x, options) => masked.sum(x, 1, options)),
  prod: of((x, options) => masked.prod(x, [0, 1], options)),
  amax: of((x, options) => masked.amax(x, 1, options)),
  amin: of((x, options) => masked.amin(x, { ...options, keepdim: true })),
  mean: of((x, options) => masked.mean(x, 1, options)),
  logsumexp: of((x, options) => masked.logsumexp(x, 1, options)),
  median: of((x, options) => masked.median(x, 1, options)),
  argmax: positions,
  argmin: positions,
  cumsum: of((x, options) => masked.cumsum(x, 1, options)),
  cumprod: of((x, options) => masked.cumprod(x, 1, options)),
  softmax: of((x, options) => masked.softmax(x, 1, options)),
  logSoftmax: [sample((x) => masked.logSoftmax(x, 1), wide)],
  softmin: of((x, options) => masked.softmin(x, 1, options)),
  norm: of((x, options) => masked.norm(x, 3, 1, options)),
  var: of((x, options) => masked.var(x, 1, options)),
  std: of((x, options) => masked.std(x, options)),
  normalize: of((x, options) => masked.normalize(x, 2, 1, options)),
  logaddexp: [
    sample((x, y) => masked.logaddexp(x, y), wide, wide),
    sample((x, y, inputMask) => masked.logaddexp(x, y, { inputMask }), wide, wide, rowMask),
  ],
};
