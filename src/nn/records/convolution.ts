// Records of nn.functional's convolutions, and of windows as columns.

import { ints, tensor } from "../../base/parameters.ts";
import { fold, unfold } from "../../functions/folds.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

export { convolutionRecords } from "../../tensor/records/convolutions.ts";

const sliding = [
  ints("kernelSize"),
  ints("dilation", 1),
  ints("padding", 0),
  ints("stride", 1),
] as const;

export const foldRecords = family({
  unfold: functionOnly(
    on([tensor("input"), ...sliding], (x, kernelSize, dilation, padding, stride) =>
      unfold(x, { kernelSize, dilation, padding, stride }),
    ),
  ),
  fold: functionOnly(
    on(
      [tensor("input"), ints("outputSize"), ...sliding],
      (x, outputSize, kernelSize, dilation, padding, stride) =>
        fold(x, outputSize, { kernelSize, dilation, padding, stride }),
    ),
  ),
});
