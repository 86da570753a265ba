// Records of signal.windows.

import type { DType } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { anything, bool, dtype, int, number, only } from "../base/parameters.ts";
import { Float } from "../base/scalars.ts";
import * as windows from "../functions/windows.ts";
import { family, functionOnly, on } from "../tensor/records/record.ts";

const size = int("M");
const sym = only(bool("sym", true));
const asDType = only(dtype("dtype", null));
const requiresGrad = only(bool("requiresGrad", false));

function window(op: string, size: number, isSymmetric: boolean, as: DType | null): windows.Window {
  const dtype = as ?? "float32";
  if (dtype !== "float32" && dtype !== "float64") {
    fail(op, `expects float32 or float64 dtypes, got: ${dtype}`);
  }
  return { op, size, isPeriodic: !isSymmetric, dtype };
}

/** A general cosine window whose coefficients have a name. */
const cosines = (op: string, coefficients: readonly number[]) =>
  functionOnly(
    on([size, sym, asDType, requiresGrad], (size, sym, as) =>
      windows.generalCosine(window(op, size, sym, as), coefficients),
    ),
  );

const hammings = (op: string, usual: number) =>
  functionOnly(
    on([size, only(number("alpha", usual)), sym, asDType, requiresGrad], (size, alpha, sym, as) =>
      windows.generalCosine(window(op, size, sym, as), [alpha, 1 - alpha]),
    ),
  );

function coefficientsOf(given: unknown): number[] {
  if (!Array.isArray(given)) fail("generalCosine", "Coefficients must be a list of numbers");
  return given.map((one: unknown) => {
    const number = one instanceof Float ? one.float : one;
    if (typeof number === "number") return number;
    fail("generalCosine", `Coefficients must be a list of numbers, got ${String(one)} in it`);
  });
}

export const signalWindowRecords = family({
  bartlett: functionOnly(
    on([size, sym, asDType, requiresGrad], (size, sym, as) =>
      windows.bartlett(window("bartlett", size, sym, as)),
    ),
  ),
  blackman: cosines("blackman", windows.blackman),
  cosine: functionOnly(
    on([size, sym, asDType, requiresGrad], (size, sym, as) =>
      windows.cosine(window("cosine", size, sym, as)),
    ),
  ),
  exponential: functionOnly(
    on(
      [size, only(number("center", null)), only(number("tau", 1)), sym, asDType, requiresGrad],
      (size, center, tau, sym, as) =>
        windows.exponential(window("exponential", size, sym, as), center, tau),
    ),
  ),
  gaussian: functionOnly(
    on([size, only(number("std", 1)), sym, asDType, requiresGrad], (size, std, sym, as) =>
      windows.gaussian(window("gaussian", size, sym, as), std),
    ),
  ),
  generalCosine: functionOnly(
    on([size, only(anything("a")), sym, asDType, requiresGrad], (size, a, sym, as) =>
      windows.generalCosine(window("generalCosine", size, sym, as), coefficientsOf(a)),
    ),
  ),
  generalHamming: hammings("generalHamming", 0.54),
  hamming: cosines("hamming", [0.54, 0.46]),
  hann: cosines("hann", [0.5, 0.5]),
  kaiser: functionOnly(
    on([size, only(number("beta", 12)), sym, asDType, requiresGrad], (size, beta, sym, as) =>
      windows.kaiser(window("kaiser", size, sym, as), beta),
    ),
  ),
  nuttall: cosines("nuttall", windows.nuttall),
});
