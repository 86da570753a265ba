// Pooling, padding, interpolation and distances against plain loops in the order PyTorch has them:
// ties, infinities, NaN, windows over both ends, for geometries drawn at random.

import { beforeAll, describe, expect, test } from "vitest";
import { cdist, configure, type Tensor, tensor } from "../../src/index.ts";
import * as F from "../../src/nn/functional.ts";

beforeAll(() => configure({ inline: true }));

/** Whole numbers from a few, so that windows have equal elements. */
function draw(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Axis {
  readonly n: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly out: number;
}

function axisOf(next: (below: number) => number, ceil: boolean, dilated: boolean): Axis {
  const kernel = 1 + next(3);
  const dilation = dilated ? 1 + next(2) : 1;
  const reach = (kernel - 1) * dilation + 1;
  const n = reach + next(5);
  const stride = 1 + next(4);
  const padding = next(Math.floor(kernel / 2) + 1);
  const free = n + 2 * padding - reach;
  let out = (ceil ? Math.ceil(free / stride) : Math.floor(free / stride)) + 1;
  if (ceil && (out - 1) * stride >= n + padding) out--;
  return { n, kernel, stride, padding, dilation, out };
}

/** The elements of window o: positions, with what lies beside the input at -1. */
const windowOf = ({ n, kernel, stride, padding, dilation }: Axis, o: number): number[] =>
  Array.from({ length: kernel }, (_, k) => o * stride - padding + k * dilation).map((at) =>
    at >= 0 && at < n ? at : -1,
  );

const values = async (x: Tensor): Promise<number[]> => Array.from(await x.data(), Number);

const leaf = (data: readonly number[], shape: readonly number[]): Tensor =>
  tensor([...data], { dtype: "float32" })
    .reshape([...shape])
    .detach()
    .requiresGrad_(true);

const each = (name: "kernel" | "stride" | "padding" | "dilation", axes: readonly Axis[]) =>
  axes.map((axis) => axis[name]);

const special = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

describe("maxPool2d", () => {
  const seeds = Array.from({ length: 24 }, (_, at) => at);

  test.each(seeds)(
    "values, positions and gradient are those of the loops (seed %i)",
    async (seed) => {
      const next = draw(seed);
      const ceil = seed % 2 === 1;
      const [h, w] = [axisOf(next, ceil, seed % 3 === 0), axisOf(next, ceil, seed % 3 === 0)];
      const planes = 2;
      const data = Array.from({ length: planes * h.n * w.n }, () =>
        seed % 4 === 3 && next(3) > 0 ? (special[next(3)] as number) : next(4),
      );
      const x = leaf(data, [planes, h.n, w.n]);
      const { values: best, indices } = F.maxPool2d(x, each("kernel", [h, w]), {
        stride: each("stride", [h, w]),
        padding: each("padding", [h, w]),
        dilation: each("dilation", [h, w]),
        ceilMode: ceil,
        returnIndices: true,
      });
      const [wanted, places] = [[] as number[], [] as number[]];
      const gradient = data.map(() => 0);
      for (let plane = 0; plane < planes; plane++) {
        for (let i = 0; i < h.out; i++) {
          for (let j = 0; j < w.out; j++) {
            let [top, place] = [Number.NEGATIVE_INFINITY, -1];
            for (const row of windowOf(h, i)) {
              for (const column of windowOf(w, j)) {
                if (row < 0 || column < 0) continue;
                const at = row * w.n + column;
                const value = data[plane * h.n * w.n + at] as number;
                if (place < 0 || value > top) [top, place] = [value, at];
              }
            }
            gradient[plane * h.n * w.n + place]! += wanted.length + 1;
            wanted.push(top);
            places.push(place);
          }
        }
      }
      expect(best.shape).toEqual([planes, h.out, w.out]);
      expect(await values(best)).toEqual(wanted);
      expect(await values(indices)).toEqual(places);
      const weights = tensor(
        wanted.map((_, at) => at + 1),
        { dtype: "float32" },
      );
      best.backward(weights.reshape(best.shape));
      expect(await values(x.grad as Tensor)).toEqual(gradient);
    },
  );

  test("NaN is larger than all", async () => {
    const x = leaf([1, Number.NaN, 3, Number.NEGATIVE_INFINITY, 2, 0], [1, 6]);
    const { values: best, indices } = F.maxPool1d(x, 3, { returnIndices: true });
    expect(await values(best)).toEqual([Number.NaN, 2]);
    expect(await values(indices)).toEqual([1, 4]);
  });

  test.each(["int32", "int64", "int8", "uint8"] as const)(
    "%s, down to its lowest",
    async (dtype) => {
      const low = { int32: -2147483648, int64: -2147483648, int8: -128, uint8: 0 }[dtype];
      const x = tensor([low, low, low, low + 2, low + 3], { dtype }).reshape([1, 5]);
      const { values: best, indices } = F.maxPool1d(x, 2, 2, 1, { returnIndices: true });
      expect(best.dtype).toBe(dtype);
      expect(await values(best)).toEqual([low, low, low + 3]);
      expect(await values(indices)).toEqual([0, 1, 4]);
    },
  );
});

describe("avgPool2d", () => {
  const seeds = Array.from({ length: 16 }, (_, at) => at);

  test.each(seeds)("values and gradient are those of the loops (seed %i)", async (seed) => {
    const next = draw(seed);
    const [ceil, countIncludePad] = [seed % 2 === 1, seed % 4 < 2];
    const [h, w] = [axisOf(next, ceil, false), axisOf(next, ceil, false)];
    const data = Array.from({ length: h.n * w.n }, () => next(9) - 4);
    const x = leaf(data, [1, h.n, w.n]);
    const mean = F.avgPool2d(x, each("kernel", [h, w]), {
      stride: each("stride", [h, w]),
      padding: each("padding", [h, w]),
      ceilMode: ceil,
      countIncludePad,
    });
    const wanted: number[] = [];
    const gradient = data.map(() => 0);
    const counted = (axis: Axis, o: number): number => {
      const start = o * axis.stride - axis.padding;
      const end = Math.min(start + axis.kernel, axis.n + axis.padding);
      return countIncludePad ? end - start : Math.min(end, axis.n) - Math.max(start, 0);
    };
    for (let i = 0; i < h.out; i++) {
      for (let j = 0; j < w.out; j++) {
        const places = windowOf(h, i).flatMap((row) =>
          windowOf(w, j).flatMap((column) => (row < 0 || column < 0 ? [] : [row * w.n + column])),
        );
        const count = counted(h, i) * counted(w, j);
        const total = places.reduce((sum, at) => sum + (data[at] as number), 0);
        for (const at of places) gradient[at]! += (wanted.length + 1) / count;
        wanted.push(total / count);
      }
    }
    const close = (list: readonly number[]) => list.map((n) => expect.closeTo(n, 4));
    expect(await values(mean)).toEqual(close(wanted));
    const weights = tensor(
      wanted.map((_, at) => at + 1),
      { dtype: "float32" },
    );
    mean.backward(weights.reshape(mean.shape));
    expect(await values(x.grad as Tensor)).toEqual(close(gradient));
  });

  test("integers are divided towards zero", async () => {
    const x = tensor([3, 4, -3, -4], { dtype: "int64" }).reshape([1, 4]);
    expect(await values(F.avgPool1d(x, 2))).toEqual([3, -3]);
  });
});

describe("adaptive pooling", () => {
  const pairs = [1, 2, 3, 5, 7, 8].flatMap((n) =>
    [1, 2, 3, 4, 7, 9].map((out) => [n, out] as const),
  );

  test.each(pairs)("of %i elements to %i", async (n, out) => {
    const data = Array.from({ length: n }, (_, at) => (at * 5) % 11);
    const x = leaf(data, [1, 1, n]);
    const part = (o: number): number[] =>
      data.slice(Math.floor((o * n) / out), Math.ceil(((o + 1) * n) / out));
    const parts = Array.from({ length: out }, (_, o) => part(o));
    const means = parts.map((list) => list.reduce((sum, one) => sum + one, 0) / list.length);
    const best = parts.map((list) => Math.max(...list));
    expect(await values(F.adaptiveAvgPool1d(x, out))).toEqual(
      means.map((m) => expect.closeTo(m, 4)),
    );
    const most = F.adaptiveMaxPool1d(x, out, { returnIndices: true });
    expect(await values(most.values)).toEqual(best);
    expect(await values(most.indices)).toEqual(best.map((value) => data.indexOf(value)));
  });

  test("to nothing", async () => {
    const x = leaf([1, 2, 3], [1, 1, 3]);
    expect(F.adaptiveAvgPool1d(x, 0).shape).toEqual([1, 1, 0]);
    expect(await values(F.adaptiveMaxPool1d(x, 0))).toEqual([]);
  });
});

describe("maxUnpool", () => {
  test("puts back what maxPool2d took", async () => {
    const x = leaf([1, 5, 2, 0, 3, 4, 8, 6, 7, 9, 1, 2, 3, 1, 0, 4], [1, 4, 4]);
    const { values: best, indices } = F.maxPool2d(x, 2, { returnIndices: true });
    const back = F.maxUnpool2d(best, indices, 2);
    expect(await values(back)).toEqual([0, 5, 0, 0, 0, 0, 8, 0, 0, 9, 0, 0, 0, 0, 0, 4]);
  });

  test("refuses a position outside when it is read", async () => {
    const x = leaf([1, 2], [1, 2]);
    const indices = tensor([0, 9], { dtype: "int64" }).reshape([1, 2]);
    await expect(F.maxUnpool1d(x, indices, 2).data()).rejects.toThrow();
  });
});

describe("pad", () => {
  const row = [1, 2, 3, 4];
  const cases = [
    ["constant", [2, 1], [0, 0, 1, 2, 3, 4, 0]],
    ["reflect", [3, 2], [4, 3, 2, 1, 2, 3, 4, 3, 2]],
    ["reflect", [-1, 2], [2, 3, 4, 3, 2]],
    ["replicate", [2, 1], [1, 1, 1, 2, 3, 4, 4]],
    ["replicate", [-4, 5], [4, 4, 4, 4, 4]],
    ["circular", [1, 2], [4, 1, 2, 3, 4, 1, 2]],
    ["circular", [2, -1], [2, 3, 1, 2, 3]],
  ] as const;

  test.each(cases)("%s by %j", async (mode, sizes, wanted) => {
    const x = leaf(row, [1, 4]);
    expect(await values(F.pad(x, [...sizes], mode))).toEqual(wanted);
  });

  test("of a mask with a number", async () => {
    const x = tensor([true, false], { dtype: "bool" });
    expect(await values(F.pad(x, [1, 1], "constant", 2))).toEqual([1, 1, 0, 1]);
  });

  test("refuses more than there is", () => {
    const x = leaf(row, [1, 4]);
    expect(() => F.pad(x, [4, 0], "reflect")).toThrow("Padding size should be less than");
    expect(() => F.pad(x, [5, 0], "circular")).toThrow("wrapping around more than once");
    expect(() => F.pad(x, [1], "constant")).toThrow("divisible by 2");
    expect(() => F.pad(x, [1, 1], "reflect", 3)).toThrow("doesn't take in value");
    expect(() => F.pad(x, [1, 1, 1, 1], "reflect")).toThrow("Only 2D, 3D, 4D, 5D");
  });
});

describe("interpolate", () => {
  test("nearest and nearest-exact take other elements", async () => {
    const x = leaf([1, 2, 3, 4, 5], [1, 1, 5]);
    expect(await values(F.interpolate(x, 3))).toEqual([1, 2, 4]);
    expect(await values(F.interpolate(x, 3, { mode: "nearest-exact" }))).toEqual([1, 3, 5]);
  });

  test("nearest of whole multiples repeats", async () => {
    const x = leaf([1, 2, 3, 4, 5, 6], [1, 1, 2, 3]);
    const wanted = [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6];
    const large = F.interpolate(x, [4, 6]);
    expect(await values(large)).toEqual(wanted);
    expect(await values(F.upsampleNearest(x, { scaleFactor: 2 }))).toEqual(wanted);
    expect(await values(F.interpolate(x, [4, 6], { mode: "nearest-exact" }))).toEqual(wanted);
    large.sum().backward();
    expect(await values(x.grad as Tensor)).toEqual([4, 4, 4, 4, 4, 4]);
  });

  test("linear keeps corners or centers", async () => {
    const x = leaf([0, 4], [1, 1, 2]);
    const aligned = F.interpolate(x, 3, { mode: "linear", alignCorners: true });
    expect(await values(aligned)).toEqual([0, 2, 4]);
    expect(await values(F.interpolate(x, 4, { mode: "linear" }))).toEqual([0, 1, 3, 4]);
  });

  test("antialiased bilinear weighs all elements of a step", async () => {
    const x = leaf([1, 1, 1, 1, 5, 5, 5, 5], [1, 1, 1, 8]);
    const small = F.interpolate(x, [1, 2], { mode: "bilinear", antialias: true });
    // Triangles of reach 4 around 2 and 6: of 14 / 8 elements to one end 12.5 / 8 are of one kind.
    const [low, high] = await values(small);
    expect((low as number) + (high as number)).toBeCloseTo(6, 5);
    expect(low).toBeGreaterThan(1);
    expect(low).toBeLessThan(2);
  });

  test("refuses options that do not go together", () => {
    const x = leaf([0, 4], [1, 1, 2]);
    expect(() => F.interpolate(x)).toThrow("either size or scale_factor");
    expect(() => F.interpolate(x, 3, 2)).toThrow("only one of size or scale_factor");
    expect(() => F.interpolate(x, 3, { alignCorners: true })).toThrow("align_corners option");
    expect(() => F.interpolate(x, 3, { mode: "bilinear" })).toThrow("needs 4D input");
    expect(() => F.interpolate(x, [3, 3])).toThrow("same number of spatial dimensions");
  });
});

test("fractionalMaxPool2d takes the samples for width first", async () => {
  const x = leaf(
    Array.from({ length: 36 }, (_, at) => at),
    [1, 6, 6],
  );
  const randomSamples = tensor([0.9, 0.1]).reshape([1, 1, 2]);
  const pooled = F.fractionalMaxPool2d(x, 1, [4, 4], { randomSamples, returnIndices: true });
  // α = 5/3: columns ⌊(i + 0.9)·α⌋ - 1, rows ⌊(i + 0.1)·α⌋, the last at 5.
  const [columns, rows] = [
    [0, 2, 3, 5],
    [0, 1, 3, 5],
  ];
  const wanted = rows.flatMap((row) => columns.map((column) => row * 6 + column));
  expect(await values(pooled.indices)).toEqual(wanted);
});

test("gridSample outside, at NaN and at infinity", async () => {
  const x = leaf([1, 2, 3, 4], [1, 1, 2, 2]);
  const points = [-3, 0, Number.NaN, 0, Number.POSITIVE_INFINITY, 0.5, 1, 1];
  const grid = tensor(points).reshape([1, 1, 4, 2]);
  const aligned = F.gridSample(x, grid, { alignCorners: true });
  expect((await values(aligned))[0]).toBe(0);
  expect((await values(aligned))[3]).toBe(4);
  const border = F.gridSample(x, grid, { alignCorners: true, paddingMode: "border" });
  expect((await values(border))[0]).toBe(2);
});

describe("cdist", () => {
  test("without rows, columns or width", async () => {
    const none = leaf([], [0, 2]);
    const two = leaf([1, 2, 3, 4], [2, 2]);
    expect(cdist(none, two).shape).toEqual([0, 2]);
    expect(await values(cdist(leaf([], [2, 0]), leaf([], [3, 0])))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("the gradient is 0 at a distance of 0", async () => {
    const x = leaf([1, 2], [1, 2]);
    cdist(x, x.detach()).sum().backward();
    expect(await values(x.grad as Tensor)).toEqual([0, 0]);
  });

  test("the largest difference's gradient is not divided among equals", async () => {
    const x = leaf([1, -1], [1, 2]);
    cdist(x, tensor([0, 0], { dtype: "float32" }).reshape([1, 2]), Infinity)
      .sum()
      .backward();
    expect(await values(x.grad as Tensor)).toEqual([1, -1]);
  });
});
