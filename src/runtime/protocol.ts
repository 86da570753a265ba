// The boundary between the pool and its kernel workers: the calls (Comlink), the messages of runs, and
// the control words (Atomics) of a run, an area in the shared memory:
//
//   word  0      1             2         3         4            5           6‥15   16 + 2s  17 + 2s
//        ┌──────┬─────────────┬─────────┬─────────┬────────────┬───────────┬──────┬────────┬──────┬───┬─────┐
//        │state │failedLaunch │progress │sleepers │faultLaunch │faultValue │ pad  │claimed │ done │ … │cells│
//        └──────┴─────────────┴─────────┴─────────┴────────────┴───────────┴──────┴────────┴──────┴───┴─────┘
//   progress counts complete stages and jumps to the end when a run fails; cells are 8 bytes each.
import type { Program } from "../base/program.ts";
import type { TraceEvent } from "./executor.ts";

/** Word positions from the start of a run's area. */
export const control = {
  state: 0,
  failedLaunch: 1,
  progress: 2,
  sleepers: 3,
  faultLaunch: 4,
  faultValue: 5,
  stages: 16,
} as const;

/** Word positions from the start of a stage's counters. */
export const stageCounter = { claimed: 0, done: 1, words: 2 } as const;

/** What the state word says; the first to leave `running` stays, except that `died` overrides. */
export const runState = { running: 0, done: 1, trapped: 2, aborted: 3, died: 4 } as const;

/** The words all runs of an executor share: runs finished so far, and who sleeps until more are. */
export const orderWord = { finished: 0, sleepers: 1, words: 2 } as const;

export const bytesPerWord = 4;
export const bytesPerCell = 8;

/** The order words have a cache line to themselves: they are spun on. */
export const orderBytes = 64;

/** Bytes of a run's control words; its cells begin there. */
export function controlBytes(stageCount: number): number {
  return (control.stages + stageCount * stageCounter.words) * bytesPerWord;
}

export interface Setup {
  readonly memory: WebAssembly.Memory;
  /** Position of this worker, for traces. */
  readonly worker: number;
  /** Byte address of the order words. */
  readonly order: number;
  /** Byte address of the workers' own memory, one piece after the other. */
  readonly scratch: number;
  /** `performance.timeOrigin` of the pool's thread. */
  readonly timeOrigin: number;
}

export interface RunRequest {
  readonly program: number;
  /** The program itself when this worker has not seen it. */
  readonly load: Program | null;
  /** Programs that will not be asked for again without `load`. */
  readonly forget: readonly number[];
  /** Byte address of the run's area. */
  readonly address: number;
  /** The run starts when this many runs are finished. */
  readonly sequence: number;
  readonly trace: boolean;
}

export type RunEnd =
  | { readonly kind: "done" }
  /** This worker met the first trap. */
  | { readonly kind: "failed"; readonly launch: number; readonly message: string }
  | { readonly kind: "aborted" }
  /** Another worker failed; it has the cause. */
  | { readonly kind: "left" };

export interface RunAnswer {
  readonly end: RunEnd;
  readonly trace: readonly TraceEvent[];
}

/**
 * A run is asked for and answered in bare messages: there is one of each for every worker and run, and
 * Comlink's proxies and unique names took the page's thread some 0.1 ms of each run (profiled). One that
 * ended well and was not traced is answered by its number alone.
 */
export type RunMessage = readonly [tag: typeof runTag, number: number, request: RunRequest];
export type AnswerMessage = number | readonly [tag: typeof runTag, number: number, RunAnswer];

export const runTag = "shardgrad: run";

export const isRunMessage = (data: unknown): data is RunMessage =>
  Array.isArray(data) && data[0] === runTag;

export const isAnswerMessage = (data: unknown): data is AnswerMessage =>
  typeof data === "number" || (Array.isArray(data) && data[0] === runTag);

/** What a kernel worker can be asked for besides, in the order of the messages. */
export interface KernelWorker {
  init(setup: Setup): void;
  copyOut(address: number, bytes: number): ArrayBuffer;
  /** Writes nothing, but makes the pages of the range exist. */
  touch(address: number, bytes: number): void;
}

/** Posted by a worker, before anything else, when it listens. */
export const readyMessage = "shardgrad: ready";
