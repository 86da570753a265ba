// Samples of scans along an axis.

import type { Tensor } from "../../src/index.ts";
import type { scanRecords } from "../../src/tensor/records/scans.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const cube: SampleInput = { shape: [2, 3, 2], from: -2, to: 2 };
const single: SampleInput = { shape: [], from: 0.5, to: 2 };

const along = (call: (x: Tensor, dim: number) => Tensor): readonly Sample[] => [
  sample((x) => call(x, 1), [-2, 2]),
  sample((x) => call(x, -2), cube),
  sample((x) => call(x, 0), single),
];

export const scanSamples: Samples<typeof scanRecords> = {
  cumsum: along((x, dim) => x.cumsum(dim)),
  cumprod: [
    ...along((x, dim) => x.cumprod(dim)),
    sample((x) => x.cumprod(0), { shape: [5], data: [2, 0, -1.5, 0, 3] }),
  ],
  logcumsumexp: along((x, dim) => x.logcumsumexp(dim)),
  cummax: along((x, dim) => x.cummax(dim).values),
  cummin: along((x, dim) => x.cummin(dim).values),
};
