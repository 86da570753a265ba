// gelu16M with one worker and with all of them, in alternation; the ratio is what the second core
// brings to a workload that both memory and arithmetic limit.

import type { Lab, Study, StudyWorkload, Timing, Trial } from "../contract.ts";
import { race } from "../measure.ts";
import { ourGelu } from "./gelu16m.ts";

const ALTERNATIONS = 2;

async function timeWith(workers: number, { sg, reps }: Lab): Promise<[Timing, Trial]> {
  await sg.configure({ workers });
  const trial = ourGelu(sg);
  await trial.prepare();
  const timing = (await race([{ name: "ours", trial }], reps)).get("ours");
  if (timing === undefined) throw new Error("scaling: the race lost its contender");
  return [timing, trial];
}

const better = (x: Timing | null, y: Timing): Timing => (x === null || y.minMs < x.minMs ? y : x);

async function study(lab: Lab): Promise<Study> {
  let one: Timing | null = null;
  let all: Timing | null = null;
  let kept: Trial | null = null;
  for (let turn = 0; turn < ALTERNATIONS; turn += 1) {
    const [single, alone] = await timeWith(1, lab);
    alone.dispose();
    one = better(one, single);
    kept?.dispose();
    const [several, trial] = await timeWith(lab.workers, lab);
    kept = trial;
    all = better(all, several);
  }
  if (one === null || all === null || kept === null) throw new Error("scaling: nothing was timed");
  const trial = kept;
  const ratio = one.minMs / all.minMs;
  return {
    ours: all,
    details: { oneWorkerMs: one.minMs, allWorkersMs: all.minMs, workers: lab.workers, ratio },
    notes: [`${ratio.toFixed(2)} × faster with ${lab.workers} workers than with one`],
    failures: [],
    again: () => trial.run(),
    dispose: () => trial.dispose(),
  };
}

export const scaling: StudyWorkload = {
  kind: "study",
  name: "scaling",
  about: "gelu16M with one worker against all of them",
  study,
};
