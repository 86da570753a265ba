// Twenty random row programs, each held against its memory limit: every element of what it reads and
// writes once, at the run's copy rate, or its least arithmetic where that is more.

import type { Lab, Outputs, Shardgrad, Study, StudyWorkload, Trial } from "../contract.ts";
import { leastMs, race } from "../measure.ts";
import { ourTrial } from "../trials/ours-trial.ts";
import { errorOf } from "../verify.ts";
import { type AgainstLimit, summarized } from "./against-limit.ts";
import {
  describeRows,
  evaluateRow,
  inputShapes,
  leastRowWork,
  type RowProgram,
  randomRows,
  recordRows,
} from "./random-rows.ts";

const PROGRAMS = 20;
const FIRST_SEED = 300;
const TOLERANCE = 2e-3;
const ROUNDS = 6;
const VALUE_FLOOR = 0.1;
const shapes = [
  [4096, 1024],
  [1024, 4096],
  [16_384, 256],
  [3001, 1003],
  [32, 128, 1024],
];

const inputName = (index: number) => `input${index}`;
const outputName = (index: number) => `output${index}`;

const trialOf = (sg: Shardgrad, program: RowProgram): Trial =>
  ourTrial({
    inputs: () =>
      Object.fromEntries(
        inputShapes(program).map((shape, index) => [inputName(index), sg.randn(shape)]),
      ),
    build: (inputs) =>
      Object.fromEntries(
        recordRows(program, Object.values(inputs)).map((value, index) => [
          outputName(index),
          value,
        ]),
      ),
  });

/** The worst of a few rows. */
function worstError(program: RowProgram, outputs: Outputs): number {
  const columns = program.shape.at(-1) as number;
  const rows = program.shape.reduce((product, size) => product * size, 1) / columns;
  let worst = 0;
  for (const row of [0, rows >> 1, rows - 1]) {
    const inputs = program.isShared.map((isShared, index) => {
      const from = isShared ? 0 : row * columns;
      return Array.from(
        { length: columns },
        (_, column) => outputs[inputName(index)]?.[from + column] ?? Number.NaN,
      );
    });
    evaluateRow(program, inputs).forEach((wanted, index) => {
      const own = outputs[outputName(index)];
      wanted.forEach((value, column) => {
        worst = Math.max(worst, errorOf(own?.[row * wanted.length + column], value, VALUE_FLOOR));
      });
    });
  }
  return worst;
}

async function measure(lab: Lab, index: number): Promise<[AgainstLimit, Trial]> {
  const shape = shapes[index % shapes.length] as number[];
  const program = randomRows(FIRST_SEED + index, shape, 1 + (index % 3));
  const trial = trialOf(lab.sg, program);
  await trial.prepare();
  await trial.run();
  const error = worstError(program, await trial.check());
  const timing = (await race([{ name: "ours", trial }], lab.reps ?? ROUNDS)).get("ours");
  if (timing === undefined) throw new Error("rows20: the race lost its contender");
  const { bytes, flops } = leastRowWork(program);
  const limitMs = leastMs(lab.limits, { bytes, limit: "copy", limitFlops: flops });
  return [{ timing, limitMs, error, text: describeRows(program) }, trial];
}

async function study(lab: Lab): Promise<Study> {
  const results: AgainstLimit[] = [];
  let kept: Trial | null = null;
  for (let index = 0; index < PROGRAMS; index += 1) {
    kept?.dispose();
    const [result, trial] = await measure(lab, index);
    kept = trial;
    results.push(result);
    const ratio = (result.timing.minMs / result.limitMs).toFixed(2);
    lab.say(
      `rows ${index}: ${result.timing.minMs.toFixed(2)} ms, ${ratio} × limit; ${result.text}`,
    );
  }
  const trial = kept as Trial;
  return {
    ...summarized(results, { of: "programs", tolerance: TOLERANCE }),
    again: () => trial.run(),
    dispose: () => trial.dispose(),
  };
}

export const rows20: StudyWorkload = {
  kind: "study",
  name: "rows20",
  about: "twenty random row programs against their memory limit",
  study,
};
