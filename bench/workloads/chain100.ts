// 100 times x = x + sum(sin x) on ten elements: what a run costs when there is nothing to compute.
// The inputs lie round the circle, so that the chain tends to a fixed point and errors die out.
// `chain100` times recording and running, `chain100replay` only from realize() to its promise.

import type { Tensor } from "../../src/index.ts";
import type { Jax, Outputs, Shardgrad, Tfjs, TimedWorkload, Trial } from "../contract.ts";
import { type JaxArray, jaxTrial } from "../trials/jax-trial.ts";
import { readOurs } from "../trials/ours-trial.ts";
import { type TfTensor, tfjsTrial } from "../trials/tfjs-trial.ts";
import { worstOf } from "../verify.ts";

const STEPS = 100;
const start = Float32Array.from({ length: 10 }, (_, index) => 0.1 + 0.6 * index);

function ours(sg: Shardgrad, replayOnly: boolean): Trial {
  let x: Tensor;
  let y: Tensor | null = null;
  let replayMs = 0;
  const trial: Trial = {
    async prepare() {
      x = sg.tensor(start);
      await x.realize();
    },
    async run() {
      y?.dispose();
      let chain = x;
      for (let step = 0; step < STEPS; step += 1) chain = chain.add(chain.sin().sum());
      y = chain;
      const begin = performance.now();
      await chain.realize();
      replayMs = performance.now() - begin;
    },
    async check() {
      if (y === null) throw new Error("chain100: no result");
      return readOurs({ y });
    },
    dispose() {
      y?.dispose();
      x.dispose();
    },
  };
  return replayOnly ? { ...trial, ownMs: () => replayMs } : trial;
}

function jax(jax: Jax): Trial {
  const np = jax.numpy;
  const chain = (x: JaxArray): JaxArray[] => {
    let y = x;
    for (let step = 0; step < STEPS; step += 1) y = y.ref.add(np.sin(y).sum());
    return [y];
  };
  return jaxTrial(jax, {
    inputs: () => ({ x: np.array(start) }),
    step: jax.jit(chain),
    results: ["y"],
  });
}

function tfjs(tf: Tfjs): Trial {
  return tfjsTrial(tf, {
    inputs: () => ({ x: tf.tensor1d(start) }),
    step(x) {
      let y: TfTensor = x;
      for (let step = 0; step < STEPS; step += 1) y = y.add(y.sin().sum());
      return { y };
    },
  });
}

function worstError({ y }: Outputs): number {
  let expected = [...start];
  for (let step = 0; step < STEPS; step += 1) {
    const sum = expected.reduce((total, value) => total + Math.sin(value), 0);
    expected = expected.map((value) => value + sum);
  }
  return worstOf(y, expected.length, (index) => expected[index] ?? Number.NaN);
}

export const chain100: TimedWorkload = {
  kind: "timed",
  name: "chain100",
  about: "100 × (x = x + sum(sin x)) on ten elements, recorded and realized once",
  tolerance: 1e-4,
  ours: (sg) => ours(sg, false),
  jax,
  tfjs,
  worstError,
};

export const chain100Replay: TimedWorkload = {
  ...chain100,
  name: "chain100replay",
  about: "chain100 from realize() to its promise, recording left out",
  ours: (sg) => ours(sg, true),
};
