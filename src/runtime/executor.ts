// Executor: runs programs on a heap, either by a pool of workers or inline. Runs are carried out in the
// order of the calls, however many are asked for before the first has ended.
import type { Program } from "../base/program.ts";
import type { Heap } from "./heap.ts";

/** Byte addresses of the buffers and values of the scalars, in the program's order. */
export interface Binding {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly scalars: ArrayLike<number>;
}

/** One tile, or one launch of a serial stage; times in ms on the clock of the caller's `performance`. */
export interface TraceEvent {
  readonly worker: number;
  readonly stage: number;
  readonly tile: number;
  readonly launch: number;
  readonly begin: number;
  readonly end: number;
}

export interface RunOptions {
  readonly trace?: boolean;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  /** The bad data a kernel met (and clamped), with the position of its launch. */
  readonly fault: { readonly launch: number; readonly value: number } | null;
  /** Empty unless asked for. */
  readonly trace: readonly TraceEvent[];
}

export interface Executor {
  readonly heap: Heap;
  /** 0 for inline. */
  readonly workers: number;
  /** Rejects with a RunError, or an OutOfMemoryError; then no kernel of the run is at work any more. */
  run(program: Program, binding: Binding, options?: RunOptions): Promise<RunResult>;
  copyOut(address: number, bytes: number): Promise<ArrayBuffer>;
  /** Up to `copyAtOnce` bytes the copy is done when the call returns; else `bytes` is read meanwhile. */
  copyIn(bytes: Uint8Array, address: number): Promise<void>;
  /** Inline only. */
  runSync?(program: Program, binding: Binding): RunResult;
  close(): Promise<void>;
}

export type RunFailure = "trap" | "worker-died" | "aborted" | "closed";

export class RunError extends Error {
  override readonly name = "RunError";
  readonly kind: RunFailure;
  /** Position of the launch that failed, when it was one. */
  readonly launch: number | null;

  constructor(kind: RunFailure, text: string, details?: { launch?: number; cause?: unknown }) {
    super(`run: ${text}`, details?.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.launch = details?.launch ?? null;
  }
}

/** The error of a run whose kernel trapped. */
export function trapError(program: Program, launch: number, message: string): RunError {
  const label = program.launches[launch]?.label ?? "?";
  return new RunError("trap", `launch ${launch}, ${label}: ${message}`, { launch });
}

export function abortError(signal: AbortSignal | undefined): RunError {
  return new RunError("aborted", "aborted by its signal", { cause: signal?.reason });
}
