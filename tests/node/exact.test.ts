// Pointwise primitives that round nowhere: rests, neighbours, parts of floats, divisors.

import { describe, expect, test } from "vitest";
import type { DType } from "../../src/base/dtypes.ts";
import { type PointwiseName, pointwiseOps } from "../../src/ops/primitives.ts";
import { constant, evaluate, seeded } from "../leaves.ts";
import * as truths from "../truths.ts";
import { bitsOfFloat32, floatOfBits32, floatOfBits64, specials32, specials64 } from "../ulp.ts";

const random = seeded(7);
const word = (): number => Math.floor(random(0, 2 ** 32));
const any32 = (): number => floatOfBits32(word());
const any64 = (): number => floatOfBits64((BigInt(word()) << 32n) | BigInt(word()));

type Pair = readonly [number, number];

const pairsOf = (specials: readonly number[], any: () => number): Pair[] => [
  ...specials.flatMap((x) => specials.map((y): Pair => [x, y])),
  ...Array.from({ length: 2000 }, (): Pair => [any(), any()]),
];

const singles = pairsOf(specials32, any32);
/** Quotients below 2^125. */
const doubles = pairsOf(specials64, any64).filter(([x, y]) => !(Math.abs(x / y) > 2 ** 120));

function run(name: PointwiseName, dtype: DType, pairs: readonly Pair[]): number[] {
  const operands = [0, 1].map((at) =>
    constant(
      dtype,
      [pairs.length],
      pairs.map((pair) => pair[at]),
    ),
  );
  return evaluate(pointwiseOps[name](...operands));
}

function mismatches(
  actual: readonly number[],
  pairs: readonly Pair[],
  truth: (x: number, y: number) => number,
): unknown[] {
  return pairs.flatMap(([x, y], at) => {
    const wanted = truth(x, y);
    return Object.is(actual[at], wanted) ? [] : [{ x, y, actual: actual[at], wanted }];
  });
}

describe("rests are exact, with their signs", () => {
  test.each(["float32", "float64"] as const)("fmod in %s", (dtype) => {
    const pairs = dtype === "float32" ? singles : doubles;
    const wrong = mismatches(run("fmod", dtype, pairs), pairs, (x, y) => x % y);
    expect(wrong).toEqual([]);
  });

  test("remainder has y's sign", () => {
    const pairs = singles;
    const wrong = mismatches(run("remainder", "float32", pairs), pairs, (x, y) => {
      const rest = x % y;
      return Math.fround(rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest);
    });
    expect(wrong).toEqual([]);
  });
});

describe("bits of floats", () => {
  test("nextafter", () => {
    const wrong = mismatches(run("nextafter", "float32", singles), singles, (x, y) => {
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;
      if (x === y) return y;
      if (x === 0) return y > 0 ? 2 ** -149 : -(2 ** -149);
      return floatOfBits32(bitsOfFloat32(x) + (y > x === x > 0 ? 1 : -1));
    });
    expect(wrong).toEqual([]);
  });

  test.each(["float32", "float64"] as const)("mantissa and exponent in %s", (dtype) => {
    const floats = dtype === "float32" ? [...specials32] : [...specials64];
    const x = constant(dtype, [floats.length], floats);
    const mantissas = evaluate(pointwiseOps.mantissa(x));
    const exponents = evaluate(pointwiseOps.exponent(x));
    floats.forEach((float, at) => {
      const [m, e] = [mantissas[at], exponents[at]];
      if (!Number.isFinite(float) || float === 0) {
        expect([m, e]).toEqual([float, 0]);
      } else {
        expect(Math.abs(m) >= 0.5 && Math.abs(m) < 1, `${float} = ${m}·2^${e}`).toBe(true);
        expect(m * 2 ** Math.floor(e / 2) * 2 ** Math.ceil(e / 2)).toBe(float);
      }
    });
  });
});

test("gcd of any two integers", () => {
  const pairs = Array.from({ length: 3000 }, (): Pair => [word() | 0, word() >> (word() & 31)]);
  const fibonacci: Pair[] = [
    [1836311903, 1134903170],
    [1311738121, 543339720],
    [0, 0],
    [-12, 0],
    [0, 7],
  ];
  const all = [...pairs, ...fibonacci];
  expect(mismatches(run("gcd", "int32", all), all, truths.gcd)).toEqual([]);
});
