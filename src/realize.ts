// realize: the only room that sees both compiler and runtime. What is asked for in one tick is one
// request: collected, looked up (or compiled), run, committed.
//
//   request(nodes) ─ tick ends ─→ flush ─→ launch (in order): collect → program → outputs → run ─→ commit
//
// A request writes memory no handle can see. Commit shows it; a failure marks its nodes with the first
// cause, storages fall back, and what was built on those nodes rejects with the same cause.

import type { DType, TypedArray } from "./base/dtypes.ts";
import { dtypes, readable, typedArray } from "./base/dtypes.ts";
import type { Program } from "./base/program.ts";
import type { Shape } from "./base/shapes.ts";
import { bytesOf } from "./graph/build.ts";
import { lineOf } from "./graph/lines.ts";
import { memoryNode, type Node, settle } from "./graph/node.ts";
import { type Asked, type Ending, type Request, witness } from "./realize/asked.ts";
import { type Collected, Collector, graphOf } from "./realize/collect.ts";
import { type Engine, type EngineOptions, openEngine } from "./realize/engine.ts";
import { MemoryLedger, type OwnedMemory } from "./realize/memory.ts";
import { Pending } from "./realize/pending.ts";
import { type KnownProgram, ProgramTable } from "./realize/programs.ts";
import { copyNow, peekNow } from "./realize/read.ts";
import type { RunResult, TraceEvent } from "./runtime/executor.ts";
import { observeStorages, type Storage } from "./storage.ts";

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
  /** Asked at each request, for those who want to know how it ends. */
  observers: () => readonly Ending[] = () => [];
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
      this.asked.push({ nodes, held, resolve, reject });
      this.flushSoon();
    });
  }

  private flushSoon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    queueMicrotask(() => {
      this.isFlushing = false;
      const { asked } = this;
      this.asked = [];
      for (const ending of this.observers()) asked.push(witness(ending));
      const request = { asked, changed: this.pending.takeChanged() };
      this.stats.requests++;
      this.launched = this.launched.then(() => this.launch(request));
    });
  }

  /** Runs one request up to its start; what comes after goes on beside the next request. */
  private async launch(request: Request): Promise<void> {
    const pinned: OwnedMemory[] = [];
    try {
      const engine = this.opened ?? (await this.open());
      const collected = this.collect(request);
      for (const node of collected.inputs) {
        const data = this.uploads.get(node);
        if (node.memory || !data) this.pinInput(engine, node, pinned);
        else await this.bring(engine, { node, data }, pinned);
      }
      this.hold(request);
      if (collected.outputs.length === 0) {
        void this.finishWithoutRun(request, pinned);
        return;
      }
      const known = this.program(engine, collected);
      const program = known.ready ?? (await known.program);
      const run = this.start(engine, program, collected, pinned);
      this.settled = run.result.then(
        (result) => this.end(run, result, request),
        (cause) => this.abandon(run, cause, request),
      );
    } catch (cause) {
      this.ledger.unpin(pinned);
      this.fail(request, cause);
    }
  }

  private collect({ asked, changed }: Request): Collected {
    const collector = new Collector();
    for (const node of changed.values()) collector.want(node);
    for (const { nodes } of asked) for (const node of nodes) collector.want(node);
    this.pending.keepReaders(collector, changed);
    return collector.finish();
  }

  /** Pins an input that lies in shared memory, or did: inputs are pinned in their order. */
  private pinInput({ executor }: Engine, node: Node, pinned: OwnedMemory[]): void {
    const memory = usable(node, executor.heap);
    this.ledger.pin(memory);
    pinned.push(memory);
    this.ledger.restore(memory);
  }

  /** Uploads an input that is not in shared memory yet, and pins it. */
  private async bring(
    { executor }: Engine,
    { node, data }: { node: Node; data: TypedArray },
    pinned: OwnedMemory[],
  ): Promise<void> {
    const memory = this.ledger.allocate(executor.heap, node, bytesOf(node));
    settle(node, memory);
    this.ledger.pin(memory);
    pinned.push(memory);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    await executor.copyIn(bytes, memory.address);
    memory.isReady = true;
    this.uploads.delete(node);
  }

  /** Pins what is read, as far as it has memory yet. */
  private hold({ asked }: Request): void {
    for (let at = 0; at < asked.length; at++) {
      const { nodes, held } = asked[at] as Asked;
      if (!held) continue;
      for (const { memory } of nodes as readonly { memory: OwnedMemory | null }[]) {
        if (!memory || held.includes(memory)) continue;
        this.ledger.pin(memory);
        held.push(memory);
      }
    }
  }

  private program(engine: Engine, collected: Collected): KnownProgram {
    const known = this.programs.find(collected.words);
    if (known) return known;
    this.stats.compiles++;
    const compiled = engine.compile(graphOf(collected)).then(({ program, kernelCount }) => {
      this.stats.kernels = kernelCount;
      return program;
    });
    return this.programs.add(collected.words, compiled);
  }

  /** Binds addresses and starts the run; outputs are settled, though not ready yet. */
  private start(
    { executor }: Engine,
    program: Program,
    { nodes, inputs, offsets, outputs, scalars }: Collected,
    pinned: OwnedMemory[],
  ) {
    const made = this.allocateAll(executor.heap, outputs);
    const starts = inputs.map(({ dtype }, at) => {
      return (pinned[at] as OwnedMemory).address + (offsets[at] as number) * dtypes[dtype].bytes;
    });
    for (let at = 0; at < made.length; at++) {
      const memory = made[at] as OwnedMemory;
      settle(outputs[at] as Node, memory);
      this.ledger.pin(memory);
      pinned.push(memory);
    }
    this.stats.programs++;
    if (executor.workers === 0) this.stats.fallbacks++;
    this.lastProgram = program;
    const binding = { inputs: starts, outputs: made.map(({ address }) => address), scalars };
    const result = executor.run(program, binding, { trace: this.trace !== null });
    return { program, nodes, inputs, outputs, made, pinned, result };
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
    { asked, changed }: Request,
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

  /** In one go: the run after this one, which may have ended as well, looks at what failed. */
  private end(run: Run, result: RunResult, request: Request): void {
    try {
      this.commit(run, result, request);
    } catch (cause) {
      this.abandon(run, cause, request);
    }
  }

  private commit(run: Run, result: RunResult, request: Request): void {
    if (this.trace) this.trace.push(...result.trace);
    if (result.fault) throw faultError(run, result);
    // An input may have been on its way when this run was started, and have failed since.
    const lost = run.inputs.find(({ failure }) => failure);
    if (lost) throw lost.failure;
    for (const memory of run.made) memory.isReady = true;
    this.hold(request);
    this.commitStorages(request.changed);
    this.ledger.unpin(run.pinned);
    for (const { resolve } of request.asked) resolve();
  }

  private abandon(run: Run, cause: unknown, request: Request): void {
    for (const node of run.outputs) node.failure = cause as Error;
    this.ledger.unpin(run.pinned);
    for (const memory of run.made) this.ledger.free(memory);
    this.fail(request, cause);
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
  private fail({ asked, changed }: Request, cause: unknown): void {
    const wanted = [...changed.values(), ...asked.flatMap(({ nodes }) => nodes)];
    for (const node of wanted) {
      const isThere = (node.memory as OwnedMemory | null)?.isReady ?? node.kind === "memory";
      if (!isThere) node.failure ??= cause as Error;
    }
    for (const { reject } of asked) reject(cause);
  }
}

/** A run that was started: what it reads and writes. */
type Run = ReturnType<Realizer["start"]>;

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

function faultError({ program, nodes }: Run, { fault }: RunResult): Error {
  const { launch, value } = fault as NonNullable<RunResult["fault"]>;
  const label = program.launches[launch]?.label ?? "?";
  const lines = nodes.filter(({ name }) => label.includes(name)).map(lineOf);
  const noted = [...new Set(lines.filter((line) => line !== undefined))];
  const where = noted.map((line) => `\n    recorded ${line}`).join("");
  return new Error(`${label}: index ${value} is out of bounds${where}`);
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

export { nextTurn } from "./runtime/copy.ts";

/** Joins the tick's one request; resolves once all nodes lie in memory. */
export const request = (nodes: readonly Node[]): Promise<void> => realizer.ask(nodes);

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
export async function read(node: Node): Promise<TypedArray> {
  return readable(node.dtype, await readStored(node));
}

async function readStored(node: Node): Promise<TypedArray> {
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
