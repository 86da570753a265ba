// The GPT's step captured: the main thread's time for a replay, which records nothing, and the losses of a
// few steps beside those of as many recorded ones.

import type { Lab, Study, StudyWorkload } from "../contract.ts";
import { summary } from "../measure.ts";
import { gptModel } from "./gpt.ts";
import { OurSteps } from "./training.ts";

const COMPARED = 5;
const STEPS = 20;

async function recordedLosses(steps: OurSteps): Promise<number[]> {
  const losses: number[] = [];
  for (let step = 0; step < COMPARED; step += 1) {
    await steps.step();
    losses.push(Number(await steps.loss?.item()));
  }
  return losses;
}

async function replayedLosses(step: () => ReturnType<ReturnType<OurSteps["captured"]>>) {
  const losses: number[] = [];
  for (let count = 0; count < COMPARED; count += 1) {
    const loss = await step();
    losses.push(Number(await loss.item()));
    loss.dispose();
  }
  return losses;
}

async function study({ sg, reps }: Lab): Promise<Study> {
  const recorded = new OurSteps(sg, gptModel);
  await recorded.prepare();
  const wanted = await recordedLosses(recorded);
  recorded.dispose();
  const steps = new OurSteps(sg, gptModel);
  await steps.prepare();
  const step = steps.captured();
  const losses = await replayedLosses(step);
  const { replays } = sg.stats();
  const readings: number[] = [];
  const again = async () => {
    const begin = performance.now();
    (await step()).dispose();
    readings.push(performance.now() - begin);
  };
  let mainMs = Number.POSITIVE_INFINITY;
  for (let count = 0; count < (reps ?? STEPS); count += 1) {
    await again();
    mainMs = Math.min(mainMs, steps.mainMs);
  }
  const failures: string[] = [];
  if (losses.join() !== wanted.join()) failures.push(`losses ${losses}, recorded ${wanted}`);
  if (sg.stats().replays === replays) failures.push("no step was replayed");
  return {
    ours: summary(readings),
    details: { mainMsPerStep: mainMs },
    notes: [`${mainMs.toFixed(2)} ms of the main thread for a replayed step`],
    failures,
    again,
    dispose: () => steps.dispose(),
  };
}

export const gptCaptured: StudyWorkload = {
  kind: "study",
  name: "gptCaptured",
  about: "gpt, captured: the main thread's time for a replayed step",
  study,
};
