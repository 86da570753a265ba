// Products of matrices: C = A·B of one size, in other orientations, with a lazy operand, and in batches.
// The limit is the arithmetic alone, at the run's own rate of multiply-adds in registers.

import type { Tensor } from "../../src/index.ts";
import type { Jax, Ort, Outputs, Shardgrad, Tfjs, TimedWorkload, Trial } from "../contract.ts";
import { onnxModel } from "../peers/onnx.ts";
import { normal } from "../seeded.ts";
import { type JaxArray, jaxTrial } from "../trials/jax-trial.ts";
import { ortTrial } from "../trials/ort-trial.ts";
import { ourTrial } from "../trials/ours-trial.ts";
import { tfjsTrial } from "../trials/tfjs-trial.ts";
import { errorOf } from "../verify.ts";

const SAMPLES = 997;
const FLOOR = 1;

/** Elements of A and B, the same for all. */
const elements = (seed: number, n: number) => normal(seed, n * n);

interface Form {
  /** Of what the first operand, and the second, are made. */
  readonly left?: (a: Tensor) => Tensor;
  readonly right?: (b: Tensor) => Tensor;
  /** The same for one element: A[i, k] and B[k, j]. */
  readonly leftAt?: (a: ArrayLike<number>, n: number, i: number, k: number) => number;
  readonly rightAt?: (b: ArrayLike<number>, n: number, k: number, j: number) => number;
}

const plainAt = (x: ArrayLike<number>, n: number, row: number, column: number): number =>
  x[row * n + column] ?? Number.NaN;
const turnedAt = (x: ArrayLike<number>, n: number, row: number, column: number): number =>
  plainAt(x, n, column, row);

function productError(n: number, form: Form, { a, b, c }: Outputs): number {
  const { leftAt = plainAt, rightAt = plainAt } = form;
  let worst = c?.length === n * n ? 0 : Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const at = Math.floor((sample * n * n) / SAMPLES);
    const [i, j] = [Math.floor(at / n), at % n];
    let total = 0;
    for (let k = 0; k < n; k += 1) total += leftAt(a ?? [], n, i, k) * rightAt(b ?? [], n, k, j);
    worst = Math.max(worst, errorOf(c?.[at], total, FLOOR));
  }
  return worst;
}

const ours =
  (n: number, { left = (x) => x, right = (x) => x }: Form) =>
  (sg: Shardgrad): Trial =>
    ourTrial({
      inputs: () => ({
        a: sg.tensor(elements(3, n)).reshape(n, n),
        b: sg.tensor(elements(5, n)).reshape(n, n),
      }),
      build: ({ a, b }) => ({ c: left(a as Tensor).matmul(right(b as Tensor)) }),
    });

const jaxProduct =
  (n: number) =>
  (jax: Jax): Trial => {
    const np = jax.numpy;
    const multiply = (a: JaxArray, b: JaxArray): JaxArray[] => [np.matmul(a, b)];
    return jaxTrial(jax, {
      inputs: () => ({
        a: np.array(elements(3, n), { shape: [n, n] }),
        b: np.array(elements(5, n), { shape: [n, n] }),
      }),
      step: jax.jit(multiply),
      results: ["c"],
    });
  };

const tfjsProduct =
  (n: number) =>
  (tf: Tfjs): Trial =>
    tfjsTrial(tf, {
      inputs: () => ({
        a: tf.tensor2d(elements(3, n), [n, n]),
        b: tf.tensor2d(elements(5, n), [n, n]),
      }),
      step: (a, b) => ({ c: tf.matMul(a as never, b as never) }),
    });

const ortProduct =
  (n: number) =>
  (ort: Ort): Trial => {
    const shape = [n, n];
    const model = onnxModel({
      opset: 20,
      inputs: [
        { name: "a", shape },
        { name: "b", shape },
      ],
      outputs: [{ name: "c", shape }],
      nodes: [{ op: "MatMul", inputs: ["a", "b"], outputs: ["c"], attributes: {} }],
    });
    return ortTrial(ort, {
      inputs: () => ({
        a: new ort.Tensor("float32", elements(3, n), shape),
        b: new ort.Tensor("float32", elements(5, n), shape),
      }),
      model,
    });
  };

function product(name: string, n: number, about: string, form: Form = {}): TimedWorkload {
  return {
    kind: "timed",
    name,
    about,
    flops: 2 * n ** 3,
    limitFlops: 2 * n ** 3,
    tolerance: 1e-3,
    ours: ours(n, form),
    worstError: (outputs) => productError(n, form, outputs),
  };
}

function withPeers(workload: TimedWorkload, n: number): TimedWorkload {
  return { ...workload, jax: jaxProduct(n), tfjs: tfjsProduct(n), ort: ortProduct(n) };
}

const turned = { right: (b: Tensor) => b.T, rightAt: turnedAt };
const relu = (x: number): number => Math.max(x, 0);

export const products: TimedWorkload[] = [
  ...[256, 512, 1024, 2048].map((n) =>
    withPeers(product(`mm${n}`, n, `a product of two ${n} × ${n} matrices`), n),
  ),
  product("mm1024nt", 1024, "A·Bᵀ, 1024 × 1024", turned),
  product("mm1024tn", 1024, "Aᵀ·B, 1024 × 1024", { left: (a) => a.T, leftAt: turnedAt }),
  product("mm1024lazy", 1024, "relu(A)ᵀ·B, 1024 × 1024", {
    left: (a) => a.relu().T,
    leftAt: (a, n, i, k) => relu(turnedAt(a, n, i, k)),
  }),
];
