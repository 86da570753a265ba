// gradcheck's fast mode: instead of every element, one number an input. For a direction u of the input
// and cotangents v of the outputs
//
//   v · (f(x + εu) − f(x − εu)) / 2ε  =  u · (vᵀJ)
//
// where the right side is one backward, and the left two evaluations.

import { isFloat } from "../base/dtypes.ts";
import { showShape, sizeOf } from "../base/shapes.ts";
import { constantValue } from "../graph/tape.ts";
import { upload } from "../realize.ts";
import { listOf } from "./backward.ts";
import { grad } from "./grad.ts";
import { makeTensor } from "./make.ts";
import type { Tensor } from "./tensor.ts";

type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

export interface Tolerance {
  readonly eps: number;
  readonly atol: number;
  readonly rtol: number;
}

/** Elements in (−1, 1) that no two directions share. */
const direction = (length: number, seed: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => 2 * (((i + 1) * 0.6180339887 + seed * 0.3819) % 1) - 1);

const float64 = (shape: readonly number[], data: Float64Array): Tensor =>
  makeTensor(constantValue(upload("float64", shape, data)));

/** What is wrong with the gradient of one input, or null. */
export async function compareProjections(
  fn: Checked,
  inputs: readonly Tensor[],
  { eps, atol, rtol }: Tolerance,
): Promise<string | null> {
  const outputs = differentiable(fn(...inputs));
  const checked = inputs.filter((input) => input.requiresGrad);
  const cotangents = outputs.map(({ shape, dtype }, at) =>
    float64(shape, direction(sizeOf(shape), at + 1)).to(dtype),
  );
  const found = grad(outputs, checked, { gradOutputs: cotangents, allowUnused: true });
  const gradients = Promise.all(found.map((g) => g?.data() ?? null));
  const originals = await Promise.all(inputs.map((input) => input.data()));
  const project = async (which: number, step: number): Promise<number> => {
    const moved = inputs.map((input, at) => {
      if (at !== which) return input;
      const along = direction(input.numel(), -1);
      const data = Float64Array.from(originals[at] as ArrayLike<number>, (x, i) => {
        return x + step * (along[i] as number);
      });
      return float64(input.shape, data).requiresGrad_();
    });
    const values = await Promise.all(differentiable(fn(...moved)).map((output) => output.data()));
    return values.reduce(
      (total, value, at) => total + dot(value, direction(value.length, at + 1)),
      0,
    );
  };
  const numeric = await Promise.all(
    checked.map(async (input) => {
      const which = inputs.indexOf(input);
      const [above, below] = await Promise.all([project(which, eps), project(which, -eps)]);
      return (above - below) / (2 * eps);
    }),
  );
  const analytic = (await gradients).map((g) => (g ? dot(g, direction(g.length, -1)) : 0));
  for (const [at, wanted] of numeric.entries()) {
    const got = analytic[at] as number;
    if (Math.abs(got - wanted) <= atol + rtol * Math.abs(wanted)) continue;
    return (
      `the gradient with respect to input ${at} ${showShape((checked[at] as Tensor).shape)} is ` +
      `wrong along a direction: analytic ${got}, numeric ${wanted}. Without fastMode every element is shown.`
    );
  }
  return null;
}

const differentiable = (outputs: Tensor | readonly Tensor[]): Tensor[] =>
  listOf<Tensor>(outputs).filter((output) => output.requiresGrad && isFloat(output.dtype));

const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += (x[i] as number) * (y[i] as number);
  return total;
};
