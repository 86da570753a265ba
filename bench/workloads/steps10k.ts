// Ten thousand training steps of a small model: h = tanh(Σ x·w), loss = mean((h·v − target)²), plain
// gradient descent in place. Time per step, and shared memory in use, which must not grow.

import type { Tensor } from "../../src/index.ts";
import type { Lab, Shardgrad, Study, StudyWorkload } from "../contract.ts";
import { summary } from "../measure.ts";
import { normal } from "../seeded.ts";
import { errorOf } from "../verify.ts";

const ROWS = 256;
const COLUMNS = 64;
const STEPS = 10_000;
const RATE = 0.1;
const CHECKED_STEP = 200;
const TOLERANCE = 1e-3;
const EARLY_STEP = 20;
const LATER_STEP = 1000;

const inputs = normal(21, ROWS * COLUMNS);
const weights = normal(22, ROWS * COLUMNS).map((value) => value / 8);
const outer = normal(23, ROWS);
const targets = normal(24, ROWS);

class Model {
  readonly #sg: Shardgrad;
  readonly #x: Tensor;
  readonly #w: Tensor;
  readonly #v: Tensor;
  readonly #target: Tensor;
  loss: Tensor | null = null;

  constructor(sg: Shardgrad) {
    const leaf = (values: Float32Array, columns: number) =>
      sg.tensor(values).reshape(ROWS, columns).detach();
    this.#sg = sg;
    this.#x = leaf(inputs, COLUMNS);
    this.#w = leaf(weights, COLUMNS).requiresGrad_();
    this.#v = leaf(outer, 1).requiresGrad_();
    this.#target = leaf(targets, 1);
  }

  async step(): Promise<void> {
    const parameters = [this.#w, this.#v];
    for (const parameter of parameters) parameter.grad = null;
    const h = this.#x.mul(this.#w).sum(1, true).tanh();
    const error = h.mul(this.#v).sub(this.#target);
    this.loss?.dispose();
    const loss = error.mul(error).mean();
    this.loss = loss;
    const gradients = loss.backward();
    this.#sg.noGrad(() => {
      for (const parameter of parameters) {
        if (parameter.grad !== null) parameter.add_(parameter.grad.mul(-RATE));
      }
    });
    await Promise.all([gradients, loss.realize(), this.#w.realize(), this.#v.realize()]);
  }

  dispose(): void {
    for (const tensor of [this.#x, this.#w, this.#v, this.#target]) tensor.dispose();
    this.loss?.dispose();
  }
}

/** The same training in plain JavaScript: the loss that step `steps` computes. */
function referenceLoss(steps: number): number {
  const w = Float64Array.from(weights);
  const v = Float64Array.from(outer);
  let loss = 0;
  for (let step = 0; step < steps; step += 1) {
    loss = 0;
    for (let row = 0; row < ROWS; row += 1) loss += referenceRow(row, w, v);
  }
  return loss / ROWS;
}

/** Trains one row (rows do not meet but in the mean) and returns its squared error. */
function referenceRow(row: number, w: Float64Array, v: Float64Array): number {
  const begin = row * COLUMNS;
  let sum = 0;
  for (let i = begin; i < begin + COLUMNS; i += 1) sum += (inputs[i] ?? 0) * (w[i] ?? 0);
  const h = Math.tanh(sum);
  const outerWeight = v[row] ?? 0;
  const error = h * outerWeight - (targets[row] ?? 0);
  const slope = (2 * error) / ROWS;
  const inner = slope * outerWeight * (1 - h * h);
  for (let i = begin; i < begin + COLUMNS; i += 1) {
    w[i] = (w[i] ?? 0) - RATE * inner * (inputs[i] ?? 0);
  }
  v[row] = outerWeight - RATE * slope * h;
  return error * error;
}

async function study({ sg, say }: Lab): Promise<Study> {
  const model = new Model(sg);
  const readings: number[] = [];
  const used: Record<number, number> = {};
  let error = Number.POSITIVE_INFINITY;
  for (let step = 1; step <= STEPS; step += 1) {
    const begin = performance.now();
    await model.step();
    readings.push(performance.now() - begin);
    if (step === CHECKED_STEP)
      error = errorOf(Number(await model.loss?.item()), referenceLoss(step));
    if (step === EARLY_STEP || step === LATER_STEP || step === STEPS) {
      used[step] = sg.memory().usedBytes;
      say(`step ${step}: ${used[step]} bytes in use`);
    }
  }
  const [early = 0, later = 0, last = 0] = [EARLY_STEP, LATER_STEP, STEPS].map((at) => used[at]);
  const failures: string[] = [];
  if (last > early) failures.push(`memory grew from ${early} to ${last} bytes`);
  if (!(error <= TOLERANCE)) failures.push(`the loss of step ${CHECKED_STEP} is off by ${error}`);
  return {
    ours: { ...summary(readings), worstError: error },
    details: { usedBytes20: early, usedBytes1000: later, usedBytesLast: last, steps: STEPS },
    notes: [`bytes in use after step 20, 1000, 10000: ${early}, ${later}, ${last}`],
    failures,
    again: () => model.step(),
    dispose: () => model.dispose(),
  };
}

export const steps10k: StudyWorkload = {
  kind: "study",
  name: "steps10k",
  about: "10,000 training steps of a small model: time per step, and memory must be flat",
  study,
};
