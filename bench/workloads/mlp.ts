// A perceptron of two hidden layers, batch 256: one step of gradient descent, and the step whose loss
// is read before backward is called. Flops are those of the products alone.

import type { Tensor } from "../../src/index.ts";
import type { Jax, Lab, Study, StudyWorkload, Tfjs, TimedWorkload, Trial } from "../contract.ts";
import { race } from "../measure.ts";
import { crossEntropy, type Numbers, product } from "../reference.ts";
import { normal } from "../seeded.ts";
import type { JaxArray } from "../trials/jax-trial.ts";
import type { TfTensor } from "../trials/tfjs-trial.ts";
import {
  jaxStep,
  type Model,
  OurSteps,
  ourStep,
  seededClasses,
  seededWeights,
  stepError,
  tfjsStep,
} from "./training.ts";

const BATCH = 256;
const SIZES = [784, 512, 512, 10] as const;
const LAYERS = [0, 1, 2].map((at) => [SIZES[at] as number, SIZES[at + 1] as number] as const);
const TOLERANCE = 5e-3;

const weightName = (layer: number): string => `w${layer}`;
const biasName = (layer: number): string => `b${layer}`;
const isLast = (layer: number): boolean => layer === LAYERS.length - 1;

const pixels = { shape: [BATCH, SIZES[0]], values: normal(61, BATCH * SIZES[0]) };
const classes = seededClasses(62, [BATCH], SIZES[3]);

function reference(weights: Record<string, Numbers>): number {
  let h: Numbers = Float64Array.from(pixels.values);
  for (const [layer, [inner, columns]] of LAYERS.entries()) {
    const bias = weights[biasName(layer)] as Numbers;
    h = product(h, weights[weightName(layer)] as Numbers, [BATCH, inner, columns]).map(
      (x, at) => x + Number(bias[at % columns]),
    );
    if (!isLast(layer)) h = h.map((x) => Math.max(x, 0));
  }
  return crossEntropy(h, classes.values);
}

export const mlpModel: Model = {
  name: "mlp",
  rate: 0.1,
  weights: seededWeights(
    63,
    Object.fromEntries(
      LAYERS.flatMap(([inner, columns], layer) => [
        [weightName(layer), [[inner, columns], inner]] as const,
        [biasName(layer), [[columns], inner]] as const,
      ]),
    ),
  ),
  batch: { pixels, classes },
  loss(sg, weights, batch) {
    let h = batch.pixels as Tensor;
    for (const layer of LAYERS.keys()) {
      h = h.matmul(weights[weightName(layer)] as Tensor).add(weights[biasName(layer)] as Tensor);
      if (!isLast(layer)) h = h.relu();
    }
    return sg.nn.functional.crossEntropy(h, batch.classes as Tensor);
  },
  reference,
};

function jax(jax: Jax): Trial {
  const { numpy: np, nn } = jax;
  const loss = (weights: Record<string, JaxArray>, batch: Record<string, JaxArray>): JaxArray => {
    let h = batch.pixels as JaxArray;
    for (const layer of LAYERS.keys()) {
      h = np.matmul(h, weights[weightName(layer)] as JaxArray);
      h = h.add(weights[biasName(layer)] as JaxArray);
      if (!isLast(layer)) h = nn.relu(h);
    }
    const isClass = nn.oneHot(batch.classes as JaxArray, SIZES[3]);
    return nn
      .logSoftmax(h)
      .mul(isClass)
      .sum()
      .mul(-1 / BATCH);
  };
  return jaxStep(jax, { model: mlpModel, loss });
}

function tfjs(tf: Tfjs): Trial {
  const loss = (weights: Record<string, TfTensor>, batch: Record<string, TfTensor>): TfTensor => {
    let h = batch.pixels as TfTensor;
    for (const layer of LAYERS.keys()) {
      h = h.matMul(weights[weightName(layer)] as TfTensor);
      h = h.add(weights[biasName(layer)] as TfTensor);
      if (!isLast(layer)) h = h.relu();
    }
    const isClass = tf.oneHot(batch.classes as never, SIZES[3]);
    return h
      .logSoftmax()
      .mul(isClass)
      .sum()
      .mul(-1 / BATCH);
  };
  return tfjsStep(tf, { model: mlpModel, loss });
}

/** Every layer's product, for its weights' gradient once more, for its input's but the first. */
const products = LAYERS.map(([inner, columns]) => 2 * BATCH * inner * columns);
const flops = 3 * products.reduce((sum, one) => sum + one) - (products[0] as number);

export const mlp: TimedWorkload = {
  kind: "timed",
  name: "mlp",
  about: "one SGD step, batch 256, 784 → 512 → 512 → 10, relu, cross-entropy",
  flops,
  limitFlops: flops,
  tolerance: TOLERANCE,
  ours: ourStep(mlpModel),
  jax,
  tfjs,
  worstError: stepError(mlpModel),
};

function itemFirst(steps: OurSteps): Trial {
  return {
    prepare: () => steps.prepare(),
    run: () => steps.stepAfterItem(),
    check: () => steps.check(() => steps.stepAfterItem()),
    dispose: () => steps.dispose(),
  };
}

async function study({ sg, reps }: Lab): Promise<Study> {
  const inOne = ourStep(mlpModel)(sg);
  const inTwo = itemFirst(new OurSteps(sg, mlpModel));
  const trials = [
    { name: "inOne", trial: inOne },
    { name: "inTwo", trial: inTwo },
  ];
  for (const { trial } of trials) await trial.prepare();
  const timings = await race(trials, reps);
  const [one, two] = [timings.get("inOne"), timings.get("inTwo")];
  if (one === undefined || two === undefined) throw new Error("item: the race lost a contender");
  const ratio = two.minMs / one.minMs;
  const error = stepError(mlpModel)(await inTwo.check());
  inOne.dispose();
  return {
    ours: { ...two, worstError: error },
    details: { oneProgramMs: one.minMs, itemThenBackwardMs: two.minMs, ratio },
    notes: [`${ratio.toFixed(2)} × the step in one program`],
    failures: error <= TOLERANCE ? [] : [`the step is off by ${error}`],
    again: () => inTwo.run(),
    dispose: () => inTwo.dispose(),
  };
}

export const itemThenBackward: StudyWorkload = {
  kind: "study",
  name: "itemThenBackward",
  about: "await loss.item(), then backward() and update, against mlp's step in one program",
  study,
};
