import { describe, expect, test } from "vitest";
import { compileLanes } from "../../src/base/evaluate-lanes.ts";
import { traceLanes } from "../../src/base/trace-lanes.ts";
import {
  normalPair,
  philox,
  philoxOfBlock,
  uniform,
  uniformDouble,
} from "../../src/ops/approximations/philox.ts";

const words = (hex: string): number[] =>
  hex.split(" ").map((word) => Number.parseInt(word, 16) | 0);

/** counter, key, result: published with the generator. */
const known = [
  ["0 0 0 0", "0 0", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
  [
    "ffffffff ffffffff ffffffff ffffffff",
    "ffffffff ffffffff",
    "408f276d 41c83b0e a20bc7c6 6d5451fd",
  ],
  [
    "243f6a88 85a308d3 13198a2e 03707344",
    "a4093822 299f31d0",
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  ],
] as const;

describe("philox", () => {
  test("gives the published words", () => {
    const run = compileLanes(
      traceLanes(["i32", "i32", "i32", "i32", "i32", "i32"], (k, ...[a, b, c, d, key0, key1]) =>
        philoxOfBlock(k, [a, b, c, d], [key0, key1]),
      ),
    );
    for (const [counter, key, result] of known) {
      expect(run([...words(counter), ...words(key)])).toEqual(words(result));
    }
  });

  test("gives the same for keys that are constants", () => {
    const fixed = compileLanes(traceLanes(["i32"], (k, index) => philox(k, index, 7, -9, 3)));
    const free = compileLanes(
      traceLanes(["i32", "i32", "i32", "i32"], (k, index, key0, key1, counter) =>
        philox(k, index, key0, key1, counter),
      ),
    );
    for (const index of [0, 1, -1, 123456]) expect(fixed([index])).toEqual(free([index, 7, -9, 3]));
  });

  test("differs by index, by counter and by key", () => {
    const run = compileLanes(
      traceLanes(["i32", "i32", "i32"], (k, index, key, counter) =>
        philox(k, index, key, 0, counter),
      ),
    );
    const seen = new Set<number>();
    for (let at = 0; at < 10; at++) {
      for (const inputs of [
        [at, 0, 0],
        [0, at + 1, 0],
        [0, 0, at + 1],
      ]) {
        for (const word of run(inputs)) seen.add(word as number);
      }
    }
    expect(seen.size).toBe(120);
  });
});

const count = 100_000;

/** Columns of a body's outputs over the indices 0 … count. */
function sample(write: Parameters<typeof traceLanes>[1]): Float64Array[] {
  const run = compileLanes(traceLanes(["i32"], write));
  const columns: Float64Array[] = [];
  for (let at = 0; at < count; at++) {
    run([at]).forEach((value, column) => {
      columns[column] ??= new Float64Array(count);
      (columns[column] as Float64Array)[at] = Number(value);
    });
  }
  return columns;
}

const mean = (column: Float64Array, of: (x: number) => number): number =>
  column.reduce((sum, x) => sum + of(x), 0) / count;

describe("random numbers", () => {
  test("uniforms lie in [0, 1) and are flat", () => {
    const columns = sample((k, index) => philox(k, index, 1, 2).map((bits) => uniform(k, bits)));
    for (const column of columns) {
      expect(column.every((x) => x >= 0 && x < 1 && Number.isInteger(x * 2 ** 24))).toBe(true);
      expect(mean(column, (x) => x)).toBeCloseTo(1 / 2, 2);
      expect(mean(column, (x) => x * x)).toBeCloseTo(1 / 3, 2);
      const tenths = new Float64Array(10);
      for (const x of column) tenths[Math.floor(x * 10)]! += 1;
      const square = tenths.reduce((sum, n) => sum + (n - count / 10) ** 2 / (count / 10), 0);
      expect(square).toBeLessThan(30);
    }
  });

  test("uniforms never reach 1, nor does their double", () => {
    const run = compileLanes(
      traceLanes(["i32"], (k, bits) => [uniform(k, bits), uniformDouble(k, bits, bits)]),
    );
    expect(run([-1])).toEqual([1 - 2 ** -24, 1 - 2 ** -53]);
    expect(run([0])).toEqual([0, 0]);
  });

  test("normals have the moments and the tails of a normal distribution", () => {
    const [x, y] = sample((k, index) => {
      const [a, b] = philox(k, index, 5, 6);
      return normalPair(k, a, b);
    }) as [Float64Array, Float64Array];
    for (const column of [x, y]) {
      expect(column.every(Number.isFinite)).toBe(true);
      expect(mean(column, (v) => v)).toBeCloseTo(0, 1.6);
      expect(mean(column, (v) => v ** 2)).toBeCloseTo(1, 1.5);
      expect(mean(column, (v) => v ** 3)).toBeCloseTo(0, 1);
      expect(mean(column, (v) => v ** 4)).toBeCloseTo(3, 1);
      expect(mean(column, (v) => (Math.abs(v) > 1.959964 ? 1 : 0))).toBeCloseTo(0.05, 2);
    }
    expect(x.reduce((sum, v, at) => sum + v * (y[at] as number), 0) / count).toBeCloseTo(0, 1.6);
  });

  test("normals are finite at the ends of the bits", () => {
    const run = compileLanes(traceLanes(["i32", "i32"], (k, a, b) => normalPair(k, a, b)));
    for (const a of [0, -1, 255, 256]) {
      for (const b of [0, -1, -0x80000000, 0x7fffffff]) {
        expect(run([a, b]).every((value) => Math.abs(Number(value)) < 6)).toBe(true);
      }
    }
  });
});
