// Samples of dropout, with the same elements dropped at every call.

import { manualSeed, type Tensor } from "../../src/index.ts";
import type { dropoutRecords } from "../../src/nn/records/dropout.ts";
import { functional } from "../../src/nn.ts";
import { type Row, type Samples, sample } from "./samples.ts";

const seeded = (call: (x: Tensor) => Tensor, shape: readonly number[]): Row =>
  sample(
    (x) => {
      manualSeed(5);
      return call(x);
    },
    { shape, from: -2, to: 2 },
  );

export const dropoutSamples: Samples<typeof dropoutRecords> = {
  dropout: seeded((x) => functional.dropout(x, 0.4), [3, 4]),
  dropout1d: seeded((x) => functional.dropout1d(x, 0.4), [4, 3]),
  dropout2d: seeded((x) => functional.dropout2d(x, 0.4), [2, 3, 2, 2]),
  dropout3d: seeded((x) => functional.dropout3d(x, 0.4), [4, 2, 1, 2]),
  alphaDropout: seeded((x) => functional.alphaDropout(x, 0.4, true), [3, 4]),
  featureAlphaDropout: seeded((x) => functional.featureAlphaDropout(x, 0.4, true), [2, 3, 2]),
};
