// Scans as they are compiled: against plain loops at the sizes where kernels have ends (a vector, a
// unit, a chunk), along and across rows, from either end, whatever they are fused with.

import { beforeAll, describe, expect, test } from "vitest";
import {
  configure,
  cummax,
  cummin,
  cumprod,
  cumsum,
  type DType,
  lastProgram,
  logcumsumexp,
  randint,
  type Tensor,
  type TypedArray,
  tensor,
} from "../../src/index.ts";
import { leafValues } from "../random/leaves.ts";

beforeAll(() => configure({ inline: true }));

/** A realized leaf of small quarters, whose sums are exact. */
async function leaf(shape: number[], dtype: DType = "float32"): Promise<Tensor> {
  const data = leafValues({ shape, dtype: "float32", pattern: 8, extent: null });
  return tensor(data, { dtype }).reshape(shape).realize();
}

/** Elements compared at once: the runner's own comparison takes seconds for so many. */
function expectElements(actual: TypedArray, wanted: ArrayLike<number>): void {
  expect(actual.length).toBe(wanted.length);
  const at = actual.findIndex(
    (value, index) => !Object.is(value + 0, (wanted[index] as number) + 0),
  );
  expect(at < 0 ? null : { at, got: actual[at], wanted: wanted[at] }).toBe(null);
}

/** Prefixes along an axis, in plain loops. */
function prefixes(
  x: ArrayLike<number>,
  { shape, axis, reverse = false }: { shape: number[]; axis: number; reverse?: boolean },
  merge: (before: number, x: number) => number,
): Float64Array {
  const stride = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const out = Float64Array.from(x);
  for (let at = 0; at < out.length; at++) {
    const i = reverse ? out.length - 1 - at : at;
    const digit = Math.floor(i / stride) % (shape[axis] as number);
    const isFirst = digit === (reverse ? (shape[axis] as number) - 1 : 0);
    const before = i + (reverse ? stride : -stride);
    if (!isFirst) out[i] = merge(out[before] as number, out[i] as number);
  }
  return out;
}

const plus = (a: number, b: number): number => a + b;

const sizes: [number[], number][] = [
  [[1], 0],
  [[3], 0],
  [[4], 0],
  [[17], 0],
  [[4097], 0],
  [[32768], 0],
  [[32769], 0],
  [[50003], 0],
  [[3, 40001], 1],
  [[70, 300], 1],
  [[70, 301], 0],
  [[5, 7, 9], 1],
  [[2, 30000, 3], 1],
  [[40000, 5], 0],
  [[1000, 300], 0],
  [[300, 1025], 0],
  [[2, 1, 6], 1],
  [[6, 1], 0],
];

describe("a running sum", () => {
  for (const [shape, axis] of sizes) {
    test(`of [${shape}] along ${axis} is what plain loops give, from either end`, async () => {
      const x = (await leaf(shape)).requiresGrad_();
      const data = await x.data();
      const out = cumsum(x, axis);
      expectElements(await out.data(), prefixes(data, { shape, axis }, plus));
      const weights = await leaf(shape);
      await out.mul(weights).sum().backward();
      const wanted = prefixes(await weights.data(), { shape, axis, reverse: true }, plus);
      expectElements(await (x.grad as Tensor).data(), wanted);
    });
  }

  test("of what was computed, transposed, sliced or flipped is the same", async () => {
    const x = await leaf([60, 50, 8]);
    const wanted = await cumsum(await x.mul(2).transpose(0, 2).contiguous().realize(), 1).data();
    expectElements(await cumsum(x.mul(2).transpose(0, 2), 1).data(), wanted);
    const flat = await leaf([400, 100]);
    const turned = await flat.T.reshape([40000]).realize();
    expectElements(await cumsum(flat.T.reshape([40000]), 0).data(), await cumsum(turned, 0).data());
    const part = flat.narrow(0, 7, 300).flip([0, 1]);
    const made = await part.realize();
    expectElements(await cumsum(part, 0).data(), await cumsum(made, 0).data());
    expectElements(await cumsum(part, 1).data(), await cumsum(made, 1).data());
  });

  test("of inexact numbers has the same bits, whatever it is fused with", async () => {
    const x = await leaf([300, 400]);
    const y = await x.mul(0.1).realize();
    const alone = await cumsum(y.reshape([120000]), 0).data();
    expectElements(await cumsum(x.mul(0.1).reshape([120000]), 0).data(), alone);
    const turned = await y.T.contiguous().realize();
    expectElements(await cumsum(turned.T.reshape([120000]), 0).data(), alone);
    expectElements(
      await cumsum(turned.mul(1).T.reshape([120000]), 0)
        .add(0)
        .data(),
      alone,
    );
  });

  test("of integers, narrow ones and bools", async () => {
    for (const dtype of ["int32", "int64", "int16", "uint8", "bool", "float64"] as const) {
      const x = await randint(0, 2, [40000]).to(dtype).realize();
      const out = cumsum(x, 0);
      expect(out.dtype).toBe(dtype === "float64" ? "float64" : "int64");
      expectElements(await out.data(), prefixes(await x.data(), { shape: [40000], axis: 0 }, plus));
    }
  });

  test("of a long row is three launches, of many rows one", async () => {
    const launches = async (x: Tensor, axis: number): Promise<number> => {
      await cumsum(x, axis).realize();
      return lastProgram()?.launches.length ?? 0;
    };
    expect(await launches(await leaf([100000]), 0)).toBe(3);
    expect(await launches(await leaf([100, 1000]), 1)).toBe(1);
    expect(await launches(await leaf([100, 5000]), 0)).toBe(1);
  });
});

describe("other scans", () => {
  for (const [shape, axis] of sizes) {
    test(`extrema of [${shape}] along ${axis} keep the last of equals`, async () => {
      const x = await leaf(shape);
      const data = await x.data();
      const places = prefixes(
        data.map((_, i) => i),
        { shape, axis },
        (a, b) => ((data[b] as number) >= (data[a] as number) ? b : a),
      );
      const { values, indices } = cummax(x, axis);
      expectElements(await values.data(), prefixes(data, { shape, axis }, Math.max));
      const stride = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
      const wanted = places.map((at) => Math.floor(at / stride) % (shape[axis] as number));
      expectElements(await indices.data(), wanted);
      expectElements(await cummin(x.neg(), axis).indices.data(), wanted);
    });
  }

  test("NaN stays, and the last one is where it is", async () => {
    const x = tensor([1, Number.NaN, 3, Number.NaN, 9]);
    expect([...(await cummax(x, 0).values.data())]).toEqual([1, NaN, NaN, NaN, NaN]);
    expect([...(await cummin(x, 0).indices.data())]).toEqual([0, 1, 1, 3, 3]);
  });

  test("products, and their gradient where there are zeros", async () => {
    const x = tensor([2, 0, 3, 0, 4], { dtype: "float64" }).requiresGrad_();
    const out = cumprod(x, 0);
    expect([...(await out.data())]).toEqual([2, 0, 0, 0, 0]);
    await out.sum().backward();
    expect([...(await (x.grad as Tensor).data())]).toEqual([1, 8, 0, 0, 0]);
  });

  test("of a long row: products and log-sums", async () => {
    const shape = [50000];
    const signs = await (await leaf(shape)).ge(0).to("float64").mul(2).sub(1).realize();
    const times = (a: number, b: number): number => a * b;
    expectElements(
      await cumprod(signs, 0).data(),
      prefixes(await signs.data(), { shape, axis: 0 }, times),
    );
    const x = await leaf(shape, "float64");
    const sums = prefixes((await x.data()).map(Math.exp), { shape, axis: 0 }, plus);
    const out = await logcumsumexp(x, 0).data();
    out.forEach((value, i) => {
      if (Math.abs(value - Math.log(sums[i] as number)) > 1e-12) expect([i, value]).toBe(null);
    });
  });

  test("log-sums of infinities", async () => {
    const x = tensor([-Infinity, -Infinity, 1, Infinity, 2]);
    const out = [...(await logcumsumexp(x, 0).data())];
    expect(out).toEqual([-Infinity, -Infinity, 1, Infinity, Infinity]);
  });
});
