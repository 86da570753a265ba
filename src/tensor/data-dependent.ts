// Functions that are written by hand: those whose result's shape only the data can tell are promises,
// and indices are no parameters of a record.

import { describe } from "../base/binding-errors.ts";
import { fail } from "../base/errors.ts";
import type { Scalar } from "../base/scalars.ts";
import { functions } from "./all-functions.ts";
import type { Index } from "./basic-index.ts";
import { Tensor } from "./tensor.ts";

function onTensor(op: string, input: unknown): Tensor {
  if (input instanceof Tensor) return input;
  return fail(op, `wants a tensor first, got ${describe(input)}. Make one: tensor(data)`);
}

/** Positions of the elements that are not 0, one row each. */
export function nonzero(input: Tensor, options: { asTuple: true }): Promise<Tensor[]>;
export function nonzero(input: Tensor, options?: { asTuple?: false }): Promise<Tensor>;
export function nonzero(
  input: Tensor,
  options?: { asTuple?: boolean },
): Promise<Tensor | Tensor[]> {
  return onTensor("nonzero", input).nonzero(options as { asTuple: true });
}

export const argwhere = (input: Tensor): Promise<Tensor> => onTensor("argwhere", input).argwhere();

/** The elements where `mask` is true. */
export const maskedSelect = (input: Tensor, mask: Tensor): Promise<Tensor> =>
  onTensor("maskedSelect", input).maskedSelect(mask);

type Choice = typeof functions.where;

/** `where(condition, x, y)`: x where it holds, else y. `where(condition)`: where it holds. */
export const where: Choice & ((condition: Tensor) => Promise<Tensor[]>) = ((
  ...args: readonly unknown[]
) => {
  if (args.length === 1) return nonzero(args[0] as Tensor, { asTuple: true });
  return (functions.where as (...args: readonly unknown[]) => Tensor)(...args);
}) as Choice & ((condition: Tensor) => Promise<Tensor[]>);

/** A copy of `input` with the elements at the indices replaced, or added to. */
export const indexPut = (
  input: Tensor,
  indices: readonly Index[],
  values: Tensor | Scalar,
  options?: boolean | { accumulate?: boolean },
): Tensor => onTensor("indexPut", input).indexPut(indices, values, options);
