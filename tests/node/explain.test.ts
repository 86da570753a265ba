// explain(): the program before it runs. What it says is what then runs.

import { beforeEach, expect, test } from "vitest";
import {
  configure,
  explain,
  lastProgram,
  manualSeed,
  noGrad,
  ones,
  rand,
  randn,
  stats,
  type Tensor,
} from "../../src/index.ts";

beforeEach(() => configure({ inline: true }));

test("says kernels, ops, bytes, flops and peak, and runs nothing", async () => {
  const x = await ones([64, 32]).add(1).realize();
  const w = await ones([16, 32]).add(1).realize();
  const before = stats();
  const y = x.matmul(w.T).add(1).tanh();
  const explained = await explain(y);
  expect(stats().programs).toBe(before.programs);
  expect(stats().requests).toBe(before.requests);
  const contract = explained.kernels.find(({ kind }) => kind === "contract");
  expect(contract?.ops).toEqual(expect.arrayContaining(["contract", "add", "tanh"]));
  expect(contract?.flops).toBeGreaterThan(2 * 64 * 16 * 32);
  expect(contract?.bytesWritten).toBe(64 * 16 * 4);
  expect(explained.outputBytes).toBe(64 * 16 * 4);
  expect(explained.peakBytes).toBe(explained.arenaBytes + explained.outputBytes);
  await y.realize();
  const program = lastProgram();
  expect(program?.arenaBytes).toBe(explained.arenaBytes);
  expect(program?.stages.length).toBe(explained.barriers + 1);
  expect(program?.launches.map(({ label }) => label)).toEqual(
    explained.kernels.map(({ label }) => label),
  );
});

test("of one pass over memory counts every byte once", async () => {
  const x = await rand([1000]).realize();
  const [kernel, ...others] = (await explain(x.mul(2).add(x).exp())).kernels;
  expect(others).toEqual([]);
  expect(kernel?.bytesRead).toBe(4000);
  expect(kernel?.bytesWritten).toBe(4000);
});

test("tells the whole step that the tick has asked for", async () => {
  const w = await randn([8, 8]).realize();
  w.requiresGrad = true;
  const loss = (ones([4, 8]) as Tensor).matmul(w).square().mean();
  void loss.backward();
  noGrad(() => w.sub_((w.grad as Tensor).mul(0.1)));
  const explaining = explain(loss);
  await w.realize();
  const labels = (await explaining).kernels.map(({ label }) => label);
  expect(lastProgram()?.launches.map(({ label }) => label)).toEqual(labels);
});

test("prints as a table", async () => {
  const x = await ones([4, 8]).add(1).realize();
  const text = String(await explain(x.exp().sum(1)));
  expect(text.split("\n")[0]).toMatch(/^1 kernel, 0 barriers, peak \d+ B \(intermediates 0 B/);
  expect(text).toContain("sum");
  expect(text).toMatch(/stage +kind +ops +flops +reads +writes/);
});

test("leaves random numbers alone", async () => {
  manualSeed(1);
  const wanted = [...(await rand([3]).data())];
  manualSeed(1);
  const x = rand([3]);
  await explain(x);
  expect([...(await x.data())]).toEqual(wanted);
});
