// Records of padding, interpolation and sampling of images, and of normalization by neighbours.

import { bool, choice, int, ints, number, numbers, shape, tensor } from "../../base/parameters.ts";
import { type Scalar, scalarValues } from "../../base/scalars.ts";
import * as sampling from "../../functions/grid-sampling.ts";
import * as interpolation from "../../functions/interpolation.ts";
import { localResponseNorm } from "../../functions/local-response.ts";
import { family, functionOnly, on, orSelf } from "../../tensor/records/record.ts";

const x = tensor("input");
const size = ints("size", null);
const scaleFactor = numbers("scaleFactor", null);
const mode = choice("mode", interpolation.interpolationModes);
const corners = bool("alignCorners", null);

/** Factors as numbers. */
const plain = (given: Scalar | readonly Scalar[] | null): number | number[] | null =>
  given === null ? null : scalarValues(given);

export const visionRecords = family({
  interpolate: functionOnly(
    on(
      [
        x,
        size,
        scaleFactor,
        mode,
        corners,
        bool("recomputeScaleFactor", null),
        bool("antialias", false),
      ],
      (x, size, factor, mode, alignCorners, recomputeScaleFactor, antialias) =>
        interpolation.interpolate("interpolate", x, {
          size,
          scaleFactor: plain(factor),
          mode,
          alignCorners,
          recomputeScaleFactor,
          antialias,
        }),
    ),
  ),
  upsample: functionOnly(
    on([x, size, scaleFactor, mode, corners], (x, size, factor, mode, alignCorners) =>
      interpolation.interpolate("upsample", x, {
        size,
        scaleFactor: plain(factor),
        mode,
        alignCorners,
      }),
    ),
  ),
  upsampleNearest: functionOnly(
    on([x, size, scaleFactor], (x, size, factor) =>
      interpolation.interpolate("upsampleNearest", x, {
        size,
        scaleFactor: plain(factor),
        mode: "nearest",
      }),
    ),
  ),
  upsampleBilinear: functionOnly(
    on([x, size, scaleFactor], (x, size, factor) =>
      interpolation.interpolate("upsampleBilinear", x, {
        size,
        scaleFactor: plain(factor),
        mode: "bilinear",
        alignCorners: true,
      }),
    ),
  ),
  gridSample: functionOnly(
    on(
      [
        x,
        tensor("grid"),
        choice("mode", sampling.sampleModes),
        choice("paddingMode", sampling.samplePaddings),
        corners,
      ],
      (x, grid, mode, paddingMode, alignCorners) =>
        sampling.gridSample(x, grid, { mode, paddingMode, alignCorners: alignCorners ?? false }),
    ),
  ),
  affineGrid: functionOnly(
    on([tensor("theta"), shape("size"), corners], (theta, size, alignCorners) =>
      sampling.affineGrid(theta, size, alignCorners ?? false),
    ),
  ),
  localResponseNorm: functionOnly(
    orSelf(
      [x, int("size"), number("alpha", 1e-4), number("beta", 0.75), number("k", 1)],
      (x, size, alpha, beta, k) => localResponseNorm(x, { size, alpha, beta, k }),
    ),
  ),
});
