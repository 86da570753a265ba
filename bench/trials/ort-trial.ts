// One workload as an ONNX model. Inputs and outputs of this backend live outside its heap: each run
// copies them in and out, as it does for every user.

import type * as ortTypes from "onnxruntime-web/wasm";
import type { Ort, Outputs, Trial } from "../contract.ts";

export interface OrtWorkload {
  inputs(): Record<string, ortTypes.Tensor>;
  model: Uint8Array;
}

export function ortTrial(ort: Ort, { inputs, model }: OrtWorkload): Trial {
  let session: ortTypes.InferenceSession | null = null;
  let given: Record<string, ortTypes.Tensor> = {};
  let results: ortTypes.InferenceSession.OnnxValueMapType = {};
  return {
    async prepare() {
      session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
      given = inputs();
    },
    async run() {
      if (session === null) throw new Error("ort: run before prepare");
      results = await session.run(given);
    },
    async check(): Promise<Outputs> {
      const tensors = Object.entries({ ...given, ...results });
      return Object.fromEntries(
        tensors.map(([name, { data }]) => [name, data as ArrayLike<number>]),
      );
    },
    dispose() {
      session?.release().catch((error: unknown) => reportError(error));
      given = {};
      results = {};
    },
  };
}
