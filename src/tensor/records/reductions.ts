// Records of reductions.

import {
  bool,
  dtype,
  int,
  ints,
  nullable,
  number,
  only,
  sizes,
  tensor,
} from "../../base/parameters.ts";
import { maximum, minimum } from "../../functions/arithmetic.ts";
import * as extrema from "../../functions/extrema.ts";
import * as reductions from "../../functions/reductions.ts";
import { logSoftmax, softmax } from "../../functions/softmax.ts";
import * as statistics from "../../functions/statistics.ts";
import type { Value } from "../../graph/tape.ts";
import { family, functionOnly, methodOnly, on, op, orSelf } from "./record.ts";

const x = tensor("input");
const dims = ints("dim", null);
const keepdim = bool("keepdim", false);
const asDType = only(dtype("dtype", null));

type Statistic<Result> = (
  x: Value,
  dim: number | readonly number[] | null,
  correction: number,
  keepdim: boolean,
) => Result;

/** `std(unbiased)`, `std(dim, unbiased, keepdim)` of old, `std(dim, { correction, keepdim })` of now. */
const spreadForms = <Result>(run: Statistic<Result>) =>
  [
    on(
      [x, dims, only(nullable(number("correction", 1))), only(keepdim)],
      (x, dim, correction, keep) => run(x, dim, correction ?? 1, keep),
    ),
    on([x, bool("unbiased")], (x, unbiased) => run(x, null, unbiased ? 1 : 0, false)),
    on([x, dims, bool("unbiased", true), keepdim], (x, dim, unbiased, keep) =>
      run(x, dim, unbiased ? 1 : 0, keep),
    ),
  ] as const;

export const reductionRecords = family({
  sum: op(
    on([x, dims, keepdim, asDType], (x, dim, keep, as) =>
      reductions.sum(x, dim, keep, as ?? undefined),
    ),
  ),
  mean: op(
    on([x, dims, keepdim, asDType], (x, dim, keep, as) =>
      reductions.mean(x, dim, keep, as ?? undefined),
    ),
  ),
  prod: op(
    on([x, int("dim", null), keepdim, asDType], (x, dim, keep, as) =>
      reductions.prod(x, dim, keep, as ?? undefined),
    ),
  ),
  any: op(on([x, dims, keepdim], reductions.any)),
  all: op(on([x, dims, keepdim], reductions.all)),
  logsumexp: op(on([x, ints("dim"), keepdim], reductions.logsumexp)),
  var: op(...spreadForms(statistics.variance)),
  std: op(...spreadForms(statistics.std)),
  varMean: functionOnly(...spreadForms(statistics.varMean)),
  stdMean: functionOnly(...spreadForms(statistics.stdMean)),
  nansum: op(
    on([x, dims, keepdim, asDType], (x, dim, keep, as) =>
      reductions.nansum(x, dim, keep, as ?? undefined),
    ),
  ),
  nanmean: op(
    on([x, dims, keepdim, asDType], (x, dim, keep, as) =>
      reductions.nanmean(x, dim, keep, as ?? undefined),
    ),
  ),
  countNonzero: op(on([x, dims], reductions.countNonzero)),
  sumToSize: methodOnly(orSelf([x, sizes("size")], reductions.sumToSize)),
  aminmax: op(on([x, only(int("dim", null)), only(keepdim)], extrema.aminmax)),
  amax: op(on([x, dims, keepdim], extrema.amax)),
  amin: op(on([x, dims, keepdim], extrema.amin)),
  argmax: op(on([x, int("dim", null), keepdim], extrema.argmax)),
  argmin: op(on([x, int("dim", null), keepdim], extrema.argmin)),
  max: op(
    on([x], extrema.maxAll),
    on([x, int("dim"), keepdim], extrema.maxAlong),
    on([x, tensor("other")], maximum),
  ),
  min: op(
    on([x], extrema.minAll),
    on([x, int("dim"), keepdim], extrema.minAlong),
    on([x, tensor("other")], minimum),
  ),
  softmax: op(on([x, int("dim"), asDType], (x, dim, as) => softmax(x, dim, as ?? undefined))),
  logSoftmax: op(on([x, int("dim"), asDType], (x, dim, as) => logSoftmax(x, dim, as ?? undefined))),
});
