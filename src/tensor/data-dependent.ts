// Functions whose result's shape only the data can tell; they are promises.

import type { Tensor } from "./tensor.ts";

/** Positions of the elements that are not 0, one row each. */
export function nonzero(input: Tensor, options: { asTuple: true }): Promise<Tensor[]>;
export function nonzero(input: Tensor, options?: { asTuple?: false }): Promise<Tensor>;
export function nonzero(
  input: Tensor,
  options?: { asTuple?: boolean },
): Promise<Tensor | Tensor[]> {
  return input.nonzero(options as { asTuple: true });
}

export const argwhere = (input: Tensor): Promise<Tensor> => input.nonzero();

/** The elements where `mask` is true. */
export const maskedSelect = (input: Tensor, mask: Tensor): Promise<Tensor> =>
  input.maskedSelect(mask);
