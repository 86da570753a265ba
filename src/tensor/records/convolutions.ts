// Records of convolutions, which stand at the root as in nn.functional.

import { int, ints, string, tensor } from "../../base/parameters.ts";
import { convolution, convolutionTransposed } from "../../functions/convolution.ts";
import { family, functionOnly, on } from "./record.ts";

const operands = [tensor("input"), tensor("weight"), tensor("bias", null)] as const;
const stride = ints("stride", 1);
const padding = ints("padding", 0);
const dilation = ints("dilation", 1);
const groups = int("groups", 1);

const conv = (rank: 1 | 2 | 3) =>
  functionOnly(
    on(
      [...operands, stride, padding, dilation, groups],
      (x, weight, bias, stride, padding, dilation, groups) =>
        convolution(rank, [x, weight, bias], { stride, padding, dilation, groups }),
    ),
    on(
      [...operands, stride, string("padding", "valid"), dilation, groups],
      (x, weight, bias, stride, padding, dilation, groups) =>
        convolution(rank, [x, weight, bias], { stride, padding, dilation, groups }),
    ),
  );

const convTranspose = (rank: 1 | 2 | 3) =>
  functionOnly(
    on(
      [...operands, stride, padding, ints("outputPadding", 0), groups, dilation],
      (x, weight, bias, stride, padding, outputPadding, groups, dilation) =>
        convolutionTransposed(rank, [x, weight, bias], {
          stride,
          padding,
          outputPadding,
          groups,
          dilation,
        }),
    ),
  );

export const convolutionRecords = family({
  conv1d: conv(1),
  conv2d: conv(2),
  conv3d: conv(3),
  convTranspose1d: convTranspose(1),
  convTranspose2d: convTranspose(2),
  convTranspose3d: convTranspose(3),
});
