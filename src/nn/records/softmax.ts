// Records of softmax as a layer has it: without a dim, the one that suits the rank.

import { anything, dtype, int, tensor } from "../../base/parameters.ts";
import * as softmaxes from "../../functions/softmax.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

const along = (run: typeof softmaxes.softmax) =>
  functionOnly(
    on(
      // The third is for Python's warnings.
      [tensor("input"), int("dim", null), anything("stacklevel", 3), dtype("dtype", null)],
      (x, dim, _, as) => run(x, dim ?? softmaxes.impliedDim(x), as ?? undefined),
    ),
  );

export const softmaxRecords = family({
  softmax: along(softmaxes.softmax),
  logSoftmax: along(softmaxes.logSoftmax),
  softmin: along(softmaxes.softmin),
});
