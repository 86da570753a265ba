// Records of normalization layers. Running statistics, where given, are changed in place.

import { bool, int, number, shape, tensor } from "../../base/parameters.ts";
import * as normalization from "../../functions/normalization.ts";
import { changing, family, functionOnly, on } from "../../tensor/records/record.ts";

const x = tensor("input");
const weight = tensor("weight", null);
const bias = tensor("bias", null);
const running = [tensor("runningMean", null), tensor("runningVar", null)] as const;
const rates = [number("momentum", 0.1), number("eps", 1e-5)] as const;
const sizes = shape("normalizedShape");

export const normalizationRecords = family({
  batchNorm: functionOnly(
    changing(
      [x, ...running, weight, bias, bool("training", false), ...rates],
      [1, 2],
      (x, runningMean, runningVar, weight, bias, isOfInput, momentum, eps) => {
        const options = { runningMean, runningVar, weight, bias, isOfInput, momentum, eps };
        return normalization.batchNorm(x, options);
      },
    ),
  ),
  instanceNorm: functionOnly(
    changing(
      [x, ...running, weight, bias, bool("useInputStats", true), ...rates],
      [1, 2],
      (x, runningMean, runningVar, weight, bias, isOfInput, momentum, eps) => {
        const options = { runningMean, runningVar, weight, bias, isOfInput, momentum, eps };
        return normalization.instanceNorm(x, options);
      },
    ),
  ),
  groupNorm: functionOnly(
    on([x, int("numGroups"), weight, bias, number("eps", 1e-5)], (x, count, weight, bias, eps) =>
      normalization.groupNorm(x, count, { weight, bias }, eps),
    ),
  ),
  layerNorm: functionOnly(
    on([x, sizes, weight, bias, number("eps", 1e-5)], (x, sizes, weight, bias, eps) =>
      normalization.layerNorm(x, sizes, { weight, bias }, eps),
    ),
  ),
  rmsNorm: functionOnly(on([x, sizes, weight, number("eps", null)], normalization.rmsNorm)),
});
