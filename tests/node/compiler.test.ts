// The shape of what comes out of the compiler: how many launches a graph becomes, what is compiled
// again, and the sizes at which kernels have ends: around a vector, a tile, a chunk.

import { beforeAll, describe, expect, test } from "vitest";
import {
  arange,
  argmax,
  configure,
  lastProgram,
  ones,
  randn,
  stats,
  type Tensor,
  type TypedArray,
  tensor,
  zeros,
} from "../../src/index.ts";
import { leafValues } from "../random/leaves.ts";

beforeAll(() => configure({ inline: true }));

/** A realized leaf of small quarters, whose sums are exact. */
async function leaf(shape: number[], pattern = 8): Promise<Tensor> {
  const data = leafValues({ shape, dtype: "float32", pattern, extent: null });
  return tensor(data).reshape(shape).realize();
}

/** Elements compared at once: the runner's own comparison takes seconds for so many. */
function expectElements(actual: TypedArray, wanted: TypedArray): void {
  expect(actual.length).toBe(wanted.length);
  const at = actual.findIndex((value, index) => value !== wanted[index]);
  expect(at < 0 ? null : { at, got: actual[at], wanted: wanted[at] }).toBe(null);
}

/** Launches of the one program that computes the tensors. */
async function launches(...wanted: Tensor[]): Promise<number> {
  const before = stats().programs;
  await Promise.all(wanted.map((t) => t.realize()));
  expect(stats().programs - before).toBe(1);
  return lastProgram()?.launches.length ?? 0;
}

async function compilesDuring(work: () => Promise<unknown>): Promise<number> {
  const before = stats().compiles;
  await work();
  return stats().compiles - before;
}

test("what follows a product reads an operand that repeats within its rows", async () => {
  const [x, w, p] = [await leaf([2, 128, 64]), await leaf([64, 64], 5), await leaf([128, 64], 3)];
  const fused = await x.add(p).add(x.matmul(w)).data();
  const [shifted, product] = [await x.add(p).realize(), await x.matmul(w).realize()];
  expectElements(fused, await shifted.add(product).data());
});

test("what is made of a row's folds is read by a fold over other axes", async () => {
  const [x, bias] = [await leaf([16, 64, 90]), (await leaf([90], 5)).requiresGrad_()];
  const y = x.add(bias).flatten(0, 1).logSoftmax(1);
  await y.square().sum().backward();
  const apart = (await leaf([90], 5)).requiresGrad_();
  const z = x.flatten(0, 1).add(apart).logSoftmax(1);
  await z.square().sum().backward();
  const [got, wanted] = await Promise.all([bias.grad!.data(), apart.grad!.data()]);
  wanted.forEach((value, at) => {
    expect(got[at]).toBeCloseTo(Number(value), 1);
  });
});

describe("the number of launches", () => {
  test("of the seed program is two: one pass over x for loss and gradient, and a merge", async () => {
    const x = (await leaf([1000, 1000])).requiresGrad_();
    const y = x.add(2);
    const loss = y.mul(y).mul(3).mean();
    void loss.backward();
    expect(await launches(loss, x.grad as Tensor)).toBe(2);
    const reads = lastProgram()?.launches[0]?.cells.filter(
      (cell) => cell.kind === "address" && cell.from === "input",
    );
    expect(reads?.length).toBe(1);
  });

  test("of a random leaf's seed program is no larger: the leaf is drawn where it is used", async () => {
    const x = randn([512, 512]).requiresGrad_();
    const y = x.add(2);
    const loss = y.mul(y).mul(3).mean();
    void loss.backward();
    expect(await launches(loss, x.grad as Tensor)).toBeLessThanOrEqual(2);
  });

  test("of ten pointwise ops is one", async () => {
    let x = await leaf([64, 100]);
    for (let at = 0; at < 10; at++) x = at % 2 === 0 ? x.mul(1.5) : x.exp().add(at);
    expect(await launches(x)).toBe(1);
  });

  test("of pointwise ops, a sum and ops on the sum is one loop, and a merge where it is cut", async () => {
    const small = await leaf([100, 100]);
    expect(await launches(small.mul(2).sum().add(1).sqrt())).toBe(1);
    const large = await leaf([300, 300]);
    expect(await launches(large.mul(2).sum().add(1).sqrt())).toBe(2);
  });

  test("of x.T + y is one: views cost nothing", async () => {
    const [x, y] = [await leaf([40, 60]), await leaf([60, 40])];
    expect(await launches(x.T.add(y))).toBe(1);
  });

  test("of sums over both axes is one each", async () => {
    const x = await leaf([50, 70]);
    expect(await launches(x.sum([0, 1]))).toBe(1);
    expect(await launches(x.sum(1))).toBe(1);
    expect(await launches(x.sum(0))).toBe(2);
  });

  test("of a sum and its use on the same rows is one", async () => {
    const x = await leaf([50, 70]);
    expect(await launches(x.sub(x.mean(1, true)))).toBe(1);
  });

  test("of a sum over all and its use on the input is two and a merge", async () => {
    const x = await leaf([300, 300]);
    expect(await launches(x.sub(x.mean()))).toBe(3);
  });

  test("of several reductions of one input over one axis is one", async () => {
    const x = await leaf([50, 70]);
    expect(await launches(x.sum(1), x.amax(1), x.square().mean(1), argmax(x, 1))).toBe(1);
  });

  test("of the three passes of a softmax, and of the two of its gradient, is one", async () => {
    const x = await leaf([50, 70]);
    const power = x.sub(x.amax(1, true)).exp();
    const y = power.div(power.sum(1, true));
    const g = await leaf([50, 70], 5);
    const back = y.mul(g.sub(g.mul(y).sum(1, true)));
    expect(await launches(y, back)).toBe(1);
  });

  test("of rows read transposed, or folded along the other axis, is one each", async () => {
    const x = await leaf([50, 70]);
    const y = x.sub(x.mean(1, true));
    expect(await launches(y.sub(y.mean(0, true)))).toBeGreaterThan(2);
    expect(await launches(y.T.sub(x.T.amax(1, true)))).toBeGreaterThan(1);
  });

  test("of sums over a window's few elements is one map, with what follows", async () => {
    const x = await leaf([300, 40]);
    const sums = x.unfold(0, 5, 1).sum(-1);
    expect(await launches(x.reshape([100, 3, 40]).sum(1).relu())).toBe(1);
    expect(lastProgram()?.launches[0]?.label).toContain("relu");
    expect(await launches(sums.exp())).toBeLessThanOrEqual(2);
  });

  test("of padding writes the window and what lies around it", async () => {
    const x = await leaf([20, 30]);
    const padded = zeros([24, 33]);
    padded.narrow(0, 1, 20).narrow(1, 2, 30).copy_(x);
    expect(await launches(padded)).toBe(5);
    expect(Number(await padded.sum().item())).toBe(Number(await x.sum().item()));
  });

  test("of a slice that is read elsewhere is one", async () => {
    const x = await leaf([64, 64]);
    const part = x.narrow(0, 3, 20).mul(2);
    expect(await launches(part.add(x.narrow(0, 40, 20)).relu())).toBe(1);
  });

  test("of a change in place behind a reshape is one: nothing is copied to where it lies", async () => {
    const base = await leaf([6]);
    base.reshape(2, 3).add_(1);
    expect(await launches(base)).toBe(1);
  });

  test("of a result that is only a view is one copy", async () => {
    const x = await leaf([64, 64]);
    expect(await launches(x.T)).toBe(1);
  });
});

test("a kernel of ten thousand instructions stays within an engine's locals and a worker's stack", async () => {
  const x = await ones([3, 5], { dtype: "float64" }).realize();
  let y = x.add(1);
  for (let count = 0; count < 40; count++) y = y.pow(x);
  expect([...(await y.sum(0).data())]).toEqual([6, 6, 6, 6, 6]);
});

describe("a program is compiled once", () => {
  test("for all values of its scalars", async () => {
    const x = await leaf([100]);
    const step = (rate: number) =>
      x
        .mul(rate)
        .add(rate * 7)
        .realize();
    await step(0.3);
    expect(await compilesDuring(() => step(0.7))).toBe(0);
  });

  test("for every offset of a slice of realized memory", async () => {
    const x = await leaf([100, 8]);
    const part = (start: number) => x.narrow(0, start, 10).mul(2).sum(0).data();
    const first = await part(0);
    const compiles = await compilesDuring(async () => {
      expect(await part(50)).not.toEqual(first);
    });
    expect(compiles).toBe(0);
  });

  test("for every offset of a slice of data that was given just now", async () => {
    const part = (start: number) => {
      const x = tensor(Float32Array.from({ length: 40 }, (_, i) => i)).reshape([10, 4]);
      return x.narrow(0, start, 2).mul(2).data();
    };
    expect([...(await part(1))]).toEqual([8, 10, 12, 14, 16, 18, 20, 22]);
    const compiles = await compilesDuring(async () => {
      expect([...(await part(3))]).toEqual([24, 26, 28, 30, 32, 34, 36, 38]);
    });
    expect(compiles).toBe(0);
  });

  test("for every step of a training loop", async () => {
    const w = ones([10], { requiresGrad: true });
    await w.realize();
    const x = await leaf([10]);
    const step = async (rate: number): Promise<void> => {
      w.grad = null;
      const loss = w.mul(x).square().sum();
      void loss.backward();
      const moved = (w.grad as unknown as Tensor).mul(rate);
      w.detach().sub_(moved);
      await w.realize();
    };
    await step(0.011);
    await step(0.012);
    expect(await compilesDuring(() => step(0.013))).toBe(0);
  });

  test("but a window on a count starts where it starts", async () => {
    const parts = [0, 2, 3].map((start) => arange(10).narrow(0, start, 3).mul(3).tolist());
    expect(await Promise.all(parts)).toEqual([
      [0, 3, 6],
      [6, 9, 12],
      [9, 12, 15],
    ]);
  });

  test("but a view of a computed value is another program than one of memory", async () => {
    const x = await leaf([6]);
    const lazy = await x.add(1).narrow(0, 2, 3).mul(3).data();
    const there = await (await x.add(1).realize()).narrow(0, 2, 3).mul(3).data();
    expect(there).toEqual(lazy);
  });
});

describe("a step that needs another's buffer whole", () => {
  test("does not share its loop: a gather from a gather", async () => {
    const x = tensor([1, 2, 3]);
    const most = x.gather(0, x.argmax(0, true));
    const again = most.gather(0, most.argmax(0, true));
    expect(await Promise.all([most.tolist(), again.tolist()])).toEqual([[3], [3]]);
  });

  test("walks a gather's table where a sum flattened its axes", async () => {
    const x = await leaf([3, 3, 3, 3]);
    const index = tensor([[[[0, 2, 1]], [[1, 1, 0]], [[2, 0, 2]]]]);
    const picked = x.neg().gather(0, index);
    const wanted = await picked.data();
    const [sum, beside] = [picked.sum([1, 3]), picked.mul(1.5)];
    expect((await sum.data())[0]).toBe(Float32Array.from(wanted).reduce((a, b) => a + b, 0));
    expectElements(
      await beside.data(),
      Float32Array.from(wanted, (v) => v * 1.5),
    );
    const values = await x.data();
    expect(wanted[1]).toBe(-values[2 * 27 + 1]);
  });

  test("reads the copy that a view of a view needed", async () => {
    const x = tensor([0, 1, 2, 3, 4, 5, 6, 7, 8]).reshape([3, 3]);
    x.copy_(x.T);
    expect(await x.diagonal(-1).tolist()).toEqual([1, 5]);
  });

  test("takes a number that was realized as any other tensor", async () => {
    const zero = tensor([1, 2, 3]).zero_().sum();
    void zero.realize();
    const lazy = zero.add(tensor([1, 2, 3]));
    await zero.realize();
    expect(await lazy.tolist()).toEqual([1, 2, 3]);
    expect(await tensor([1, 2]).add(zero.to("float32")).tolist()).toEqual([1, 2]);
  });

  test("is left out where there is nothing to walk", async () => {
    const x = ones([3, 4]);
    x.zero_();
    expect(await x.narrow(1, 2, 0).mul(2).tolist()).toEqual([[], [], []]);
    expect(await ones([0, 4]).amax(1).shape).toEqual([0]);
    expect(await ones([0, 4]).prod(0).tolist()).toEqual([1, 1, 1, 1]);
    expect(await ones([4, 0]).gt(0).all(1).tolist()).toEqual([true, true, true, true]);
    expect(await ones([4, 0]).gt(0).any(1).tolist()).toEqual([false, false, false, false]);
  });
});

/** Around one element, a vector, a tile, a chunk of a reduction; two chunks. */
const sizes = [0, 1, 3, 4, 5, 15, 16, 17, 4095, 4096, 4097, 16383, 16384, 16385, 32768, 32769];

describe.each(sizes)("kernels of %i elements", (n) => {
  const values = Float32Array.from(
    leafValues({ shape: [n], dtype: "float32", pattern: 8, extent: null }),
  );

  test("map every element, also where results lie over operands", async () => {
    const x = await leaf([n]);
    const a = x.add(1);
    const b = a.mul(2);
    const chain = b.sub(a.sum()).sub(b.sum());
    const sum = values.reduce((total, value) => total + value + 1, 0);
    const wanted = Float32Array.from(values, (v) => (v + 1) * 2 - sum - 2 * sum);
    expectElements(await chain.data(), wanted);
  });

  test("read backwards, apart and again", async () => {
    const x = await leaf([n]);
    expectElements(await x.flip([0]).add(1).data(), values.map((v) => v + 1).reverse());
    const wide = await x.expand([2, n]).mul(2).data();
    expectElements(
      wide,
      Float32Array.from([...values, ...values], (v) => v * 2),
    );
    const twos = await x.reshape([n, 1]).expand([n, 2]).T.add(1).data();
    expectElements(
      twos,
      Float32Array.from([...values, ...values], (v) => v + 1),
    );
  });

  test("sum along the inner axis, and across it", async () => {
    const x = await leaf([n]);
    const sum = values.reduce((total, value) => total + value, 0);
    const rows = x.expand([3, n]).mul(tensor([[1], [2], [4]]));
    expect([...(await rows.sum(1).data())]).toEqual([sum, sum * 2, sum * 4]);
    expectElements(
      await rows.sum(0).data(),
      Float32Array.from(values, (v) => v * 7),
    );
  });

  test("find the first extreme one", async () => {
    if (n === 0) return;
    const x = await leaf([n]);
    const largest = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    expect(await x.amax().item()).toBe(largest);
    expect(await x.argmax().item()).toBe(values.indexOf(largest));
  });

  test("work on bytes and on doubles", async () => {
    const x = await leaf([n]);
    const mask = await x.gt(0).data();
    expectElements(
      mask,
      Uint8Array.from(values, (v) => (v > 0 ? 1 : 0)),
    );
    const doubles = await x.to("float64").mul(0.1).data();
    expectElements(
      doubles,
      Float64Array.from(values, (v) => v * 0.1),
    );
  });

  test("gather and scatter", async () => {
    if (n === 0) return;
    const x = await leaf([n]);
    const index = tensor(Int32Array.from({ length: n }, (_, i) => n - 1 - i));
    expectElements(await x.gather(0, index).data(), values.slice().reverse());
    const back = await x.mul(0).scatterAdd(0, index, x).data();
    expectElements(back, values.slice().reverse());
  });
});
