// Samples of attention.

import type { attentionRecords } from "../../src/nn/records/attention.ts";
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
