// Modules that only rearrange: flat or not, windows as columns, pixels and channels, sizes of images.

import { bool, choice, int, ints, numbers, shape } from "../../base/parameters.ts";
import { interpolationModes } from "../../functions/interpolation.ts";
import { flatten, unflatten } from "../../tensor/functions.ts";
import * as functional from "../functional.ts";
import { ofOne } from "../simple-module.ts";

export class Flatten extends ofOne(
  [int("startDim", 1), int("endDim", -1)],
  (x, { startDim, endDim }) => flatten(x, startDim, endDim),
  { shown: ["startDim", "endDim"] },
) {}

export class Unflatten extends ofOne(
  [int("dim"), shape("unflattenedSize")],
  (x, { dim, unflattenedSize }) => unflatten(x, dim, unflattenedSize),
  { shown: ["dim", "unflattenedSize"] },
) {}

const kernelSize = ints("kernelSize");
const dilation = ints("dilation", 1);
const padding = ints("padding", 0);
const stride = ints("stride", 1);

export class Fold extends ofOne(
  [ints("outputSize"), kernelSize, dilation, padding, stride],
  (x, { outputSize, kernelSize, dilation, padding, stride }) =>
    functional.fold(x, outputSize, kernelSize, dilation, padding, stride),
  { shown: ["outputSize", "kernelSize", "dilation", "padding", "stride"] },
) {}

export class Unfold extends ofOne(
  [kernelSize, dilation, padding, stride],
  (x, { kernelSize, dilation, padding, stride }) =>
    functional.unfold(x, kernelSize, dilation, padding, stride),
  { shown: ["kernelSize", "dilation", "padding", "stride"] },
) {}

export class PixelShuffle extends ofOne(
  [int("upscaleFactor")],
  (x, { upscaleFactor }) => functional.pixelShuffle(x, upscaleFactor),
  { shown: ["upscaleFactor"] },
) {}

export class PixelUnshuffle extends ofOne(
  [int("downscaleFactor")],
  (x, { downscaleFactor }) => functional.pixelUnshuffle(x, downscaleFactor),
  { shown: ["downscaleFactor"] },
) {}

export class ChannelShuffle extends ofOne(
  [int("groups")],
  (x, { groups }) => functional.channelShuffle(x, groups),
  { shown: ["groups"] },
) {}

const size = ints("size", null);
const scaleFactor = numbers("scaleFactor", null);

export class Upsample extends ofOne(
  [
    size,
    scaleFactor,
    choice("mode", interpolationModes),
    bool("alignCorners", null),
    bool("recomputeScaleFactor", null),
  ],
  (x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor }) =>
    functional.interpolate(x, size, scaleFactor, mode, alignCorners, recomputeScaleFactor),
  { shown: ["scaleFactor?", "size?", "mode"] },
) {}

export class UpsamplingNearest2d extends ofOne(
  [size, scaleFactor],
  (x, { size, scaleFactor }) => functional.interpolate(x, size, scaleFactor, "nearest"),
  { shown: ["scaleFactor?", "size?"], suffix: "mode='nearest'" },
) {}

export class UpsamplingBilinear2d extends ofOne(
  [size, scaleFactor],
  (x, { size, scaleFactor }) => functional.interpolate(x, size, scaleFactor, "bilinear", true),
  { shown: ["scaleFactor?", "size?"], suffix: "mode='bilinear'" },
) {}
