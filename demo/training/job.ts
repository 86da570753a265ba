// The headless run of an example: so many steps from a seed, then the check. Says what it saw; fails where
// nothing was learned.

import { capabilities, stats } from "../../src/index.ts";
import type { Alive } from "../page/alive.ts";
import type { JobResult } from "../page/job-result.ts";
import { milliseconds, number } from "../page/quantities.ts";
import type { Example } from "./example.ts";
import type { TrainingRoom } from "./training-room.ts";

/** Losses that one is the mean of: a batch alone says little. */
const counted = 10;

export async function trainingJob(
  example: Example,
  room: TrainingRoom,
  alive: Alive,
): Promise<JobResult> {
  const { threads, reason, cores } = capabilities();
  if (!threads) return { ok: false, text: `threads are off: ${reason}` };
  const course = await room.trainFor(example.steps);
  const { ok, text } = await course.check();
  const { losses, rates } = room;
  const [first, last] = [mean(losses.slice(0, counted)), mean(losses.slice(-counted))];
  const { fallbacks, replays } = stats();
  const gap = alive.gaps.summary("workers");
  const lines = [
    `${example.title}: ${losses.length} steps on ${cores} workers`,
    `  loss                  ${number(first)} at the start, ${number(last)} at the end`,
    ...text.split("\n").map((line) => `  ${line}`),
    `  steps per second      ${number(rates.perSecond() ?? 0)}`,
    `  main thread per step  ${milliseconds(rates.askingMilliseconds() ?? 0)}`,
    `  longest frame gap     ${gap ? milliseconds(gap.longest) : "no frame was shown"}`,
    `  steps replayed        ${replays}`,
    `  fallbacks             ${fallbacks}`,
  ];
  const faults: string[] = [];
  if (!(last < first)) faults.push("the loss did not fall");
  if (!ok) faults.push("it did not learn what it should have by now");
  if (fallbacks > 0) faults.push(`${fallbacks} programs ran on the main thread`);
  return {
    ok: faults.length === 0,
    text: [...lines, ...faults.map((fault) => `failed: ${fault}`)].join("\n"),
  };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
