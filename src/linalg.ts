// shardgrad/linalg: linear algebra.

import { linalgRecords } from "./linalg/records.ts";
import { linalgShapeRecords } from "./linalg/shape-records.ts";
import { functionsOf } from "./tensor/dispatch.ts";
import { makeTensor } from "./tensor/make.ts";
import type { Tensor } from "./tensor/tensor.ts";

const records = { ...linalgRecords, ...linalgShapeRecords } as const;

export const {
  vectorNorm,
  matrixNorm,
  norm,
  matmul,
  matrixPower,
  multiDot,
  cross,
  vecdot,
  diagonal,
  vander,
} = functionsOf<typeof records, Tensor>(records, makeTensor);
