// Timing of contenders side by side. They take turns, in rotating order, so that a slow second of
// the machine falls on all of them; each is warmed until its best time stands still.

import type { ByteLimit, Limits, Timing, Trial } from "./contract.ts";

export interface Contender {
  name: string;
  trial: Trial;
}

const WARM_RUNS = 4;
const WARM_MAX_RUNS = 60;
const WARM_MAX_MS = 2500;
const STILL = 0.97;
/** Short runs come several at a time: one alone would measure how cold the caches are. */
const TURN_MS = 20;
const TURN_MAX_RUNS = 10;
const RACE_MS = 5000;
const MIN_ROUNDS = 5;
const MAX_ROUNDS = 25;
/** Lets a contender's workers fall asleep before the next one starts. */
const REST_MS = 2;

export const rest = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));

export async function timeOnce(trial: Trial): Promise<number> {
  const begin = performance.now();
  await trial.run();
  const ms = performance.now() - begin;
  return trial.ownMs === undefined ? ms : trial.ownMs();
}

/** Runs until WARM_RUNS in a row bring nothing better by 3 %; the best time. */
export async function warm(trial: Trial): Promise<number> {
  const end = performance.now() + WARM_MAX_MS;
  let best = Number.POSITIVE_INFINITY;
  let idle = 0;
  for (let run = 0; run < WARM_MAX_RUNS && idle < WARM_RUNS; run += 1) {
    const ms = await timeOnce(trial);
    idle = ms < best * STILL ? 0 : idle + 1;
    best = Math.min(best, ms);
    if (performance.now() > end) break;
  }
  return best;
}

export function summary(readings: number[]): Timing {
  const sorted = readings.toSorted((x, y) => x - y);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const lower = sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? upper;
  return { minMs: sorted[0] ?? Number.NaN, medianMs: (lower + upper) / 2, runs: sorted.length };
}

interface Runner extends Contender {
  readings: number[];
  runsPerTurn: number;
  turnMs: number;
}

async function warmUp(contender: Contender): Promise<Runner> {
  await warm(contender.trial);
  // Wall time: a trial with a clock of its own takes longer than it says.
  const begin = performance.now();
  await contender.trial.run();
  const runMs = performance.now() - begin;
  const runsPerTurn = Math.max(1, Math.min(TURN_MAX_RUNS, Math.ceil(TURN_MS / runMs)));
  return { ...contender, readings: [], runsPerTurn, turnMs: runMs * runsPerTurn };
}

export async function race(
  contenders: Contender[],
  reps: number | null,
): Promise<Map<string, Timing>> {
  const runners: Runner[] = [];
  for (const contender of contenders) runners.push(await warmUp(contender));
  const roundMs = runners.reduce((sum, { turnMs }) => sum + turnMs, 0);
  const rounds = reps ?? Math.max(MIN_ROUNDS, Math.min(MAX_ROUNDS, Math.round(RACE_MS / roundMs)));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < runners.length; turn += 1) {
      const runner = runners[(turn + round) % runners.length];
      if (runner !== undefined) await takeTurn(runner);
    }
  }
  return new Map(runners.map(({ name, readings }) => [name, summary(readings)]));
}

async function takeTurn({ trial, readings, runsPerTurn }: Runner): Promise<void> {
  await rest(REST_MS);
  for (let run = 0; run < runsPerTurn; run += 1) readings.push(await timeOnce(trial));
}

export interface LeastWork {
  bytes?: number;
  limit?: ByteLimit;
  flops?: number;
  limitFlops?: number;
}

/** The time below which no program on this machine can do the work; 0 where none is stated. */
export function leastMs(
  limits: Limits,
  { bytes = 0, limit, flops, limitFlops }: LeastWork,
): number {
  const rates = { copy: limits.copyGBsAll, inPlace: limits.inPlaceGBsAll, read: limits.readGBsAll };
  const memoryMs = bytes / (rates[limit ?? "copy"] * 1e6);
  const arithmeticMs = (limitFlops ?? flops ?? 0) / (limits.fmaGflopsAll * 1e6);
  return Math.max(memoryMs, arithmeticMs);
}
