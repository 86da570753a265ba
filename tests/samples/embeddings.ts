// Samples of embeddings.

import type { embeddingRecords } from "../../src/nn/records/embeddings.ts";
import { functional } from "../../src/nn.ts";
import { type Samples, sample } from "./samples.ts";

const table = { shape: [4, 3], from: -2, to: 2 };
const index = { shape: [5], dtype: "int64", data: [0, 2, 1, 2, 3] } as const;
const offsets = { shape: [2], dtype: "int64", data: [0, 3] } as const;

export const embeddingSamples: Samples<typeof embeddingRecords> = {
  oneHot: "classes are integers",
  embedding: sample((index, weight) => functional.embedding(index, weight), index, table),
  embeddingBag: [
    sample(
      (index, weight, offsets, own) =>
        functional.embeddingBag(index, weight, offsets, { mode: "sum", perSampleWeights: own }),
      index,
      table,
      offsets,
      { shape: [5], from: 0.5, to: 2 },
    ),
    sample(
      (index, weight, offsets) => functional.embeddingBag(index, weight, offsets),
      index,
      table,
      offsets,
    ),
    sample(
      (index, weight, offsets) => functional.embeddingBag(index, weight, offsets, { mode: "max" }),
      index,
      table,
      offsets,
    ),
  ],
};
