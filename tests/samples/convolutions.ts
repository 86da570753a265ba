// Samples of convolutions: each way that one is computed, in one, two and three axes.

import {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  type Tensor,
} from "../../src/index.ts";
import type { foldRecords } from "../../src/nn/records/convolution.ts";
import { functional } from "../../src/nn.ts";
import type { convolutionRecords } from "../../src/tensor/records/convolutions.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const of = (...shape: readonly number[]): SampleInput => ({ shape, from: -2, to: 2 });

interface Options {
  readonly stride?: number;
  readonly padding?: number;
  readonly dilation?: number;
  readonly groups?: number;
}

type Convolution = (x: Tensor, w: Tensor, bias: Tensor | null, options?: Options) => Tensor;

const biased = (call: Convolution, options: Options, ...shapes: readonly SampleInput[]): Sample =>
  sample((x, w, bias) => call(x, w, bias, options), ...shapes);

const plain = (call: Convolution, options: Options, ...shapes: readonly SampleInput[]): Sample =>
  sample((x, w) => call(x, w, null, options), ...shapes);

export const convolutionSamples: Samples<typeof convolutionRecords> = {
  conv1d: [
    biased(conv1d, {}, of(2, 2, 5), of(3, 2, 3), of(3)),
    // Strides that meet, that do not, and that leave elements out.
    plain(conv1d, { stride: 2, padding: 1 }, of(1, 2, 6), of(2, 2, 3)),
    plain(conv1d, { stride: 2 }, of(1, 2, 5), of(2, 2, 2)),
    plain(conv1d, { stride: 3, dilation: 2, padding: 2 }, of(1, 6), of(2, 1, 3)),
    plain(conv1d, { stride: 2, dilation: 2 }, of(2, 7), of(2, 2, 3)),
    sample((x, w) => conv1d(x, w, null, 1, "same", 2), of(1, 2, 4), of(2, 2, 2)),
    plain(conv1d, { groups: 2, padding: 1 }, of(1, 2, 4), of(4, 1, 3)),
    plain(conv1d, { stride: 40, padding: 39 }, of(1, 1, 3), of(1, 1, 41)),
  ],
  conv2d: [
    biased(conv2d, { padding: 1 }, of(2, 2, 3, 3), of(2, 2, 3, 3), of(2)),
    plain(conv2d, { stride: 2, groups: 2 }, of(4, 4, 5), of(2, 2, 2, 3)),
    biased(conv2d, { groups: 3, padding: 1, stride: 2 }, of(1, 3, 3, 4), of(3, 1, 3, 2), of(3)),
    plain(conv2d, {}, of(2, 3, 2, 2), of(2, 3, 1, 1)),
  ],
  conv3d: [
    biased(conv3d, { stride: 2, padding: 1 }, of(1, 1, 3, 2, 3), of(2, 1, 2, 1, 3), of(2)),
    plain(conv3d, {}, of(1, 2, 2, 3), of(1, 1, 2, 2, 2)),
  ],
  convTranspose1d: [
    biased(convTranspose1d, {}, of(2, 2, 4), of(2, 3, 3), of(3)),
    plain(convTranspose1d, { stride: 2, padding: 1 }, of(2, 3), of(2, 2, 3)),
    plain(convTranspose1d, { stride: 3 }, of(1, 2, 3), of(2, 1, 2)),
    sample(
      (x, w) => convTranspose1d(x, w, null, { stride: 2, outputPadding: 1, dilation: 2 }),
      of(2, 3),
      of(2, 2, 2),
    ),
    plain(convTranspose1d, { groups: 2, stride: 2 }, of(1, 2, 3), of(2, 1, 3)),
  ],
  convTranspose2d: [
    biased(convTranspose2d, { stride: 2, padding: 1 }, of(1, 2, 2, 3), of(2, 2, 3, 2), of(2)),
    plain(convTranspose2d, { groups: 2 }, of(4, 2, 2), of(4, 1, 2, 2)),
  ],
  convTranspose3d: [
    biased(convTranspose3d, { stride: 2 }, of(1, 1, 2, 1, 2), of(1, 2, 3, 2, 1), of(2)),
  ],
};

export const foldSamples: Samples<typeof foldRecords> = {
  unfold: [
    sample((x) => functional.unfold(x, 2), of(1, 2, 3, 3)),
    sample((x) => functional.unfold(x, [2, 3], 1, 1, 2), of(2, 4, 3)),
    sample((x) => functional.unfold(x, 2, 2, 1, [1, 3]), of(1, 1, 4, 5)),
  ],
  fold: [
    sample((x) => functional.fold(x, [3, 3], 2), of(1, 8, 4)),
    sample((x) => functional.fold(x, [4, 4], 2, { stride: 2 }), of(1, 4, 4)),
    sample((x) => functional.fold(x, [4, 3], [2, 3], 1, 1, 2), of(12, 6)),
  ],
};
