// capture(step): replays compute what recording would have computed, to the bit, and record nothing.

import { beforeEach, describe, expect, test } from "vitest";
import {
  capture,
  configure,
  eachTime,
  liveNumber,
  manualSeed,
  memory,
  noGrad,
  ones,
  rand,
  randn,
  stats,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";
import { Adam, AdamW, lrScheduler, SGD } from "../../src/optim.ts";

let before = stats();

beforeEach(async () => {
  await configure({ inline: true });
  before = stats();
});

const replays = (): number => stats().replays - before.replays;

const elements = async (t: Tensor): Promise<number[]> => [...(await t.data())];
const bits = async (t: Tensor): Promise<number[]> => [
  ...new Int32Array((await t.data()).slice().buffer),
];

/** Momentum by hand: state that the first step makes. */
class Momentum {
  private readonly buffers = new Map<Tensor, Tensor>();
  lr = 0.1;
  t = 0;

  constructor(private readonly parameters: readonly Tensor[]) {}

  zeroGrad(): void {
    for (const p of this.parameters) p.grad = null;
  }

  step(): void {
    eachTime(() => {
      this.t++;
    });
    const rate = liveNumber(() => this.lr / (1 + this.t / 10));
    noGrad(() => {
      for (const p of this.parameters) {
        const grad = p.grad as Tensor;
        const before = this.buffers.get(p);
        if (before) before.mul_(0.9).add_(grad);
        else this.buffers.set(p, grad.clone());
        p.sub_((this.buffers.get(p) as Tensor).mul(rate));
      }
    });
  }
}

function model() {
  manualSeed(7);
  const w = randn([6, 4]).mul(0.3).detach();
  const b = zeros([4]);
  for (const p of [w, b]) p.requiresGrad = true;
  const optimizer = new Momentum([w, b]);
  const step = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = x.matmul(w).add(b).tanh().sub(y).square().mean();
    void loss.backward();
    optimizer.step();
    return loss;
  };
  return { w, b, optimizer, step };
}

const batch = (at: number, n = 8): [Tensor, Tensor] => {
  manualSeed(100 + at);
  return [randn([n, 6]), rand([n, 4])];
};

describe("a training step", () => {
  test("gives the same bits captured as recorded, with an lr that changes", async () => {
    const [plain, captured] = [model(), model()];
    const train = capture(captured.step);
    for (let at = 0; at < 12; at++) {
      const [x, y] = batch(at);
      for (const { optimizer } of [plain, captured]) optimizer.lr = 0.1 * 0.9 ** at;
      const wanted = plain.step(x, y);
      const got = await train(x, y);
      expect(await bits(got)).toEqual(await bits(wanted));
      expect(await bits(captured.w)).toEqual(await bits(plain.w));
      expect(await bits(captured.w.grad as Tensor)).toEqual(await bits(plain.w.grad as Tensor));
      expect(captured.optimizer.t).toBe(at + 1);
    }
    expect(replays()).toBe(9);
  });

  test("is replayed without an await between the calls", async () => {
    const [plain, captured] = [model(), model()];
    const train = capture(captured.step);
    for (let at = 0; at < 4; at++) {
      plain.step(...batch(at));
      await train(...batch(at));
    }
    const losses: Promise<Tensor>[] = [];
    for (let at = 4; at < 20; at++) {
      plain.step(...batch(at));
      losses.push(train(...batch(at)));
    }
    expect(await bits(captured.w)).toEqual(await bits(plain.w));
    await Promise.all(losses);
    expect(replays()).toBe(17);
  });

  test("is recorded once more for each shape", async () => {
    const { step } = model();
    const train = capture(step);
    for (let at = 0; at < 12; at++) await train(...batch(at, at % 2 ? 8 : 5));
    const recorded = stats();
    for (let at = 0; at < 12; at++) await train(...batch(at, at % 2 ? 8 : 5));
    expect(stats().replays - recorded.replays).toBe(12);
    expect(stats().compiles).toBe(recorded.compiles);
  });

  test("keeps memory flat", async () => {
    const { step } = model();
    const train = capture(step);
    for (let at = 0; at < 30; at++) await train(...batch(at));
    const { usedBytes } = memory();
    for (let at = 0; at < 200; at++) await train(...batch(at));
    expect(memory().usedBytes).toBeLessThan(usedBytes + 2 ** 16);
  });
});

test("workers replay to the bits of the calling thread", async () => {
  const run = async (): Promise<number[]> => {
    const { w, step } = model();
    const train = capture(step);
    for (let at = 0; at < 8; at++) await train(...batch(at));
    return bits(w);
  };
  const wanted = await run();
  await configure({ workers: 2 });
  const { fallbacks } = stats();
  expect(await run()).toEqual(wanted);
  expect(stats().fallbacks).toBe(fallbacks);
});

describe("a captured step", () => {
  test("reads its storages as they are at the call", async () => {
    const w = await ones([3]).add(1).realize();
    const run = capture((x: Tensor) => x.mul(w));
    for (let at = 0; at < 3; at++) await run(ones([3]));
    w.fill_(5);
    expect(await elements(await run(ones([3])))).toEqual([5, 5, 5]);
    w.mul_(2);
    expect(await elements(await run(tensor([1, 2, 3]).float()))).toEqual([10, 20, 30]);
    expect(replays()).toBeGreaterThan(0);
  });

  test("takes windows, lazy values and turned ones as inputs", async () => {
    const data = await tensor(Float32Array.from({ length: 12 }, (_, i) => i))
      .reshape([4, 3])
      .mul(1.5)
      .realize();
    const run = capture((x: Tensor) => x.add(0.25));
    const rows = [0, 1, 2, 3].map((at) => data.index(at));
    const inputs = [...rows, data.index(1).mul(3), data.T.index(2).narrow(0, 1, 3)];
    for (const x of inputs) {
      expect(await elements(await run(x))).toEqual((await elements(x)).map((n) => n + 0.25));
    }
    expect(replays()).toBe(4);
  });

  test("draws new random numbers, those that recording would have drawn", async () => {
    const noise = (x: Tensor): Tensor[] => [x.add(rand([4])), randn([3])];
    const wanted: number[][] = [];
    manualSeed(3);
    for (let at = 0; at < 6; at++) for (const t of noise(ones([4]))) wanted.push(await elements(t));
    const run = capture(noise);
    const found: number[][] = [];
    manualSeed(3);
    for (let at = 0; at < 6; at++) {
      for (const t of await run(ones([4]))) found.push(await elements(t));
    }
    expect(found).toEqual(wanted);
    expect(replays()).toBe(4);
  });

  test("returns arguments and outer tensors as they are, and trees of results", async () => {
    const w = await ones([2]).mul(3).realize();
    const run = capture((x: Tensor) => ({ x, w, sums: [x.add(w), null] as const }));
    for (let at = 0; at < 4; at++) {
      const x = tensor([at, 1]).float();
      const result = await run(x);
      expect(result.x).toBe(x);
      expect(result.w).toBe(w);
      expect(await elements(result.sums[0])).toEqual([at + 3, 4]);
    }
  });

  test("copies an argument into a tensor, which then is its own", async () => {
    const last = zeros([2]);
    const run = capture((x: Tensor) => void last.copy_(x));
    for (let at = 0; at < 5; at++) {
      const x = await tensor([at, 2 * at])
        .float()
        .add(0)
        .realize();
      await run(x);
      await x.fill_(9).realize();
      expect(await elements(last)).toEqual([at, 2 * at]);
    }
    expect(replays()).toBeGreaterThan(0);
  });

  test("leaves a gradient that is the argument itself", async () => {
    const w = ones([2], { requiresGrad: true });
    const run = capture((x: Tensor) => {
      w.grad = null;
      void w.mul(x).sum().backward();
    });
    for (let at = 0; at < 5; at++) {
      const x = await tensor([at, 2 * at])
        .float()
        .add(0)
        .realize();
      await run(x);
      await x.fill_(9).realize();
      expect(await elements(w.grad as unknown as Tensor)).toEqual([at, 2 * at]);
    }
  });

  test("does not spoil what was recorded from a storage before it changed", async () => {
    const w = await ones([2]).mul(3).realize();
    const run = capture((x: Tensor) => void w.add_(x));
    for (let at = 0; at < 3; at++) await run(ones([2]));
    const doubled = w.mul(2);
    for (let at = 0; at < 8; at++) await run(ones([2]));
    expect(await elements(doubled)).toEqual([12, 12]);
    expect(await elements(w)).toEqual([14, 14]);
  });

  test("falls back as a whole when a replay fails, and goes on", async () => {
    const table = await tensor(Float32Array.from([1, 2, 3]))
      .add(0)
      .realize();
    const sum = await zeros([2]).add(1).realize();
    const run = capture((index: Tensor) => {
      sum.add_(table.gather(0, index));
      return sum.mul(2);
    });
    for (let at = 0; at < 3; at++) await run(tensor([0, 1]));
    const before = await elements(sum);
    await expect(run(tensor([0, 7]))).rejects.toThrow(/gather.*7 is out of bounds/);
    expect(await elements(sum)).toEqual(before);
    expect(await elements(await run(tensor([2, 2])))).toEqual(before.map((n) => 2 * (n + 3)));
  });
});

test("what a step did not return says so when it is read", async () => {
  let inner: Tensor | null = null;
  const run = capture((x: Tensor) => {
    inner = x.mul(2);
    return inner.sum();
  });
  await run(ones([2]));
  await expect((inner as unknown as Tensor).data()).rejects.toThrow("was not returned");
});

describe("what cannot be replayed is refused", () => {
  test.each([
    ["a promise", async (x: Tensor) => x],
    [
      "data",
      (x: Tensor) =>
        void x
          .sum()
          .item()
          .catch(() => undefined),
    ],
    ["a number", () => 3],
  ])("at the first call: %s", async (_, step) => {
    const run = capture(step as unknown as (x: Tensor) => Tensor);
    await expect(run(ones([2]))).rejects.toThrow(/^capture: /);
  });

  test("an input that is no tensor, or requires grad", () => {
    const run = capture((x: Tensor) => x);
    expect(() => run(3 as unknown as Tensor)).toThrow("input 0 must be a tensor");
    expect(() => run(ones([2], { requiresGrad: true }))).toThrow("requires grad");
  });

  test("a number that changes from call to call, with the cure", async () => {
    let count = 10;
    const run = capture((x: Tensor) => x.add(count++ / 7.3));
    for (let at = 0; at < 6; at++) await run(ones([2]));
    await expect(run(ones([2]))).rejects.toThrow("liveNumber");
  });
});

type Scheduled = ConstructorParameters<typeof lrScheduler.CosineAnnealingLR>[0];

describe("an optimizer of the library", () => {
  const makers = {
    AdamW: (params: Tensor[]) => new AdamW(params, { lr: 0.01 }),
    Adam: (params: Tensor[]) => new Adam(params, { lr: 0.01, amsgrad: true }),
    SGD: (params: Tensor[]) => new SGD(params, { lr: 0.05, momentum: 0.9, nesterov: true }),
  };

  test.each(Object.keys(makers) as (keyof typeof makers)[])(
    "%s with a schedule: 20 captured steps are 20 recorded ones, to the bit",
    async (name) => {
      const run = async (isCaptured: boolean): Promise<number[][]> => {
        manualSeed(7);
        const w = randn([6, 4]).mul(0.3).detach().requiresGrad_(true);
        const b = zeros([4], { requiresGrad: true });
        const optimizer = makers[name]([w, b]);
        const schedule = new lrScheduler.CosineAnnealingLR(optimizer as unknown as Scheduled, 20);
        const step = (x: Tensor, y: Tensor): Tensor => {
          optimizer.zeroGrad();
          const loss = x.matmul(w).add(b).tanh().sub(y).square().mean();
          void loss.backward();
          void optimizer.step();
          return loss;
        };
        const train = isCaptured ? capture(step) : async (x: Tensor, y: Tensor) => step(x, y);
        for (let at = 0; at < 20; at++) {
          await train(...batch(at));
          schedule.step();
        }
        return [await bits(w), await bits(b), await bits(w.grad as unknown as Tensor)];
      };
      const wanted = await run(false);
      before = stats();
      expect(await run(true)).toEqual(wanted);
      expect(replays()).toBeGreaterThanOrEqual(16);
    },
  );
});
