// Workloads of our library: build records, and every result, of a backward pass its gradients too, is
// realized in one request.

import type { Tensor } from "../../src/index.ts";
import type { Outputs, Shardgrad, Trial } from "../contract.ts";

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

export interface OurGradient {
  inputs(): Record<string, Tensor>;
  /** Of the output; it is read as `g`. */
  cotangent(): Tensor;
  build(inputs: Record<string, Tensor>): Tensor;
}

/** y, and the gradient of each input for the cotangent g: `dx` for `x`. */
export function ourGradients(sg: Shardgrad, { inputs, cotangent, build }: OurGradient): Trial {
  let given: Record<string, Tensor> = {};
  let g: Tensor;
  let results: Record<string, Tensor> = {};
  return {
    async prepare() {
      const entries = Object.entries(inputs());
      given = Object.fromEntries(
        entries.map(([name, tensor]) => [name, tensor.detach().requiresGrad_()]),
      );
      g = cotangent();
      await realizeAll({ ...given, g });
    },
    async run() {
      disposeAll(results);
      const y = build(given);
      const gradients = sg.grad([y], Object.values(given), { gradOutputs: [g] });
      const names = Object.keys(given).map((name) => `d${name}`);
      results = {
        y,
        ...Object.fromEntries(gradients.map((tensor, at) => [names[at] ?? "", tensor])),
      };
      await realizeAll(results);
    },
    check: () => readOurs({ ...given, g, ...results }),
    dispose() {
      disposeAll({ ...given, g });
      disposeAll(results);
    },
  };
}
