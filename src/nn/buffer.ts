// Buffer: a tensor that belongs to a module's state but is not trained.

import { bool, tensor } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import { Tensor } from "../tensor/tensor.ts";
import { bound } from "./arguments.ts";

const params = declare([tensor("data"), bool("persistent", true)]);

/**
 * Shares the memory of `data`. As a property of a module it is a buffer of it: `mask = new Buffer(…)`.
 * Change it in place: a tensor that takes its place is none, unless the name was registered.
 */
export class Buffer extends Tensor {
  /** Whether the state dict has it. */
  readonly persistent: boolean;

  constructor(data: Tensor, options?: boolean | { persistent?: boolean });
  constructor(...args: unknown[]) {
    const [data, persistent] = bound("Buffer", params, args);
    super(data.storage, data.window, data.edge);
    this.persistent = persistent;
  }
}
