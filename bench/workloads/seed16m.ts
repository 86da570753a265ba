// The seed program on 4096 × 4096 random numbers: loss = mean(3·(x + 2)²), its value and its
// gradient 6·(x + 2) / n. Least traffic: x read once, the gradient written once.

import type { Tensor } from "../../src/index.ts";
import type { Jax, Outputs, Shardgrad, Tfjs, TimedWorkload, Trial } from "../contract.ts";
import { shared } from "../seeded.ts";
import { type JaxArray, jaxTrial } from "../trials/jax-trial.ts";
import { readOurs } from "../trials/ours-trial.ts";
import { tfjsTrial } from "../trials/tfjs-trial.ts";
import { errorOf, worstOf } from "../verify.ts";

const SIDE = 4096;
const ELEMENTS = SIDE * SIDE;
const input = shared(16, ELEMENTS);

function ours(sg: Shardgrad): Trial {
  let x: Tensor;
  let loss: Tensor | null = null;
  const step = async () => {
    loss?.dispose();
    x.grad = null;
    const y = x.add(2);
    const z = y.mul(y).mul(3);
    const out = z.mean();
    loss = out;
    const gradient = out.backward();
    await Promise.all([gradient, out.realize()]);
  };
  return {
    async prepare() {
      x = sg.randn([SIDE, SIDE], { requiresGrad: true });
      await x.realize();
    },
    run: step,
    async check() {
      if (loss === null || x.grad === null) throw new Error("seed16M: no loss or no gradient");
      return readOurs({ x, loss, gradient: x.grad });
    },
    dispose() {
      x.grad?.dispose();
      loss?.dispose();
      x.dispose();
    },
  };
}

function jax(jax: Jax): Trial {
  const loss = (x: JaxArray): JaxArray => {
    const y = x.add(2);
    return y.ref.mul(y).mul(3).mean();
  };
  return jaxTrial(jax, {
    inputs: () => ({ x: jax.numpy.array(input(), { shape: [SIDE, SIDE] }) }),
    step: jax.jit((x: JaxArray): JaxArray[] => jax.valueAndGrad(loss)(x)),
    results: ["loss", "gradient"],
  });
}

function tfjs(tf: Tfjs): Trial {
  const valueAndGradient = tf.valueAndGrad((x) => {
    const y = x.add(2);
    return y.mul(y).mul(3).mean();
  });
  return tfjsTrial(tf, {
    inputs: () => ({ x: tf.tensor2d(input(), [SIDE, SIDE]) }),
    step(x) {
      const { value, grad } = valueAndGradient(x as Parameters<typeof valueAndGradient>[0]);
      return { loss: value, gradient: grad };
    },
  });
}

function worstError({ x, loss, gradient }: Outputs): number {
  if (x === undefined || loss === undefined) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let index = 0; index < ELEMENTS; index += 1) sum += 3 * ((x[index] ?? Number.NaN) + 2) ** 2;
  const slope = (index: number) => (6 * ((x[index] ?? Number.NaN) + 2)) / ELEMENTS;
  const floor = 1 / ELEMENTS;
  return Math.max(
    errorOf(loss[0], sum / ELEMENTS),
    worstOf(gradient, ELEMENTS, slope, { floor, stride: 31 }),
  );
}

export const seed16M: TimedWorkload = {
  kind: "timed",
  name: "seed16M",
  about: "mean(3·(x + 2)²) on 4096 × 4096: loss and gradient",
  gapMs: 5000,
  bytes: 2 * 4 * ELEMENTS,
  limit: "copy",
  tolerance: 1e-4,
  // Both peers add 16.8 million numbers one by one in float32: their loss is 1.7 % off.
  peerTolerance: 0.03,
  ours,
  jax,
  tfjs,
  worstError,
};
