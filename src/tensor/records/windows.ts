// Records of the windows that stand at the root; signal.windows has them all.

import type { DType } from "../../base/dtypes.ts";
import { bool, dtype, int, number, only } from "../../base/parameters.ts";
import * as windows from "../../functions/windows.ts";
import { family, functionOnly, on } from "./record.ts";

const size = int("windowLength");
const periodic = bool("periodic", true);
const asDType = only(dtype("dtype", null));
const requiresGrad = only(bool("requiresGrad", false));

const window = (
  op: string,
  size: number,
  isPeriodic: boolean,
  as: DType | null,
): windows.Window => ({ op, size, isPeriodic, dtype: as ?? "float32" });

export const windowRecords = family({
  bartlettWindow: functionOnly(
    on([size, periodic, asDType, requiresGrad], (size, isPeriodic, as) =>
      windows.bartlett(window("bartlettWindow", size, isPeriodic, as)),
    ),
  ),
  blackmanWindow: functionOnly(
    on([size, periodic, asDType, requiresGrad], (size, isPeriodic, as) =>
      windows.generalCosine(window("blackmanWindow", size, isPeriodic, as), windows.blackman),
    ),
  ),
  hammingWindow: functionOnly(
    on(
      [size, periodic, number("alpha", 0.54), number("beta", 0.46), asDType, requiresGrad],
      (size, isPeriodic, alpha, beta, as) =>
        windows.generalCosine(window("hammingWindow", size, isPeriodic, as), [alpha, beta]),
    ),
  ),
  hannWindow: functionOnly(
    on([size, periodic, asDType, requiresGrad], (size, isPeriodic, as) =>
      windows.generalCosine(window("hannWindow", size, isPeriodic, as), [0.5, 0.5]),
    ),
  ),
  kaiserWindow: functionOnly(
    on([size, periodic, number("beta", 12), asDType, requiresGrad], (size, isPeriodic, beta, as) =>
      windows.kaiser(window("kaiserWindow", size, isPeriodic, as), beta),
    ),
  ),
});
