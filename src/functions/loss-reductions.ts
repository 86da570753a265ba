// What losses share: how their elements become one number, the names they then have on the Tape, and
// what PyTorch refuses. Halves compute as float32 and are rounded once.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated, type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape, sizeOf } from "../base/shapes.ts";
import { isRecording, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { type Common, commonShape, fitted, resultDTypeOf } from "./operands.ts";
import { summedDType } from "./reductions.ts";

export const reductions = ["mean", "sum", "none"] as const;

export type LossReduction = (typeof reductions)[number];

/** What the flags of old mean; where neither is given, `reduction` holds. */
export function reductionOf<Reduction extends string>(
  sizeAverage: boolean | null,
  reduce: boolean | null,
  reduction: Reduction,
): Reduction | LossReduction {
  if (sizeAverage === null && reduce === null) return reduction;
  if (reduce === false) return "none";
  return sizeAverage === false ? "sum" : "mean";
}

const allAxes = ({ node }: Value): number[] => node.shape.map((_, axis) => axis);

export const total = (x: Value): Value => linear.sum(x, allAxes(x));

/** The mean of no element is NaN, their sum 0. */
export function reduced(op: string, x: Value, reduction: LossReduction): Value {
  const { shape, dtype } = x.node;
  if (reduction === "none") return x;
  if (reduction === "sum") return total(ops.cast(x, summedDType(dtype)));
  if (!isFloat(dtype))
    fail(op, `the mean of ${dtype} elements is none: cast them, or take the sum`);
  return ops.div(total(x), sizeOf(shape));
}

/** A loss in its three reductions, each an entry under its own name. */
export type LossSpecs<Attrs> = Readonly<Record<LossReduction, Composite<Attrs & Common>>>;

/**
 * `elements` computes in `dtype` what is reduced. A name alone is that of all three, as PyTorch's
 * own kernels have; a composite of PyTorch ends with the entry of its reduction.
 */
export function lossSpecs<Attrs>(
  op: string,
  { alone, elements: ofElements }: { readonly alone?: string; readonly elements?: string },
  elements: (inputs: readonly Value[], attrs: Attrs & Common) => Value,
): LossSpecs<Attrs> {
  const spec = (reduction: LossReduction, name: string): Composite<Attrs & Common> => ({
    name: alone ?? name,
    body: (inputs, attrs) => {
      const wide = { ...attrs, dtype: accumulated(attrs.dtype) };
      const result = reduced(op, elements(inputs, wide), reduction);
      return wide.dtype === attrs.dtype ? result : ops.cast(result, attrs.dtype);
    },
  });
  return {
    none: spec("none", ofElements ?? ""),
    mean: spec("mean", "MeanBackward0"),
    sum: spec("sum", "SumBackward0"),
  };
}

/** Calls a loss on tensors that broadcast and promote; `as` says what dtype to compute in. */
export function loss<Attrs extends object>(
  op: string,
  spec: Composite<Attrs & Common>,
  inputs: readonly Value[],
  attrs: Attrs,
  as: (dtype: DType) => DType = (dtype) => dtype,
): Value {
  const common = { shape: commonShape(op, ...inputs), dtype: as(resultDTypeOf(inputs)) };
  return composite(spec, inputs, { ...attrs, ...common });
}

/** Every input in the common shape and dtype. */
export const fittedAll = (inputs: readonly Value[], common: Common): Value[] =>
  inputs.map((input) => fitted(input, common));

/** In the common shape, of its own dtype still: integers differ, and compare, as integers. */
export const inShape = (input: Value, shape: Shape): Value =>
  fitted(input, { shape, dtype: input.node.dtype });

export function requireFloat(op: string, ...inputs: readonly Value[]): void {
  for (const { node } of inputs) {
    if (isFloat(node.dtype)) continue;
    fail(op, `not implemented for ${node.dtype}. Cast it first: x.to("float32")`);
  }
}

/** Weights of classes are one for each. */
export function requireClassWeights(
  op: string,
  x: Value,
  weight: Value | null,
  count: number | undefined,
): void {
  requireFloat(op, x);
  if (!weight) return;
  const { shape } = weight.node;
  if (shape.length === 1 && shape[0] === count) return;
  fail(
    op,
    `weight tensor should be defined either for all ${count} classes or no classes but got weight ` +
      `tensor of shape: ${showShape(shape)}`,
  );
}

/** PyTorch has no derivative for these. */
export function refuseGradient(op: string, inputs: Readonly<Record<string, Value | null>>): void {
  if (!isRecording()) return;
  for (const [name, value] of Object.entries(inputs)) {
    if (!value?.edge) continue;
    fail(
      op,
      `is not differentiable with respect to argument '${name}'. This input cannot have ` +
        `requiresGrad true: pass ${name}.detach()`,
    );
  }
}
