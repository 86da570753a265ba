// Two thousand steps of the GPT. Shared memory must not grow after the first twenty, and the page must
// stay free all the while: gaps of the main thread and long tasks are those of the whole training.

import type { Lab, Study, StudyWorkload } from "../contract.ts";
import { readGaps } from "../gap.ts";
import { summary } from "../measure.ts";
import { gptModel } from "./gpt.ts";
import { OurSteps, stepError } from "./training.ts";

const STEPS = 2000;
const EARLY_STEP = 20;
const SAY_EVERY = 100;
const TOLERANCE = 5e-3;

async function study({ sg, reps, say }: Lab): Promise<Study> {
  const steps = new OurSteps(sg, gptModel);
  await steps.prepare();
  const error = stepError(gptModel)(await steps.check());
  const count = reps ?? STEPS;
  const readings: number[] = [];
  const used: number[] = [];
  const gaps = await readGaps(async () => {
    for (let step = 1; step <= count; step += 1) {
      const begin = performance.now();
      await steps.step();
      readings.push(performance.now() - begin);
      used.push(sg.memory().usedBytes);
      if (step % SAY_EVERY === 0) say(`step ${step}: ${used.at(-1)} bytes in use`);
    }
  });
  const loss = Number(await steps.loss?.item());
  const earlyStep = Math.min(EARLY_STEP, count);
  const [early = 0, last = 0] = [used[earlyStep - 1], used.at(-1)];
  const { reservedBytes } = sg.memory();
  const failures: string[] = [];
  if (last > early) failures.push(`memory grew from ${early} to ${last} bytes`);
  if (!(error <= TOLERANCE)) failures.push(`the first step is off by ${error}`);
  if (!Number.isFinite(loss)) failures.push(`the loss of step ${count} is ${loss}`);
  return {
    ours: { ...summary(readings), worstError: error },
    details: {
      steps: count,
      usedBytes20: early,
      usedBytesLast: last,
      reservedBytes,
      gapMaxMs: gaps.maxMs,
      gapP99Ms: gaps.p99Ms,
      longTasks: gaps.longTasks,
      lossLast: loss,
    },
    notes: [
      `bytes in use after step ${earlyStep} and ${count}: ${early}, ${last}; ` +
        `main thread gap ${gaps.maxMs.toFixed(1)} ms at most, ${gaps.longTasks} long tasks`,
    ],
    failures,
    again: () => steps.step(),
    dispose: () => steps.dispose(),
  };
}

export const gpt2000: StudyWorkload = {
  kind: "study",
  name: "gpt2000",
  about:
    "2,000 steps of gpt: memory must be flat, the main thread free (--reps N: that many steps)",
  isLong: true,
  study,
};
