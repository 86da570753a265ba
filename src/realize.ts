// realize: the only room that sees both compiler and runtime. What is asked for in one tick is one
// request: collected, looked up (or compiled), run, committed.
//
//   request(nodes) ─ tick ends ─→ flush ─→ launch (in order): collect → program → outputs → run ─→ commit
//
// A request writes memory no handle can see. Commit shows it; a failure marks its nodes with the first
// cause, storages fall back, and what was built on those nodes rejects with the same cause.

import type { DType, TypedArray } from "./base/dtypes.ts";
import { dtypes, typedArray } from "./base/dtypes.ts";
import type { Program } from "./base/program.ts";
import type { Shape } from "./base/shapes.ts";
import { bytesOf } from "./graph/build.ts";
import { memoryNode, type Node, settle } from "./graph/node.ts";
import { type Collected, Collector, graphOf } from "./realize/collect.ts";
import { type Engine, type EngineOptions, openEngine } from "./realize/engine.ts";
import { MemoryLedger, type OwnedMemory } from "./realize/memory.ts";
import { Pending } from "./realize/pending.ts";
import { ProgramTable } from "./realize/programs.ts";
import { peekNow } from "./realize/read.ts";
import type { RunResult, TraceEvent } from "./runtime/executor.ts";
import { observeStorages, type Storage } from "./storage.ts";

/** Uploads up to this are copied at once, larger ones are read from the caller's array in slices. */
const copyAtOnce = 256 * 1024;

interface Asked {
  readonly nodes: readonly Node[];
  /** Pinned for who reads: a change in place that is committed together must not free it. */
  readonly held: OwnedMemory[];
  readonly isRead: boolean;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

export interface Stats {
  /** Requests made, and programs run for them. */
  requests: number;
  programs: number;
  /** Programs compiled, and distinct kernels written for them. */
  compiles: number;
  kernels: number;
  /** Programs that ran on the calling thread although threads were wanted. */
  fallbacks: number;
}

/** State of the one runtime of this thread. */
class Realizer {
  readonly stats: Stats = { requests: 0, programs: 0, compiles: 0, kernels: 0, fallbacks: 0 };
  readonly ledger = new MemoryLedger();
  readonly pending = new Pending();
  trace: TraceEvent[] | null = null;
  lastProgram: Program | null = null;
  private options: EngineOptions = {};
  private engine: Promise<Engine> | null = null;
  private opened: Engine | null = null;
  private programs = new ProgramTable();
  private asked: Asked[] = [];
  private isFlushing = false;
  /** The request before has been launched: launches keep the order of requests. */
  private launched: Promise<void> = Promise.resolve();
  /** The run launched last has ended, well or not; runs end in order. */
  private settled: Promise<void> = Promise.resolve();
  /** Bytes given by the user that are not in shared memory yet. */
  readonly uploads = new WeakMap<Node, TypedArray>();

  open(): Promise<Engine> {
    this.engine ??= openEngine(this.options).then((engine) => {
      this.opened = engine;
      return engine;
    });
    return this.engine;
  }

  async configure(options: EngineOptions): Promise<void> {
    this.options = options;
    await this.close();
    await this.open();
  }

  async close(): Promise<void> {
    const { engine } = this;
    this.engine = null;
    this.opened = null;
    this.programs = new ProgramTable();
    if (engine) await (await engine).close();
  }

  get heapStats() {
    return this.opened?.executor.heap.stats();
  }

  ask(nodes: readonly Node[], held: OwnedMemory[] | null = null): Promise<void> {
    return new Promise((resolve, reject) => {
      const isRead = held !== null;
      this.asked.push({ nodes, held: held ?? [], isRead, resolve, reject });
      this.flushSoon();
    });
  }

  private flushSoon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    queueMicrotask(() => {
      this.isFlushing = false;
      const asked = this.asked;
      this.asked = [];
      const changed = this.pending.takeChanged();
      this.stats.requests++;
      this.launched = this.launched.then(() => this.launch(asked, changed));
    });
  }

  /** Runs one request up to its start; what comes after goes on beside the next request. */
  private async launch(
    asked: readonly Asked[],
    changed: ReadonlyMap<Storage, Node>,
  ): Promise<void> {
    const pinned: OwnedMemory[] = [];
    try {
      const engine = await this.open();
      const collected = this.collect(asked, changed);
      await this.bringInputs(engine, collected, pinned);
      this.hold(asked);
      if (collected.outputs.length === 0) {
        void this.finishWithoutRun(asked, changed, pinned);
        return;
      }
      const program = await this.program(engine, collected);
      const run = this.start(engine, program, collected, pinned);
      void this.finish(run, asked, changed);
    } catch (cause) {
      this.ledger.unpin(pinned);
      this.fail(asked, changed, cause);
    }
  }

  private collect(asked: readonly Asked[], changed: ReadonlyMap<Storage, Node>): Collected {
    const collector = new Collector();
    for (const node of changed.values()) collector.want(node);
    for (const { nodes } of asked) for (const node of nodes) collector.want(node);
    this.pending.keepReaders(collector, changed);
    return collector.finish();
  }

  /** Uploads what is not in shared memory yet, and pins all inputs' memory in their order. */
  private async bringInputs(
    { executor }: Engine,
    { inputs }: Collected,
    pinned: OwnedMemory[],
  ): Promise<void> {
    const pin = (memory: OwnedMemory): void => {
      this.ledger.pin([memory]);
      pinned.push(memory);
    };
    for (const { node } of inputs) {
      const data = this.uploads.get(node);
      if (node.memory || !data) {
        const memory = usable(node, executor.heap);
        pin(memory);
        this.ledger.restore(memory);
        continue;
      }
      const memory = this.ledger.allocate(executor.heap, node, bytesOf(node));
      settle(node, memory);
      pin(memory);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      await executor.copyIn(bytes, memory.address);
      memory.isReady = true;
      this.uploads.delete(node);
    }
  }

  /** Pins what is read, as far as it has memory yet. */
  private hold(asked: readonly Asked[]): void {
    for (const { nodes, held, isRead } of asked) {
      if (!isRead) continue;
      for (const { memory } of nodes as readonly { memory: OwnedMemory | null }[]) {
        if (!memory || held.includes(memory)) continue;
        this.ledger.pin([memory]);
        held.push(memory);
      }
    }
  }

  private async program(engine: Engine, collected: Collected): Promise<Program> {
    let known = this.programs.find(collected.words);
    if (!known) {
      this.stats.compiles++;
      const compiled = engine.compile(graphOf(collected)).then(({ program, kernelCount }) => {
        this.stats.kernels = kernelCount;
        return program;
      });
      known = this.programs.add(collected.words, compiled);
    }
    return known.ready ?? known.program;
  }

  /** Binds addresses and starts the run; outputs are settled, though not ready yet. */
  private start(
    { executor }: Engine,
    program: Program,
    { inputs, outputs, scalars }: Collected,
    pinned: readonly OwnedMemory[],
  ) {
    const made = this.allocateAll(executor.heap, outputs);
    const binding = {
      inputs: inputs.map(({ node, offset }, at) => {
        return (pinned[at] as OwnedMemory).address + offset * dtypes[node.dtype].bytes;
      }),
      outputs: made.map(({ address }) => address),
      scalars,
    };
    outputs.forEach((node, at) => settle(node, made[at] as OwnedMemory));
    this.ledger.pin(made);
    this.stats.programs++;
    if (executor.workers === 0) this.stats.fallbacks++;
    this.lastProgram = program;
    const result = executor.run(program, binding, { trace: this.trace !== null });
    return { program, inputs, outputs, made, pinned: [...pinned, ...made], result };
  }

  private allocateAll(heap: OwnedMemory["heap"], outputs: readonly Node[]): OwnedMemory[] {
    const made: OwnedMemory[] = [];
    try {
      for (const node of outputs) made.push(this.ledger.allocate(heap, node, bytesOf(node)));
      return made;
    } catch (cause) {
      for (const memory of made) this.ledger.free(memory);
      throw cause;
    }
  }

  /** Everything asked for is there, or on its way in an earlier request. */
  private async finishWithoutRun(
    asked: readonly Asked[],
    changed: ReadonlyMap<Storage, Node>,
    pinned: readonly OwnedMemory[],
  ): Promise<void> {
    await this.settled;
    this.commitStorages(changed);
    this.ledger.unpin(pinned);
    for (const { nodes, resolve, reject } of asked) {
      const failed = nodes.find(({ failure }) => failure);
      if (failed) reject(failed.failure);
      else resolve();
    }
  }

  private finish(
    run: ReturnType<Realizer["start"]>,
    asked: readonly Asked[],
    changed: ReadonlyMap<Storage, Node>,
  ): Promise<void> {
    this.settled = this.end(run, asked, changed);
    return this.settled;
  }

  private async end(
    run: ReturnType<Realizer["start"]>,
    asked: readonly Asked[],
    changed: ReadonlyMap<Storage, Node>,
  ): Promise<void> {
    try {
      const result = await run.result;
      if (this.trace) this.trace.push(...result.trace);
      if (result.fault) throw faultError(run.program, result);
      // An input may have been on its way when this run was started, and have failed since.
      const lost = run.inputs.find(({ node }) => node.failure);
      if (lost) throw lost.node.failure;
      for (const memory of run.made) memory.isReady = true;
      this.hold(asked);
      this.commitStorages(changed);
      this.ledger.unpin(run.pinned);
      for (const { resolve } of asked) resolve();
    } catch (cause) {
      for (const node of run.outputs) node.failure = cause as Error;
      this.ledger.unpin(run.pinned);
      for (const memory of run.made) this.ledger.free(memory);
      this.fail(asked, changed, cause);
    }
  }

  private commitStorages(changed: ReadonlyMap<Storage, Node>): void {
    for (const [storage, node] of changed) {
      const before = storage.committed;
      storage.commit(node);
      if (before !== node) this.ledger.replace(before);
    }
    this.ledger.nextRequest();
  }

  /** The first cause stays with every node that was to be computed; given data is not lost. */
  private fail(asked: readonly Asked[], changed: ReadonlyMap<Storage, Node>, cause: unknown): void {
    const wanted = [...changed.values(), ...asked.flatMap(({ nodes }) => nodes)];
    for (const node of wanted) {
      const isThere = (node.memory as OwnedMemory | null)?.isReady ?? node.kind === "memory";
      if (!isThere) node.failure ??= cause as Error;
    }
    for (const { reject } of asked) reject(cause);
  }
}

function usable(node: Node, heap: OwnedMemory["heap"]): OwnedMemory {
  if (node.failure) throw node.failure;
  const memory = node.memory as OwnedMemory | null;
  if (!memory) throw new Error(`internal: realize: input ${node.name} has neither memory nor data`);
  if (memory.heap !== heap) {
    throw new Error("realize: this tensor's memory ended when configure() opened another runtime");
  }
  if (memory.isFreed) {
    throw new Error(
      "realize: this tensor was computed from a value that was changed in place some requests ago and " +
        "is gone. Await its realize() before the change, or clone() and realize what it was made from.",
    );
  }
  return memory;
}

function faultError(program: Program, { fault }: RunResult): Error {
  const { launch, value } = fault as NonNullable<RunResult["fault"]>;
  const label = program.launches[launch]?.label ?? "?";
  return new Error(`${label}: index ${value} is out of bounds`);
}

const realizer = new Realizer();
realizer.pending.onDisposed = (node) => realizer.ledger.replace(node);
observeStorages(realizer.pending);
// A module that is replaced while the page lives takes its workers with it.
(import.meta as { hot?: { dispose(end: () => void): void } }).hot?.dispose(
  () => void realizer.close(),
);

/** Joins the tick's one request; resolves once all nodes lie in memory. */
export const request = (nodes: readonly Node[]): Promise<void> => realizer.ask(nodes);

/** A node of given data, row-major. Small data is copied at once, large data is read until it is used. */
export function upload(dtype: DType, shape: Shape, data: TypedArray): Node {
  const node = memoryNode(dtype, shape, null);
  realizer.uploads.set(node, data.byteLength <= copyAtOnce ? data.slice() : data);
  return node;
}

/** A copy of the elements if they are there and no work is needed to have them, else null. */
export function readNow(node: Node): TypedArray | null {
  const seen = peekNow(node, realizer.uploads);
  return (
    seen &&
    typedArray(
      node.dtype,
      new Uint8Array(seen.buffer, seen.byteOffset, seen.byteLength).slice().buffer,
      0,
      node.size,
    )
  );
}

/** A look at the elements, for who is done with them before anything else happens: printing. */
export const peek = (node: Node): TypedArray | null => peekNow(node, realizer.uploads);

/** Realizes the node, then copies it out; large copies are made by a worker. */
export async function read(node: Node): Promise<TypedArray> {
  const uploaded = realizer.uploads.get(node);
  if (uploaded) return uploaded.slice();
  const held: OwnedMemory[] = [];
  try {
    await realizer.ask([node], held);
    const memory = node.memory as OwnedMemory;
    if (memory.spilled) return memory.spilled.slice();
    const { executor } = await realizer.open();
    const buffer = await executor.copyOut(usable(node, executor.heap).address, memory.bytes);
    return typedArray(node.dtype, buffer, 0, node.size);
  } finally {
    realizer.ledger.unpin(held);
  }
}

/** Opens a runtime with other options. What lay in the memory of the one before is gone. */
export function configure(options: EngineOptions = {}): Promise<void> {
  return realizer.configure(options);
}

/** Bytes of shared memory: in use, reserved, and the most that were in use. */
export function memory(): { usedBytes: number; reservedBytes: number; peakBytes: number } {
  return realizer.heapStats ?? { usedBytes: 0, reservedBytes: 0, peakBytes: 0 };
}

export function stats(): Readonly<Stats> {
  return { ...realizer.stats };
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
