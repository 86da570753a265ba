// Random numbers: their distributions with fixed seeds, that they are the same for every split of the
// work, and that a generator's place comes back when a request fails.

import { afterAll, beforeEach, describe, expect, test } from "vitest";
import * as sg from "../../src/index.ts";
import { functional } from "../../src/nn.ts";

const { empty, manualSeed, ones, rand, randn, randperm, tensor, zeros } = sg;

beforeEach(async () => {
  await sg.configure({ inline: true });
  manualSeed(1234);
});
afterAll(() => sg.configure({ inline: true }));

const list = async (x: sg.Tensor): Promise<number[]> => Array.from(await x.data());
const mean = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + x, 0) / values.length;

/** Mean and variance. */
function moments(values: readonly number[]): [number, number] {
  const center = mean(values);
  return [center, mean(values.map((x) => (x - center) ** 2))];
}

/** Σ (seen - expected)²/expected, over the sum's own number of free bins: about 1, hardly above 2. */
function chiSquare(seen: readonly number[], expected: readonly number[]): number {
  const sum = seen.reduce((total, n, at) => total + (n - expected[at]) ** 2 / expected[at], 0);
  return sum / (seen.length - 1);
}

function tally(values: readonly number[], bins: number): number[] {
  const counts = Array<number>(bins).fill(0);
  for (const at of values) counts[at]++;
  return counts;
}

const count = 20_000;

interface Distribution {
  readonly draw: (x: sg.Tensor) => sg.Tensor;
  /** P(X <= x) */
  readonly below: (x: number) => number;
  readonly moments?: readonly [mean: number, variance: number];
}

/** Φ by its series. */
function normalBelow(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

const continuous: Record<string, Distribution> = {
  "uniform_(-1, 3)": {
    draw: (x) => x.uniform_(-1, 3),
    below: (x) => (x + 1) / 4,
    moments: [1, 16 / 12],
  },
  "normal_(1, 2)": {
    draw: (x) => x.normal_(1, 2),
    below: (x) => normalBelow((x - 1) / 2),
    moments: [1, 4],
  },
  "exponential_(2)": {
    draw: (x) => x.exponential_(2),
    below: (x) => 1 - Math.exp(-2 * x),
    moments: [0.5, 0.25],
  },
  "logNormal_(0, 0.5)": {
    draw: (x) => x.logNormal_(0, 0.5),
    below: (x) => normalBelow(Math.log(x) / 0.5),
    moments: [Math.exp(0.125), (Math.exp(0.25) - 1) * Math.exp(0.25)],
  },
  "cauchy_(1, 2)": {
    draw: (x) => x.cauchy_(1, 2),
    below: (x) => 0.5 + Math.atan((x - 1) / 2) / Math.PI,
  },
};

describe.each(["float32", "float64"] as const)("%s", (dtype) => {
  test.each(Object.entries(continuous))("%s", async (_, { draw, below, moments: wanted }) => {
    const values = await list(draw(empty(count, { dtype })));
    const twentieths = values.map((x) => Math.min(19, Math.floor(below(x) * 20)));
    expect(chiSquare(tally(twentieths, 20), Array(20).fill(count / 20))).toBeLessThan(2);
    if (!wanted) return;
    const [center, variance] = moments(values);
    expect(Math.abs(center - wanted[0])).toBeLessThan(4 * Math.sqrt(wanted[1] / count));
    expect(variance / wanted[1]).toBeGreaterThan(0.9);
    expect(variance / wanted[1]).toBeLessThan(1.1);
  });

  test("geometric_ counts the trials up to the first success", async () => {
    const values = await list(empty(count, { dtype }).geometric_(0.3));
    const capped = values.map((x) => Math.min(x, 12) - 1);
    const expected = Array.from({ length: 12 }, (_, at) =>
      at < 11 ? count * 0.3 * 0.7 ** at : count * 0.7 ** 11,
    );
    expect(chiSquare(tally(capped, 12), expected)).toBeLessThan(2);
  });
});

describe("digits", () => {
  test("float64 has all 53, float32 its 24", async () => {
    const double = await list(rand(1000, { dtype: "float64" }));
    expect(double.every((x) => Number.isInteger(x * 2 ** 53))).toBe(true);
    expect(double.filter((x) => !Number.isInteger(x * 2 ** 52)).length).toBeGreaterThan(400);
    const single = await list(rand(1000));
    expect(single.every((x) => Number.isInteger(x * 2 ** 24))).toBe(true);
    expect(single.filter((x) => !Number.isInteger(x * 2 ** 23)).length).toBeGreaterThan(400);
  });

  test.each(["float16", "bfloat16"] as const)("%s stays below 1", async (dtype) => {
    const values = await list(rand(count, { dtype }));
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(Math.abs(mean(values) - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(mean(await list(randn(count, { dtype }))))).toBeLessThan(0.03);
  });

  test("exponentials are never 0, and finite", async () => {
    const values = await list(empty(200_000).exponential_());
    expect(values.every((x) => x > 0 && Number.isFinite(x))).toBe(true);
  });
});

describe("whole numbers", () => {
  test("randint is flat over its range, in every dtype that holds it", async () => {
    const values = await list(sg.randint(-3, 4, [count]));
    const tallied = tally(
      values.map((x) => x + 3),
      7,
    );
    expect(chiSquare(tallied, Array(7).fill(count / 7))).toBeLessThan(2.2);
    expect(sg.randint(5, [2]).dtype).toBe("int64");
    for (const dtype of [
      "uint8",
      "int8",
      "int16",
      "int32",
      "float32",
      "float64",
      "bool",
    ] as const) {
      const few = await list(sg.randint(0, 2, [100], { dtype }));
      expect(new Set(few)).toEqual(new Set([0, 1]));
    }
    const wide = await list(sg.randint(-(2 ** 31), 2 ** 31 - 1, [count], { dtype: "int32" }));
    expect(Math.abs(mean(wide)) / 2 ** 31).toBeLessThan(0.02);
    expect(sg.randintLike(zeros(2, 3), 5).dtype).toBe("float32");
  });

  test("random_ fills what the dtype holds", async () => {
    const bytes = await list(empty(count, { dtype: "uint8" }).random_());
    expect(chiSquare(tally(bytes, 256), Array(256).fill(count / 256))).toBeLessThan(1.4);
    expect(new Set(await list(empty(100, { dtype: "bool" }).random_()))).toEqual(new Set([0, 1]));
    const signed = await list(empty(1000, { dtype: "int8" }).random_(-128, null));
    expect(Math.min(...signed)).toBeLessThan(-100);
    expect(Math.max(...signed)).toBeGreaterThan(100);
    expect(Math.max(...(await list(empty(1000).random_(6))))).toBe(5);
  });

  test("ranges that make no sense are refused", () => {
    expect(() => sg.randint(3, 3, [1])).toThrow("from=3 >= to=3");
    expect(() => empty(1, { dtype: "uint8" }).random_(0, 257)).toThrow("to - 1 is out of bounds");
    expect(() => empty(1, { dtype: "int8" }).random_(-200, 3)).toThrow("from is out of bounds");
    expect(() => sg.randint(0, 2 ** 40, [1])).toThrow("out of bounds for int64");
  });
});

describe("trials", () => {
  test("bernoulli wins as often as the probabilities say", async () => {
    const p = [0, 0.1, 0.5, 0.9, 1];
    const table = tensor(p).reshape(5, 1).expand(5, 4000).contiguous();
    const rows = await list(table.bernoulli().mean(1));
    rows.forEach((share, at) => {
      expect(Math.abs(share - p[at])).toBeLessThan(0.025);
    });
    expect([rows[0], rows[4]]).toEqual([0, 1]);
    const rare = await list(zeros(4000).bernoulli_(table.select(0, 1)));
    expect(Math.abs(mean(rare) - 0.1)).toBeLessThan(0.02);
    expect(sg.bernoulli(zeros(3, { dtype: "int64" }), 0.5).dtype).toBe("int64");
    expect(await list(empty(3, { dtype: "bool" }).bernoulli_(1))).toEqual([1, 1, 1]);
    expect(() => sg.bernoulli(zeros(2, { dtype: "int64" }))).toThrow("floating point");
    expect(() => zeros(2).bernoulli_(1.5)).toThrow("p to be in [0, 1], but got p=1.5");
  });

  test("normal takes numbers, tensors, and both", async () => {
    const means = tensor([-5, 5]).to("float32").reshape(2, 1);
    const [low, high] = await list(sg.normal(means, ones(1, 4000)).mean(1));
    expect(Math.abs(low + 5)).toBeLessThan(0.1);
    expect(Math.abs(high - 5)).toBeLessThan(0.1);
    expect(sg.normal(zeros(3), 2).shape).toEqual([3]);
    expect(sg.normal(2, zeros(3)).shape).toEqual([3]);
    expect(await list(sg.normal(2, zeros(3)))).toEqual([2, 2, 2]);
    expect(sg.normal(0, 1, [2, 3], { dtype: "float64" }).dtype).toBe("float64");
    expect(() => sg.normal(zeros(3), -1)).toThrow("std >= 0.0, but found std -1");
  });

  test("fills refuse what PyTorch refuses", () => {
    const whole = zeros(2, { dtype: "int64" });
    expect(() => zeros(2).uniform_(1, 0)).toThrow("from=1 > to=0");
    expect(() => zeros(2).uniform_(-3e38, 3e38)).toThrow("finite");
    expect(() => whole.uniform_()).toThrow("floating point");
    expect(() => whole.exponential_()).toThrow("continuous");
    expect(() => zeros(2).exponential_(0)).toThrow("lambda > 0.0");
    expect(() => zeros(2).geometric_(1)).toThrow("p to be in (0, 1)");
    expect(() => zeros(2).cauchy_(0, 0)).toThrow("sigma > 0.0");
    expect(() => zeros(2).logNormal_(0, 0)).toThrow("std > 0.0");
    expect(() => ones(2, { requiresGrad: true }).uniform_()).toThrow("a leaf Variable");
    expect(() => rand(2, { dtype: "int64" })).toThrow("floating point");
  });
});

describe("randperm", () => {
  test.each([0, 1, 2, 7, 1024, 1025, 1100, 2000, 4097, 65_536, 70_001])(
    "of %i has every position once",
    async (n) => {
      const order = await list(randperm(n));
      expect(order.toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, at) => at));
    },
  );

  test("of few gives every order equally often", async () => {
    const seen = new Map<string, number>();
    for (let at = 0; at < 1200; at++) {
      const order = String(await list(randperm(3)));
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    expect(chiSquare([...seen.values()], Array(6).fill(200))).toBeLessThan(2.2);
  });

  test("of many moves each position anywhere, and pairs apart", async () => {
    const n = 1500;
    const [firsts, steps, fixed]: [number[], number[], number[]] = [[], [], []];
    for (let at = 0; at < 300; at++) {
      const order = await list(randperm(n));
      firsts.push(Math.floor((order[0] * 15) / n));
      steps.push(Math.floor((((order[701] - order[700] + n) % n) * 15) / n));
      fixed.push(order.filter((to, from) => to === from).length);
    }
    expect(chiSquare(tally(firsts, 15), Array(15).fill(20))).toBeLessThan(2);
    expect(chiSquare(tally(steps, 15), Array(15).fill(20))).toBeLessThan(2);
    const [center, variance] = moments(fixed);
    expect(Math.abs(center - 1)).toBeLessThan(0.25);
    expect(Math.abs(variance - 1)).toBeLessThan(0.4);
  });

  test("has the dtype it is asked for", () => {
    expect(randperm(3).dtype).toBe("int64");
    expect(randperm(3, { dtype: "float32" }).dtype).toBe("float32");
    expect(() => randperm(-1)).toThrow("n must be non-negative");
    expect(() => randperm(300, { dtype: "uint8" })).toThrow("n is too large for uint8");
  });
});

describe("multinomial", () => {
  const weights = [1, 0, 2, 3, 0, 4];

  test("with replacement draws by the weights, and never what has none", async () => {
    const picked = await list(tensor(weights).to("float32").multinomial(10_000, true));
    const counts = tally(picked, 6);
    expect([counts[1], counts[4]]).toEqual([0, 0]);
    const expected = [1000, 2000, 3000, 4000];
    expect(
      chiSquare(
        [0, 2, 3, 5].map((at) => counts[at]),
        expected,
      ),
    ).toBeLessThan(2.5);
  });

  test("draws in each row by itself", async () => {
    const rows = tensor([
      [0, 1, 0],
      [0, 0, 2],
    ]).to("float32");
    const picked = sg.multinomial(rows, 4, true);
    expect([picked.dtype, picked.shape]).toEqual(["int64", [2, 4]]);
    expect(await picked.tolist()).toEqual([
      [1, 1, 1, 1],
      [2, 2, 2, 2],
    ]);
    expect(await sg.multinomial(rows, 1).tolist()).toEqual([[1], [2]]);
  });

  test("without replacement draws nothing twice, the heavy ones first", async () => {
    const table = tensor([1, 2, 3, 4]).to("float64").reshape(1, 4).expand(4000, 4).contiguous();
    const rows = (await table.multinomial(2).tolist()) as number[][];
    expect(rows.every(([a, b]) => a !== b)).toBe(true);
    expect(
      chiSquare(
        tally(
          rows.map(([a]) => a),
          4,
        ),
        [400, 800, 1200, 1600],
      ),
    ).toBeLessThan(2.6);
    // P(first 3, then 2) = 4/10 · 3/6
    const pair = rows.filter(([a, b]) => a === 3 && b === 2).length;
    expect(Math.abs(pair / 4000 - 0.2)).toBeLessThan(0.025);
    const single = await list(table.multinomial(1));
    expect(chiSquare(tally(single, 4), [400, 800, 1200, 1600])).toBeLessThan(2.6);
    const all = await list(ones(37).multinomial(37));
    expect(new Set(all).size).toBe(37);
  });

  test("refuses what PyTorch refuses", () => {
    expect(() => ones(2, 2, 2).multinomial(1)).toThrow("1 or 2 dim");
    expect(() => ones(3, { dtype: "int64" }).multinomial(1)).toThrow("floating-point");
    expect(() => ones(3).multinomial(0)).toThrow("n_sample <= 0");
    expect(() => ones(3).multinomial(4)).toThrow("without replacement");
  });
});

/** Everything that draws, from one seed. */
async function everything(): Promise<string> {
  manualSeed(99);
  const x = ones(3, 500);
  const drawn = [
    rand(70_000),
    randn(70_000, { dtype: "float64" }),
    sg.randint(1000, [5000]),
    randperm(300),
    randperm(5000),
    x.multinomial(20, true),
    x.multinomial(5),
    x.bernoulli(0.3),
    empty(1000).cauchy_(),
    empty(1000).exponential_(),
    functional.dropout(x, 0.3),
    functional.dropout1d(x, 0.3),
    // Fused into what reads it.
    rand(40_000).mul(2).add(1).sum(),
  ];
  const data = await Promise.all(drawn.map((one) => one.data()));
  return data.map((one) => Array.from(one).join()).join(";");
}

describe("the same numbers", () => {
  test("inline, on one worker and on three", async () => {
    const inline = await everything();
    for (const workers of [1, 3]) {
      await sg.configure({ workers });
      expect((await everything()) === inline).toBe(true);
    }
  }, 120_000);

  test("however they are fused and sliced", async () => {
    const alone = await list(rand(10));
    manualSeed(1234);
    expect(await list(rand(10).mul(2))).toEqual(alone.map((x) => 2 * x));
    manualSeed(1234);
    expect(await list(rand(25).narrow(0, 0, 10))).toEqual(alone);
    manualSeed(1234);
    expect(await list(rand(2, 5))).toEqual(alone);
  });
});

describe("generators", () => {
  test("go on from a state, which is plain data", async () => {
    const own = new sg.Generator();
    expect(own.manualSeed(7)).toBe(own);
    await list(rand(2, { generator: own }));
    const state = JSON.parse(JSON.stringify(own.getState()));
    const next = await list(rand(3, { generator: own }));
    expect(await list(rand(3, { generator: own }))).not.toEqual(next);
    expect(await list(rand(3, { generator: new sg.Generator().setState(state) }))).toEqual(next);
    expect(own.initialSeed()).toBe(7);
    expect(() => own.manualSeed(0.5)).toThrow("wants an integer as seed");
    expect(() => own.setState({ seed: 1, counter: -1 })).toThrow("counter from 0 on");
  });

  test("a generator of one's own leaves the common one alone", async () => {
    const before = sg.getRngState();
    await list(zeros(2).normal_({ generator: new sg.Generator() }));
    expect(sg.getRngState()).toEqual(before);
  });

  test("the common one is seeded, made up, kept and put back", async () => {
    const generator = manualSeed(5);
    expect(generator).toBe(sg.defaultGenerator);
    expect(sg.initialSeed()).toBe(5);
    const state = sg.getRngState();
    const first = await list(randn(3));
    sg.setRngState(state);
    expect(await list(randn(3))).toEqual(first);
    const seeds = [sg.seed(), sg.seed()];
    expect(sg.initialSeed()).toBe(seeds[1]);
    expect(seeds[0]).not.toBe(seeds[1]);
    expect(seeds.every(Number.isSafeInteger)).toBe(true);
  });

  test("negative and large seeds are seeds of their own", async () => {
    const of = async (seed: number) => String(await list(rand(2, { generator: manualSeed(seed) })));
    const all = await Promise.all([-1, 1, 2 ** 32 + 1, 2 ** 52].map(of));
    expect(new Set(all).size).toBe(4);
  });
});

describe("when a request fails", () => {
  /** A request that draws, and fails on its data. */
  const failing = (): Promise<unknown> =>
    rand(4)
      .gather(0, tensor([9]))
      .data()
      .then(
        () => expect.unreachable(),
        () => undefined,
      );

  test("the counter comes back", async () => {
    await list(rand(2));
    const before = sg.getRngState();
    await failing();
    expect(sg.getRngState()).toEqual(before);
    const next = await list(rand(3));
    sg.setRngState(before);
    expect(await list(rand(3))).toEqual(next);
  });

  test("what is still lazy keeps its numbers to itself", async () => {
    const lazy = rand(4);
    await tensor([1])
      .gather(0, tensor([9]))
      .data()
      .catch(() => undefined);
    const later = await list(rand(4));
    expect(await list(lazy)).not.toEqual(later);
  });

  test("what was drawn meanwhile stays drawn", async () => {
    const before = sg.getRngState().counter;
    const failed = failing();
    await Promise.resolve();
    const next = rand(3);
    await failed;
    expect(sg.getRngState().counter).toBe(before + 2);
    await list(next);
  });

  test("another seed is not touched", async () => {
    const failed = failing();
    await Promise.resolve();
    manualSeed(3);
    await failed;
    expect(sg.getRngState()).toEqual({ seed: 3, counter: 0 });
  });
});

describe("dropout", () => {
  test("drops that share, and scales the rest", async () => {
    const out = await list(functional.dropout(ones(count), 0.25));
    const kept = out.filter((x) => x !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.75)]));
    expect(Math.abs(kept.length / count - 0.75)).toBeLessThan(0.015);
  });

  test("of channels keeps or drops them whole", async () => {
    const rows = (await functional
      .dropout2d(ones(20, 30, 2, 2), 0.5)
      .reshape(600, 4)
      .tolist()) as number[][];
    expect(rows.every((row) => row.every((x) => x === row[0]))).toBe(true);
    const kept = rows.filter(([x]) => x === 2).length;
    expect(Math.abs(kept - 300)).toBeLessThan(60);
    const single = (await functional.dropout1d(ones(600, 3), 0.5).tolist()) as number[][];
    expect(single.every((row) => row.every((x) => x === row[0]))).toBe(true);
    expect(new Set(single.flat())).toEqual(new Set([0, 2]));
    expect(functional.dropout3d(ones(4, 2, 2, 2)).shape).toEqual([4, 2, 2, 2]);
  });

  test("alpha keeps mean and variance of standard normals", async () => {
    const out = await list(functional.alphaDropout(randn(40_000), 0.3, true));
    const [center, variance] = moments(out);
    expect(Math.abs(center)).toBeLessThan(0.02);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
  });

  test("that drops nothing is the input itself, and draws nothing", async () => {
    const x = ones(3, { requiresGrad: true });
    const before = sg.getRngState();
    expect(functional.dropout(x, 0)).toBe(x);
    expect(functional.dropout(x, 0.5, false)).toBe(x);
    expect(functional.dropout(x, 0.5, false, true)).toBe(x);
    expect(functional.alphaDropout(x)).toBe(x);
    expect(sg.dropout(x, 0.5, false)).toBe(x);
    expect(await list(functional.dropout(x, 1))).toEqual([0, 0, 0]);
    expect(sg.getRngState()).toEqual(before);
    expect(await list(functional.dropout(tensor([Infinity]), 1))).toEqual([NaN]);
  });

  test("in place changes the input", async () => {
    const x = ones(1000);
    const same = functional.dropout(x, { p: 0.5, inplace: true });
    expect(same).toBe(x);
    expect(new Set(await list(x))).toEqual(new Set([0, 2]));
    const leaf = ones(3, { requiresGrad: true });
    expect(() => functional.dropout(leaf, { inplace: true })).toThrow("leaf Variable");
  });

  test("passes the gradient where it passes the value", async () => {
    const x = ones(50, { requiresGrad: true });
    const out = functional.dropout(x, 0.5);
    expect(out.gradFn?.name).toBe("MulBackward0");
    void out.sum().backward();
    expect(await list(x.grad as sg.Tensor)).toEqual(await list(out));
  });

  test("refuses what PyTorch refuses", () => {
    expect(() => functional.dropout(ones(2), 1.5)).toThrow("between 0 and 1, but got 1.5");
    expect(() => functional.dropout1d(ones(2))).toThrow("Expected 2D or 3D input");
    expect(() => functional.dropout2d(ones(2))).toThrow("at least 2 dimensions");
    expect(() => functional.dropout(ones(2, { dtype: "int64" }))).toThrow("can't be cast");
    expect(() => sg.dropout(...([ones(2)] as never as [sg.Tensor, number, boolean]))).toThrow(
      "p is missing",
    );
  });
});

describe("gradients", () => {
  test("of filled tensors are 0, and the Tape says what filled them", async () => {
    const x = ones(3, { requiresGrad: true });
    const y = x.mul(2).exponential_();
    expect(y.gradFn?.name).toBe("ExponentialBackward0");
    void y.sum().backward();
    expect(await list(x.grad as sg.Tensor)).toEqual([0, 0, 0]);
    const p = tensor([0.5], { requiresGrad: true });
    expect(p.bernoulli().gradFn?.name).toBe("BernoulliBackward0");
    expect(sg.normal(p, 1).gradFn?.name).toBe("NormalBackward1");
    expect(p.multinomial(1).requiresGrad).toBe(false);
  });
});
