// Realizer: requests in, memory out. What is asked for in one tick is one request:
//
//   ask(nodes) ─ tick ends ─→ flush ─→ launch (in order): collect → program → outputs → run ─→ commit
//
// A request writes memory no handle can see. Commit shows it; a failure marks its nodes with the first
// cause, storages fall back, and what was built on those nodes rejects with the same cause.

import type { TypedArray } from "../base/dtypes.ts";
import { dtypes } from "../base/dtypes.ts";
import type { Explanation } from "../base/explanation.ts";
import type { Program } from "../base/program.ts";
import { bytesOf } from "../graph/build.ts";
import { type Node, settle } from "../graph/node.ts";
import type { RunResult, TraceEvent } from "../runtime/executor.ts";
import type { Storage } from "../storage.ts";
import { type Asked, type Ending, type Request, witness } from "./asked.ts";
import { type Collected, Collector, graphBehind, graphOf } from "./collect.ts";
import { type Engine, type EngineOptions, openEngine } from "./engine.ts";
import { faultError, usable } from "./faults.ts";
import { chooseKept } from "./keep.ts";
import { KeptValues } from "./kept.ts";
import { MemoryLedger, type OwnedMemory } from "./memory.ts";
import { Pending } from "./pending.ts";
import { type KnownProgram, ProgramTable } from "./programs.ts";

/** State of the one runtime of this thread. */
export class Realizer {
  readonly counts = { requests: 0, programs: 0, compiles: 0, kernels: 0, fallbacks: 0, replays: 0 };
  readonly ledger = new MemoryLedger();
  readonly kept = new KeptValues(this.ledger);
  readonly pending = new Pending();
  trace: TraceEvent[] | null = null;
  lastProgram: Program | null = null;
  private options: EngineOptions = {};
  private engine: Promise<Engine> | null = null;
  opened: Engine | null = null;
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
  /** Nodes that stand for what lies in another node's memory, some elements from its start. */
  readonly aliases = new WeakMap<Node, Alias>();
  /** Set while a step is recorded for replay: called where it asks for data. */
  onRead: (() => void) | null = null;

  open(): Promise<Engine> {
    this.engine ??= openEngine(this.options).then((engine) => {
      this.opened = engine;
      this.kept.open(engine.executor.heap, this.options.keptBytes);
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

  get programCounts() {
    return this.programs.counts;
  }

  ask(nodes: readonly Node[], more: Partial<Asked> = {}): Promise<void> {
    if (more.held) this.onRead?.();
    return new Promise((resolve, reject) => {
      this.asked.push({ nodes, held: null, ...more, resolve, reject });
      this.flushSoon();
    });
  }

  private flushSoon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    queueMicrotask(() => {
      this.isFlushing = false;
      if (this.asked.length > 0) this.enqueue(this.takeAsked());
    });
  }

  /** Makes a request of what was asked for so far, whatever else the tick may bring. */
  flushNow(): void {
    if (this.asked.length > 0 || this.pending.hasChanged) this.enqueue(this.takeAsked());
  }

  /** What was asked for and changed so far, as a request. */
  takeAsked(more: readonly Asked[] = []): Request {
    const asked = [...this.asked, ...more];
    this.asked = [];
    for (const ending of this.observers()) asked.push(witness(ending));
    const released = this.kept.takeReleased();
    return { asked, changed: this.pending.takeChanged(), released };
  }

  /** What a request of these nodes, with all that this tick has asked for and changed, will become. */
  async explain(nodes: readonly Node[]): Promise<Explanation> {
    const asked = this.asked.flatMap((one) => one.nodes);
    const graph = graphBehind([...this.pending.changedNodes(), ...asked, ...nodes]);
    const engine = this.opened ?? (await this.open());
    return engine.explain(graph);
  }

  /** The request runs after all that were enqueued before. */
  enqueue(request: Request): void {
    this.counts.requests++;
    this.launched = this.launched.then(() => this.launch(request));
  }

  /** Runs one request up to its start; what comes after goes on beside the next request. */
  private async launch(request: Request): Promise<void> {
    const pinned: OwnedMemory[] = [];
    try {
      const engine = this.opened ?? (await this.open());
      const { collected: found, known: knownBefore } = request.replay ?? this.find(request);
      const known = knownBefore ?? this.program(engine, found);
      if (known) request.record?.(found, known);
      const collected = this.withoutAliases(found);
      for (const node of collected.inputs) {
        const data = this.uploads.get(node);
        if (node.memory || !data) this.pinInput(engine, node, pinned);
        else await this.bring(engine, { node, data }, pinned);
      }
      this.hold(request);
      if (!known) {
        void this.finishWithoutRun(request, pinned);
        return;
      }
      const program = known.ready ?? (await known.program);
      const run = this.start(engine, program, collected, pinned);
      this.settled = run.result.then(
        (result) => this.end(run, result, request),
        (cause) => this.abandon(run, cause, request),
      );
    } catch (cause) {
      this.ledger.unpin(pinned);
      for (const node of request.replay?.collected.outputs ?? []) node.failure ??= cause as Error;
      this.fail(request, cause);
    }
  }

  private find(request: Request): { collected: Collected; known: null } {
    return { collected: this.collect(request), known: null };
  }

  /** A step recorded for replay keeps what it returns, and nothing else. */
  private collect({ asked, changed, record }: Request): Collected {
    const collector = new Collector();
    for (const node of changed.values()) {
      this.kept.claim(node);
      collector.want(node);
    }
    for (const { nodes } of asked) {
      for (const node of nodes) {
        this.kept.claim(node);
        collector.want(node);
      }
    }
    if (record) return collector.finish();
    this.pending.keepReaders(collector, changed);
    if (collector.hasOutputs) this.keepReadings(collector, asked);
    return collector.finish();
  }

  /** What the request computes anyway and a later backward will read becomes an output as well. */
  private keepReadings(collector: Collector, asked: readonly Asked[]): void {
    const readings = asked.flatMap((one) => one.readings?.() ?? []);
    if (readings.length === 0) return;
    const { kept } = this;
    const chosen = kept.isAnswered ? kept.fitting(chooseKept(readings, collector)) : [];
    if (chosen.length > 0) collector.keep(chosen);
    kept.watch(readings, chosen);
  }

  private withoutAliases(collected: Collected): Collected {
    const { inputs, offsets } = collected;
    if (!inputs.some((node) => !node.memory && this.aliases.has(node))) return collected;
    const targets = inputs.map((node) => (node.memory ? undefined : this.aliases.get(node)));
    return {
      ...collected,
      inputs: inputs.map((node, at) => targets[at]?.node ?? node),
      offsets: offsets.map((offset, at) => offset + (targets[at]?.offset ?? 0)),
    };
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

  /** Null: nothing is to be computed. */
  private program(engine: Engine, collected: Collected): KnownProgram | null {
    if (collected.outputs.length === 0) return null;
    const known = this.programs.find(collected.words);
    if (known) return known;
    this.counts.compiles++;
    const compiled = engine.compile(graphOf(collected)).then(({ program, kernelCount }) => {
      this.counts.kernels = kernelCount;
      return program;
    });
    return this.programs.add(collected.words, compiled);
  }

  /** Binds addresses and starts the run; outputs are settled, though not ready yet. */
  private start(
    { executor }: Engine,
    program: Program,
    collected: Collected,
    pinned: OwnedMemory[],
  ) {
    const { inputs, offsets, outputs, scalars, keptFrom } = collected;
    const made = this.allocateAll(executor.heap, outputs);
    const starts = inputs.map(({ dtype }, at) => {
      return (pinned[at] as OwnedMemory).address + (offsets[at] as number) * dtypes[dtype].bytes;
    });
    for (let at = 0; at < made.length; at++) {
      const memory = made[at] as OwnedMemory;
      const node = outputs[at] as Node;
      if (at < keptFrom) settle(node, memory);
      else this.kept.add(node, memory);
      this.ledger.pin(memory);
      pinned.push(memory);
    }
    this.counts.programs++;
    if (executor.workers === 0) this.counts.fallbacks++;
    this.lastProgram = program;
    const binding = { inputs: starts, outputs: made.map(({ address }) => address), scalars };
    const result = executor.run(program, binding, { trace: this.trace !== null });
    return { program, collected, inputs, outputs, made, pinned, result };
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
    { asked, changed, released }: Request,
    pinned: readonly OwnedMemory[],
  ): Promise<void> {
    await this.settled;
    this.commitStorages(changed);
    this.kept.endReleased(released);
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
    this.kept.endReleased(request.released);
    this.ledger.unpin(run.pinned);
    if (request.replay) this.freeUnheld(run);
    for (const { resolve } of request.asked) resolve();
  }

  private abandon(run: Run, cause: unknown, request: Request): void {
    for (const node of run.outputs) node.failure = cause as Error;
    this.ledger.unpin(run.pinned);
    for (const memory of run.made) this.ledger.free(memory);
    this.fail(request, cause);
  }

  /** Of a replay: what nobody holds any more by the time it is there, as gradients of an older step. */
  private freeUnheld({ outputs, made }: Run): void {
    for (let at = 0; at < made.length; at++) {
      const { holders, readers } = outputs[at] as Node;
      if (holders === 0 && readers === 0) this.ledger.free(made[at] as OwnedMemory);
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
  private fail({ asked, changed, released }: Request, cause: unknown): void {
    this.kept.endReleased(released);
    const wanted = [...changed.values(), ...asked.flatMap(({ nodes }) => nodes)];
    for (const node of wanted) {
      const isThere = (node.memory as OwnedMemory | null)?.isReady ?? node.kind === "memory";
      if (!isThere) node.failure ??= cause as Error;
    }
    for (const { reject } of asked) reject(cause);
  }
}

/** Where a stand-in's elements lie. */
export interface Alias {
  readonly node: Node;
  readonly offset: number;
}

/** A run that was started: what it reads and writes. */
type Run = ReturnType<Realizer["start"]>;
