// The records of recurrent networks as functions, for their modules.

import { functionsOf } from "../tensor/dispatch.ts";
import { makeTensor } from "../tensor/make.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { recurrentRecords } from "./records/recurrent.ts";

export const recurrentFunctions = functionsOf<typeof recurrentRecords, Tensor>(
  recurrentRecords,
  makeTensor,
);
