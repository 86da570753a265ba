// What a request is made of, and who is told how it ended.

import type { Node } from "../graph/node.ts";
import type { Storage } from "../storage.ts";
import type { OwnedMemory } from "./memory.ts";

export interface Asked {
  readonly nodes: readonly Node[];
  /** Pinned for who reads: a change in place that is committed together must not free it. */
  readonly held: OwnedMemory[] | null;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/** What was asked for in one tick, and the storages changed in place by then, with their nodes. */
export interface Request {
  readonly asked: readonly Asked[];
  readonly changed: ReadonlyMap<Storage, Node>;
}

/** Called when the request it observes has ended. */
export interface Ending {
  readonly done: () => void;
  readonly failed: () => void;
}

/** A part of a request that asks for nothing: it ends as all others do. */
export const witness = ({ done, failed }: Ending): Asked => {
  return { nodes: [], held: null, resolve: done, reject: failed };
};
