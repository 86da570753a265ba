// What it costs the main thread to record one op: 200 mixed calls on a small tensor that requires
// grad, nothing realized. Every repetition has a tick of its own, as a training step has.

import type { Tensor } from "../../src/index.ts";
import type { Lab, Study, StudyWorkload } from "../contract.ts";
import { rest, summary } from "../measure.ts";

const ROUNDS = 20;
const OPS_PER_ROUND = 10;
const OPS = ROUNDS * OPS_PER_ROUND;
const WARM_REPETITIONS = 50;
const REPETITIONS = 100;
const SIDE = 64;

function record(x: Tensor): Tensor {
  let y = x;
  for (let round = 0; round < ROUNDS; round += 1) {
    const mean = y.mean(1, true);
    const turned = y.sub(mean).permute(1, 0);
    const scaled = turned.mul(1 + round / 64).tanh();
    const folded = scaled
      .reshape(SIDE * SIDE)
      .exp()
      .reshape(SIDE, SIDE);
    y = folded.div(2).add(x);
  }
  return y;
}

async function perOpMs(x: Tensor): Promise<number> {
  await rest(0);
  const begin = performance.now();
  record(x);
  return (performance.now() - begin) / OPS;
}

async function study({ sg, reps }: Lab): Promise<Study> {
  const x = sg.randn([SIDE, SIDE], { requiresGrad: true });
  await x.realize();
  for (let run = 0; run < WARM_REPETITIONS; run += 1) await perOpMs(x);
  const readings: number[] = [];
  for (let run = 0; run < (reps ?? REPETITIONS); run += 1) readings.push(await perOpMs(x));
  const ours = summary(readings);
  const microseconds = (ms: number) => (ms * 1000).toFixed(2);
  const note = `${microseconds(ours.minMs)} µs per recorded op at best, ${microseconds(ours.medianMs)} in the middle (times are per op)`;
  return {
    ours,
    details: { microsecondsPerOp: ours.minMs * 1000, ops: OPS },
    notes: [note],
    failures: [],
    again: async () => {
      await perOpMs(x);
    },
    dispose: () => x.dispose(),
  };
}

export const recording: StudyWorkload = {
  kind: "study",
  name: "recording",
  about: "milliseconds per recorded op, 200 mixed ops, nothing realized",
  study,
};
