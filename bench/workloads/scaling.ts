// Workloads with one worker and with all of them, in alternation; the ratio is what the second core
// brings: to gelu16M, which both memory and arithmetic limit, and to a product and a convolution.

import type { Lab, Study, StudyWorkload, TimedWorkload, Timing, Trial } from "../contract.ts";
import { race } from "../measure.ts";
import { convolutions } from "./convolutions.ts";
import { gelu16M } from "./gelu16m.ts";
import { products } from "./products.ts";

const ALTERNATIONS = 2;

const named = (workloads: TimedWorkload[], wanted: string): TimedWorkload => {
  const found = workloads.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`scaling: no workload ${wanted}`);
  return found;
};
const further = [named(products, "mm1024"), named(convolutions, "conv")];

async function timeWith(
  workers: number,
  workload: TimedWorkload,
  { sg, reps }: Lab,
): Promise<[Timing, Trial]> {
  await sg.configure({ workers });
  const trial = workload.ours(sg);
  await trial.prepare();
  const timing = (await race([{ name: "ours", trial }], reps)).get("ours");
  if (timing === undefined) throw new Error("scaling: the race lost its contender");
  return [timing, trial];
}

const better = (x: Timing | null, y: Timing): Timing => (x === null || y.minMs < x.minMs ? y : x);

interface Scaled {
  readonly one: Timing;
  readonly all: Timing;
  readonly ratio: number;
  /** Lives in the runtime with all workers. */
  readonly trial: Trial;
}

async function scaled(workload: TimedWorkload, lab: Lab): Promise<Scaled> {
  let one: Timing | null = null;
  let all: Timing | null = null;
  let kept: Trial | null = null;
  for (let turn = 0; turn < ALTERNATIONS; turn += 1) {
    kept?.dispose();
    const [single, alone] = await timeWith(1, workload, lab);
    alone.dispose();
    one = better(one, single);
    const [several, trial] = await timeWith(lab.workers, workload, lab);
    kept = trial;
    all = better(all, several);
  }
  if (one === null || all === null || kept === null) throw new Error("scaling: nothing was timed");
  return { one, all, ratio: one.minMs / all.minMs, trial: kept };
}

const noteOf = (name: string, ratio: number, { workers }: Lab): string =>
  `${name}: ${ratio.toFixed(2)} × faster with ${workers} workers than with one`;

async function study(lab: Lab): Promise<Study> {
  const details: Record<string, number> = {};
  const notes: string[] = [];
  for (const workload of further) {
    const { one, all, ratio, trial } = await scaled(workload, lab);
    trial.dispose();
    const { name } = workload;
    details[`${name}OneWorkerMs`] = one.minMs;
    details[`${name}AllWorkersMs`] = all.minMs;
    details[`${name}Ratio`] = ratio;
    notes.push(noteOf(name, ratio, lab));
  }
  const { one, all, ratio, trial } = await scaled(gelu16M, lab);
  const { workers } = lab;
  return {
    ours: all,
    details: { oneWorkerMs: one.minMs, allWorkersMs: all.minMs, workers, ratio, ...details },
    notes: [noteOf(gelu16M.name, ratio, lab), ...notes],
    failures: [],
    again: () => trial.run(),
    dispose: () => trial.dispose(),
  };
}

export const scaling: StudyWorkload = {
  kind: "study",
  name: "scaling",
  about: "gelu16M, mm1024 and conv with one worker against all of them",
  study,
};
