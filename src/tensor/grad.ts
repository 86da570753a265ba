// grad() and backward() of several tensors, as functions.

import { type GradOptions, gradients, listOf, runBackward } from "./backward.ts";
import { type ArgumentsOf, bound } from "./bound.ts";
import type { Tensor } from "./tensor.ts";

type Tensors = Tensor | readonly Tensor[];

/** Gradients of `outputs` with respect to `inputs`, one an input, lazy. `.grad` is left alone. */
export function grad(
  outputs: Tensors,
  inputs: Tensors,
  options: GradOptions<Tensor> & { allowUnused: true; materializeGrads?: false },
): (Tensor | null)[];
export function grad(...args: ArgumentsOf<"grad", Tensor>): Tensor[];
export function grad(...args: unknown[]): (Tensor | null)[] {
  const [outputs, inputs, gradOutputs, retainGraph, createGraph, allowUnused, , materializeGrads] =
    bound<"grad", Tensor>("grad", args);
  return gradients(listOf<Tensor>(outputs as Tensors), listOf<Tensor>(inputs as Tensors), {
    gradOutputs,
    retainGraph,
    createGraph,
    allowUnused,
    materializeGrads,
  });
}

/** Backward from several tensors in one walk. */
export function backward(...args: ArgumentsOf<"backwardOf", Tensor>): Promise<void> {
  const [tensors, gradTensors, retainGraph, createGraph, inputs] = bound<"backwardOf", Tensor>(
    "backwardOf",
    args,
  );
  const given = gradTensors ? listOf<Tensor | null>(gradTensors) : [];
  const options = { retainGraph, createGraph, inputs: inputs as Tensors | null };
  return runBackward(listOf<Tensor>(tensors as Tensors), given, options);
}
