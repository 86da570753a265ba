// Pooling. With `returnIndices` the result has the positions beside the values; say so by the type
// argument: `new MaxPool2d<Pooled>(2, { returnIndices: true })`.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import {
  bool,
  int,
  ints,
  nullable,
  number,
  numbers,
  openInts,
  type Param,
  shape,
  tensor,
} from "../../base/parameters.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as functional from "../functional.ts";
import type { Module } from "../module.ts";
import { ofOne, type Settings, type SimpleClass, simple } from "../simple-module.ts";

/** What pooling gives when it is asked for positions. */
export interface Pooled extends Iterable<Tensor> {
  readonly values: Tensor;
  readonly indices: Tensor;
}

/** A class whose forward pass gives `Result`, a tensor unless said otherwise. */
type MaybeIndexed<Params extends readonly Param[]> = new <Result = Tensor>(
  ...args: Arguments<Params, Tensor>
) => Module & { forward(input: Tensor): Result } & Settings<Params>;

const maybeIndexed = <const Params extends readonly Param[]>(
  made: SimpleClass<Params, [input: Tensor], Tensor | Pooled>,
): MaybeIndexed<Params> => made as unknown as MaybeIndexed<Params>;

const kernelSize = ints("kernelSize");
const stride = ints("stride", null);
const padding = ints("padding", 0);
const ceilMode = bool("ceilMode", false);
const countIncludePad = bool("countIncludePad", true);
const returnIndices = bool("returnIndices", false);

interface Strided {
  kernelSize: number | readonly number[];
  stride: number | readonly number[] | null;
}

/** Windows lie side by side unless said otherwise. */
const sideBySide = (settings: Strided): void => {
  settings.stride ??= settings.kernelSize;
};

// Averages

export class AvgPool1d extends ofOne(
  [kernelSize, stride, padding, ceilMode, countIncludePad],
  (x, { kernelSize, stride, padding, ceilMode, countIncludePad }) =>
    functional.avgPool1d(x, kernelSize, stride, padding, ceilMode, countIncludePad),
  { shown: ["kernelSize", "stride", "padding"], settle: sideBySide },
) {}

const averaging = (run: typeof functional.avgPool2d) =>
  ofOne(
    [kernelSize, stride, padding, ceilMode, countIncludePad, int("divisorOverride", null)],
    (x, { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride }) =>
      run(x, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride),
    { shown: ["kernelSize", "stride", "padding"], settle: sideBySide },
  );

export class AvgPool2d extends averaging(functional.avgPool2d) {}
export class AvgPool3d extends averaging(functional.avgPool3d) {}

const outputSize = nullable(openInts("outputSize"));

const adaptiveAveraging = (rank: 1 | 2 | 3, run: typeof functional.adaptiveAvgPool1d) =>
  ofOne([outputSize], (x, { outputSize }) => run(x, openSizes(outputSize, rank)), {
    shown: ["outputSize"],
  });

/** Null alone leaves all axes as they are. */
const openSizes = <T>(given: T | null, rank: number): T | null[] =>
  given ?? new Array<null>(rank).fill(null);

export class AdaptiveAvgPool1d extends adaptiveAveraging(1, functional.adaptiveAvgPool1d) {}
export class AdaptiveAvgPool2d extends adaptiveAveraging(2, functional.adaptiveAvgPool2d) {}
export class AdaptiveAvgPool3d extends adaptiveAveraging(3, functional.adaptiveAvgPool3d) {}

const powering = (run: typeof functional.lpPool1d) =>
  ofOne(
    [number("normType"), kernelSize, stride, ceilMode],
    (x, { normType, kernelSize, stride, ceilMode }) =>
      run(x, normType, kernelSize, stride, ceilMode),
    { shown: ["normType", "kernelSize", "stride", "ceilMode"] },
  );

export class LPPool1d extends powering(functional.lpPool1d) {}
export class LPPool2d extends powering(functional.lpPool2d) {}
export class LPPool3d extends powering(functional.lpPool3d) {}

// Maxima

const largest = (run: typeof functional.maxPool1d) =>
  maybeIndexed(
    ofOne(
      [kernelSize, stride, padding, ints("dilation", 1), returnIndices, ceilMode],
      (x, { kernelSize, stride, padding, dilation, returnIndices, ceilMode }) =>
        returnIndices
          ? run(x, kernelSize, stride, padding, dilation, ceilMode, true)
          : run(x, kernelSize, stride, padding, dilation, ceilMode, false),
      {
        shown: ["kernelSize", "stride", "padding", "dilation", "ceilMode"],
        settle: sideBySide,
      },
    ),
  );

export class MaxPool1d<Result = Tensor> extends largest(functional.maxPool1d)<Result> {}
export class MaxPool2d<Result = Tensor> extends largest(functional.maxPool2d)<Result> {}
export class MaxPool3d<Result = Tensor> extends largest(functional.maxPool3d)<Result> {}

const adaptiveLargest = (rank: 1 | 2 | 3, run: typeof functional.adaptiveMaxPool1d) =>
  maybeIndexed(
    ofOne(
      [outputSize, returnIndices],
      (x, { outputSize, returnIndices }) =>
        returnIndices
          ? run(x, openSizes(outputSize, rank), true)
          : run(x, openSizes(outputSize, rank), false),
      { shown: ["outputSize"] },
    ),
  );

export class AdaptiveMaxPool1d<Result = Tensor> extends adaptiveLargest(
  1,
  functional.adaptiveMaxPool1d,
)<Result> {}
export class AdaptiveMaxPool2d<Result = Tensor> extends adaptiveLargest(
  2,
  functional.adaptiveMaxPool2d,
)<Result> {}
export class AdaptiveMaxPool3d<Result = Tensor> extends adaptiveLargest(
  3,
  functional.adaptiveMaxPool3d,
)<Result> {}

const fractional = (run: typeof functional.fractionalMaxPool2d) =>
  maybeIndexed(
    ofOne(
      [
        kernelSize,
        ints("outputSize", null),
        numbers("outputRatio", null),
        returnIndices,
        tensor("randomSamples", null),
      ],
      (x, { kernelSize, outputSize, outputRatio, returnIndices, randomSamples }) =>
        returnIndices
          ? run(x, kernelSize, outputSize, outputRatio, true, { randomSamples })
          : run(x, kernelSize, outputSize, outputRatio, false, { randomSamples }),
      {
        settle: ({ outputSize, outputRatio }, name) => {
          if ((outputSize === null) !== (outputRatio === null)) return;
          fail(name, "exactly one of outputSize and outputRatio must be given");
        },
        names: { randomSamples: "_random_samples" },
      },
    ),
  );

export class FractionalMaxPool2d<Result = Tensor> extends fractional(
  functional.fractionalMaxPool2d,
)<Result> {}
export class FractionalMaxPool3d<Result = Tensor> extends fractional(
  functional.fractionalMaxPool3d,
)<Result> {}

// The way back

const unpooling = (run: typeof functional.maxUnpool1d) => {
  const params = [kernelSize, stride, padding] as const;
  type Inputs = [input: Tensor, indices: Tensor, outputSize?: readonly number[] | null];
  return simple<typeof params, Inputs, Tensor>(
    params,
    [tensor("input"), tensor("indices"), shape("outputSize", null)],
    ([x, indices, outputSize], { kernelSize, stride, padding }) =>
      run(
        x as Tensor,
        indices as Tensor,
        kernelSize,
        stride,
        padding,
        outputSize as readonly number[] | null,
      ),
    { shown: ["kernelSize", "stride", "padding"], settle: sideBySide },
  );
};

export class MaxUnpool1d extends unpooling(functional.maxUnpool1d) {}
export class MaxUnpool2d extends unpooling(functional.maxUnpool2d) {}
export class MaxUnpool3d extends unpooling(functional.maxUnpool3d) {}
