// The pool: kernel workers that walk programs together on a shared heap. One message per worker and run,
// one answer back; the first answer settles the run. Should a worker die, the runs in flight reject, the
// whole crew is replaced, and what was asked for meanwhile follows.

import { fail } from "../base/errors.ts";
import { type Program, scratchBytes } from "../base/program.ts";
import { type Booking, Bookings } from "./booking.ts";
import { capabilities } from "./capabilities.ts";
import { copyAtOnce, copyInSlices } from "./copy.ts";
import { Crew, type Member } from "./crew.ts";
import {
  abortError,
  type Binding,
  type Executor,
  RunError,
  type RunOptions,
  type RunResult,
  type TraceEvent,
  trapError,
} from "./executor.ts";
import { type Block, Heap } from "./heap.ts";
import { ProgramCache } from "./program-cache.ts";
import { orderBytes, type RunAnswer, runState } from "./protocol.ts";
import { spawnWorker, type WorkerLike } from "./spawn.ts";
import { Watchdog } from "./watchdog.ts";

export interface PoolOptions {
  /** By default one per core. */
  readonly workers?: number;
  readonly maxBytes?: number;
  /** A module of the same origin in place of the library's own worker file. */
  readonly kernelWorkerUrl?: string | URL;
  /** ms without a finished tile after which a worker counts as dead; by default 30,000. */
  readonly stallMilliseconds?: number;
  readonly spawn?: () => WorkerLike;
}

const stallMilliseconds = 30_000;

/** Resolves when all workers are ready. */
export async function openPool(options: PoolOptions = {}): Promise<Executor> {
  const { threads, reason, cores } = capabilities();
  if (!threads) fail("openPool", `wanted threads: ${reason}`);
  const workers = options.workers ?? cores;
  if (!Number.isInteger(workers) || workers < 1) {
    fail("openPool", `workers: wanted an integer from 1 on, got ${workers}`);
  }
  const pool = new Pool(workers, options);
  await pool.open();
  return pool;
}

const nothing: readonly number[] = [];

/** A run from its booking until the last worker has left it. */
interface Flight {
  readonly program: Program;
  readonly booking: Booking;
  readonly wantsTrace: boolean;
  readonly trace: TraceEvent[];
  readonly signal: AbortSignal | undefined;
  readonly settle: (outcome: RunResult | Error) => void;
  /** Workers that have not left. */
  waiting: number;
  outcome: RunResult | Error | null;
}

class Pool implements Executor {
  readonly heap: Heap;
  readonly workers: number;
  private readonly options: PoolOptions;
  private readonly bookings: Bookings;
  /** The order words, and behind them the workers' scratch. */
  private order: Block;
  private readonly programs = new ProgramCache();
  private readonly watchdog: Watchdog;
  /** Asked for while there was no crew. */
  private readonly queue: Flight[] = [];
  /** Launched, in that order, and not left by all workers. */
  private readonly flights = new Set<Flight>();
  /** Launched, in that order, and not settled. */
  private readonly unsettled: Flight[] = [];
  private crew: Crew | null = null;
  private opening: Promise<void> | null = null;
  private sequence = 0;
  private isClosed = false;

  constructor(workers: number, options: PoolOptions) {
    const { maxBytes, stallMilliseconds: stall = stallMilliseconds } = options;
    this.workers = workers;
    this.options = options;
    this.heap = new Heap(maxBytes === undefined ? { shared: true } : { shared: true, maxBytes });
    this.bookings = new Bookings(this.heap);
    this.order = this.allocateOrder();
    this.watchdog = new Watchdog(
      stall,
      () => this.sampleProgress(),
      () => this.onStall(stall),
    );
  }

  run(program: Program, binding: Binding, options: RunOptions = {}): Promise<RunResult> {
    const { signal, trace: wantsTrace = false } = options;
    return new Promise((resolve, reject) => {
      this.refuseWhenClosed();
      if (signal?.aborted) return reject(abortError(signal));
      const booking = this.bookings.book(program, binding);
      const endOfAbort = signal && this.abortWith(signal, booking);
      const settle = (outcome: RunResult | Error) => {
        endOfAbort?.();
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const rest = { trace: [], waiting: 0, outcome: null };
      this.launchInOrder({ program, booking, signal, settle, wantsTrace, ...rest });
    });
  }

  /** Until the call of what it returns. */
  private abortWith(signal: AbortSignal, booking: Booking): () => void {
    const abort = () => this.bookings.setFirst(booking, "state", runState.aborted);
    signal.addEventListener("abort", abort);
    return () => signal.removeEventListener("abort", abort);
  }

  async copyOut(address: number, bytes: number): Promise<ArrayBuffer> {
    this.refuseWhenClosed();
    if (bytes <= copyAtOnce) {
      const copy = new Uint8Array(bytes);
      copy.set(this.heap.bytesAt(address, bytes));
      return copy.buffer;
    }
    const crew = await this.openedCrew();
    try {
      return await crew.call(crew.idlest(), (remote) => remote.copyOut(address, bytes));
    } catch (cause) {
      throw this.lostError(cause);
    }
  }

  async copyIn(bytes: Uint8Array, address: number): Promise<void> {
    this.refuseWhenClosed();
    if (bytes.length > copyAtOnce && this.heap.takeFresh(address)) {
      await this.touch(address, bytes.length);
    }
    await copyInSlices(bytes.length, (from, to) => {
      this.heap.bytesAt(address + from, to - from).set(bytes.subarray(from, to));
    });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.watchdog.stop();
    const { crew } = this;
    this.crew = null;
    this.markDead();
    const isOver = await crew?.terminate();
    await this.opening;
    const error = new RunError("closed", "closed");
    this.endFlights(error, isOver ?? true);
    this.endQueue(error);
    this.bookings.close();
    this.heap.free(this.order);
  }

  /** Spawns a crew and hands it what is queued. */
  async open(): Promise<void> {
    const { memory } = this.heap;
    const { address } = this.order;
    this.heap.bytesAt(address, orderBytes).fill(0);
    this.programs.clear();
    this.sequence = 0;
    const url = this.options.kernelWorkerUrl;
    const crew = await Crew.open({
      size: this.workers,
      spawn: this.options.spawn ?? (() => spawnWorker("kernel", url)),
      setup: {
        memory,
        order: address,
        scratch: address + orderBytes,
        timeOrigin: performance.timeOrigin,
      },
      onDeath: (dead, cause) => this.onDeath(dead, cause),
    });
    if (this.isClosed) {
      await crew.terminate();
      return;
    }
    this.crew = crew;
    for (const flight of this.queue.splice(0)) this.launch(crew, flight);
  }

  private allocateOrder(): Block {
    return this.heap.allocate(orderBytes + this.workers * scratchBytes);
  }

  private launchInOrder(flight: Flight): void {
    if (this.crew) this.launch(this.crew, flight);
    else {
      this.queue.push(flight);
      this.opening ??= this.reopen();
    }
  }

  private launch(crew: Crew, flight: Flight): void {
    const { program, booking, wantsTrace: trace } = flight;
    const load = this.programs.has(program) ? null : program;
    const forgotten = this.programs.use(program);
    for (const { forget } of crew.members) forget.push(...forgotten);
    const { address } = booking;
    const { sequence } = this;
    const request = { program: program.id, load, forget: nothing, address, sequence, trace };
    this.sequence = (this.sequence + 1) | 0;
    const members = this.membersFor(crew, program);
    flight.waiting = members.length;
    this.flights.add(flight);
    this.unsettled.push(flight);
    this.watchdog.start();
    const onAnswer = (answer: RunAnswer) => this.onAnswer(flight, answer);
    for (const member of members) {
      const forget = member.forget.splice(0);
      crew.run(member, forget.length > 0 ? { ...request, forget } : request, onAnswer);
    }
  }

  /** More workers than a stage has tiles would only be woken. */
  private membersFor(crew: Crew, { stages }: Program): readonly Member[] {
    const useful = stages.reduce((most, { tiles }) => Math.max(most, tiles), 1);
    return useful < crew.members.length ? crew.members.slice(0, useful) : crew.members;
  }

  private onAnswer(flight: Flight, { end, trace }: RunAnswer): void {
    if (!this.flights.has(flight)) return;
    flight.trace.push(...trace);
    flight.waiting--;
    if (end.kind === "failed") {
      flight.outcome = trapError(flight.program, end.launch, end.message);
    } else if (end.kind === "aborted") flight.outcome = abortError(flight.signal);
    else if (end.kind === "done") {
      flight.outcome ??= { fault: this.bookings.fault(flight.booking), trace: flight.trace };
    }
    if (flight.waiting === 0 && flight.outcome) this.land(flight);
    this.settleInOrder();
  }

  /** Answers of two workers may overtake each other; the callers' promises do not. */
  private settleInOrder(): void {
    for (let flight = this.unsettled[0]; flight; flight = this.unsettled[0]) {
      if (!flight.outcome || (flight.wantsTrace && flight.waiting > 0)) return;
      this.unsettled.shift();
      flight.settle(flight.outcome);
    }
  }

  private land(flight: Flight, isOver = true): void {
    if (isOver) this.bookings.release(flight.booking);
    else this.bookings.abandon(flight.booking);
    this.flights.delete(flight);
    if (this.flights.size === 0) this.watchdog.stop();
  }

  /** What was launched ends for all workers, at once. */
  private markDead(): void {
    for (const { booking } of this.flights) this.bookings.override(booking, "state", runState.died);
  }

  /** `isOver`: whether no worker that was in one of the flights can come back to it. */
  private endFlights(error: Error, isOver: boolean): void {
    for (const flight of this.flights) this.land(flight, isOver);
    if (!isOver) this.order = this.allocateOrder();
    for (const flight of this.unsettled.splice(0)) flight.settle(flight.outcome ?? error);
  }

  private endQueue(error: Error): void {
    for (const flight of this.queue.splice(0)) {
      this.bookings.release(flight.booking);
      flight.settle(error);
    }
  }

  private onDeath(crew: Crew, cause: Error): void {
    if (crew !== this.crew) return;
    this.crew = null;
    this.opening = this.replace(crew, cause);
  }

  /** Gets everybody out of the kernels, rejects what was in flight, and opens a new crew. */
  private async replace(crew: Crew, cause: Error): Promise<void> {
    this.watchdog.stop();
    this.markDead();
    const isOver = await crew.terminate();
    this.endFlights(new RunError("worker-died", cause.message, { cause }), isOver);
    await this.reopen();
  }

  /** Opens a crew if it can; if not, what is queued rejects and the next run tries again. */
  private async reopen(): Promise<void> {
    try {
      if (!this.isClosed) await this.open();
    } catch (cause) {
      this.endQueue(this.lostError(cause));
    }
    this.opening = null;
  }

  private async openedCrew(): Promise<Crew> {
    if (!this.crew) this.opening ??= this.reopen();
    await this.opening;
    return this.crew ?? Promise.reject(this.lostError(new Error("no worker could be opened")));
  }

  private async touch(address: number, bytes: number): Promise<void> {
    const crew = await this.openedCrew();
    const share = Math.ceil(bytes / crew.members.length);
    // A worker that dies meanwhile leaves its pages to the copy, which is slower and right.
    await Promise.allSettled(
      crew.members.map((member, index) => {
        const from = index * share;
        const length = Math.min(share, bytes - from);
        return crew.call(member, (remote) => remote.touch(address + from, length));
      }),
    );
  }

  /** What moves while workers work: the oldest run and its counters. */
  private sampleProgress(): string {
    const [oldest] = this.flights;
    if (!oldest) return "";
    const { stages } = oldest.program;
    return `${oldest.booking.address} ${this.bookings.progress(oldest.booking, stages.length)}`;
  }

  private onStall(milliseconds: number): void {
    const text = `no tile was finished for ${milliseconds} ms`;
    if (this.crew) this.onDeath(this.crew, new Error(text));
  }

  private lostError(cause: unknown): RunError {
    if (this.isClosed) return new RunError("closed", "closed");
    const text = cause instanceof Error ? cause.message : String(cause);
    return new RunError("worker-died", text, { cause });
  }

  private refuseWhenClosed(): void {
    if (this.isClosed) throw new RunError("closed", "the executor is closed");
  }
}
