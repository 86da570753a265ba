// What remains of a storage that was disposed of: a node that fails whatever is built on it.

import type { DType } from "../base/dtypes.ts";
import { memoryNode } from "../graph/node.ts";
import type { Storage } from "../storage.ts";

export class DisposedError extends Error {
  override readonly name = "DisposedError";

  constructor() {
    super("this tensor was disposed of: its memory is released. Clone what is needed longer.");
  }
}

let known: DisposedError | null = null;

/** One for all: capturing a stack that tells nothing costs more than recording ten ops. */
function disposed(): DisposedError {
  known ??= new DisposedError();
  return known;
}

/** Lets go of a storage's memory; every alias of it fails from now on. */
export function disposeStorage(storage: Storage, dtype: DType): void {
  if (storage.node.failure instanceof DisposedError) return;
  const dead = memoryNode(dtype, [0], null);
  dead.failure = disposed();
  storage.dispose(dead);
}
