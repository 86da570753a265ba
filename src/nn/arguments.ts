// Binding for modules: constructors and forward passes take their arguments as every function does.

import type { BoundArguments } from "../base/arguments.ts";
import { anything, dtype, type Param, tensor } from "../base/parameters.ts";
import { bind } from "../base/signature.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** One value a parameter, of those that `declare` was given. */
export function bound<const Params extends readonly Param[]>(
  name: string,
  params: Params,
  args: readonly unknown[],
): BoundArguments<Params, Tensor> {
  return bind(name, [{ params }], undefined, args).values as BoundArguments<Params, Tensor>;
}

/** What ends the parameters of a module that owns tensors. There is one device. */
export const placement = [anything("device", null), dtype("dtype", null)] as const;

/** The forward pass of most modules. */
export const inputOnly = [tensor("input")] as const;
