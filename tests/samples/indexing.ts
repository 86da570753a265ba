// Samples of reads and writes at indices. Equal indices are among them, and elements in general position:
// at ties of extrema, and where several zeros meet in a product, there is no derivative to check.

import type { Tensor } from "../../src/index.ts";
import type { indexed, searches } from "../../src/tensor/records/indexed.ts";
import type { Sample, SampleInput, Samples } from "./samples.ts";

const floats = (...shape: readonly number[]): SampleInput => ({ shape, from: -2, to: 2 });
const positive = (...shape: readonly number[]): SampleInput => ({ shape, from: 0.3, to: 2 });
const indices = (shape: readonly number[], ...data: readonly number[]): SampleInput => ({
  shape,
  data,
  dtype: "int64",
});

/** Positions in dimension 0 of [3, 4]; one of them twice. */
const places = indices([2, 4], 2, 0, 1, 2, 2, 1, 0, 0);
const list = indices([4], 2, 0, 2, 1);
const fromEnd = indices([3], -1, 0, 2);
const flatPlaces = indices([3], 5, -2, 0);
const counts = "gives positions, which are integers";

type Reduction = "sum" | "prod" | "mean" | "amax" | "amin";

const scatterReduced = (reduce: Reduction, includeSelf: boolean): Sample => ({
  inputs: [positive(3, 4), places, positive(2, 4)],
  call: (x, index, src) =>
    x.scatterReduce(0, index as Tensor, src as Tensor, reduce, { includeSelf }),
});

const indexReduced = (reduce: Exclude<Reduction, "sum">, includeSelf: boolean): Sample => ({
  inputs: [positive(2, 3), list, positive(2, 4)],
  call: (x, index, src) =>
    x.indexReduce(1, index as Tensor, src as Tensor, reduce, { includeSelf }),
});

const one = (call: Sample["call"], ...inputs: readonly SampleInput[]): Sample => ({ call, inputs });

export const indexedSamples: Samples<typeof indexed> = {
  gather: [
    one((x, index) => x.gather(0, index as Tensor), floats(3, 4), places),
    one((x, index) => x.gather(-1, index as Tensor), floats(), indices([1], 0)),
  ],
  indexSelect: one((x, index) => x.indexSelect(1, index as Tensor), floats(2, 3), list),
  take: one((x, index) => x.take(index as Tensor), floats(2, 3), flatPlaces),
  takeAlongDim: [
    one(
      (x, index) => x.takeAlongDim(index as Tensor, 1),
      floats(1, 3),
      indices([2, 2], 2, 0, 1, 1),
    ),
    one((x, index) => x.takeAlongDim(index as Tensor), floats(2, 3), indices([2], 5, 1)),
  ],
  scatter: [
    one(
      (x, index, src) => x.scatter(0, index as Tensor, src as Tensor),
      floats(3, 4),
      indices([2, 4], 2, 0, 1, 2, 0, 1, 0, 0),
      floats(3, 4),
    ),
    one((x, index) => x.scatter(0, index as Tensor, 2), floats(3, 4), places),
    one(
      (x, index, src) => x.scatter(0, index as Tensor, src as Tensor, { reduce: "multiply" }),
      floats(3, 4),
      places,
      floats(2, 4),
    ),
  ],
  scatterAdd: one(
    (x, index, src) => x.scatterAdd(0, index as Tensor, src as Tensor),
    floats(3, 4),
    places,
    floats(2, 4),
  ),
  scatterReduce: (["sum", "prod", "mean", "amax", "amin"] as const).flatMap((reduce) => [
    scatterReduced(reduce, true),
    scatterReduced(reduce, false),
  ]),
  indexAdd: one(
    (x, index, src) => x.indexAdd(1, index as Tensor, src as Tensor, { alpha: 3 }),
    floats(2, 3),
    list,
    floats(2, 4),
  ),
  indexCopy: one(
    (x, index, src) => x.indexCopy(1, index as Tensor, src as Tensor),
    floats(2, 3),
    indices([2], 2, 0),
    floats(2, 2),
  ),
  indexFill: [
    one((x, index) => x.indexFill(1, index as Tensor, 3), floats(2, 5), fromEnd),
    one(
      (x, index, value) => x.indexFill(1, index as Tensor, value as Tensor),
      floats(2, 5),
      fromEnd,
      floats(),
    ),
  ],
  indexReduce: (["prod", "mean", "amax", "amin"] as const).flatMap((reduce) => [
    indexReduced(reduce, true),
    indexReduced(reduce, false),
  ]),
  put: [
    one(
      (x, index, src) => x.put(index as Tensor, src as Tensor),
      floats(2, 3),
      flatPlaces,
      floats(3),
    ),
    one(
      (x, index, src) => x.put(index as Tensor, src as Tensor, true),
      floats(2, 3),
      indices([3], 1, 1, -1),
      floats(3),
    ),
  ],
  maskedScatter: one(
    (x, mask, src) => x.maskedScatter(mask as Tensor, src as Tensor),
    floats(2, 3),
    { shape: [2, 3], data: [1, 0, 1, 0, 0, 1], dtype: "bool" },
    floats(5),
  ),
  nonzeroStatic: counts,
};

export const searchSamples: Samples<typeof searches> = {
  searchsorted: counts,
  bucketize: counts,
  isin: "gives bools, which have no derivative",
};
