// torch.nn.functional: functions of layers without their state.

import { functionsOf } from "../tensor/dispatch.ts";
import { makeTensor } from "../tensor/make.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { activationRecords } from "./records/activations.ts";

export const functionalRecords = { ...activationRecords } as const;

export const { gelu, leakyRelu, silu, softplus } = functionsOf<typeof functionalRecords, Tensor>(
  functionalRecords,
  makeTensor,
);
export { relu } from "../tensor/functions.ts";
