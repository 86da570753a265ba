// Activations where they turn: gradients in their corners, NaN and infinities, and results that take the
// input's place.

import { beforeAll, describe, expect, test } from "vitest";
import * as root from "../../src/index.ts";
import { configure, manualSeed, type Tensor, tensor } from "../../src/index.ts";
import * as F from "../../src/nn/functional.ts";

beforeAll(() => configure({ inline: "blocking" }));

const leaf = (...data: readonly number[]): Tensor =>
  tensor([...data], { dtype: "float64", requiresGrad: true });

const values = async (x: Tensor | null): Promise<number[]> =>
  Array.from(await (x as Tensor).data(), Number);

async function slopes(f: (x: Tensor) => Tensor, ...at: readonly number[]): Promise<number[]> {
  const x = leaf(...at);
  await f(x).sum().backward();
  return values(x.grad);
}

interface Corner {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  readonly at: readonly number[];
  readonly slopes: readonly number[];
}

const corners: readonly Corner[] = [
  { name: "relu", f: F.relu, at: [0, -0], slopes: [0, 0] },
  { name: "relu6", f: F.relu6, at: [0, 6], slopes: [0, 0] },
  { name: "hardtanh", f: (x) => F.hardtanh(x), at: [-1, 1, 0.5], slopes: [0, 0, 1] },
  { name: "hardsigmoid", f: F.hardsigmoid, at: [-3, 3], slopes: [0, 0] },
  { name: "hardswish", f: F.hardswish, at: [-3, 0, 3], slopes: [0, 0.5, 1] },
  { name: "threshold", f: (x) => F.threshold(x, 1, 9), at: [1, 1.5], slopes: [0, 1] },
  { name: "hardshrink", f: (x) => F.hardshrink(x), at: [-0.5, 0.5, 1], slopes: [0, 0, 1] },
  { name: "softshrink", f: (x) => F.softshrink(x), at: [-0.5, 0.5, 1], slopes: [0, 0, 1] },
  { name: "elu", f: (x) => F.elu(x, 2), at: [0, 800], slopes: [2, 1] },
  { name: "celu", f: (x) => F.celu(x, 2), at: [0, 800], slopes: [1, 1] },
  { name: "leakyRelu", f: (x) => F.leakyRelu(x, 0.25), at: [0], slopes: [0.25] },
  { name: "prelu", f: (x) => F.prelu(x, leaf(0.25)), at: [0, Infinity], slopes: [0.25, 1] },
  { name: "logsigmoid", f: F.logsigmoid, at: [0, -800, 800], slopes: [0.5, 1, 0] },
  { name: "mish", f: F.mish, at: [800, -800], slopes: [1, 0] },
  { name: "softplus", f: (x) => F.softplus(x), at: [0, 800], slopes: [0.5, 1] },
];

test.each(corners)("$name in its corners", async ({ f, at, slopes: wanted }) => {
  const got = await slopes(f, ...at);
  for (const [i, slope] of wanted.entries()) expect(got[i]).toBeCloseTo(slope, 12);
});

test.each(corners)("$name lets NaN through", async ({ f }) => {
  expect(await values(f(leaf(Number.NaN)))).toEqual([Number.NaN]);
});

describe("in place", () => {
  test("by option and by name, on the Tape", async () => {
    for (const change of [
      (x: Tensor) => F.elu(x, 1, true),
      (x: Tensor) => F.elu_(x),
      (x: Tensor) => F.elu(x, { inplace: true }),
    ]) {
      const x = leaf(-1, 2);
      const y = x.mul(1.5);
      expect(change(y)).toBe(y);
      expect(y.gradFn?.name).toBe("EluBackward0");
      await y.sum().backward();
      expect((await values(x.grad))[0]).toBeCloseTo(1.5 * Math.exp(-1.5), 12);
    }
  });

  test("the root's have their names", async () => {
    const x = tensor([-2, 0.5, 3]);
    root.relu_(x);
    root.threshold_(x, 1, 7);
    expect(await values(x)).toEqual([7, 7, 3]);
    expect(() => root.selu_(leaf(1))).toThrow(/leaf/);
    expect(F.hardtanh_(tensor([5]))).toBeInstanceOf(root.Tensor);
  });
});

test("integers are cut where PyTorch takes them, and refused where it does not", async () => {
  const x = tensor([-3, 0, 2, 9]);
  expect(await values(F.hardtanh(x, -1.5, 2.5))).toEqual([-1, 0, 2, 2]);
  expect(await values(F.threshold(x, 0.5, -7.5))).toEqual([-7, -7, 2, 9]);
  expect(await values(F.relu6(x))).toEqual([0, 0, 2, 6]);
  expect(F.softsign(x).dtype).toBe("float32");
  for (const f of [F.elu, F.silu, F.mish, F.hardswish, F.logsigmoid, F.softplus]) {
    expect(() => f(x)).toThrow(/not implemented for int64/);
  }
  expect(() => F.relu6(tensor([true]))).toThrow(/Bool/);
  expect(() => F.hardtanh(x.to("uint8"))).toThrow(/negative limits/);
  expect(() => F.glu(leaf(1, 2, 3))).toThrow(/must be even, but dimension 0 is size 3/);
  expect(() => F.celu(leaf(1), 0)).toThrow(/alpha cannot be 0/);
});

describe("rrelu", () => {
  test("in training draws slopes between its bounds, for what is not above 0 alone", async () => {
    manualSeed(3);
    const x = leaf(...Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? -1 : 1)));
    const y = F.rrelu(x, 0.2, 0.4, true);
    const drawn = (await values(y)).filter((_, at) => at % 2 === 0);
    expect(Math.min(...drawn)).toBeGreaterThan(-0.4);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(-0.2);
    expect(new Set(drawn).size).toBeGreaterThan(90);
    await y.sum().backward();
    const wanted = (await values(y)).map((value) => Math.abs(value));
    expect(await values(x.grad)).toEqual(wanted);
  });

  test("else leaks their mean; bounds in the wrong order are refused", async () => {
    expect((await values(F.rrelu(leaf(-1), 0.2, 0.4)))[0]).toBeCloseTo(-0.3, 12);
    expect(() => F.rrelu(leaf(1), 0.5, 0.2)).toThrow(/Lower bound/);
  });
});

describe("gumbelSoftmax", () => {
  test("samples classes as often as softmax says", async () => {
    manualSeed(11);
    const logits = tensor([0.1, 0.3, 0.6], { dtype: "float64" }).log().expand(4000, 3);
    const hard = F.gumbelSoftmax(logits, { hard: true });
    const shares = await values(hard.mean(0));
    for (const [at, share] of [0.1, 0.3, 0.6].entries()) {
      expect(Math.abs((shares[at] as number) - share)).toBeLessThan(0.03);
    }
  });

  test("hard ones have the gradient of the soft", async () => {
    const weights = tensor([1, 2, 4], { dtype: "float64" });
    const gradients = await Promise.all(
      [true, false].map(async (hard) => {
        manualSeed(5);
        return slopes((x) => F.gumbelSoftmax(x, { tau: 0.7, hard }).mul(weights), 0.2, -0.4, 1);
      }),
    );
    expect(gradients[0]).toEqual(gradients[1]);
  });
});
