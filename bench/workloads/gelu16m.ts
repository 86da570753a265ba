// gelu in its tanh form on 4096 × 4096, forward: ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
// Least traffic: x read once, the result written once.

import type { Tensor } from "../../src/index.ts";
import type { Jax, Ort, Outputs, Shardgrad, Tfjs, TimedWorkload, Trial } from "../contract.ts";
import { onnxModel } from "../peers/onnx.ts";
import { shared } from "../seeded.ts";
import { type JaxArray, jaxTrial } from "../trials/jax-trial.ts";
import { ortTrial } from "../trials/ort-trial.ts";
import { ourTrial } from "../trials/ours-trial.ts";
import { tfjsTrial } from "../trials/tfjs-trial.ts";
import { worstOf } from "../verify.ts";
import { lane } from "./costs.ts";

const SIDE = 4096;
const ELEMENTS = SIDE * SIDE;
const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
const SIMPLE_OPS = 7;
const input = shared(17, ELEMENTS);

export function gelu(x: Tensor): Tensor {
  const inner = x.add(x.mul(x).mul(x).mul(CUBIC)).mul(SCALE);
  return x.mul(0.5).mul(inner.tanh().add(1));
}

export function ourGelu(sg: Shardgrad): Trial {
  return ourTrial({
    inputs: () => ({ x: sg.randn([SIDE, SIDE]) }),
    build: (inputs) => ({ y: gelu(inputs.x as Tensor) }),
  });
}

function jax(jax: Jax): Trial {
  const np = jax.numpy;
  const forward = (x: JaxArray): JaxArray[] => {
    const cube = x.ref.mul(x.ref).mul(x.ref).mul(CUBIC);
    const inner = x.ref.add(cube).mul(SCALE);
    return [x.mul(0.5).mul(np.tanh(inner).add(1))];
  };
  return jaxTrial(jax, {
    inputs: () => ({ x: np.array(input(), { shape: [SIDE, SIDE] }) }),
    step: jax.jit(forward),
    results: ["y"],
  });
}

function tfjs(tf: Tfjs): Trial {
  return tfjsTrial(tf, {
    inputs: () => ({ x: tf.tensor2d(input(), [SIDE, SIDE]) }),
    step(x) {
      const inner = x.add(x.mul(x).mul(x).mul(CUBIC)).mul(SCALE);
      return { y: x.mul(0.5).mul(inner.tanh().add(1)) };
    },
  });
}

function ort(ort: Ort): Trial {
  const shape = [SIDE, SIDE];
  const model = onnxModel({
    opset: 20,
    inputs: [{ name: "x", shape }],
    outputs: [{ name: "y", shape }],
    nodes: [{ op: "Gelu", inputs: ["x"], outputs: ["y"], attributes: { approximate: "tanh" } }],
  });
  return ortTrial(ort, {
    inputs: () => ({ x: new ort.Tensor("float32", input(), shape) }),
    model,
  });
}

export function geluError({ x, y }: Outputs): number {
  const expected = (index: number) => {
    const value = x?.[index] ?? Number.NaN;
    return 0.5 * value * (1 + Math.tanh(SCALE * (value + CUBIC * value ** 3)));
  };
  return worstOf(y, ELEMENTS, expected, { stride: 31 });
}

export const gelu16M: TimedWorkload = {
  kind: "timed",
  name: "gelu16M",
  about: "gelu (tanh form) on 4096 × 4096, forward",
  bytes: 2 * 4 * ELEMENTS,
  limit: "copy",
  limitFlops: (lane.transcendental + SIMPLE_OPS * lane.simple) * ELEMENTS,
  tolerance: 1e-3,
  ours: ourGelu,
  jax,
  tfjs,
  ort,
  worstError: geluError,
};
