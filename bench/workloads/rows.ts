// Softmax and layer norm (without affine) of the rows of [4096,1024]: y is written, and the gradient for
// a given cotangent g. Least traffic: x and g read once, y and dx written once.
//
//   softmax      dx = y·(g − Σ g·y)
//   layer norm   dx = (g − mean g − y·mean(g·y)) / √(var x + ε)

import type { Tensor } from "../../src/index.ts";
import type { Jax, Outputs, Shardgrad, Tfjs, TimedWorkload, Trial } from "../contract.ts";
import { normal } from "../seeded.ts";
import { type JaxArray, jaxTrial } from "../trials/jax-trial.ts";
import { ourGradients } from "../trials/ours-trial.ts";
import { type TfTensor, tfjsTrial } from "../trials/tfjs-trial.ts";
import { errorOf } from "../verify.ts";

const ROWS = 4096;
const COLUMNS = 1024;
const SHAPE: [number, number] = [ROWS, COLUMNS];
const SAMPLED_ROWS = 61;
const EPSILON = 1e-5;

const elements = (seed: number) => normal(seed, ROWS * COLUMNS);

interface RowFunction {
  readonly name: string;
  readonly about: string;
  /** Magnitude of its values, below which errors count as absolute ones. */
  readonly floor: number;
  ours(sg: Shardgrad, x: Tensor): Tensor;
  jax(jax: Jax, x: JaxArray): JaxArray;
  tfjs(tf: Tfjs, x: TfTensor): TfTensor;
  /** y and dx of one row. */
  row(x: Float64Array, g: Float64Array): { y: Float64Array; dx: Float64Array };
}

const sum = (values: Float64Array): number => values.reduce((total, x) => total + x, 0);
const times = (x: Float64Array, y: Float64Array): Float64Array =>
  x.map((value, at) => value * Number(y[at]));

const softmax: RowFunction = {
  name: "softmaxFB",
  about: "softmax of the rows of [4096,1024], and its gradient for a given cotangent",
  floor: 1 / COLUMNS,
  ours: (_, x) => x.softmax(-1),
  jax: ({ nn }, x) => nn.softmax(x, -1),
  tfjs: (_, x) => x.softmax(-1),
  row(x, g) {
    const most = x.reduce((a, b) => Math.max(a, b));
    const powers = x.map((value) => Math.exp(value - most));
    const total = sum(powers);
    const y = powers.map((power) => power / total);
    const along = sum(times(g, y));
    return {
      y,
      dx: times(
        y,
        g.map((value) => value - along),
      ),
    };
  },
};

const layerNorm: RowFunction = {
  name: "layernormFB",
  about: "layer norm of the rows of [4096,1024], and its gradient for a given cotangent",
  floor: 1,
  ours: (sg, x) => sg.nn.functional.layerNorm(x, [COLUMNS]),
  jax: ({ nn }, x) => nn.standardize(x, -1, { epsilon: EPSILON }),
  tfjs(tf, x) {
    const { mean, variance } = tf.moments(x, -1, true);
    return x.sub(mean).mul(variance.add(EPSILON).rsqrt());
  },
  row(x, g) {
    const mean = sum(x) / COLUMNS;
    const apart = x.map((value) => value - mean);
    const scale = 1 / Math.sqrt(sum(times(apart, apart)) / COLUMNS + EPSILON);
    const y = apart.map((value) => value * scale);
    const [meanG, along] = [sum(g) / COLUMNS, sum(times(g, y)) / COLUMNS];
    return { y, dx: g.map((value, at) => (value - meanG - Number(y[at]) * along) * scale) };
  },
};

const ours =
  (of: RowFunction) =>
  (sg: Shardgrad): Trial =>
    ourGradients(sg, {
      inputs: () => ({ x: sg.tensor(elements(31)).reshape(SHAPE) }),
      cotangent: () => sg.tensor(elements(33)).reshape(SHAPE),
      build: ({ x }) => of.ours(sg, x as Tensor),
    });

const jaxTrialOf =
  (of: RowFunction) =>
  (jax: Jax): Trial => {
    const array = (seed: number) => jax.numpy.array(elements(seed), { shape: SHAPE });
    const forwardBackward = (x: JaxArray, g: JaxArray): JaxArray[] => {
      const [y, pull] = jax.vjp((value: JaxArray) => of.jax(jax, value), [x]);
      const [dx] = pull(g);
      pull.dispose();
      return [y, dx];
    };
    return jaxTrial(jax, {
      inputs: () => ({ x: array(31), g: array(33) }),
      step: jax.jit(forwardBackward),
      results: ["y", "dx"],
    });
  };

const tfjsTrialOf =
  (of: RowFunction) =>
  (tf: Tfjs): Trial =>
    tfjsTrial(tf, {
      inputs: () => ({ x: tf.tensor2d(elements(31), SHAPE), g: tf.tensor2d(elements(33), SHAPE) }),
      step(x, g) {
        const { value, grad } = tf.valueAndGrad((input) => of.tfjs(tf, input))(x as TfTensor, g);
        return { y: value, dx: grad };
      },
    });

function worstError({ row, floor }: RowFunction, { x, g, y, dx }: Outputs): number {
  if (y?.length !== ROWS * COLUMNS || dx?.length !== y.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let sample = 0; sample < SAMPLED_ROWS; sample += 1) {
    const start = Math.floor((sample * ROWS) / SAMPLED_ROWS) * COLUMNS;
    const part = (of: ArrayLike<number> | undefined) =>
      Float64Array.from({ length: COLUMNS }, (_, at) => of?.[start + at] ?? Number.NaN);
    const expected = row(part(x), part(g));
    for (let at = 0; at < COLUMNS; at += 1) {
      worst = Math.max(worst, errorOf(y[start + at], Number(expected.y[at]), floor));
      worst = Math.max(worst, errorOf(dx[start + at], Number(expected.dx[at]), floor));
    }
  }
  return worst;
}

const workload = (of: RowFunction): TimedWorkload => ({
  kind: "timed",
  name: of.name,
  about: of.about,
  bytes: 4 * 4 * ROWS * COLUMNS,
  limit: "copy",
  tolerance: 1e-4,
  ours: ours(of),
  jax: jaxTrialOf(of),
  tfjs: tfjsTrialOf(of),
  worstError: (outputs) => worstError(of, outputs),
});

export const rows: TimedWorkload[] = [workload(softmax), workload(layerNorm)];
