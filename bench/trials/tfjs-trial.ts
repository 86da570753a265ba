// One workload as eager TensorFlow.js calls. On the Wasm backend each call computes before it
// returns, so a step that has returned is done.

import type * as tfTypes from "@tensorflow/tfjs";
import type { Outputs, Tfjs, Trial } from "../contract.ts";

export type TfTensor = tfTypes.Tensor;
type Tensors = Record<string, TfTensor>;

export interface TfjsWorkload {
  inputs(): Tensors;
  step(...inputs: TfTensor[]): Tensors;
}

export function tfjsTrial(tf: Tfjs, { inputs, step }: TfjsWorkload): Trial {
  let given: Tensors = {};
  let results: Tensors = {};
  const read = async (tensors: Tensors): Promise<Outputs> => {
    const entries = Object.entries(tensors).map(
      async ([name, tensor]) => [name, await tensor.data()] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  };
  return {
    async prepare() {
      given = inputs();
    },
    async run() {
      tf.dispose(results);
      results = tf.tidy(() => step(...Object.values(given)));
    },
    check: () => read({ ...given, ...results }),
    dispose() {
      tf.dispose(given);
      tf.dispose(results);
    },
  };
}
