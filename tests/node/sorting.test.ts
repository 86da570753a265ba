// Sorts as they are compiled: against JavaScript's own at the sizes where kernels change (insertion,
// digits, several runs) and have ends, along and across rows, both ways, for every dtype.

import { beforeAll, describe, expect, test } from "vitest";
import { mostInRun } from "../../src/compiler/emit/sort-runs-code.ts";
import { argsort, configure, type DType, type TypedArray, tensor } from "../../src/index.ts";
import { leafValues } from "../random/leaves.ts";

beforeAll(() => configure({ inline: true }));

/** Elements compared at once: the runner's own comparison takes seconds for so many. */
function expectElements(actual: TypedArray, wanted: ArrayLike<number>): void {
  expect(actual.length).toBe(wanted.length);
  const at = actual.findIndex((value, index) => value !== wanted[index]);
  expect(at < 0 ? null : { at, got: actual[at], wanted: wanted[at] }).toBe(null);
}

interface Sorting {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly descending: boolean;
}

/** NaN above all, -0 as 0. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : Number(a > b);
}

function positions(x: ArrayLike<number>, { shape, axis, descending }: Sorting): Int32Array {
  const length = shape[axis] as number;
  const stride = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const out = new Int32Array(x.length);
  const way = descending ? -1 : 1;
  for (let start = 0; start < x.length; start++) {
    if (Math.floor(start / stride) % length !== 0) continue;
    const at = (i: number): number => x[start + i * stride] as number;
    const order = Array.from({ length }, (_, i) => i).sort((a, b) => way * compare(at(a), at(b)));
    order.forEach((from, i) => {
      out[start + i * stride] = from;
    });
  }
  return out;
}

/** Numbers without an order to see, many of them twice, and what has a place of its own. */
function mixed(count: number): Float64Array {
  let state = 12345;
  const special = [NaN, -NaN, 0, -0, Infinity, -Infinity, 1e-40, -1e-40];
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const pick = state >> 8;
    return pick % 31 === 0 ? (special[pick % 8] as number) : ((pick % 4001) - 2000) * 0.37;
  });
}

const sizes: [number[], number][] = [
  [[1], 0],
  [[2], 0],
  [[5], 0],
  [[64], 0],
  [[65], 0],
  [[4099], 0],
  [[mostInRun], 0],
  [[mostInRun + 1], 0],
  [[2 * mostInRun + 1], 0],
  [[50001], 0],
  [[7, 1], 1],
  [[300, 3], 1],
  [[9, 67], 1],
  [[9, 67], 0],
  [[3, 20000], 1],
  [[3, 5, 7], 1],
  [[2, 300, 2], 1],
];

describe("argsort is JavaScript's stable sort", () => {
  for (const [shape, axis] of sizes) {
    for (const descending of [false, true]) {
      test(`along ${axis} of [${shape}]${descending ? ", descending" : ""}`, async () => {
        const data = Float32Array.from(mixed(shape.reduce((product, n) => product * n, 1)));
        const x = tensor(data).reshape(shape);
        const order = await argsort(x, axis, descending).data();
        expectElements(order, positions(data, { shape, axis, descending }));
      });
    }
  }

  const dtypes: DType[] = [
    "float64",
    "float16",
    "bfloat16",
    "int64",
    "int16",
    "int8",
    "uint8",
    "bool",
  ];
  for (const dtype of dtypes) {
    test(`of ${dtype}`, async () => {
      const isBool = dtype === "bool";
      const shape = [3, 100];
      const given = leafValues({ shape, dtype: "float32", pattern: 8, extent: null });
      const data =
        dtype === "float64" ? mixed(300) : Float64Array.from(given, (value) => Math.abs(value));
      const x = tensor(isBool ? data.map((value) => value % 2) : data, { dtype }).reshape(shape);
      const held = await x.data();
      for (const descending of [false, true]) {
        const order = await argsort(x, 1, descending).data();
        expectElements(order, positions(held, { shape, axis: 1, descending }));
      }
    });
  }
});

describe("a sort of many elements", () => {
  test("is merged from runs, whatever is fused with it", async () => {
    const data = Float32Array.from(mixed(200_003));
    const x = tensor(data);
    const { values, indices } = x.mul(2).sub(1).sort(0, true);
    const keys = data.map((value) => Math.fround(Math.fround(value * 2) - 1));
    const wanted = positions(keys, { shape: [data.length], axis: 0, descending: true });
    expectElements(await indices.data(), wanted);
    const got = await values.data();
    expect(
      got.every((value, at) => Object.is(value + 0, (keys[wanted[at] as number] as number) + 0)),
    ).toBe(true);
  });
});
