// Samples of attention.

import type { Tensor } from "../../src/index.ts";
import type { attentionRecords } from "../../src/nn/records/attention.ts";
import type { multiHeadRecords } from "../../src/nn/records/multi-head-attention.ts";
import { functional } from "../../src/nn.ts";
import { type Samples, sample } from "./samples.ts";

const queries = { shape: [1, 2, 2, 3], from: -1, to: 1 };
const keys = { shape: [1, 1, 3, 3], from: -1, to: 1 };

export const attentionSamples: Samples<typeof attentionRecords> = {
  scaledDotProductAttention: [
    sample(
      (q, k, v) =>
        functional.scaledDotProductAttention(q, k, v, { isCausal: true, enableGqa: true }),
      queries,
      keys,
      keys,
    ),
    sample(
      (q, k, v, mask) => functional.scaledDotProductAttention(q, k, v, mask),
      { shape: [2, 3], from: -1, to: 1 },
      { shape: [2, 3], from: -1, to: 1 },
      { shape: [2, 2], from: -1, to: 1 },
      { shape: [2, 2], from: -1, to: 1 },
    ),
  ],
};

const matrix = (rows: number, columns: number) => ({ shape: [rows, columns], from: -1, to: 1 });
const vector = (size: number) => ({ shape: [size], from: -1, to: 1 });
const rows = (length: number, width: number) => ({ shape: [length, 1, width], from: -1, to: 1 });

export const multiHeadSamples: Samples<typeof multiHeadRecords> = {
  multiHeadAttentionForward: [
    sample(
      (x, weight, bias, out, outBias, mask) => {
        const { attnOutput, attnOutputWeights } = functional.multiHeadAttentionForward(
          ...([x, x, x, 2, 2, weight, bias, null, null, false, 0, out, outBias] as const),
          { attnMask: mask },
        );
        return [attnOutput, attnOutputWeights as Tensor];
      },
      matrix(2, 2),
      matrix(6, 2),
      vector(6),
      matrix(2, 2),
      vector(2),
      matrix(2, 2),
    ),
    sample(
      (q, k, v, qWeight, kWeight, vWeight, biasK, biasV, out) =>
        functional.multiHeadAttentionForward(
          ...([q, k, v, 2, 1, null, null, biasK, biasV, true, 0, out, null] as const),
          {
            needWeights: false,
            useSeparateProjWeight: true,
            qProjWeight: qWeight,
            kProjWeight: kWeight,
            vProjWeight: vWeight,
          },
        ).attnOutput,
      rows(2, 2),
      rows(2, 3),
      rows(2, 1),
      matrix(2, 2),
      matrix(2, 3),
      matrix(2, 1),
      rows(1, 2),
      rows(1, 2),
      matrix(2, 2),
    ),
  ],
};
