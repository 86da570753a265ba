// Sample calls of padding, interpolation, sampling, shuffles and distances.

import * as shardgrad from "../../src/index.ts";
import * as F from "../../src/nn/functional.ts";
import type { directionRecords } from "../../src/nn/records/distances.ts";
import type { paddingRecords } from "../../src/nn/records/padding.ts";
import type { visionRecords } from "../../src/nn/records/vision.ts";
import type {
  distances as distanceRecords,
  vectorProducts as productRecords,
} from "../../src/tensor/records/distances.ts";
import type { shuffleRecords } from "../../src/tensor/records/shuffles.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const row: SampleInput = { shape: [1, 2, 4] };
const plane: SampleInput = { shape: [1, 2, 4, 5] };
const space: SampleInput = { shape: [1, 1, 3, 2, 4] };
const matrix: SampleInput = { shape: [3, 4] };

const ofRow = (call: Sample["call"]): Sample => ({ inputs: [row], call });
const ofPlane = (call: Sample["call"]): Sample => ({ inputs: [plane], call });
const ofSpace = (call: Sample["call"]): Sample => ({ inputs: [space], call });

export const paddingSamples: Samples<typeof paddingRecords> = {
  pad: [
    ofRow((x) => F.pad(x, [1, -2, 0, 1], { value: 3 })),
    ofRow((x) => F.pad(x, [3, 2], "reflect")),
    ofPlane((x) => F.pad(x, [1, -2, 2, 1], "reflect")),
    ofPlane((x) => F.pad(x, [5, -4, -2, 3], "replicate")),
    ofPlane((x) => F.pad(x, [2, 1, -1, 2], "circular")),
    ofSpace((x) => F.pad(x, [1, 1, 0, 1, 2, 0], "circular")),
  ],
};

const theta: SampleInput = { shape: [2, 2, 3] };
/** Points off the elements, some outside. */
const grid: SampleInput = {
  shape: [1, 3, 2, 2],
  data: [-0.93, -0.31, 0.17, 0.62, -1.4, 0.05, 0.81, 1.37, 0.33, -0.72, -2.13, 2.45],
};

const gridSample = (options: Parameters<typeof F.gridSample>[2]): Sample => ({
  inputs: [plane, grid],
  call: (x, points) => F.gridSample(x, points as shardgrad.Tensor, options),
});

export const visionSamples: Samples<typeof visionRecords> = {
  interpolate: [
    ofRow((x) => F.interpolate(x, { scaleFactor: 1.7, mode: "linear" })),
    ofPlane((x) => F.interpolate(x, [6, 3], { mode: "bilinear", alignCorners: true })),
    ofPlane((x) => F.interpolate(x, [6, 3], { mode: "bicubic" })),
    ofPlane((x) => F.interpolate(x, [2, 3], { mode: "bicubic", antialias: true })),
    ofPlane((x) => F.interpolate(x, [2, 7], { mode: "bilinear", antialias: true })),
    ofPlane((x) => F.interpolate(x, { scaleFactor: [1.7, 0.6], mode: "nearest-exact" })),
    ofPlane((x) => F.interpolate(x, [3, 7], { mode: "area" })),
    ofSpace((x) => F.interpolate(x, [2, 3, 5], { mode: "trilinear" })),
  ],
  upsample: ofRow((x) => F.upsample(x, { scaleFactor: 2, mode: "linear", alignCorners: true })),
  upsampleNearest: ofSpace((x) => F.upsampleNearest(x, 3)),
  upsampleBilinear: ofPlane((x) => F.upsampleBilinear(x, { scaleFactor: 2 })),
  gridSample: [
    gridSample({}),
    gridSample({ paddingMode: "border", alignCorners: true }),
    gridSample({ paddingMode: "reflection" }),
    gridSample({ mode: "bicubic", paddingMode: "reflection", alignCorners: true }),
    gridSample({ mode: "nearest" }),
    {
      inputs: [space, { shape: [1, 1, 2, 1, 3], data: [-0.93, -0.31, 0.17, 0.62, -1.4, 0.05] }],
      call: (x, points) => F.gridSample(x, points as shardgrad.Tensor),
    },
  ],
  affineGrid: [
    { inputs: [theta], call: (x) => F.affineGrid(x, [2, 1, 3, 4]) },
    { inputs: [{ shape: [1, 3, 4] }], call: (x) => F.affineGrid(x, [1, 1, 2, 3, 1], true) },
  ],
  localResponseNorm: [
    ofPlane((x) => F.localResponseNorm(x, 3)),
    { inputs: [{ shape: [2, 5, 3] }], call: (x) => F.localResponseNorm(x, 2, 1, 0.5, 2) },
  ],
};

export const shuffleSamples: Samples<typeof shuffleRecords> = {
  pixelShuffle: { inputs: [{ shape: [1, 8, 2, 3] }], call: (x) => shardgrad.pixelShuffle(x, 2) },
  pixelUnshuffle: { inputs: [{ shape: [2, 4, 6] }], call: (x) => F.pixelUnshuffle(x, 2) },
  channelShuffle: { inputs: [{ shape: [1, 6, 2] }], call: (x) => F.channelShuffle(x, 3) },
};

export const distanceSamples: Samples<typeof distanceRecords> = {
  pdist: [
    sample((x) => F.pdist(x), matrix),
    sample((x) => F.pdist(x, 1.5), matrix),
    sample((x) => F.pdist(x, Infinity), matrix),
  ],
  pairwiseDistance: [
    sample((x, y) => F.pairwiseDistance(x, y as shardgrad.Tensor), matrix, { shape: [4] }),
    sample(
      (x, y) => F.pairwiseDistance(x, y as shardgrad.Tensor, 3, { keepdim: true }),
      matrix,
      matrix,
    ),
  ],
  cosineSimilarity: sample(
    (x, y) => F.cosineSimilarity(x, y as shardgrad.Tensor, { dim: -1 }),
    { shape: [2, 3, 4] },
    matrix,
  ),
};

export const directionSamples: Samples<typeof directionRecords> = {
  normalize: [
    sample((x) => F.normalize(x), matrix),
    sample((x) => F.normalize(x, 3, [0, 1]), matrix),
  ],
};

const apart: readonly SampleInput[] = [{ shape: [2, 3, 4] }, { shape: [2, 4] }];

export const vectorProductSamples: Samples<typeof productRecords> = {
  cdist: [2, 1, 1.5, 3, Infinity].map((p) =>
    sample((x, y) => shardgrad.cdist(x, y as shardgrad.Tensor, p), ...apart),
  ),
  cross: [
    sample((x, y) => x.cross(y as shardgrad.Tensor), { shape: [2, 3] }, { shape: [1, 3] }),
    sample(
      (x, y) => shardgrad.cross(x, y as shardgrad.Tensor, 0),
      { shape: [3, 2] },
      { shape: [3, 2] },
    ),
  ],
};
