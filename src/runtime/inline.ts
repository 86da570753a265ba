// The inline executor: the workers' walk on the calling thread, where there are no workers, and as a
// test's oracle. `run` lets the thread's other tasks in every few milliseconds; `runSync` does not.
import { type Program, scratchBytes } from "../base/program.ts";
import { type Booking, Bookings } from "./booking.ts";
import { copyInSlices, nextTurn } from "./copy.ts";
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
import { Loader } from "./load.ts";
import { ProgramCache } from "./program-cache.ts";
import { orderBytes, type RunEnd, runState } from "./protocol.ts";
import { type WalkedRun, Walker } from "./walk.ts";

/** ms of kernels between two turns of the event loop. */
const sliceMilliseconds = 8;

export interface InlineOptions {
  readonly maxBytes?: number;
  /** Whether the memory could be handed to workers; by default not. */
  readonly shared?: boolean;
  /** A heap to work on, in place of one of its own. */
  readonly heap?: Heap;
  /** Never lets the thread's other tasks in: to show what workers are for. */
  readonly isBlocking?: boolean;
}

interface Job {
  readonly program: Program;
  readonly booking: Booking;
  readonly walked: WalkedRun;
  readonly settle: (outcome: RunResult | Error) => void;
}

export interface InlineExecutor extends Executor {
  runSync(program: Program, binding: Binding): RunResult;
}

export function openInline(options: InlineOptions = {}): InlineExecutor {
  const { maxBytes, shared = false, isBlocking = false } = options;
  const heap = options.heap ?? new Heap(maxBytes === undefined ? { shared } : { shared, maxBytes });
  return new Inline(heap, isBlocking ? Number.POSITIVE_INFINITY : sliceMilliseconds);
}

class Inline implements InlineExecutor {
  readonly heap: Heap;
  readonly workers = 0;
  private readonly bookings: Bookings;
  private readonly loader: Loader;
  private readonly programs = new ProgramCache();
  /** The order words, and behind them the kernels' scratch. */
  private readonly order: Block;
  private readonly walker: Walker;
  private readonly jobs: Job[] = [];
  private readonly slice: number;
  private sliceEnd = 0;
  private isPumping = false;
  private isClosed = false;

  constructor(heap: Heap, slice: number) {
    this.heap = heap;
    this.slice = slice;
    this.bookings = new Bookings(heap);
    this.loader = new Loader(heap.memory);
    this.order = heap.allocate(orderBytes + scratchBytes);
    heap.bytesAt(this.order.address, orderBytes).fill(0);
    const { memory } = heap;
    const { address: order } = this.order;
    const scratch = order + orderBytes;
    this.walker = new Walker({ memory, worker: 0, order, scratch, clockOffset: 0 });
  }

  run(program: Program, binding: Binding, options: RunOptions = {}): Promise<RunResult> {
    const { signal, trace = false } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal));
      const job = this.enqueue(program, binding, trace, (outcome) => {
        signal?.removeEventListener("abort", abort);
        if (!(outcome instanceof Error)) resolve(outcome);
        else if (outcome instanceof RunError && outcome.kind === "aborted")
          reject(abortError(signal));
        else reject(outcome);
      });
      const abort = () => this.bookings.setFirst(job.booking, "state", runState.aborted);
      signal?.addEventListener("abort", abort);
      this.pump();
    });
  }

  runSync(program: Program, binding: Binding): RunResult {
    let settled: RunResult | Error | undefined;
    this.enqueue(program, binding, false, (outcome) => {
      settled = outcome;
    });
    while (this.jobs.length > 0) this.step(Number.POSITIVE_INFINITY);
    if (settled instanceof Error) throw settled;
    return settled!;
  }

  async copyOut(address: number, bytes: number): Promise<ArrayBuffer> {
    this.refuseWhenClosed();
    const copy = new Uint8Array(bytes);
    await copyInSlices(bytes, (from, to) => {
      copy.set(this.heap.bytesAt(address + from, to - from), from);
    });
    return copy.buffer;
  }

  async copyIn(bytes: Uint8Array, address: number): Promise<void> {
    this.refuseWhenClosed();
    await copyInSlices(bytes.length, (from, to) => {
      this.heap.bytesAt(address + from, to - from).set(bytes.subarray(from, to));
    });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const job of this.jobs.splice(0)) this.end(job, new RunError("closed", "closed"));
    this.bookings.close();
    this.heap.free(this.order);
  }

  private enqueue(program: Program, binding: Binding, trace: boolean, settle: Job["settle"]): Job {
    this.refuseWhenClosed();
    for (const id of this.programs.use(program)) this.loader.forget(id);
    const loaded = this.loader.get(program.id) ?? this.loader.load(program);
    const booking = this.bookings.book(program, binding);
    const events: TraceEvent[] | null = trace ? [] : null;
    const { address } = booking;
    const walked = { program: loaded, address, sequence: 0, trace: events };
    const job = { program, booking, walked, settle };
    this.jobs.push(job);
    return job;
  }

  /** Works until no job is left; a microtask later, so that runs asked for together begin together. */
  private async pump(): Promise<void> {
    if (this.isPumping) return;
    this.isPumping = true;
    await null;
    while (this.jobs.length > 0) {
      // Runs that are over within a slice share it: a loop of awaited short runs must let others in too.
      if (performance.now() >= this.sliceEnd) {
        if (this.slice < Number.POSITIVE_INFINITY) await nextTurn();
        this.sliceEnd = performance.now() + this.slice;
      }
      while (this.jobs.length > 0 && performance.now() < this.sliceEnd) this.step(this.sliceEnd);
    }
    this.isPumping = false;
  }

  /** Goes on with the first job. */
  private step(until: number): void {
    const job = this.jobs[0]!;
    const end = this.walker.walkUntil(job.walked, until);
    if (end === null) return;
    this.jobs.shift();
    this.end(job, this.outcome(job, end));
  }

  private outcome({ program, booking, walked }: Job, end: RunEnd): RunResult | Error {
    if (end.kind === "failed") return trapError(program, end.launch, end.message);
    if (end.kind !== "done") return abortError(undefined);
    return { fault: this.bookings.fault(booking), trace: walked.trace ?? [] };
  }

  private end(job: Job, outcome: RunResult | Error): void {
    this.bookings.release(job.booking);
    job.settle(outcome);
  }

  private refuseWhenClosed(): void {
    if (this.isClosed) throw new RunError("closed", "the executor is closed");
  }
}
