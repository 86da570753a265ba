// One workload as a jitted jax-js function. Its arrays are owned: passing one consumes a reference,
// so inputs are passed as `.ref` and the results of the last run are given back before the next.

import type * as jaxTypes from "@jax-js/jax";
import type { Jax, Outputs, Trial } from "../contract.ts";

export type JaxArray = jaxTypes.Array;
type Arrays = Record<string, JaxArray>;

export interface JaxWorkload {
  inputs(): Arrays;
  /** A function of the inputs in their order, jitted by the caller. */
  step: ((...inputs: JaxArray[]) => JaxArray[]) & { dispose(): void };
  results: string[];
}

export function jaxTrial(jax: Jax, { inputs, step, results }: JaxWorkload): Trial {
  let given: Arrays = {};
  let last: JaxArray[] = [];
  const release = (arrays: JaxArray[]) => {
    for (const array of arrays) array.dispose();
  };
  const read = async (arrays: Arrays): Promise<Outputs> => {
    const entries = Object.entries(arrays).map(
      async ([name, array]) => [name, await array.ref.data()] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  };
  return {
    async prepare() {
      given = inputs();
      await jax.blockUntilReady(Object.values(given));
    },
    async run() {
      release(last);
      last = step(...Object.values(given).map((array) => array.ref));
      await jax.blockUntilReady(last);
    },
    check() {
      const named = Object.fromEntries(last.map((array, index) => [results[index] ?? "", array]));
      return read({ ...given, ...named });
    },
    dispose() {
      release([...last, ...Object.values(given)]);
      step.dispose();
    },
  };
}
