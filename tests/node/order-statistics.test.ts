// What is chosen by rank, what is distinct and what is counted: against plain loops and by hand, with
// NaN, ties and nothing among it.

import { beforeAll, describe, expect, test } from "vitest";
import {
  arange,
  configure,
  histogramdd,
  isin,
  type Tensor,
  tensor,
  unique,
  zeros,
} from "../../src/index.ts";

beforeAll(() => configure({ inline: true }));

const floats = (data: number[] | number[][]): Tensor => tensor(data, { dtype: "float32" });

async function listsOf(results: Iterable<Tensor | Tensor[]>): Promise<unknown[]> {
  return Promise.all([...results].flat().map((one) => one.tolist()));
}

/** Whole numbers below `most`, many of them several times. */
function drawn(count: number, most: number): number[] {
  let state = 7;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 9) % most;
  });
}

describe("ranks", () => {
  test("the median is the lower of two, or the first NaN", async () => {
    const rows = floats([
      [3, NaN, 2, NaN],
      [4, 1, 2, 3],
    ]);
    expect(await listsOf(rows.median(1))).toEqual([
      [NaN, 2],
      [1, 2],
    ]);
    expect(await listsOf(rows.nanmedian(1))).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(await floats([NaN, NaN]).nanmedian().item()).toBe(NaN);
    expect(await zeros([0]).median().item()).toBe(NaN);
  });

  test("over all a gradient is shared by equals, NaNs too", async () => {
    for (const [data, shares] of [
      [
        [1, 2, 2, 3],
        [0, 0.5, 0.5, 0],
      ],
      [
        [1, NaN, NaN, 2],
        [0, 0.5, 0.5, 0],
      ],
    ] as const) {
      const x = floats([...data]).requiresGrad_();
      await x.median().backward();
      expect(await (x.grad as Tensor).tolist()).toEqual(shares);
    }
  });

  test("the mode is the least of the most frequent", async () => {
    const rows = floats([
      [3, 1, 3, 1, 2],
      [2, NaN, NaN, NaN, 2],
    ]);
    expect(await listsOf(rows.mode())).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const data = drawn(3000, 40);
    const counts = Array.from({ length: 40 }, (_, n) => data.filter((one) => one === n).length);
    const most = counts.indexOf(Math.max(...counts));
    expect(await tensor(data).mode().values.item()).toBe(most);
  });

  test("topk takes NaN for the largest, and nothing when asked for nothing", async () => {
    expect(await listsOf(floats([3, 1, NaN, 3]).topk(3))).toEqual([
      [NaN, 3, 3],
      [2, 0, 3],
    ]);
    expect(floats([3, 1]).topk(0).values.shape).toEqual([0]);
    expect(() => floats([3, 1]).topk(3)).toThrow("out of range");
  });

  test("several quantiles come first, a NaN makes its row NaN", async () => {
    const rows = floats([
      [4, 2, 3, 1],
      [NaN, 1, 2, 5],
    ]);
    expect(await rows.quantile(floats([0, 0.5]), 1).tolist()).toEqual([
      [1, NaN],
      [2.5, NaN],
    ]);
    expect(await rows.nanquantile(0.5, 1, true).tolist()).toEqual([[2.5], [2]]);
    const nearest = { interpolation: "nearest" } as const;
    expect(await rows.select(0, 0).quantile(0.5, nearest).item()).toBe(3);
    await expect(rows.quantile(floats([1.5])).data()).rejects.toThrow("out of bounds");
  });
});

describe("distinct elements", () => {
  test("come sorted, with where they went and how many they were", async () => {
    const data = drawn(40_000, 1000);
    const options = { returnInverse: true, returnCounts: true } as const;
    const [output, inverse, counts] = await tensor(data).unique(options);
    const wanted = [...new Set(data)].sort((a, b) => a - b);
    const values = await (output as Tensor).tolist();
    expect(values).toEqual(wanted);
    const back = (await (inverse as Tensor).tolist()) as number[];
    expect(back.map((at) => wanted[at])).toEqual(data);
    const each = wanted.map((value) => data.filter((one) => one === value).length);
    expect(await (counts as Tensor).tolist()).toEqual(each);
  });

  test("may be slices", async () => {
    const rows = floats([
      [1, 2],
      [0, 5],
      [1, 2],
    ]);
    const options = { returnInverse: true, returnCounts: true } as const;
    expect(await listsOf(await rows.unique({ dim: 0, ...options }))).toEqual([
      [
        [0, 5],
        [1, 2],
      ],
      [1, 0, 1],
      [1, 2],
    ]);
    expect(await (await rows.T.unique({ dim: 1 })).tolist()).toEqual([
      [0, 1],
      [5, 2],
    ]);
  });

  test("among neighbours only, or none at all", async () => {
    const runs = await tensor([1, 1, 2, 2, 3, 1]).uniqueConsecutive({ returnCounts: true });
    expect(await listsOf(runs)).toEqual([
      [1, 2, 3, 1],
      [2, 2, 1, 1],
    ]);
    expect((await unique(zeros([2, 0]))).shape).toEqual([0]);
    await expect(unique(zeros([2, 0]), { dim: 0 })).rejects.toThrow("0 sized");
  });

  test("are found in a large set as in a small one", async () => {
    expect(await isin(floats([1, 2.5, 70, NaN]), arange(0, 60)).tolist()).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("counts", () => {
  test("of bins take the last edge in, and no NaN", async () => {
    expect(await floats([1, 2, 1, NaN, 3]).histc(3, 0, 3).tolist()).toEqual([0, 2, 2]);
    expect(await floats([2, 2]).histc(2).tolist()).toEqual([0, 2]);
    const edges = floats([0, 1, 2, 2.5]);
    expect(await listsOf(floats([1, 2, 1, NaN, 9, 2.5]).histogram(edges))).toEqual([
      [0, 2, 2],
      [0, 1, 2, 2.5],
    ]);
  });

  test("of boxes are weighted", async () => {
    const points = floats([
      [0, 1],
      [1, 0],
      [2, 0],
      [2, 2],
    ]);
    const { hist, binEdges } = histogramdd(points, [2, 3], { weight: floats([1, 2, 4, 8]) });
    expect(await hist.tolist()).toEqual([
      [0, 1, 0],
      [6, 0, 8],
    ]);
    expect(binEdges.map(({ shape }) => shape)).toEqual([[3], [4]]);
  });

  test("of numbers start at 0 and are never of negative ones", async () => {
    expect(await (await tensor([3, 1, 1]).bincount()).tolist()).toEqual([0, 2, 0, 1]);
    const weights = floats([0.5, 1, 2]);
    expect(await (await tensor([3, 1, 1]).bincount(weights, 5)).tolist()).toEqual([
      0, 3, 0, 0.5, 0,
    ]);
    await expect(tensor([-1]).bincount()).rejects.toThrow("non-negative");
  });
});
