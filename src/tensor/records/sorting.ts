// Records of sorting, of what is chosen by rank, and of what is distinct: how much that is only the data
// tells, so that it comes as a promise.

import {
  bool,
  choice,
  int,
  no,
  nullable,
  number,
  only,
  tensor,
  yes,
} from "../../base/parameters.ts";
import type { Distinct } from "../../functions/distinct.ts";
import * as statistics from "../../functions/order-statistics.ts";
import { interpolations, nanquantile, quantile } from "../../functions/quantiles.ts";
import * as sorting from "../../functions/sorting.ts";
import type { Value } from "../../graph/tape.ts";
import { whenDistinct } from "../distinct.ts";
import { family, on, op } from "./record.ts";

const x = tensor("input");
const dim = int("dim", -1);
const keepdim = bool("keepdim", false);
const descending = bool("descending", false);

// Quantiles

const interpolation = only(choice("interpolation", interpolations));

const ranked = (run: typeof quantile) =>
  op(
    on([x, number("q"), int("dim", null), keepdim, interpolation], (x, q, dim, keepdim, between) =>
      run(x, q, { dim, keepdim, interpolation: between }),
    ),
    on([x, tensor("q"), int("dim", null), keepdim, interpolation], (x, q, dim, keepdim, between) =>
      run(x, q, { dim, keepdim, interpolation: between }),
    ),
  );

// What is distinct

const noInverse = no("returnInverse", false);
const inverse = yes("returnInverse", true);
const noCounts = no("returnCounts", false);
const counts = yes("returnCounts", true);
const ofDim = int("dim", null);
const sorted = bool("sorted", true);

const output = (found: Distinct): Value => found.output;
const withInverse = (found: Distinct): readonly Value[] => [found.output, found.inverse()];
const withCounts = (found: Distinct): readonly Value[] => [found.output, found.counts()];
const withBoth = (found: Distinct): readonly Value[] => [...withInverse(found), found.counts()];

/** How distinct slices are found: sorted first, or among neighbours. */
const distinct =
  <T>(op: string, isSorted: boolean, give: (found: Distinct) => T) =>
  (x: Value, dim: number | null): Promise<T> =>
    whenDistinct(x, { op, dim, isSorted }, give);

const unique = <T>(give: (found: Distinct) => T) => distinct("unique", true, give);
const consecutive = <T>(give: (found: Distinct) => T) => distinct("uniqueConsecutive", false, give);

export const sortingRecords = family({
  sort: op(
    on([x, dim, descending], sorting.sort),
    on([x, only(nullable(bool("stable"))), only(dim), only(descending)], (x, _, dim, descending) =>
      sorting.stableSort(x, dim, descending),
    ),
  ),
  argsort: op(
    on([x, dim, descending, only(bool("stable", false))], (x, dim, descending) =>
      sorting.argsort(x, dim, descending),
    ),
  ),
  msort: op(on([x], sorting.msort)),
  topk: op(
    on([x, int("k"), dim, bool("largest", true), sorted], (x, k, dim, largest) =>
      sorting.topk(x, k, dim, largest),
    ),
  ),
  kthvalue: op(on([x, int("k"), dim, keepdim], sorting.kthvalue)),
  median: op(on([x], statistics.medianAll), on([x, int("dim"), keepdim], statistics.medianAlong)),
  nanmedian: op(
    on([x], statistics.nanmedianAll),
    on([x, int("dim"), keepdim], statistics.nanmedianAlong),
  ),
  mode: op(on([x, dim, keepdim], statistics.mode)),
  quantile: ranked(quantile),
  nanquantile: ranked(nanquantile),
  unique: op(
    on([x, sorted, noInverse, noCounts, ofDim], (x, _, __, ___, dim) => unique(output)(x, dim)),
    on([x, sorted, inverse, noCounts, ofDim], (x, _, __, ___, dim) => unique(withInverse)(x, dim)),
    on([x, sorted, noInverse, counts, ofDim], (x, _, __, ___, dim) => unique(withCounts)(x, dim)),
    on([x, sorted, inverse, counts, ofDim], (x, _, __, ___, dim) => unique(withBoth)(x, dim)),
  ),
  uniqueConsecutive: op(
    on([x, noInverse, noCounts, ofDim], (x, _, __, dim) => consecutive(output)(x, dim)),
    on([x, inverse, noCounts, ofDim], (x, _, __, dim) => consecutive(withInverse)(x, dim)),
    on([x, noInverse, counts, ofDim], (x, _, __, dim) => consecutive(withCounts)(x, dim)),
    on([x, inverse, counts, ofDim], (x, _, __, dim) => consecutive(withBoth)(x, dim)),
  ),
});
