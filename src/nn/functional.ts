// torch.nn.functional: functions of layers without their state.

import { functionsOf } from "../tensor/dispatch.ts";
import { changeInPlace } from "../tensor/in-place.ts";
import { makeTensor } from "../tensor/make.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { activationRecords } from "./records/activations.ts";
import { dropoutRecords } from "./records/dropout.ts";
import { softmaxRecords } from "./records/softmax.ts";

export const functionalRecords = {
  ...activationRecords,
  ...dropoutRecords,
  ...softmaxRecords,
} as const;

export const {
  gelu,
  leakyRelu,
  silu,
  softplus,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  alphaDropout,
  featureAlphaDropout,
  softmax,
  logSoftmax,
  softmin,
} = functionsOf<typeof functionalRecords, Tensor>(functionalRecords, makeTensor, changeInPlace);
export { relu } from "../tensor/functions.ts";
