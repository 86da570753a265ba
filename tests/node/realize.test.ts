// Requests as transactions: what fails rejects by name and leaves no trace, what is replaced frees its
// memory, and what somebody can still see stays.

import { beforeEach, describe, expect, test } from "vitest";
import {
  configure,
  full,
  memory,
  ones,
  stats,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";

beforeEach(() => configure({ inline: true }));

const ramp = (n: number): Tensor => tensor(Float32Array.from({ length: n }, (_, i) => i));
const elements = async (t: Tensor): Promise<number[]> => [...(await t.data())];
const causeOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.unreachable("it should have been rejected"),
    (cause: Error) => cause,
  );

/** A value that cannot be had: index 7 in a row of 4. */
const faulty = (): Tensor => ramp(4).gather(0, tensor([0, 7, 1]));

describe("a fault on data", () => {
  test("rejects with the op's name, the shape and the index", async () => {
    await expect(faulty().data()).rejects.toThrow(/gather.*\[3\].*7 is out of bounds/);
    const scattered = zeros([4]).scatterAdd(0, tensor([0, -1]), ones([2]));
    await expect(scattered.data()).rejects.toThrow(/scatter.*\[2\].*-1 is out of bounds/);
  });

  test("lets a tensor that was changed by it fall back", async () => {
    const w = await ramp(3).add(1).realize();
    const view = w.narrow(0, 1, 2);
    w.add_(faulty());
    await expect(w.realize()).rejects.toThrow("out of bounds");
    expect(await elements(w)).toEqual([1, 2, 3]);
    expect(await elements(view)).toEqual([2, 3]);
    w.add_(1);
    expect(await elements(w)).toEqual([2, 3, 4]);
  });

  test("lets a gradient that needed it fall back to none", async () => {
    const w = ones([3], { requiresGrad: true });
    const cause = await causeOf(w.mul(faulty()).sum().backward());
    expect(cause.message).toContain("out of bounds");
    expect(w.grad).toBe(null);
  });

  test("is the cause of everything that is built on it, before and after", async () => {
    const bad = faulty();
    const early = bad.add(1);
    const cause = await causeOf(bad.realize());
    expect(await causeOf(early.data())).toBe(cause);
    expect(await causeOf(bad.mul(2).sum().item())).toBe(cause);
    expect(await causeOf(bad.narrow(0, 0, 1).data())).toBe(cause);
    expect(await causeOf(bad.data())).toBe(cause);
  });

  test("also of requests that were made while it was under way", async () => {
    const bad = faulty();
    const first = causeOf(bad.realize());
    await null;
    const second = causeOf(bad.add(1).realize());
    await null;
    const third = causeOf(bad.data());
    const cause = await first;
    expect(cause.message).toContain("out of bounds");
    expect([await second, await third]).toEqual([cause, cause]);
  });

  test("does not touch unrelated work before, beside and after it", async () => {
    const before = ramp(3).mul(2);
    const read = elements(before);
    await null;
    const failed = causeOf(faulty().realize());
    await null;
    const after = elements(ramp(3).add(5));
    expect(await read).toEqual([0, 2, 4]);
    expect((await failed).message).toContain("out of bounds");
    expect(await after).toEqual([5, 6, 7]);
    expect(await elements(before.add(1))).toEqual([1, 3, 5]);
  });

  test("does not spoil given or finished values that were asked for with it", async () => {
    const given = ramp(3);
    const finished = await ramp(3).add(1).realize();
    const asked = [given, finished, faulty()].map((t) => t.realize());
    expect((await Promise.allSettled(asked)).at(2)?.status).toBe("rejected");
    expect(await elements(given)).toEqual([0, 1, 2]);
    expect(await elements(finished.mul(2))).toEqual([2, 4, 6]);
  });
});

describe("too little memory", () => {
  test("rejects with the numbers, and the runtime lives on", async () => {
    await configure({ inline: true, maxBytes: 8 * 2 ** 20 });
    const kept = await ramp(1000).realize();
    const { usedBytes } = memory();
    await expect(ones([3_000_000]).add(1).realize()).rejects.toThrow(/memory|bytes|MB/i);
    const two = [ones([1_500_000]).mul(2), full([1_500_000], 0.25)].map((t) => t.realize());
    expect((await Promise.allSettled(two)).map(({ status }) => status)).toEqual([
      "rejected",
      "rejected",
    ]);
    expect(memory().usedBytes).toBe(usedBytes);
    expect(await kept.sum().item()).toBe(499_500);
    expect(await ones([500_000]).sum().item()).toBe(500_000);
  });
});

test("more elements than 32 bits count are refused where they are recorded", async () => {
  const text = "a tensor has at most 2147483647 elements, got [65536, 65536] float32 of 4294967296";
  const [row, column] = [ramp(65536), ramp(65536).unsqueeze(1)];
  expect(() => zeros([65536, 65536])).toThrow(`full: ${text}`);
  expect(() => column.add(row)).toThrow(`add: ${text}`);
  expect(column.expand(65536, 65536).narrow(1, 0, 2).shape).toEqual([65536, 2]);
  expect(await elements(ramp(3).add(1))).toEqual([1, 2, 3]);
});

describe("memory", () => {
  const steps = 3000;

  test(`stays flat over ${steps} steps that are awaited`, async () => {
    const w = ones([2000], { requiresGrad: true });
    const x = await ramp(2000).div(2000).realize();
    let settled = 0;
    for (let step = 0; step < steps; step++) {
      w.grad = null;
      const loss = w.mul(x).square().mean();
      void loss.backward();
      w.detach().sub_((w.grad as unknown as Tensor).mul(0.01 + step / 1e6));
      await w.realize();
      if (step === 200) settled = memory().usedBytes;
    }
    expect(memory().usedBytes).toBeLessThan(settled + 2 ** 20);
  });

  test("of a replaced value goes when nothing shows it", async () => {
    const w = await zeros([100_000]).add(1).realize();
    const { usedBytes } = memory();
    for (let step = 0; step < 50; step++) await w.add_(1).realize();
    expect(memory().usedBytes).toBeLessThanOrEqual(usedBytes + 2 * 400_000);
    expect(await w.index(0).item()).toBe(51);
  });
});

describe("a change in place", () => {
  test("leaves a snapshot that was never realized as it was", async () => {
    const w = await ramp(4).add(0.5).realize();
    const snapshot = w.clone();
    const computed = w.mul(2);
    for (let step = 0; step < 20; step++) await w.add_(1).realize();
    expect(await elements(snapshot)).toEqual([0.5, 1.5, 2.5, 3.5]);
    expect(await elements(computed)).toEqual([1, 3, 5, 7]);
    expect(await elements(w)).toEqual([20.5, 21.5, 22.5, 23.5]);
  });

  test("leaves values alone that are the same without being the same tensor", async () => {
    const x = await ramp(3).add(1).realize();
    const same = [x.mul(1), x.clone(), x.to("float64").to("float32"), x.contiguous().clone()];
    const target = zeros([3]);
    target.copy_(x);
    for (let step = 0; step < 8; step++) {
      for (const one of same) await one.neg_().realize();
      await target.mul_(2).realize();
    }
    expect(await elements(x)).toEqual([1, 2, 3]);
    expect(await elements(target)).toEqual([256, 512, 768]);
    for (const one of same) expect(await elements(one)).toEqual([1, 2, 3]);
  });

  test("comes after a reading that was asked for before it, awaited or not", async () => {
    const w = await ramp(3).add(1).realize();
    const before = elements(w);
    w.zero_();
    const after = elements(w);
    w.add_(7);
    expect([await before, await after, await elements(w)]).toEqual([
      [1, 2, 3],
      [0, 0, 0],
      [7, 7, 7],
    ]);
  });

  test("by a view of itself reads what was there before", async () => {
    const w = await ramp(9).reshape([3, 3]).add(0).realize();
    const corner = w.narrow(0, 1, 2).diagonal(0);
    w.copy_(w.T);
    expect(await elements(w)).toEqual([0, 3, 6, 1, 4, 7, 2, 5, 8]);
    expect(await elements(corner)).toEqual([1, 5]);
  });

  test("of a reshaped tensor is read from memory for good", async () => {
    const w = ramp(6).reshape([2, 3]);
    w.mul_(2);
    const view = w.T;
    await w.realize();
    for (let step = 0; step < 10; step++) await w.add_(1).realize();
    expect(await elements(view)).toEqual([10, 16, 12, 18, 14, 20]);
  });

  test("keeps the loss of the step that it ends", async () => {
    const w = ones([50], { requiresGrad: true });
    const x = await ramp(50).realize();
    const losses: (number | boolean)[] = [];
    for (let step = 0; step < 3; step++) {
      w.grad = null;
      const loss = w.mul(x).mean();
      void loss.backward();
      w.detach().sub_((w.grad as unknown as Tensor).mul(0.5));
      await w.realize();
      for (let pause = 0; pause < 10; pause++) await ramp(3).add(pause).realize();
      losses.push(await loss.item());
    }
    expect(losses[0]).toBe(24.5);
    expect(losses[1]).toBeLessThan(24.5);
    expect(losses[2]).toBeLessThan(losses[1] as number);
  });
});

// Scar: grouping looked at every group for every step; 16,000 ops took two minutes to compile.
test("ten thousand ops recorded without an await are one request", async () => {
  let x = tensor(new Float32Array(10).fill(1));
  const before = stats();
  for (let op = 0; op < 5000; op++) x = x.mul(0.5).add(0.5);
  expect(await x.data()).toEqual(new Float32Array(10).fill(1));
  expect(stats().programs - before.programs).toBe(1);
});

test("a program is compiled once a shape, and the counters say so", async () => {
  const sums = (n: number): Promise<number | boolean> =>
    ramp(n)
      .mul(0.7)
      .add(n / 9)
      .sum()
      .item();
  for (const n of [5, 9, 17]) await sums(n);
  const before = stats();
  for (let round = 0; round < 4; round++) for (const n of [5, 9, 17]) await sums(n);
  const { compiles, programCache } = stats();
  expect(compiles).toBe(before.compiles);
  expect(programCache.hits - before.programCache.hits).toBe(12);
  expect(programCache.size).toBeLessThanOrEqual(programCache.capacity);
});
