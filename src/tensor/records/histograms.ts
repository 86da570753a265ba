// Records of histograms and counts.

import { bool, int, ints, number, only, scalars, tensor, tensors } from "../../base/parameters.ts";
import { scalarValue } from "../../base/scalars.ts";
import * as histograms from "../../functions/histograms.ts";
import { bincount } from "../counted.ts";
import { family, functionOnly, on, op } from "./record.ts";

const x = tensor("input");
const range = only(scalars("range", null));
const weight = only(tensor("weight", null));
const density = only(bool("density", false));

export const histogramRecords = family({
  histc: op(on([x, int("bins", 100), number("min", 0), number("max", 0)], histograms.histc)),
  histogram: op(
    on([x, tensor("bins"), weight, density], (x, bins, weight, density) =>
      histograms.histogram(x, bins, { range: null, weight, density }),
    ),
    on([x, int("bins", 100), range, weight, density], (x, bins, range, weight, density) =>
      histograms.histogram(x, bins, { range: range?.map(scalarValue) ?? null, weight, density }),
    ),
  ),
  histogramdd: functionOnly(
    on([x, ints("bins"), range, weight, density], (x, bins, range, weight, density) =>
      histograms.histogramdd(x, bins, { range: range?.map(scalarValue) ?? null, weight, density }),
    ),
    on([x, tensors("bins"), range, weight, density], (x, bins, _, weight, density) =>
      histograms.histogramdd(x, bins, { range: null, weight, density }),
    ),
  ),
  bincount: op(on([x, tensor("weights", null), int("minlength", 0)], bincount)),
});
