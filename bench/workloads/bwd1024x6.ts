// h = tanh(h·A) six times, mean, backward: from h = A to the gradient of A (6 + 12 products), and from
// another x to its gradient alone (6 + 6). 1024 × 1024; flops are those of the products.

import type { Tensor } from "../../src/index.ts";
import type { Jax, Outputs, Shardgrad, TimedWorkload, Trial } from "../contract.ts";
import { type Numbers, product, type Slope, slopeError, slopeOf } from "../reference.ts";
import { normal } from "../seeded.ts";
import { type JaxArray, jaxTrial } from "../trials/jax-trial.ts";
import { disposeAll, readOurs, realizeAll } from "../trials/ours-trial.ts";
import { errorOf } from "../verify.ts";

const SIDE = 1024;
const SHAPE = [SIDE, SIDE];
const LAYERS = 6;

/** Scaled so that h keeps its size. */
const elements = (seed: number) => normal(seed, SIDE * SIDE).map((x) => x / Math.sqrt(SIDE));

/** The leaf that h starts from comes first; A is that leaf, or a constant beside it. */
interface Chain {
  readonly name: string;
  readonly about: string;
  readonly products: number;
  readonly isOwn: boolean;
}

const seeds = ({ isOwn }: Chain): Record<string, number> => (isOwn ? { x: 51 } : { x: 53, a: 51 });

function loss(x: Tensor, a: Tensor): Tensor {
  let h = x;
  for (let layer = 0; layer < LAYERS; layer += 1) h = h.matmul(a).tanh();
  return h.mean();
}

const ours =
  (chain: Chain) =>
  (sg: Shardgrad): Trial => {
    let given: Record<string, Tensor> = {};
    let results: Record<string, Tensor> = {};
    return {
      async prepare() {
        const entries = Object.entries(seeds(chain)).map(
          ([name, seed]) => [name, sg.tensor(elements(seed)).reshape(SHAPE).detach()] as const,
        );
        given = Object.fromEntries(entries);
        given.x?.requiresGrad_();
        await realizeAll(given);
      },
      async run() {
        disposeAll(results);
        const { x, a = x } = given as { x: Tensor; a?: Tensor };
        const value = loss(x, a);
        const [dx] = sg.grad([value], [x]);
        results = { loss: value, dx: dx as Tensor };
        await realizeAll(results);
      },
      check: () => readOurs({ ...given, ...results }),
      dispose() {
        disposeAll(given);
        disposeAll(results);
      },
    };
  };

const jaxOf =
  (chain: Chain) =>
  (jax: Jax): Trial => {
    const np = jax.numpy;
    const mean = (x: JaxArray, a: JaxArray): JaxArray => {
      let h = x;
      for (let layer = 0; layer < LAYERS; layer += 1) h = np.tanh(np.matmul(h, a.ref));
      a.dispose();
      return h.mean();
    };
    const own = (x: JaxArray): JaxArray => mean(x.ref, x);
    const step = (...[x, a]: JaxArray[]): JaxArray[] =>
      a === undefined
        ? jax.valueAndGrad(own)(x as JaxArray)
        : jax.valueAndGrad(mean)(x as JaxArray, a);
    return jaxTrial(jax, {
      inputs: () =>
        Object.fromEntries(
          Object.entries(seeds(chain)).map(([name, seed]) => [
            name,
            np.array(elements(seed), { shape: SHAPE }),
          ]),
        ),
      step: jax.jit(step),
      results: ["loss", "dx"],
    });
  };

function reference(x: Numbers, a: Numbers): number {
  let h = x;
  for (let layer = 0; layer < LAYERS; layer += 1)
    h = product(h, a, [SIDE, SIDE, SIDE]).map(Math.tanh);
  return h.reduce((sum, value) => sum + value, 0) / h.length;
}

/** The mean nearly cancels: its error is judged against what one of its terms is. */
const LOSS_FLOOR = 1 / SIDE;

function errorAgainst(chain: Chain): (outputs: Outputs) => number {
  let kept: Slope | null = null;
  return ({ loss: value, dx }) => {
    const constant = Float64Array.from(elements(51));
    kept ??= slopeOf(({ x }) => reference(x as Numbers, chain.isOwn ? (x as Numbers) : constant), {
      x: elements(chain.isOwn ? 51 : 53),
    });
    const error = errorOf(value?.[0], kept.loss, LOSS_FLOOR);
    return Math.max(error, slopeError(kept, { x: dx ?? [] }));
  };
}

const workload = (chain: Chain): TimedWorkload => {
  const flops = chain.products * 2 * SIDE ** 3;
  return {
    kind: "timed",
    name: chain.name,
    about: chain.about,
    flops,
    limitFlops: flops,
    tolerance: 1e-3,
    ours: ours(chain),
    jax: jaxOf(chain),
    worstError: errorAgainst(chain),
  };
};

export const bwd1024x6 = workload({
  name: "bwd1024x6",
  about: "six times h = tanh(h·A) from h = A, mean, backward to A: 18 products of 1024 × 1024",
  products: 3 * LAYERS,
  isOwn: true,
});

/** One run of the peer takes seconds. */
export const bwd1024x6in: TimedWorkload = {
  ...workload({
    name: "bwd1024x6in",
    about: "the same from another x, A constant, backward to x: 12 products of 1024 × 1024",
    products: 2 * LAYERS,
    isOwn: false,
  }),
  isLong: true,
};
