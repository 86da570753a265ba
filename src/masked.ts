// shardgrad/masked: reductions, scans and normalizations of what a mask leaves.

import { maskedRecords } from "./masked/records.ts";
import { functionsOf } from "./tensor/dispatch.ts";
import { makeTensor } from "./tensor/make.ts";
import type { Tensor } from "./tensor/tensor.ts";

export const {
  sum,
  prod,
  cumsum,
  cumprod,
  amax,
  amin,
  argmax,
  argmin,
  mean,
  norm,
  var: variance,
  std,
  softmax,
  logSoftmax,
  softmin,
  normalize,
  logaddexp,
  logsumexp,
  median,
} = functionsOf<typeof maskedRecords, Tensor>(maskedRecords, makeTensor);

export { variance as var };
