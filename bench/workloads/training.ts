// One step of training, the same for every contender: the loss of a given batch, its gradients, and
// w ← w − rate·gradient, all asked for in one tick. Ours changes its weights in place from step to step;
// what is checked is the step from the seeded weights.

import type { Tensor } from "../../src/index.ts";
import type { Jax, Outputs, Shardgrad, Tfjs, Trial } from "../contract.ts";
import { type Numbers, type Slope, slopeError, slopeOf } from "../reference.ts";
import { normal, uniform } from "../seeded.ts";
import { type JaxArray, jaxTrial } from "../trials/jax-trial.ts";
import { disposeAll, readOurs, realizeAll } from "../trials/ours-trial.ts";
import { type TfTensor, tfjsTrial } from "../trials/tfjs-trial.ts";
import { errorOf } from "../verify.ts";

export interface Seeded {
  readonly shape: number[];
  readonly values: Float32Array<ArrayBuffer>;
}
type Classes = Int32Array<ArrayBuffer>;
export interface Given {
  readonly shape: number[];
  readonly values: Float32Array<ArrayBuffer> | Classes;
}
type Tensors = Record<string, Tensor>;

export interface Model {
  readonly name: string;
  readonly rate: number;
  readonly weights: Record<string, Seeded>;
  readonly batch: Record<string, Given>;
  loss(sg: Shardgrad, weights: Tensors, batch: Tensors): Tensor;
  /** The same loss in plain JavaScript, in float64. */
  reference(weights: Record<string, Numbers>): number;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);

/** Normal values of deviation 1/√(terms of a sum they are in). */
export function seededWeights(
  seed: number,
  shapes: Record<string, readonly [shape: number[], terms: number]>,
): Record<string, Seeded> {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, [shape, terms]], index) => {
      const values = normal(seed + index, sizeOf(shape)).map((x) => x / Math.sqrt(terms));
      return [name, { shape, values }];
    }),
  );
}

export function seededClasses(seed: number, shape: number[], classes: number): Given {
  const random = uniform(seed);
  const values = Int32Array.from({ length: sizeOf(shape) }, () => Math.floor(random() * classes));
  return { shape, values };
}

export class OurSteps {
  readonly #sg: Shardgrad;
  readonly #model: Model;
  readonly #weights: Tensors;
  readonly #batch: Tensors;
  readonly #optimizer: InstanceType<Shardgrad["optim"]["SGD"]>;
  loss: Tensor | null = null;
  /** Until the main thread was free again after the last step's call. */
  mainMs = 0;

  constructor(sg: Shardgrad, model: Model) {
    const leaf = ({ shape, values }: Given, dtype: "float32" | "int64"): Tensor =>
      sg.tensor(values, { dtype }).reshape(shape).detach();
    this.#sg = sg;
    this.#model = model;
    this.#weights = mapped(model.weights, (given) => leaf(given, "float32").requiresGrad_());
    this.#batch = mapped(model.batch, (given) =>
      leaf(given, given.values instanceof Int32Array ? "int64" : "float32"),
    );
    this.#optimizer = new sg.optim.SGD(Object.values(this.#weights), { lr: model.rate });
  }

  async prepare(): Promise<void> {
    await realizeAll({ ...this.#weights, ...this.#batch });
  }

  /** Loss, backward and update in one tick: one program. */
  async step(): Promise<void> {
    const told = this.#tellWhenFree();
    const loss = this.#forward();
    await Promise.all([...this.#backward(loss), loss.realize(), told]);
  }

  /** The step as one to be replayed; its loss is disposed of by the caller. */
  captured(): () => Promise<Tensor> {
    const replay = this.#sg.capture(() => {
      this.#optimizer.zeroGrad();
      const loss = this.#model.loss(this.#sg, this.#weights, this.#batch);
      this.#backward(loss);
      return loss;
    });
    return async () => {
      const told = this.#tellWhenFree();
      const [loss] = await Promise.all([replay(), told]);
      return loss;
    };
  }

  /** The loss is read before backward is called: two programs. */
  async stepAfterItem(): Promise<void> {
    const loss = this.#forward();
    await loss.item();
    await Promise.all(this.#backward(loss));
  }

  /** A step from the seeded weights: the loss before it and the weights after it. */
  async check(step = () => this.step()): Promise<Outputs> {
    this.#sg.noGrad(() => {
      for (const [name, { shape, values }] of Object.entries(this.#model.weights)) {
        this.#weights[name]?.copy_(this.#sg.tensor(values).reshape(shape));
      }
    });
    await realizeAll(this.#weights);
    await step();
    if (this.loss === null) throw new Error(`${this.#model.name}: no loss`);
    return readOurs({ ...this.#weights, loss: this.loss });
  }

  dispose(): void {
    for (const weight of Object.values(this.#weights)) weight.grad?.dispose();
    disposeAll({ ...this.#weights, ...this.#batch });
    this.loss?.dispose();
  }

  #forward(): Tensor {
    this.#optimizer.zeroGrad();
    this.loss?.dispose();
    this.loss = this.#model.loss(this.#sg, this.#weights, this.#batch);
    return this.loss;
  }

  #backward(loss: Tensor): Promise<unknown>[] {
    return [loss.backward(), this.#optimizer.step()];
  }

  /** A message waits for the end of the task it was sent in, with all that task's microtasks. */
  #tellWhenFree(): Promise<void> {
    const begin = performance.now();
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = () => {
        this.mainMs = performance.now() - begin;
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    });
  }
}

const mapped = <From, To>(of: Record<string, From>, map: (from: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(of).map(([name, from]) => [name, map(from)]));

/** Launches and memory of the program that ran last, and the main thread's least time for a step. */
export const ourStep =
  (model: Model) =>
  (sg: Shardgrad): Trial => {
    const steps = new OurSteps(sg, model);
    let mainMs = Number.POSITIVE_INFINITY;
    return {
      prepare: () => steps.prepare(),
      async run() {
        await steps.step();
        mainMs = Math.min(mainMs, steps.mainMs);
      },
      check: () => steps.check(),
      dispose: () => steps.dispose(),
      details: () => ({ ...programDetails(sg), mainMsPerStep: mainMs }),
    };
  };

export function programDetails(sg: Shardgrad): Record<string, number> {
  const program = sg.lastProgram();
  if (program === null) return {};
  const { launches, kernels, arenaBytes, outputs } = program;
  const peakBytes = outputs.reduce((sum, bytes) => sum + bytes, arenaBytes);
  return { launches: launches.length, kernels: kernels.length, arenaBytes, peakBytes };
}

export interface JaxModel {
  readonly model: Model;
  /** Consumes both. */
  loss(weights: Record<string, JaxArray>, batch: Record<string, JaxArray>): JaxArray;
}

export function jaxStep(jax: Jax, { model, loss }: JaxModel): Trial {
  const np = jax.numpy;
  const names = Object.keys(model.weights);
  const batchNames = Object.keys(model.batch);
  const named = (keys: string[], arrays: JaxArray[]) =>
    Object.fromEntries(keys.map((key, at) => [key, arrays[at] as JaxArray]));
  const lossOf = (weights: JaxArray[], batch: JaxArray[]): JaxArray =>
    loss(named(names, weights), named(batchNames, batch));
  const step = (...arrays: JaxArray[]): JaxArray[] => {
    const [weights, batch] = [arrays.slice(0, names.length), arrays.slice(names.length)];
    const [value, gradients] = jax.valueAndGrad(lossOf)(
      weights.map((weight) => weight.ref),
      batch,
    );
    const after = weights.map((weight, at) =>
      weight.sub((gradients[at] as JaxArray).mul(model.rate)),
    );
    return [value, ...after];
  };
  const array = ({ shape, values }: Given): JaxArray =>
    np.array(values, { shape, dtype: values instanceof Int32Array ? np.int32 : np.float32 });
  return jaxTrial(jax, {
    inputs: () => mapped({ ...model.weights, ...model.batch }, array),
    step: jax.jit(step),
    results: ["loss", ...names],
  });
}

export interface TfjsModel {
  readonly model: Model;
  loss(weights: Record<string, TfTensor>, batch: Record<string, TfTensor>): TfTensor;
}

export function tfjsStep(tf: Tfjs, { model, loss }: TfjsModel): Trial {
  const names = Object.keys(model.weights);
  const batchNames = Object.keys(model.batch);
  const named = (keys: string[], tensors: TfTensor[]) =>
    Object.fromEntries(keys.map((key, at) => [key, tensors[at] as TfTensor]));
  const tensor = ({ shape, values }: Given): TfTensor =>
    tf.tensor(values, shape, values instanceof Int32Array ? "int32" : "float32");
  return tfjsTrial(tf, {
    inputs: () => mapped({ ...model.weights, ...model.batch }, tensor),
    step(...tensors) {
      const weights = tensors.slice(0, names.length);
      const batch = named(batchNames, tensors.slice(names.length));
      const lossOf = (...given: TfTensor[]) => loss(named(names, given), batch).asScalar();
      const { value, grads } = tf.valueAndGrads(lossOf)(weights);
      const after = weights.map((weight, at) =>
        weight.sub((grads[at] as TfTensor).mul(model.rate)),
      );
      return { loss: value, ...named(names, after) };
    },
  });
}

/** The step's gradients are (before − after) / rate; they and the loss are held against the reference. */
export function stepError(model: Model): (outputs: Outputs) => number {
  let kept: Slope | null = null;
  return (outputs) => {
    const before = mapped(model.weights, ({ values }) => values);
    kept ??= slopeOf((weights) => model.reference(weights), before);
    const gradients = Object.fromEntries(
      Object.entries(before).map(([name, values]) => {
        const after = outputs[name] ?? [];
        const slope = (x: number, at: number) => (x - (after[at] ?? Number.NaN)) / model.rate;
        return [name, Float64Array.from(values, slope)] as const;
      }),
    );
    return Math.max(errorOf(outputs.loss?.[0], kept.loss), slopeError(kept, gradients));
  };
}
