// A model of the curves in training: the step that was recorded in PyTorch, and what many of them give.

import { type DType, type Tensor, tensor } from "../../src/index.ts";
import type { Values } from "./generator.ts";
import { type CurveName, curveModels } from "./models.ts";

export interface Training {
  readonly parameters: readonly Tensor[];
  readonly batch: readonly [input: Tensor, target: Tensor];
  /** Records one step; its loss. */
  step(input: Tensor, target: Tensor): Tensor;
}

export function training(name: CurveName, dtype: DType = "float32"): Training {
  const model = curveModels[name]();
  const made = (values: Values): Tensor => tensorOf(values, dtype);
  const network = model.network().to(dtype);
  const names = network.namedParameters().map(([name]) => name);
  const weights = model.weights.map((values, at) => [names[at], made(values)]);
  network.loadStateDict({ ...network.stateDict(), ...Object.fromEntries(weights) });
  const parameters = network.parameters();
  const optimizer = model.optimizer(parameters);
  return {
    parameters,
    batch: [made(model.batch[0]), made(model.batch[1])],
    step(input, target) {
      optimizer.zeroGrad();
      const loss = model.loss(network.call(input), target);
      void loss.backward();
      void optimizer.step();
      return loss;
    },
  };
}

function tensorOf({ shape, values }: Values, dtype: DType): Tensor {
  const isFloat = values instanceof Float64Array;
  return tensor(values, { dtype: isFloat ? dtype : "int64" }).reshape([...shape]);
}

export interface Course {
  readonly losses: readonly number[];
  /** Of the gradient of each parameter at step 0. */
  readonly firstGradNorms: readonly number[];
  /** Elements of each parameter after the last step. */
  readonly final: readonly Elements[];
}

export type Elements = Float32Array | Float64Array;

type Step = (input: Tensor, target: Tensor) => Tensor | Promise<Tensor>;

export async function trained(
  { parameters, batch, step: plain }: Training,
  steps: number,
  step: Step = plain,
): Promise<Course> {
  const losses: number[] = [];
  let firstGradNorms: number[] = [];
  for (let at = 0; at < steps; at++) {
    const loss = await step(...batch);
    const gradients = at === 0 ? parameters.map(({ grad }) => elementsOf(grad as Tensor)) : [];
    losses.push((await loss.item()) as number);
    if (at === 0) firstGradNorms = (await Promise.all(gradients)).map(norm);
  }
  return { losses, firstGradNorms, final: await Promise.all(parameters.map(elementsOf)) };
}

const elementsOf = async (t: Tensor): Promise<Elements> => (await t.data()) as Elements;

const norm = (x: Elements): number => Math.sqrt([...x].reduce((sum, value) => sum + value ** 2, 0));
