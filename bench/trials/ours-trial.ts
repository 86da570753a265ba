// A forward workload of our library: build records, and every result is realized in one request.

import type { Tensor } from "../../src/index.ts";
import type { Outputs, Trial } from "../contract.ts";

export interface OurForward {
  inputs(): Record<string, Tensor>;
  build(inputs: Record<string, Tensor>): Record<string, Tensor>;
}

export async function readOurs(tensors: Record<string, Tensor>): Promise<Outputs> {
  const read = async ([name, tensor]: [string, Tensor]) => [name, await tensor.data()] as const;
  return Object.fromEntries(await Promise.all(Object.entries(tensors).map(read)));
}

export async function realizeAll(tensors: Record<string, Tensor>): Promise<void> {
  await Promise.all(Object.values(tensors).map((tensor) => tensor.realize()));
}

export function disposeAll(tensors: Record<string, Tensor>): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}

export function ourTrial({ inputs, build }: OurForward): Trial {
  let given: Record<string, Tensor> = {};
  let results: Record<string, Tensor> = {};
  return {
    async prepare() {
      given = inputs();
      await realizeAll(given);
    },
    async run() {
      disposeAll(results);
      results = build(given);
      await realizeAll(results);
    },
    check: () => readOurs({ ...given, ...results }),
    dispose() {
      disposeAll(given);
      disposeAll(results);
    },
  };
}
