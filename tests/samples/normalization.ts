// Samples of normalization: running statistics are no leaves, and none of them is changed.

import type { normalizationRecords } from "../../src/nn/records/normalization.ts";
import { functional } from "../../src/nn.ts";
import { type Samples, sample } from "./samples.ts";

const images = { shape: [2, 2, 3], from: -2, to: 2 };
const channels = { shape: [2], from: 0.5, to: 2 };
const rows = { shape: [2, 3], from: -2, to: 2 };
const columns = { shape: [3], from: 0.5, to: 2 };

export const normalizationSamples: Samples<typeof normalizationRecords> = {
  batchNorm: [
    sample(
      (x, weight, bias) => functional.batchNorm(x, null, null, weight, bias, true),
      images,
      channels,
      channels,
    ),
    sample(
      (x, mean, variance, weight, bias) =>
        functional.batchNorm(x, mean, variance, weight, bias, false),
      images,
      { ...channels, grad: false },
      { ...channels, grad: false },
      channels,
      channels,
    ),
  ],
  instanceNorm: sample(
    (x, weight, bias) => functional.instanceNorm(x, null, null, weight, bias),
    images,
    channels,
    channels,
  ),
  groupNorm: sample(
    (x, weight, bias) => functional.groupNorm(x, 1, weight, bias),
    images,
    channels,
    channels,
  ),
  layerNorm: sample(
    (x, weight, bias) => functional.layerNorm(x, [3], weight, bias),
    rows,
    columns,
    columns,
  ),
  rmsNorm: sample((x, weight) => functional.rmsNorm(x, [3], weight), rows, columns),
};
