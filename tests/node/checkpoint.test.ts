// checkpoint(fn, …): the same gradients to the bit, in less memory, with the same random numbers.

import { beforeEach, describe, expect, test } from "vitest";
import {
  capture,
  checkpoint,
  configure,
  explain,
  grad,
  manualSeed,
  ones,
  rand,
  randn,
  type Tensor,
} from "../../src/index.ts";

beforeEach(() => configure({ inline: true }));

const bits = async (t: Tensor | null): Promise<number[]> => [
  ...new Int32Array((await (t as Tensor).data()).slice().buffer),
];

const rows = 256;
const width = 64;

function chain(layers: number, segment: number) {
  manualSeed(9);
  const weights = Array.from({ length: layers }, () => randn([width, width]).mul(0.2).detach());
  for (const w of weights) w.requiresGrad = true;
  const x = randn([rows, width]).detach();
  x.requiresGrad = true;
  const part = (from: number) => (h: Tensor) => {
    let out = h;
    for (const w of weights.slice(from, from + segment)) out = out.matmul(w).tanh();
    return out;
  };
  const run = (isCheckpointed: boolean): Tensor => {
    let h: Tensor = x;
    for (let at = 0; at < layers; at += segment) {
      h = isCheckpointed ? checkpoint(part(at), h) : part(at)(h);
    }
    return h.square().mean();
  };
  return { weights, x, run };
}

describe("a chain of 16 layers", () => {
  test("has the same gradients, to the bit", async () => {
    const [plain, saved] = [chain(16, 4), chain(16, 4)];
    await Promise.all([plain.run(false).backward(), saved.run(true).backward()]);
    expect(await bits(saved.x.grad)).toEqual(await bits(plain.x.grad));
    for (const [at, w] of plain.weights.entries()) {
      expect(await bits(saved.weights[at]?.grad as Tensor)).toEqual(await bits(w.grad));
    }
  });

  test("has a lower peak", async () => {
    const peakOf = async (isCheckpointed: boolean): Promise<number> => {
      const { run, x } = chain(16, 4);
      await x.realize();
      const loss = run(isCheckpointed);
      void loss.backward();
      return (await explain(loss)).arenaBytes;
    };
    const [plain, saved] = [await peakOf(false), await peakOf(true)];
    expect(saved).toBeLessThan(0.7 * plain);
  });
});

test("draws the same random numbers again", async () => {
  const run = async (isCheckpointed: boolean): Promise<number[]> => {
    manualSeed(4);
    const x = ones([64], { requiresGrad: true });
    const drop = (h: Tensor): Tensor => h.mul(rand([64]).lt(0.5)).mul(rand([64]));
    const out = isCheckpointed ? checkpoint(drop, x) : drop(x);
    await out
      .mul(rand([64]))
      .sum()
      .backward();
    return bits(x.grad);
  };
  expect(await run(true)).toEqual(await run(false));
});

test("also in a captured step", async () => {
  const run = async (isCaptured: boolean): Promise<number[][]> => {
    manualSeed(4);
    const w = ones([8], { requiresGrad: true });
    const step = (x: Tensor): void => {
      w.grad = null;
      void checkpoint(
        (h: Tensor) =>
          h
            .mul(w)
            .mul(rand([8]))
            .tanh(),
        x,
      )
        .sum()
        .backward();
    };
    const train = isCaptured ? capture(step) : async (x: Tensor) => step(x);
    const found: number[][] = [];
    for (let at = 0; at < 6; at++) {
      await train(ones([8]).mul(at + 0.5));
      found.push(await bits(w.grad as unknown as Tensor));
    }
    return found;
  };
  expect(await run(true)).toEqual(await run(false));
});

test("takes several tensors and other arguments, and gives several", async () => {
  const leaf = (n: number): Tensor => ones([3]).mul(n).detach().requiresGrad_(true);
  const [a, b] = [leaf(1), leaf(2)];
  const both = (x: Tensor, n: number, y: Tensor): Tensor[] => [x.mul(y).mul(n), y.exp(), x.gt(0)];
  const [product, power, isPositive] = checkpoint(both, a, 3, b);
  expect(isPositive?.requiresGrad).toBe(false);
  expect(product?.gradFn?.name).toBe("CheckpointBackward");
  await (product as Tensor)
    .sum()
    .add((power as Tensor).sum())
    .backward();
  expect([...(await (a.grad as Tensor).data())]).toEqual([6, 6, 6]);
  const wanted = Math.fround(3 + Math.exp(2));
  for (const n of await (b.grad as Tensor).data()) expect(n).toBeCloseTo(wanted, 5);
});

test("lets gradients through to what the function reads besides, once", async () => {
  const w = ones([3], { requiresGrad: true });
  const scaled = w.mul(2);
  const seen: number[] = [];
  scaled.registerHook(() => void seen.push(1));
  const out = checkpoint((x: Tensor) => x.mul(scaled).mul(w), ones([3]));
  await out.sum().backward();
  // d/dw Σ 2w·w = 4w
  expect([...(await (w.grad as unknown as Tensor).data())]).toEqual([4, 4, 4]);
  expect(seen).toEqual([1]);
});

test("has a second derivative", async () => {
  const x = ones([2]).mul(0.3).detach();
  x.requiresGrad = true;
  const second = async (f: (x: Tensor) => Tensor): Promise<number[]> => {
    const [first] = grad(f(x).sum(), x, { createGraph: true }) as [Tensor];
    const [again] = grad(first.square().sum(), x) as [Tensor];
    return bits(again);
  };
  const f = (h: Tensor): Tensor => h.tanh().mul(h);
  expect(await second((h) => checkpoint(f, h))).toEqual(await second(f));
});

test("within another one is the same", async () => {
  const plain = chain(4, 2);
  const saved = chain(4, 2);
  const outer = (h: Tensor): Tensor =>
    checkpoint((inner: Tensor) => inner.matmul(saved.weights[0] as Tensor).tanh(), h).exp();
  await checkpoint(outer, saved.x).sum().backward();
  await plain.x
    .matmul(plain.weights[0] as Tensor)
    .tanh()
    .exp()
    .sum()
    .backward();
  expect(await bits(saved.x.grad)).toEqual(await bits(plain.x.grad));
});

test("refuses what is async, or gives no tensor", () => {
  expect(() => checkpoint((async (x: Tensor) => x) as never, ones([1]))).toThrow("async");
  expect(() => checkpoint((() => 3) as never, ones([1]))).toThrow("must return a tensor");
});
