// One share of a sweep: every `total`-th chunk of patterns, from chunk `part` on.

import * as shardgrad from "../../src/index.ts";
import { ulpError32 } from "../ulp.ts";
import type { SweepOptions, SweepResult } from "./page.ts";
import { promises } from "./promises.ts";

export interface Share extends SweepOptions {
  readonly part: number;
  readonly total: number;
}

/** Patterns evaluated at once. */
const chunk = 2 ** 20;

async function sweep({ name, stride, simd, part, total }: Share): Promise<SweepResult> {
  await shardgrad.configure({ inline: true, simd });
  const { truth, limit = Number.POSITIVE_INFINITY } = promises[name] as (typeof promises)[string];
  const patterns = new Uint32Array(chunk);
  const inputs = new Float32Array(patterns.buffer);
  let [count, worst, at] = [0, 0.5, Number.NaN];
  for (let first = part * chunk * stride; first < 2 ** 32; first += total * chunk * stride) {
    for (let i = 0; i < chunk; i++) patterns[i] = Math.min(first + i * stride, 2 ** 32 - 1);
    const outputs = await evaluate(name, inputs);
    for (let i = 0; i < chunk; i++) {
      const x = inputs[i] as number;
      if (!(Math.abs(x) < limit) && limit < Number.POSITIVE_INFINITY) continue;
      count++;
      const [actual, wanted] = [outputs[i] as number, truth(x)];
      // Rounded as well as can be, which most are: half an ulp, where counting starts.
      if (actual === Math.fround(wanted) && actual !== 0) continue;
      const error = ulpError32(actual, wanted);
      if (!(error <= worst)) [worst, at] = [error, x];
    }
  }
  return { count, worst, at };
}

async function evaluate(name: string, inputs: Float32Array): Promise<Float32Array> {
  const x = shardgrad.tensor(inputs);
  const call = (shardgrad as unknown as Record<string, (x: shardgrad.Tensor) => shardgrad.Tensor>)[
    name
  ];
  if (!call) throw new Error(`${name}: no such function`);
  const y = call(x);
  const outputs = (await y.data()) as Float32Array;
  x.dispose();
  y.dispose();
  return outputs;
}

self.onmessage = async ({ data }: MessageEvent<Share>) => {
  try {
    self.postMessage(await sweep(data));
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
