// Every record as a function.

import { functionsOf } from "./dispatch.ts";
import { makeTensor } from "./make.ts";
import { records } from "./records/all.ts";
import type { Tensor } from "./tensor.ts";

export const functions = functionsOf<typeof records, Tensor>(records, makeTensor);
