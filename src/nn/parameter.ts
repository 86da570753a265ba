// Parameter: a leaf of the Tape that a module owns and an optimizer changes.

import type { DType } from "../base/dtypes.ts";
import { bool, tensor } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import { empty } from "../tensor/functions.ts";
import { inspectSymbol, textOf } from "../tensor/printed.ts";
import { Tensor } from "../tensor/tensor.ts";
import { bound } from "./arguments.ts";

const params = declare([tensor("data"), bool("requiresGrad", true)]);

/** Shares the memory of `data`, without its history. */
export class Parameter extends Tensor {
  readonly isParameter = true;

  constructor(data: Tensor, options?: boolean | { requiresGrad?: boolean });
  constructor(...args: unknown[]) {
    const [data, requiresGrad] = bound("Parameter", params, args);
    super(data.storage, data.window, null);
    this.requiresGrad = requiresGrad;
  }

  override toString(): string {
    return `Parameter containing:\n${textOf(this)}`;
  }

  override [inspectSymbol](): string {
    return this.toString();
  }

  override [Symbol.toPrimitive](hint: string): string {
    return hint === "string" ? this.toString() : super[Symbol.toPrimitive](hint);
  }
}

/** For a module to initialize. */
export const emptyParameter = (size: readonly number[], dtype: DType | null): Parameter =>
  new Parameter(empty(size, { dtype: dtype ?? "float32" }));
