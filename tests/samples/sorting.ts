// Samples of sorting, order statistics and histograms. Drawn elements are in general position: at ties
// there is no derivative to check.

import type { Tensor } from "../../src/index.ts";
import type { histogramRecords } from "../../src/tensor/records/histograms.ts";
import type { sortingRecords } from "../../src/tensor/records/sorting.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const wide = [-2, 2] as const;
const cube: SampleInput = { shape: [2, 3, 4], from: -2, to: 2 };
const single: SampleInput = { shape: [], from: -2, to: 2 };
/** Where NaNs are put behind the leaf: at them there is no finite difference. */
const holes: SampleInput = {
  shape: [3, 4],
  dtype: "bool",
  data: [0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0],
};
const shares: SampleInput = { shape: [3], data: [0.3, 0.62, 0.91] };
const positions = "gives positions, which have no derivative";
const none = "counts, which have no derivative";
const distinct = "which elements are equal has no derivative, and PyTorch gives none";

const ofKinds = (call: (x: Tensor, between: { interpolation: Between }) => Tensor): Sample[] =>
  (["linear", "lower", "higher", "midpoint", "nearest"] as const).map((interpolation) =>
    sample((x) => call(x, { interpolation }), wide),
  );

type Between = "linear" | "lower" | "higher" | "midpoint" | "nearest";

export const sortingSamples: Samples<typeof sortingRecords> = {
  sort: [
    sample((x) => x.sort().values, wide),
    sample((x) => x.sort(1, true).values, cube),
    sample((x) => x.sort({ stable: true, dim: 0 }).values, wide),
    sample((x) => x.sort().values, single),
  ],
  argsort: positions,
  msort: sample((x) => x.msort(), cube),
  topk: [
    sample((x) => x.topk(2).values, wide),
    sample((x) => x.topk(2, 1, false).values, cube),
    sample((x) => x.topk(1).values, single),
  ],
  kthvalue: [
    sample((x) => x.kthvalue(2).values, wide),
    sample((x) => x.kthvalue(3, 1, true).values, cube),
  ],
  median: [
    sample((x) => x.median(), wide),
    sample((x) => x.median(1).values, cube),
    sample((x) => x.median(0, true).values, wide),
  ],
  nanmedian: [
    sample((x) => x.nanmedian(), wide),
    sample((x) => x.nanmedian(1).values, cube),
    sample((x, at) => x.maskedFill(at as Tensor, NaN).nanmedian(0).values, wide, holes),
  ],
  mode: sample((x) => x.mode(1).values, wide),
  quantile: [
    ...ofKinds((x, options) => x.quantile(0.4, 1, options)),
    sample((x, q) => x.quantile(q, 1, true), cube, shares),
    sample((x, q) => x.quantile(q), wide, shares),
  ],
  nanquantile: [
    ...ofKinds((x, options) => x.nanquantile(0.4, 1, options)),
    sample((x, q, at) => x.maskedFill(at as Tensor, NaN).nanquantile(q, 0), wide, shares, holes),
  ],
  unique: distinct,
  uniqueConsecutive: distinct,
};

export const histogramSamples: Samples<typeof histogramRecords> = {
  histc: none,
  histogram: none,
  histogramdd: none,
  bincount: none,
};
