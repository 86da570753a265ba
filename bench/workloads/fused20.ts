// Twenty random fused graphs, each held against what the machine allows for it: the larger of its
// least traffic at the run's copy rate and its least arithmetic at the run's FMA rate.

import type { Tensor } from "../../src/index.ts";
import type { Lab, Outputs, Shardgrad, Study, StudyWorkload, Trial } from "../contract.ts";
import { leastMs, race } from "../measure.ts";
import { ourTrial } from "../trials/ours-trial.ts";
import { errorOf } from "../verify.ts";
import { type AgainstLimit, summarized } from "./against-limit.ts";
import {
  describeGraph,
  evaluateAt,
  leastWork,
  type RandomGraph,
  type ReadInput,
  randomGraph,
  recordGraph,
} from "./random-graph.ts";

const GRAPHS = 20;
const FIRST_SEED = 100;
const TOLERANCE = 2e-3;
const ROUNDS = 6;
const SAMPLES = 4099;
const SAMPLED_SUMS = 8;
/** Per summed element: sums that nearly cancel are judged against what went into them. */
const SUM_FLOOR = 0.01;
const VALUE_FLOOR = 0.1;

const inputName = (index: number) => `input${index}`;
const outputName = (index: number) => `output${index}`;
const named = (name: (index: number) => string, tensors: Tensor[]): Record<string, Tensor> =>
  Object.fromEntries(tensors.map((tensor, index) => [name(index), tensor]));

function trialOf(sg: Shardgrad, graph: RandomGraph): Trial {
  return ourTrial({
    inputs: () =>
      named(
        inputName,
        graph.inputShapes.map((shape) => sg.randn(shape)),
      ),
    build: (inputs) => named(outputName, recordGraph(graph, Object.values(inputs))),
  });
}

function inputReader({ inputShapes, columns }: RandomGraph, outputs: Outputs): ReadInput {
  const arrays = inputShapes.map((_, index) => outputs[inputName(index)]);
  const strides = inputShapes.map(([rows = 1, width = 1]) => [
    rows === 1 ? 0 : width === 1 ? 1 : columns,
    width === 1 ? 0 : 1,
  ]);
  return (index, row, column) => {
    const [down = 0, across = 0] = strides[index] ?? [];
    return arrays[index]?.[row * down + column * across] ?? Number.NaN;
  };
}

const sampled = (length: number, count: number): number[] =>
  Array.from({ length: Math.min(length, count) }, (_, index) =>
    Math.floor((index * length) / Math.min(length, count)),
  );
const every = (length: number): number[] => sampled(length, length);

function valueError(graph: RandomGraph, outputs: Outputs): number {
  const read = inputReader(graph, outputs);
  let worst = 0;
  for (const place of sampled(graph.rows * graph.columns, SAMPLES)) {
    const row = Math.floor(place / graph.columns);
    const [last, before] = evaluateAt(graph, read, row, place % graph.columns);
    worst = Math.max(worst, errorOf(outputs[outputName(0)]?.[place], last, VALUE_FLOOR));
    if (graph.ending !== "two") continue;
    const product = outputs[outputName(1)]?.[place];
    worst = Math.max(worst, errorOf(product, before * last, VALUE_FLOOR));
  }
  return worst;
}

function sumError(graph: RandomGraph, outputs: Outputs): number {
  const read = inputReader(graph, outputs);
  const { rows, columns, ending } = graph;
  const output = outputs[outputName(0)];
  const sum = (rowList: number[], columnList: number[]): number => {
    let total = 0;
    for (const row of rowList) {
      for (const column of columnList) total += evaluateAt(graph, read, row, column)[0];
    }
    return total;
  };
  if (ending === "all") {
    return errorOf(output?.[0], sum(every(rows), every(columns)), SUM_FLOOR * rows * columns);
  }
  const isOverRows = ending === "rows";
  const errors = sampled(isOverRows ? rows : columns, SAMPLED_SUMS).map((at) =>
    isOverRows
      ? errorOf(output?.[at], sum([at], every(columns)), SUM_FLOOR * columns)
      : errorOf(output?.[at], sum(every(rows), [at]), SUM_FLOOR * rows),
  );
  return Math.max(...errors);
}

async function measureGraph(lab: Lab, seed: number): Promise<[AgainstLimit, Trial]> {
  const graph = randomGraph(seed);
  const trial = trialOf(lab.sg, graph);
  await trial.prepare();
  await trial.run();
  const outputs = await trial.check();
  const isSum = graph.ending !== "value" && graph.ending !== "two";
  const error = isSum ? sumError(graph, outputs) : valueError(graph, outputs);
  const timing = (await race([{ name: "ours", trial }], lab.reps ?? ROUNDS)).get("ours");
  if (timing === undefined) throw new Error("fused20: the race lost its contender");
  const { bytes, flops } = leastWork(graph);
  const limitMs = leastMs(lab.limits, { bytes, limit: "copy", limitFlops: flops });
  return [{ timing, limitMs, error, text: describeGraph(graph) }, trial];
}

async function study(lab: Lab): Promise<Study> {
  const results: AgainstLimit[] = [];
  let kept: Trial | null = null;
  for (let index = 0; index < GRAPHS; index += 1) {
    kept?.dispose();
    const [result, trial] = await measureGraph(lab, FIRST_SEED + index);
    kept = trial;
    results.push(result);
    const ratio = (result.timing.minMs / result.limitMs).toFixed(2);
    lab.say(
      `graph ${index}: ${result.timing.minMs.toFixed(2)} ms, ${ratio} × limit; ${result.text}`,
    );
  }
  if (kept === null) throw new Error("fused20: no graph was measured");
  const trial = kept;
  return {
    ...summarized(results, { of: "graphs", tolerance: TOLERANCE }),
    again: () => trial.run(),
    dispose: () => trial.dispose(),
  };
}

export const fused20: StudyWorkload = {
  kind: "study",
  name: "fused20",
  about: "twenty random fused graphs against their memory or arithmetic limit",
  study,
};
