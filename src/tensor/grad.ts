// grad() and backward() of several tensors, as functions.

import {
  type BackwardOptions,
  type GradOptions,
  gradients,
  listOf,
  runBackward,
} from "./backward.ts";
import type { Tensor } from "./tensor.ts";

/** Gradients of `outputs` with respect to `inputs`, one an input, lazy. `.grad` is left alone. */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions<Tensor> & { allowUnused: true; materializeGrads?: false },
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions<Tensor>,
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions<Tensor> = {},
): (Tensor | null)[] {
  return gradients(listOf<Tensor>(outputs), listOf<Tensor>(inputs), options);
}

export interface JointBackwardOptions extends BackwardOptions<Tensor> {
  gradTensors?: Tensor | null | readonly (Tensor | null)[];
}

/** Backward from several tensors in one walk. */
export function backward(
  tensors: Tensor | readonly Tensor[],
  options: JointBackwardOptions = {},
): Promise<void> {
  const { gradTensors, ...rest } = options;
  const given = gradTensors ? listOf<Tensor | null>(gradTensors) : [];
  return runBackward(listOf<Tensor>(tensors), given, rest);
}
