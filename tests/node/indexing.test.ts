// Reads and writes by index, mask and search: against plain loops, and where code takes another form:
// rows of a table, strips of columns, masks of more than one block.

import { beforeAll, describe, expect, test } from "vitest";
import {
  bucketize,
  configure,
  gradcheck,
  gradgradcheck,
  isin,
  maskedSelect,
  searchsorted,
  slice,
  type Tensor,
  tensor,
  where,
  zeros,
} from "../../src/index.ts";
import { seeded } from "../leaves.ts";

beforeAll(() => configure({ inline: "blocking" }));

const random = seeded(7);
const floats = (count: number): number[] => Array.from({ length: count }, () => random(-2, 2));
const integers = (count: number, below: number): number[] =>
  Array.from({ length: count }, () => Math.floor(random(0, below)));
const rounded = (list: readonly number[]): number[] => [...Float32Array.from(list)];
const elements = async (x: Tensor): Promise<number[]> => [...(await x.data())].map(Number);

describe("rows by index", () => {
  test.each([1, 3, 16, 64, 67])("a gather of rows of %i reads whole rows", async (width) => {
    const [x, rows] = [floats(50 * width), integers(200, 50)];
    const picked = tensor(x).reshape([50, width]).indexSelect(0, tensor(rows));
    const expected = rows.flatMap((row) => x.slice(row * width, (row + 1) * width));
    expect(await elements(picked)).toEqual(rounded(expected));
    const summed = picked.mul(2).sum(1);
    expect((await elements(summed)).length).toBe(200);
  });

  test.each([1, 3, 16, 20, 64, 300])("a scatter-add of rows of %i adds in order", async (width) => {
    const [x, rows] = [floats(200 * width), integers(200, 50)];
    const target = zeros([50, width]).indexAdd(0, tensor(rows), tensor(x).reshape([200, width]));
    const expected = new Float32Array(50 * width);
    rows.forEach((row, i) => {
      for (let at = 0; at < width; at++) {
        const to = row * width + at;
        expected[to] = (expected[to] as number) + Math.fround(x[i * width + at] as number);
      }
    });
    expect(await elements(target)).toEqual([...expected]);
  });

  test.each([
    [5, 4096],
    [300, 700],
    [64, 2000],
    [24, 4000],
  ])("ranges of rows and strips of columns: %i columns, %i indices", async (width, count) => {
    const [x, rows] = [floats(count * width), integers(count, 100)];
    const target = zeros([100, width]).indexAdd(0, tensor(rows), tensor(x).reshape([count, width]));
    const expected = new Float32Array(100 * width);
    rows.forEach((row, i) => {
      for (let at = 0; at < width; at++) {
        const to = row * width + at;
        expected[to] = (expected[to] as number) + Math.fround(x[i * width + at] as number);
      }
    });
    expect(await elements(target)).toEqual([...expected]);
    const bad = zeros([100, width]).indexAdd(0, tensor(rows).add(1), zeros([count, width]));
    await expect(bad.data()).rejects.toThrow(/index 100 is out of bounds/);
    await expect(bad.data()).rejects.toThrow(/recorded .*indexing\.test\.ts:\d+/);
  });

  test("a scatter whose index varies along the row takes lane after lane", async () => {
    const [x, index] = [floats(40 * 37), integers(40 * 37, 11)];
    const target = zeros([11, 37]).scatterAdd(
      0,
      tensor(index).reshape([40, 37]),
      tensor(x).reshape([40, 37]),
    );
    const expected = new Float32Array(11 * 37);
    index.forEach((row, i) => {
      const to = row * 37 + (i % 37);
      expected[to] = (expected[to] as number) + Math.fround(x[i] as number);
    });
    expect(await elements(target)).toEqual([...expected]);
  });

  test("a row out of range is reported once, by its value", async () => {
    const bad = tensor(floats(12))
      .reshape([3, 4])
      .indexSelect(0, tensor([0, 3]));
    await expect(bad.data()).rejects.toThrow(/\[2, 4\].*index 3 is out of bounds/);
    const negative = zeros([3, 4]).indexAdd(0, tensor([0, -1]), tensor(floats(8)).reshape([2, 4]));
    await expect(negative.data()).rejects.toThrow(/index -1 is out of bounds/);
  });
});

test("a long scatter is cut along its indices, and adds in order all the same", async () => {
  const [count, width] = [300_000, 33];
  const rows = Int32Array.from({ length: count }, (_, i) => (i * 7) % 5);
  const source = tensor(rows).mul(0.1).reshape([count, 1]).expand(count, width);
  const target = zeros([5, width]).indexAdd(0, tensor(rows), source);
  const expected = new Float32Array(5);
  for (const row of rows) {
    expected[row] = (expected[row] as number) + Math.fround(row * Math.fround(0.1));
  }
  const found = await elements(target);
  for (let row = 0; row < 5; row++) {
    expect(found.slice(row * width, (row + 1) * width)).toEqual(
      Array.from({ length: width }, () => expected[row]),
    );
  }
});

test("an index of no element changes nothing, and gradients find their way all the same", async () => {
  const none = tensor([], { dtype: "int64" });
  const writes: ((x: Tensor, source: Tensor) => Tensor)[] = [
    (x, source) => x.indexAdd(1, none, source),
    (x, source) => x.indexCopy(1, none, source),
    (x, source) => x.indexReduce(1, none, source, "mean"),
    (x, source) => x.scatter(1, none.reshape([2, 0]), source),
    (x, source) => x.scatterReduce(1, none.reshape([2, 0]), source, "prod"),
    (x, source) => x.put(none, source),
  ];
  for (const write of writes) {
    const x = zeros([2, 3], { requiresGrad: true });
    const source = zeros([2, 0], { requiresGrad: true });
    write(x, source).sum().backward();
    expect(await elements(x.grad as Tensor)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(source.grad?.shape).toEqual([2, 0]);
  }
});

test("what is scattered may be computed, cast and by a computed index", async () => {
  const [x, rows] = [floats(3000 * 40), integers(3000, 70)];
  const source = tensor(x).reshape([3000, 40]);
  const target = zeros([70, 40], { dtype: "float64" }).indexAdd(
    0,
    tensor(rows).mul(-1).add(69),
    source.mul(2).to("float64"),
  );
  const expected = new Float64Array(70 * 40);
  rows.forEach((row, i) => {
    for (let at = 0; at < 40; at++) {
      const to = (69 - row) * 40 + at;
      expected[to] = (expected[to] as number) + Math.fround(x[i * 40 + at] as number) * 2;
    }
  });
  expect(await elements(target)).toEqual([...expected]);
});

describe("masks", () => {
  test.each([1, 5, 16384, 16385, 50_003])("maskedSelect of %i elements", async (count) => {
    for (const share of [0, 0.1, 0.5, 1]) {
      const x = floats(count);
      const mask = x.map(() => random(0, 1) < share);
      const chosen = x.filter((_, i) => mask[i]);
      for (const dtype of ["float32", "float64", "int32", "uint8", "bool", "float16"] as const) {
        const given = tensor(x).to(dtype);
        const all = await elements(given);
        const found = await maskedSelect(given, tensor(mask));
        expect(found.shape).toEqual([chosen.length]);
        expect(found.dtype).toBe(dtype);
        expect(await elements(found)).toEqual(all.filter((_, i) => mask[i]));
      }
    }
  });

  test("maskedSelect of a transposed tensor by a broadcast, computed mask", async () => {
    const x = tensor(floats(12)).reshape([3, 4]);
    const row = tensor([1, -1, 1]);
    const found = await x.t().maskedSelect(row.gt(0));
    const all = await elements(x.t());
    expect(await elements(found)).toEqual(all.filter((_, i) => i % 3 !== 1));
  });

  test("nonzero, as rows and as a tuple", async () => {
    const x = tensor([0, 1, 0, 2, 0, 3]).reshape([2, 3]);
    expect(await (await x.nonzero()).tolist()).toEqual([
      [0, 1],
      [1, 0],
      [1, 2],
    ]);
    const [i, j] = await where(x);
    expect([await elements(i as Tensor), await elements(j as Tensor)]).toEqual([
      [0, 1, 1],
      [1, 0, 2],
    ]);
    expect((await tensor(5).nonzero()).shape).toEqual([1, 0]);
    expect((await zeros([0, 3]).nonzero()).shape).toEqual([0, 2]);
    expect(await x.nonzeroStatic({ size: 4 }).tolist()).toEqual([
      [0, 1],
      [1, 0],
      [1, 2],
      [-1, -1],
    ]);
    expect(await x.nonzeroStatic({ size: 2, fillValue: 7 }).tolist()).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test("gradients of both orders come back to the chosen elements", async () => {
    const mask = tensor([true, false, true, true, false, true]);
    const x = tensor(floats(6), { dtype: "float64", requiresGrad: true });
    const chosen = await x.mul(x).maskedSelect(mask);
    chosen.sum().backward();
    const expected = (await elements(x)).map((v, i) => ([1, 4].includes(i) ? 0 * v : 2 * v));
    expect(await elements(x.grad as Tensor)).toEqual(expected);
    expect(chosen.gradFn?.name).toBe("MaskedSelectBackward0");
  });

  test("maskedScatter takes the source in order, and reports one that is too short", async () => {
    const mask = tensor([false, true, true, false, true]);
    const x = zeros([5]).maskedScatter(mask, tensor([1, 2, 3, 4]).to("float32"));
    expect(await elements(x)).toEqual([0, 1, 2, 0, 3]);
    await expect(
      zeros([5])
        .maskedScatter(mask, tensor([1, 2]).to("float32"))
        .data(),
    ).rejects.toThrow(/index 2 is out/);
    await expect(
      zeros([5])
        .maskedScatter(mask, zeros([0]))
        .data(),
    ).rejects.toThrow(/out of bounds/);
  });
});

describe("index", () => {
  const x = () => tensor(Array.from({ length: 60 }, (_, i) => i)).reshape([3, 4, 5]);
  const shapeOf = async (y: Tensor | Promise<Tensor>) => [...(await y).shape];

  test("tensors apart from each other give dimensions in front", async () => {
    expect(await shapeOf(x().index([0, 1], slice(), tensor([0, 1])))).toEqual([2, 4]);
    expect(await shapeOf(x().index(slice(), [0, 1], [0, 1]))).toEqual([3, 2]);
    expect(await shapeOf(x().index([0, 1], tensor(1), slice()))).toEqual([2, 5]);
    expect(await shapeOf(x().index(tensor(1), slice(), [0, 1]))).toEqual([4, 2]);
    expect(await elements(x().index(tensor(1), slice(), [0, 1]) as Tensor)).toEqual([
      20, 21, 25, 26, 30, 31, 35, 36,
    ]);
  });

  test("booleans, masks and lists of booleans", async () => {
    expect(await shapeOf(x().index(true))).toEqual([1, 3, 4, 5]);
    expect(await shapeOf(x().index(false))).toEqual([0, 3, 4, 5]);
    expect(await shapeOf(x().index(true, [0, 1]))).toEqual([2, 4, 5]);
    expect(await shapeOf(x().index([true, false, true]))).toEqual([2, 4, 5]);
    expect(await shapeOf(x().index(tensor(true)))).toEqual([1, 3, 4, 5]);
    expect(await shapeOf(x().index(tensor([true, false, true]), 0))).toEqual([2, 5]);
    expect(await shapeOf(x().index(slice(), tensor([true, false, true, true])))).toEqual([3, 3, 5]);
    expect(await shapeOf(x().index(x().gt(40)))).toEqual([19]);
    expect(await shapeOf(x().index([]))).toEqual([0, 4, 5]);
  });

  test("negative indices count from the end, wrong ones are reported", async () => {
    expect(await elements(x().index(tensor([-1]), 0, 0) as Tensor)).toEqual([40]);
    await expect((x().index(tensor([-4])) as Tensor).data()).rejects.toThrow(/-4 is out of bounds/);
    expect(() => x().index([3])).toThrow(/index 3 is out of bounds for dimension 0 with size 3/);
  });

  test("writes by masks: one value, one a rank, added", async () => {
    const mask = tensor([true, false, true]);
    const y = zeros([3, 2]);
    y.indexPut_(
      [mask],
      tensor([
        [1, 2],
        [3, 4],
      ]).to("float32"),
    );
    y.indexPut_([mask], tensor(10).to("float32"), true);
    expect(await y.tolist()).toEqual([
      [11, 12],
      [0, 0],
      [13, 14],
    ]);
    y.indexPut_([y.gt(12)], 0);
    expect(await y.tolist()).toEqual([
      [11, 12],
      [0, 0],
      [0, 0],
    ]);
    const bad = zeros([3, 2]).indexPut([mask], zeros([3, 2]));
    await expect(bad.data()).rejects.toThrow(/out of bounds/);
  });

  test("indexPut on a copy is one entry, and adds up equal places in order", async () => {
    const y = zeros([3], { requiresGrad: true });
    const put = y.indexPut([tensor([0, 0, -1])], tensor([1, 2, 3]).to("float32"), true);
    expect(await elements(put)).toEqual([3, 0, 3]);
    expect(put.gradFn?.name).toBe("IndexPutBackward0");
  });

  test("gradients of mixed indices", async () => {
    const leaf = () =>
      tensor(floats(24), { dtype: "float64" }).reshape([2, 3, 4]).detach().requiresGrad_();
    const read = (a: Tensor) => a.index(slice(), [0, 2, 0], tensor(1)) as Tensor;
    const write = (a: Tensor, v: Tensor) => a.indexPut([tensor([0, 1]), tensor([2, 2])], v, true);
    const value = () => tensor(floats(4), { dtype: "float64", requiresGrad: true });
    expect(await gradcheck(read, leaf())).toBe(true);
    expect(await gradcheck(write, [leaf(), value()])).toBe(true);
    expect(await gradgradcheck((a, v) => write(a.mul(a), v.mul(v)), [leaf(), value()])).toBe(true);
  });
});

describe("searches", () => {
  test("searchsorted finds what a walk finds, rows or one sequence, NaN behind all", async () => {
    const row = floats(37).sort((a, b) => a - b);
    const values = [...floats(20), ...row.slice(0, 5), Number.NaN, -9, 9];
    for (const right of [false, true]) {
      const found = searchsorted(tensor(row), tensor(values), { right });
      const expected = values.map((v) => row.filter((e) => (right ? !(e > v) : !(e >= v))).length);
      expect(await elements(found)).toEqual(expected);
      expect(await elements(bucketize(tensor(values), tensor(row), { right }))).toEqual(expected);
    }
    const rows = searchsorted(
      tensor([
        [1, 3, 5],
        [2, 4, 6],
      ]),
      tensor([
        [3, 6],
        [3, 6],
      ]),
      { side: "right" },
    );
    expect(await rows.tolist()).toEqual([
      [2, 3],
      [1, 3],
    ]);
    const sorter = tensor([1, 0, 2]);
    expect(await elements(searchsorted(tensor([3, 1, 5]), 4, { sorter }))).toEqual([2]);
  });

  test("isin", async () => {
    const found = isin(
      tensor([1, 2, 3, 4]),
      tensor([
        [2, 9],
        [4, 4],
      ]),
    );
    expect(await elements(found)).toEqual([0, 1, 0, 1]);
    expect(await elements(isin(tensor([1, 2]), 2, { invert: true }))).toEqual([1, 0]);
  });
});
