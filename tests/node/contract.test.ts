// Contractions through the compiler: every end of panels, tiles, blocks and depth pieces; operands in any
// orientation, lazy, shared by a batch; what follows the product; the number of kernels.

import { beforeAll, describe, expect, test } from "vitest";
import type { DType } from "../../src/base/dtypes.ts";
import { contiguousView } from "../../src/base/views.ts";
import type { Value } from "../../src/graph/tape.ts";
import { configure, lastProgram, Tensor, type TypedArray } from "../../src/index.ts";
import { contract } from "../../src/ops/contract.ts";
import { upload } from "../../src/realize.ts";
import { Storage } from "../../src/storage.ts";

beforeAll(() => configure({ inline: "blocking" }));

/** Whole numbers, whose products add up exactly in float32. */
const pattern = (i: number, seed: number): number => ((i * 7 + seed * 13 + (i >> 3)) % 11) - 5;

function leaf(shape: number[], seed: number, dtype: DType = "float32"): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  const list = Array.from({ length: count }, (_, i) => pattern(i, seed));
  const data = dtype === "float64" ? Float64Array.from(list) : Float32Array.from(list);
  const held = dtype === "int32" ? Int32Array.from(list) : data;
  const node = upload(dtype, shape, held as TypedArray);
  return new Tensor(new Storage(node), contiguousView(shape), null);
}

const product = (a: Tensor, b: Tensor): Tensor => wrap(contract(a.value, b.value));
const wrap = ({ node, edge }: Value): Tensor =>
  new Tensor(new Storage(node), contiguousView(node.shape), edge);

/** a [n, i, k] and b [n, j, k] in plain loops; n of either may be 1. */
function expected(a: TypedArray, b: TypedArray, [n, i, j, k]: number[], shared = [false, false]) {
  const out: number[] = [];
  for (let batch = 0; batch < n; batch++) {
    for (let row = 0; row < i; row++) {
      for (let column = 0; column < j; column++) {
        let sum = 0;
        const atA = ((shared[0] ? 0 : batch) * i + row) * k;
        const atB = ((shared[1] ? 0 : batch) * j + column) * k;
        for (let depth = 0; depth < k; depth++) sum += a[atA + depth] * b[atB + depth];
        out.push(sum);
      }
    }
  }
  return out;
}

function expectElements(actual: TypedArray, wanted: readonly number[]): void {
  expect(actual.length).toBe(wanted.length);
  const at = wanted.findIndex((value, index) => value !== actual[index]);
  expect(at < 0 ? null : { at, got: actual[at], wanted: wanted[at] }).toBe(null);
}

const kinds = (): string[] =>
  lastProgram()?.kernels.map(({ exportName }) => exportName.split(" ")[0] as string) ?? [];

describe("a product", () => {
  test.each([
    [1, 1, 1, 1],
    [1, 6, 8, 4],
    [1, 5, 7, 3],
    [1, 7, 9, 5],
    [1, 13, 19, 33],
    [3, 11, 5, 10],
    [1, 100, 131, 65],
    [2, 30, 1030, 7],
    [1, 4, 6, 1027],
    [1, 9, 10, 2500],
  ])("of %i × [%i, %i] and depth %i", async (n, i, j, k) => {
    const [a, b] = [leaf([n, i, k], 1), leaf([n, j, k], 2)];
    const wanted = expected(await a.data(), await b.data(), [n, i, j, k]);
    expectElements(await product(a, b).data(), wanted);
  });

  test.each(["float64", "int32"] as const)("in %s", async (dtype) => {
    for (const [n, i, j, k] of [
      [1, 7, 9, 13],
      [2, 5, 17, 1100],
    ]) {
      const [a, b] = [leaf([n, i, k], 1, dtype), leaf([n, j, k], 2, dtype)];
      const wanted = expected(await a.data(), await b.data(), [n, i, j, k]);
      expectElements(await product(a, b).data(), wanted);
    }
  });
});

describe("operands", () => {
  const [i, j, k] = [19, 21, 30];

  test("in any orientation take one pack each", async () => {
    const [a, b] = [leaf([1, k, i], 3), leaf([1, k, j], 4)];
    const [rowsA, rowsB] = [a.permute(0, 2, 1), b.permute(0, 2, 1)];
    const wanted = expected(await rowsA.contiguous().data(), await rowsB.contiguous().data(), [
      1,
      i,
      j,
      k,
    ]);
    await Promise.all([a.realize(), b.realize()]);
    expectElements(await product(rowsA, rowsB).data(), wanted);
    expect(kinds().filter((kind) => kind !== "pack")).toEqual(["contract"]);
  });

  test("that are lazy, and not small, are computed where they are packed", async () => {
    const [i, j, k] = [140, 130, 128];
    const [a, b] = [await leaf([1, i, k], 3).realize(), await leaf([1, k, j], 4).realize()];
    const [x, y] = [a.mul(2).relu(), b.sub(1).permute(0, 2, 1)];
    const wanted = expected(await x.data(), await y.contiguous().data(), [1, i, j, k]);
    const again = product(a.mul(2).relu(), b.sub(1).permute(0, 2, 1));
    expectElements(await again.data(), wanted);
    expect(kinds().filter((kind) => kind !== "pack")).toEqual(["contract"]);
  });

  test("that a batch shares are packed once", async () => {
    const [a, b] = [await leaf([1, i, k], 5).realize(), await leaf([4, j, k], 6).realize()];
    const wanted = expected(await a.data(), await b.data(), [4, i, j, k], [true, false]);
    expectElements(await product(a.expand(4, i, k), b).data(), wanted);
  });

  test("with gaps, flipped, and windows that overlap", async () => {
    const x = await leaf([1, 40, 61], 7).realize();
    const strided = x.narrow(2, 0, 60).unfold(2, 30, 30).select(2, 1).narrow(1, 3, i);
    const windows = x.select(1, 0).unfold(1, k, 1).narrow(1, 0, j);
    const wanted = expected(await strided.contiguous().data(), await windows.contiguous().data(), [
      1,
      i,
      j,
      k,
    ]);
    expectElements(await product(strided, windows).data(), wanted);
  });
});

describe("windows of an image", () => {
  /** x [c, h, w] → [oh, ow, c, 3, 3], read where they lie. */
  function windows(x: Tensor, stride: number): Tensor {
    const cut = x.unfold(1, 3, stride).unfold(2, 3, stride);
    return cut.permute(1, 2, 0, 3, 4);
  }

  test.each([
    [3, 10, 10, 1],
    [4, 9, 9, 1],
    [2, 30, 13, 1],
    [3, 17, 19, 2],
  ])(
    "of %i channels, %i × %i, stride %i: rows by windows, and windows by rows",
    async (c, h, w, stride) => {
      const x = await leaf([c, h, w], 1).realize();
      const rows = windows(x, stride);
      const [oh, ow] = rows.shape;
      const [count, depth] = [oh * ow, c * 9];
      const held = await rows.contiguous().data();
      const weight = await leaf([7, c, 3, 3], 2).realize();
      const forward = contract(weight.value, rows.value, { batch: 0, depth: 3 });
      expect(forward.node.shape).toEqual([7, oh, ow]);
      const wanted = expected(await weight.data(), held, [1, 7, count, depth]);
      expectElements(await wrap(forward).data(), wanted);
      expect(kinds().filter((kind) => kind !== "pack")).toEqual(["contract"]);
      const g = await leaf([7, oh, ow], 3).realize();
      const turned = rows.permute(2, 3, 4, 0, 1);
      const back = expected(await g.data(), await turned.contiguous().data(), [1, 7, depth, count]);
      const backward = contract(g.value, turned.value, { batch: 0, depth: 2 });
      expectElements(await wrap(backward).data(), back);
      expect(kinds().filter((kind) => kind !== "pack")).toEqual(["contract"]);
    },
  );
});

test("what follows a product is computed on it, with broadcast operands, and stored once", async () => {
  const [i, j, k] = [14, 27, 40];
  const [a, b] = [await leaf([1, i, k], 1).realize(), await leaf([1, j, k], 2).realize()];
  const [bias, scale] = [await leaf([j], 3).realize(), await leaf([i, 1], 4).realize()];
  const flat = product(a, b).reshape(i, j);
  const result = flat.add(bias).mul(scale).relu();
  const plain = expected(await a.data(), await b.data(), [1, i, j, k]);
  const [addend, factor] = [await bias.data(), await scale.data()];
  const wanted = plain.map((x, at) =>
    Math.max(0, (x + addend[at % j]) * factor[Math.floor(at / j)]),
  );
  expectElements(await result.data(), wanted);
  expect(kinds().filter((kind) => kind !== "pack")).toEqual(["contract"]);
});

test("a product is never computed twice", async () => {
  const [a, b] = [await leaf([1, 20, 20], 1).realize(), await leaf([1, 20, 20], 2).realize()];
  const c = product(a, b).reshape(20, 20);
  await Promise.all([c.exp().sum().realize(), c.T.add(1).realize(), c.cumsum(0).realize()]);
  expect(kinds().filter((kind) => kind === "contract")).toEqual(["contract"]);
});

test("gradients go through products of products", async () => {
  const { gradcheck, gradgradcheck } = await import("../../src/index.ts");
  const inputs = () => [leaf([2, 3, 4], 1, "float64"), leaf([2, 5, 4], 2, "float64")];
  const f = (a: Tensor, b: Tensor) => product(product(a, b).tanh(), product(a, b).mul(0.1));
  const leaves = () => inputs().map((x) => x.mul(0.1).detach().requiresGrad_());
  expect(await gradcheck(f as never, leaves(), { fastMode: true })).toBe(true);
  expect(await gradgradcheck(f as never, leaves(), { fastMode: true })).toBe(true);
});

test("a batch of small products is one launch; what is the same for all of it is packed once", async () => {
  const [a, b] = [leaf([20, 30, 18], 3), leaf([20, 25, 18], 4)];
  await Promise.all([a.realize(), b.realize()]);
  const sizes = [20, 30, 25, 18];
  const wanted = expected(await a.data(), await b.data(), sizes);
  expectElements(await product(a, b).data(), wanted);
  expect(kinds()).toEqual(["contract"]);
  const shared = await leaf([1, 30, 18], 5).realize();
  const once = expected(await shared.data(), await b.data(), sizes, [true, false]);
  expectElements(await product(shared.expand([20, 30, 18]), b).data(), once);
  expect(kinds()).toEqual(["pack", "contract"]);
});

test("deep sums that are put aside, and what a unit packs, lie apart in scratch", async () => {
  const [a, b] = [leaf([20, 9, 2100], 1), leaf([20, 17, 2100], 2)];
  const wanted = expected(await a.data(), await b.data(), [20, 9, 17, 2100]);
  expectElements(await product(a, b).data(), wanted);
  expect(kinds().at(-1)).toBe("contract");
});

test("small products side by side are one kernel each, shared out together", async () => {
  const pairs = Array.from({ length: 8 }, (_, n) => [leaf([1, 64, 64], n), leaf([1, 64, 64], -n)]);
  await Promise.all(pairs.flat().map((each) => each.realize()));
  const all = pairs.map(([a, b]) => product(a as Tensor, b as Tensor));
  await Promise.all(all.map((each) => each.realize()));
  expect(lastProgram()?.launches.length).toBe(8);
  expect(lastProgram()?.stages).toEqual([{ kind: "parallel", first: 0, count: 8, tiles: 8 }]);
  for (const [n, [a, b]] of pairs.entries()) {
    const wanted = expected(
      await (a as Tensor).data(),
      await (b as Tensor).data(),
      [1, 64, 64, 64],
    );
    expectElements(await (all[n] as Tensor).data(), wanted);
  }
});
