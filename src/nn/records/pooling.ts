// Records of pooling. With `returnIndices` the positions come beside the values.

import {
  bool,
  int,
  ints,
  no,
  number,
  numbers,
  only,
  openInts,
  shape,
  tensor,
  yes,
} from "../../base/parameters.ts";
import { type Scalar, scalarValues } from "../../base/scalars.ts";
import { adaptiveAvgPool, avgPool } from "../../functions/average-pooling.ts";
import type { Extremes } from "../../functions/extrema.ts";
import { lpPool } from "../../functions/lp-pooling.ts";
import * as maxima from "../../functions/max-pooling.ts";
import { eachAxis, type PooledRank } from "../../functions/pool-windows.ts";
import { rand } from "../../functions/random.ts";
import type { Value } from "../../graph/tape.ts";
import { drawFrom } from "../../tensor/generator.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

type Sizes = number | readonly number[];

const x = tensor("input");
const kernelSize = ints("kernelSize");
const stride = ints("stride", null);
const padding = ints("padding", 0);
const ceilMode = bool("ceilMode", false);
const countIncludePad = bool("countIncludePad", true);
const alone = no("returnIndices", false);
const withIndices = yes("returnIndices", true);

// Averages

const averagesOf = (rank: PooledRank) => {
  const run = (
    x: Value,
    kernelSize: Sizes,
    stride: Sizes | null,
    padding: Sizes,
    ceilMode: boolean,
    countIncludePad: boolean,
    divisorOverride: number | null = null,
  ): Value =>
    avgPool(x, { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride }, rank);
  return run;
};

const options = [x, kernelSize, stride, padding, ceilMode, countIncludePad] as const;

const averagePool = (rank: 2 | 3) =>
  functionOnly(on([...options, int("divisorOverride", null)], averagesOf(rank)));

const adaptiveAverage = (rank: PooledRank) =>
  functionOnly(on([x, openInts("outputSize")], (x, size) => adaptiveAvgPool(x, size, rank)));

const powerPool = (rank: PooledRank) =>
  functionOnly(
    on([x, number("normType"), kernelSize, stride, ceilMode], (x, normType, kernelSize, ...rest) =>
      lpPool(x, { normType, kernelSize, stride: rest[0], ceilMode: rest[1] }, rank),
    ),
  );

// Maxima

const largestOf =
  (rank: PooledRank) =>
  (
    x: Value,
    kernelSize: Sizes,
    stride: Sizes | null,
    padding: Sizes,
    dilation: Sizes,
    ceilMode: boolean,
  ): Extremes =>
    maxima.maxPool(x, { kernelSize, stride, padding, dilation, ceilMode }, rank);

const maxPool = (rank: PooledRank) => {
  const given = [x, kernelSize, stride, padding, ints("dilation", 1), ceilMode] as const;
  const run = largestOf(rank);
  return functionOnly(
    on([...given, alone], (...values) => run(...omitLast(values)).values),
    on([...given, withIndices], (...values) => run(...omitLast(values))),
  );
};

type OmitLast<T extends readonly unknown[]> = T extends readonly [...infer Head, unknown]
  ? Head
  : never;

const omitLast = <T extends readonly unknown[]>(values: T): OmitLast<T> =>
  values.slice(0, -1) as unknown as OmitLast<T>;

const adaptiveMax = (rank: PooledRank) =>
  functionOnly(
    on(
      [x, openInts("outputSize"), alone],
      (x, size) => maxima.adaptiveMaxPool(x, size, rank).values,
    ),
    on([x, openInts("outputSize"), withIndices], (x, size) =>
      maxima.adaptiveMaxPool(x, size, rank),
    ),
  );

const fractional = (rank: 2 | 3) => {
  const outputSize = ints("outputSize", null);
  const outputRatio = numbers("outputRatio", null);
  const samples = only(tensor("randomSamples", null));
  const run = (
    x: Value,
    kernelSize: Sizes,
    outputSize: Sizes | null,
    outputRatio: Scalar | readonly Scalar[] | null,
    samples: Value | null,
  ): Extremes => {
    const op = `fractionalMaxPool${rank}d`;
    const ratios = outputRatio === null ? null : scalarValues(outputRatio);
    const out = maxima.fractionalSizes(op, x, { outputSize, outputRatio: ratios }, rank);
    const kernel = eachAxis(op, "kernelSize", kernelSize, rank);
    return maxima.fractionalMaxPool(x, samples ?? samplesFor(x, rank), { kernel, out });
  };
  return functionOnly(
    on(
      [x, kernelSize, outputSize, outputRatio, alone, samples],
      (x, k, size, ratio, _, drawn) => run(x, k, size, ratio, drawn).values,
    ),
    on(
      [x, kernelSize, outputSize, outputRatio, withIndices, samples],
      (x, k, size, ratio, _, drawn) => run(x, k, size, ratio, drawn),
    ),
  );
};

/** Random numbers for each plane and axis. */
function samplesFor(x: Value, rank: number): Value {
  const lead = x.node.shape.slice(0, -rank);
  const planes = lead.length === 1 ? [1, ...lead] : lead;
  return rand([...planes, rank], x.node.dtype, drawFrom(null));
}

const unpool = (rank: PooledRank) =>
  functionOnly(
    on(
      [x, tensor("indices"), kernelSize, stride, padding, shape("outputSize", null)],
      (x, indices, kernelSize, stride, padding, outputSize) =>
        maxima.maxUnpool(x, indices, { kernelSize, stride, padding, outputSize }, rank),
    ),
  );

export const poolingRecords = family({
  avgPool1d: functionOnly(on(options, averagesOf(1))),
  avgPool2d: averagePool(2),
  avgPool3d: averagePool(3),
  adaptiveAvgPool1d: adaptiveAverage(1),
  adaptiveAvgPool2d: adaptiveAverage(2),
  adaptiveAvgPool3d: adaptiveAverage(3),
  lpPool1d: powerPool(1),
  lpPool2d: powerPool(2),
  lpPool3d: powerPool(3),
  maxPool1d: maxPool(1),
  maxPool2d: maxPool(2),
  maxPool3d: maxPool(3),
  adaptiveMaxPool1d: adaptiveMax(1),
  adaptiveMaxPool2d: adaptiveMax(2),
  adaptiveMaxPool3d: adaptiveMax(3),
  fractionalMaxPool2d: fractional(2),
  fractionalMaxPool3d: fractional(3),
  maxUnpool1d: unpool(1),
  maxUnpool2d: unpool(2),
  maxUnpool3d: unpool(3),
});
