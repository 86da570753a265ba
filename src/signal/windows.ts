// torch.signal.windows: window functions. With `sym: false` a window is periodic, as spectra want it.

import { functionsOf } from "../tensor/dispatch.ts";
import { makeTensor } from "../tensor/make.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { signalWindowRecords } from "./records.ts";

export const {
  bartlett,
  blackman,
  cosine,
  exponential,
  gaussian,
  generalCosine,
  generalHamming,
  hamming,
  hann,
  kaiser,
  nuttall,
} = functionsOf<typeof signalWindowRecords, Tensor>(signalWindowRecords, makeTensor);
