// `await loss.item()`, and loss.backward() in a later tick: what the first has computed anyway and the
// second reads is kept, within a bound, and goes with the Tape.

import { beforeEach, describe, expect, test } from "vitest";
import type { Program } from "../../src/base/program.ts";
import {
  configure,
  lastProgram,
  manualSeed,
  memory,
  noGrad,
  randn,
  stats,
  type Tensor,
} from "../../src/index.ts";

beforeEach(() => configure({ inline: true }));

const launchesOf = (program: Program | null): readonly string[] =>
  (program as Program).launches.map(({ label }) => label);
const productsOf = (program: Program | null): number =>
  launchesOf(program).filter((label) => label.includes("contract")).length;

function model(depth = 4) {
  manualSeed(5);
  const weights = Array.from({ length: depth }, () => randn([32, 32]).mul(0.2).detach());
  for (const w of weights) w.requiresGrad = true;
  const x = randn([16, 32]);
  const forward = (): Tensor => {
    let h = x as Tensor;
    for (const w of weights) h = h.matmul(w).tanh();
    return h.square().mean();
  };
  const gradients = (): Promise<number[][]> =>
    Promise.all(weights.map(async ({ grad }) => [...(await (grad as Tensor).data())]));
  return { weights, forward, gradients };
}

describe("item, then backward", () => {
  test("computes no product twice, and the same gradients", async () => {
    const { weights, forward, gradients } = model();
    await forward().backward();
    const whole = productsOf(lastProgram());
    const wanted = await gradients();
    for (const w of weights) w.grad = null;

    const loss = forward();
    await loss.item();
    const first = productsOf(lastProgram());
    expect(stats().keptBytes).toBeGreaterThan(0);
    await loss.backward();
    expect(first).toBe(4);
    expect(first + productsOf(lastProgram())).toBe(whole);
    expect(await gradients()).toEqual(wanted);
    expect(stats().keptBytes).toBe(0);
  });

  test("in the same tick keeps nothing", async () => {
    const { forward } = model();
    const loss = forward();
    void loss.backward();
    await loss.item();
    expect(stats().keptBytes).toBe(0);
  });

  test("computes again what had no room", async () => {
    await configure({ inline: true, keptBytes: 0 });
    const { forward, gradients } = model();
    const loss = forward();
    await loss.item();
    expect(stats().keptBytes).toBe(0);
    await loss.backward();
    expect(await gradients()).toHaveLength(4);
  });

  test("older kept values make room for newer ones, and are computed again", async () => {
    await configure({ inline: true, keptBytes: 10_000 });
    const [a, b] = [model(), model()];
    const losses = [a.forward(), b.forward()];
    for (const loss of losses) await loss.item();
    expect(stats().keptBytes).toBeLessThanOrEqual(10_000);
    for (const loss of losses) await loss.backward();
    expect(await a.gradients()).toEqual(await b.gradients());
  });

  test("keeps memory flat over 200 steps", async () => {
    const { weights, forward } = model();
    let usedBytes = 0;
    for (let step = 0; step < 220; step++) {
      for (const w of weights) w.grad = null;
      const loss = forward();
      await loss.item();
      void loss.backward();
      noGrad(() => {
        for (const w of weights) w.sub_((w.grad as Tensor).mul(0.01));
      });
      await weights[0]?.realize();
      if (step === 20) usedBytes = memory().usedBytes;
    }
    expect(memory().usedBytes).toBeLessThanOrEqual(usedBytes + 2 ** 16);
  });

  test("with retainGraph can be repeated", async () => {
    const { weights, forward, gradients } = model();
    const loss = forward();
    await loss.item();
    await loss.backward({ retainGraph: true });
    const once = await gradients();
    for (const w of weights) w.grad = null;
    await loss.backward();
    expect(await gradients()).toEqual(once);
    expect(stats().keptBytes).toBe(0);
  });
});

test("keeps no more where no backward ever follows, and again once one does", async () => {
  const { forward } = model();
  const losses: Tensor[] = [];
  const keepNext = async (): Promise<boolean> => {
    const before = stats().keptBytes;
    losses.push(forward());
    await losses.at(-1)?.item();
    return stats().keptBytes > before;
  };
  expect(await keepNext()).toBe(true);
  for (let at = 0; at < 10; at++) await keepNext();
  expect(await keepNext()).toBe(false);
  await losses.at(-1)?.backward();
  expect(await keepNext()).toBe(true);
});

test("a value that was kept is there when it is asked for", async () => {
  const { weights } = model();
  const h = (randn([16, 32]) as Tensor).matmul(weights[0] as Tensor).tanh();
  const loss = h.square().sum();
  await loss.item();
  const values = [...(await h.data())];
  await loss.backward();
  expect([...(await h.data())]).toEqual(values);
});
