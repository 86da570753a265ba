// realize: the only room that sees both compiler and runtime. Its doors: asking for nodes, giving and
// reading data, and what can be told of the runtime. Behind them, realize/realizer.ts.

import type { DType, TypedArray } from "./base/dtypes.ts";
import { readable, typedArray } from "./base/dtypes.ts";
import type { Explanation } from "./base/explanation.ts";
import type { Program } from "./base/program.ts";
import type { Shape } from "./base/shapes.ts";
import { memoryNode, type Node } from "./graph/node.ts";
import type { Reading } from "./graph/tape.ts";
import type { Ending } from "./realize/asked.ts";
import { CapturedStep, type Left } from "./realize/captured.ts";
import type { EngineOptions } from "./realize/engine.ts";
import { usable } from "./realize/faults.ts";
import type { OwnedMemory } from "./realize/memory.ts";
import type { ProgramCounts } from "./realize/programs.ts";
import { copyNow, peekNow } from "./realize/read.ts";
import { Realizer } from "./realize/realizer.ts";
import type { TraceEvent } from "./runtime/executor.ts";
import { observeStorages } from "./storage.ts";

/** Uploads up to this are copied at once, larger ones are read from the caller's array in slices. */
const copyAtOnce = 256 * 1024;

export interface Stats {
  /** Requests made, and programs run for them. */
  requests: number;
  programs: number;
  /** Programs compiled, and distinct kernels written for them. */
  compiles: number;
  kernels: number;
  /** Programs that ran on the calling thread although threads were wanted. */
  fallbacks: number;
  /** Requests that replayed a captured step. */
  replays: number;
  /** The cache of programs: found in it, put out of it, in it now, and the most that it holds. */
  programCache: ProgramCounts;
  /** Bytes kept of what later backward passes will read. */
  keptBytes: number;
}

const realizer = new Realizer();
realizer.pending.onDisposed = (node) => realizer.ledger.replace(node);
observeStorages(realizer.pending);
// A module that is replaced while the page lives takes its workers with it.
(import.meta as { hot?: { dispose(end: () => void): void } }).hot?.dispose(
  () => void realizer.close(),
);

/** `observe` is called as each request is made, and says who is to be told how it ended. */
export function observeRequests(observe: () => readonly Ending[]): void {
  realizer.observers = observe;
}

export type { CapturedStep } from "./realize/captured.ts";
export { nextTurn } from "./runtime/copy.ts";

/** Joins the tick's one request; resolves once all nodes lie in memory. */
export const request = (nodes: readonly Node[], readings?: Readings): Promise<void> =>
  realizer.ask(nodes, { readings: readings ?? null });

/** What a later backward will read, asked once the request is made. */
type Readings = (() => readonly Reading[]) | null;

/**
 * A node of given data, row-major, as it is to lie in memory. Small data is copied at once, large data
 * is read until it is used.
 */
export function upload(dtype: DType, shape: Shape, data: TypedArray): Node {
  const node = memoryNode(dtype, shape, null);
  realizer.uploads.set(node, data.byteLength <= copyAtOnce ? data.slice() : data);
  return node;
}

/** A copy of the elements if they are there and no work is needed to have them, else null. */
export const readNow = (node: Node): TypedArray | null => copyNow(node, realizer.uploads);

/** A look at the elements, for who is done with them before anything else happens: printing. */
export const peek = (node: Node): TypedArray | null => peekNow(node, realizer.uploads);

/** Realizes the node, then copies it out; large copies are made by a worker. */
export async function read(node: Node, readings: Readings = null): Promise<TypedArray> {
  return readable(node.dtype, await readStored(node, readings));
}

async function readStored(node: Node, readings: Readings): Promise<TypedArray> {
  const uploaded = realizer.uploads.get(node);
  if (uploaded) return uploaded.slice();
  const held: OwnedMemory[] = [];
  try {
    await realizer.ask([node], { held, readings });
    const memory = node.memory as OwnedMemory;
    if (memory.spilled) return memory.spilled.slice();
    const { executor } = await realizer.open();
    const buffer = await executor.copyOut(usable(node, executor.heap).address, memory.bytes);
    return typedArray(node.dtype, buffer, 0, node.size);
  } finally {
    realizer.ledger.unpin(held);
  }
}

/** A step on inputs of certain looks, to be recorded and replayed. */
export const capturedStep = <L extends Left>(): CapturedStep<L> => new CapturedStep<L>(realizer);

/** What a request of these nodes, with all that this tick has asked for, will become; it is not run. */
export const explainNodes = (nodes: readonly Node[]): Promise<Explanation> =>
  realizer.explain(nodes);

/** Opens a runtime with other options. What lay in the memory of the one before is gone. */
export function configure(options: EngineOptions = {}): Promise<void> {
  return realizer.configure(options);
}

/** Bytes of shared memory: in use, reserved, and the most that were in use. */
export function memory(): { usedBytes: number; reservedBytes: number; peakBytes: number } {
  return realizer.heapStats ?? { usedBytes: 0, reservedBytes: 0, peakBytes: 0 };
}

export function stats(): Readonly<Stats> {
  const { counts, programCounts: programCache, kept } = realizer;
  return { ...counts, programCache, keptBytes: kept.bytes };
}

/** Collects which worker ran which tile when, for all requests until `stop()`. */
export function traceRuns(): { stop(): readonly TraceEvent[] } {
  const events: TraceEvent[] = [];
  realizer.trace = events;
  return {
    stop() {
      realizer.trace = null;
      return events;
    },
  };
}

/** The program that ran last: for tests and explanations. */
export const lastProgram = (): Program | null => realizer.lastProgram;
