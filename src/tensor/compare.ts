// Answers about tensors that only their data can give; they are promises.

import { sameShape } from "../base/shapes.ts";
import type { Tensor } from "./tensor.ts";

/** Whether two tensors have one shape and the same elements. */
export async function equal(input: Tensor, other: Tensor): Promise<boolean> {
  if (!sameShape(input.shape, other.shape)) return false;
  if (input.numel() === 0) return true;
  return (await input.eq(other).all().item()) === true;
}

export interface Tolerance {
  rtol?: number;
  atol?: number;
  equalNan?: boolean;
}

/** Whether |input − other| ≤ atol + rtol·|other|, element by element. */
export function isclose(input: Tensor, other: Tensor, tolerance: Tolerance = {}): Tensor {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = tolerance;
  const allowed = other.abs().mul(rtol).add(atol);
  const near = input.sub(other).abs().le(allowed).logicalAnd(other.isfinite());
  const close = near.logicalOr(input.eq(other));
  return equalNan ? close.logicalOr(input.isnan().logicalAnd(other.isnan())) : close;
}

export async function allclose(
  input: Tensor,
  other: Tensor,
  tolerance: Tolerance = {},
): Promise<boolean> {
  return (await isclose(input, other, tolerance).all().item()) === true;
}
