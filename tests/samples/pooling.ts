// Sample calls of pooling.

import type { Tensor } from "../../src/index.ts";
import * as F from "../../src/nn/functional.ts";
import type { poolingRecords } from "../../src/nn/records/pooling.ts";
import type { Sample, SampleInput, Samples } from "./samples.ts";

const row: SampleInput = { shape: [2, 2, 7] };
const plane: SampleInput = { shape: [2, 5, 6] };
const space: SampleInput = { shape: [1, 2, 4, 5, 3] };

const ofRow = (call: Sample["call"]): Sample => ({ inputs: [row], call });
const ofPlane = (call: Sample["call"]): Sample => ({ inputs: [plane], call });
const ofSpace = (call: Sample["call"]): Sample => ({ inputs: [space], call });
/** Powers want elements that are not 0. */
const positive = (input: SampleInput, call: Sample["call"]): Sample => ({
  inputs: [{ ...input, from: 0.5, to: 2 }],
  call,
});

const places = (shape: readonly number[], data: readonly number[]): SampleInput => ({
  shape,
  dtype: "int64",
  data,
});

export const poolingSamples: Samples<typeof poolingRecords> = {
  avgPool1d: [
    ofRow((x) => F.avgPool1d(x, 3, 2, 1)),
    ofRow((x) => F.avgPool1d(x, 3, { ceilMode: true, padding: 1, countIncludePad: false })),
  ],
  avgPool2d: [
    ofPlane((x) => F.avgPool2d(x, 2)),
    ofPlane((x) => F.avgPool2d(x, [3, 2], 1, [1, 0], { countIncludePad: false })),
    ofPlane((x) => F.avgPool2d(x, 3, 2, 1, { ceilMode: true, divisorOverride: 4 })),
  ],
  avgPool3d: ofSpace((x) => F.avgPool3d(x, [2, 3, 2], [1, 2, 1], [1, 1, 0])),
  adaptiveAvgPool1d: [
    ofRow((x) => F.adaptiveAvgPool1d(x, 3)),
    ofRow((x) => F.adaptiveAvgPool1d(x, 9)),
  ],
  adaptiveAvgPool2d: [
    ofPlane((x) => F.adaptiveAvgPool2d(x, [null, 3])),
    ofPlane((x) => F.adaptiveAvgPool2d(x, [3, 4])),
  ],
  adaptiveAvgPool3d: ofSpace((x) => F.adaptiveAvgPool3d(x, [2, 3, 1])),
  lpPool1d: positive(row, (x) => F.lpPool1d(x, 3, 2)),
  lpPool2d: positive(plane, (x) => F.lpPool2d(x, 2, [2, 3], 1)),
  lpPool3d: positive(space, (x) => F.lpPool3d(x, 2, 2, { stride: 1 })),
  maxPool1d: [
    ofRow((x) => F.maxPool1d(x, 3, 2, 1)),
    ofRow((x) => F.maxPool1d(x, 2, { dilation: 2, ceilMode: true })),
  ],
  maxPool2d: [
    ofPlane((x) => F.maxPool2d(x, 2)),
    ofPlane((x) => F.maxPool2d(x, 2, { padding: 1 })),
    ofPlane((x) => F.maxPool2d(x, 3, [2, 1], 1, { returnIndices: true }).values),
  ],
  maxPool3d: ofSpace((x) => F.maxPool3d(x, [2, 3, 2], [1, 2, 1], { padding: [1, 1, 0] })),
  adaptiveMaxPool1d: [
    ofRow((x) => F.adaptiveMaxPool1d(x, 3)),
    ofRow((x) => F.adaptiveMaxPool1d(x, 9)),
  ],
  adaptiveMaxPool2d: [
    ofPlane((x) => F.adaptiveMaxPool2d(x, [1, 3])),
    ofPlane((x) => F.adaptiveMaxPool2d(x, [3, null])),
  ],
  adaptiveMaxPool3d: ofSpace((x) => F.adaptiveMaxPool3d(x, [2, 3, 2])),
  fractionalMaxPool2d: {
    inputs: [plane, { shape: [1, 2, 2], data: [0.2, 0.7, 0.5, 0.9], grad: false }],
    call: (x, randomSamples) =>
      F.fractionalMaxPool2d(x, 2, [3, 4], { randomSamples: randomSamples as Tensor }),
  },
  fractionalMaxPool3d: {
    inputs: [space, { shape: [1, 2, 3], data: [0.2, 0.7, 0.5, 0.9, 0.1, 0.4], grad: false }],
    call: (x, randomSamples) =>
      F.fractionalMaxPool3d(x, 2, [3, 3, 2], { randomSamples: randomSamples as Tensor }),
  },
  maxUnpool1d: {
    inputs: [{ shape: [2, 2] }, places([2, 2], [0, 3, 1, 2])],
    call: (x, indices) => F.maxUnpool1d(x, indices as Tensor, 2),
  },
  maxUnpool2d: {
    inputs: [{ shape: [1, 2, 2] }, places([1, 2, 2], [0, 3, 8, 15])],
    call: (x, indices) => F.maxUnpool2d(x, indices as Tensor, 2),
  },
  maxUnpool3d: {
    inputs: [{ shape: [1, 1, 1, 2] }, places([1, 1, 1, 2], [3, 9])],
    call: (x, indices) => F.maxUnpool3d(x, indices as Tensor, 2, { outputSize: [2, 2, 4] }),
  },
};
