// What a request is made of, and who is told how it ended.

import type { Node } from "../graph/node.ts";
import type { Reading } from "../graph/tape.ts";
import type { Storage } from "../storage.ts";
import type { Collected } from "./collect.ts";
import type { OwnedMemory } from "./memory.ts";
import type { KnownProgram } from "./programs.ts";

export interface Asked {
  readonly nodes: readonly Node[];
  /** Pinned for who reads: a change in place that is committed together must not free it. */
  readonly held: OwnedMemory[] | null;
  /** What derivatives that may be asked for later will read. */
  readonly readings?: (() => readonly Reading[]) | null;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

/** What was asked for in one tick, and the storages changed in place by then, with their nodes. */
export interface Request {
  readonly asked: readonly Asked[];
  readonly changed: ReadonlyMap<Storage, Node>;
  /** Kept values that no later request will read. */
  readonly released: readonly Node[];
  /** Of a step that is recorded for replay: is told what the request became. */
  readonly record?: (collected: Collected, known: KnownProgram) => void;
  /** Of a replay: what an earlier request became, with other inputs and outputs. */
  readonly replay?: Replay;
}

export interface Replay {
  readonly collected: Collected;
  readonly known: KnownProgram;
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
