// What is promised of unary functions, held by the code that runs: generated Wasm on the pool, with fused
// multiply-add and without. `npm run ulp` takes all 2^32 inputs; here every 65,537th and the awkward ones.

import { beforeAll, describe, expect, test } from "vitest";
import * as shardgrad from "../../src/index.ts";
import { promises } from "../sweep/promises.ts";
import { specials32, strided32, ulpError32 } from "../ulp.ts";

const inputs = Float32Array.from([...specials32, ...strided32(65_537)]);
const functions = shardgrad as unknown as Record<string, (x: shardgrad.Tensor) => shardgrad.Tensor>;

/** Largest error in ulps, and the input it was met at. */
function worstOf(outputs: Float32Array, name: string): { error: number; at: number } {
  const { truth, limit = Number.POSITIVE_INFINITY } = promises[name]!;
  let worst = { error: 0, at: Number.NaN };
  inputs.forEach((x, i) => {
    if (Math.abs(x) >= limit) return;
    const error = ulpError32(outputs[i]!, truth(x));
    if (!(error <= worst.error)) worst = { error, at: x };
  });
  return worst;
}

describe.each(["auto", "fixed"] as const)("with simd %s", (simd) => {
  beforeAll(() => shardgrad.configure({ simd }));

  test.each(Object.keys(promises))("%s is as exact as promised", async (name) => {
    const outputs = await functions[name]!(shardgrad.tensor(inputs)).data();
    const { error, at } = worstOf(outputs as Float32Array, name);
    expect(error, `${name}(${at})`).toBeLessThanOrEqual(promises[name]!.promise);
  });
});
