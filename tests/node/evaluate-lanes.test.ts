import { describe, expect, test } from "vitest";
import { compileLanes, evaluateLanes } from "../../src/base/evaluate-lanes.ts";
import { fusedMadd32, fusedMadd64, roundedNumber } from "../../src/base/fused-madd.ts";
import { type LaneOp, type LaneType, laneOps } from "../../src/base/lanes.ts";
import { type Lane, type LaneWriter, traceLanes } from "../../src/base/trace-lanes.ts";
import { preciseOf } from "../precise.ts";
import { floatOfBits32, floatOfBits64, specials32, specials64 } from "../ulp.ts";

type Scalar = number | bigint | boolean;

/** The one output of `op` on constants of `type`. */
function run(op: LaneOp, type: LaneType, ...inputs: Scalar[]): number | bigint {
  const call = (k: LaneWriter, ...lanes: Lane[]) =>
    (k[op] as (...operands: Lane[]) => Lane).call(k, ...lanes);
  const types = inputs.map((): LaneType => type);
  return evaluateLanes(traceLanes(types, call), inputs)[0] as number | bigint;
}

const one = (type: LaneType, write: (k: LaneWriter, x: Lane) => Lane, x: Scalar) =>
  evaluateLanes(traceLanes([type], write), [x])[0];

const nan = Number.NaN;
const [low, high] = [-2147483648, 2147483647];

/** op, type, operands, result. */
const table: readonly (readonly [LaneOp, LaneType, readonly Scalar[], number | bigint])[] = [
  ["add", "f32", [2 ** 24, 1], 2 ** 24],
  ["add", "f64", [2 ** 24, 1], 2 ** 24 + 1],
  ["add", "i32", [high, 1], low],
  ["add", "i64", [2n ** 63n - 1n, 1n], -(2n ** 63n)],
  ["sub", "f32", [0.1, 0.1], 0],
  ["sub", "i32", [low, 1], high],
  ["sub", "i64", [-(2n ** 63n), 1n], 2n ** 63n - 1n],
  ["mul", "f32", [0.1, 3], Math.fround(Math.fround(0.1) * 3)],
  ["mul", "i32", [123456789, 987654321], Math.imul(123456789, 987654321)],
  ["mulhi", "i32", [-1, -1], -2],
  ["mulhi", "i32", [low, 3], 1],
  ["mulhi", "i32", [0x12345678, 0x9abcdef0], Number((0x12345678n * 0x9abcdef0n) >> 32n)],
  ["div", "f32", [1, 3], Math.fround(1 / 3)],
  ["div", "f64", [-1, 0], Number.NEGATIVE_INFINITY],
  ["min", "f32", [0, -0], -0],
  ["min", "f64", [1, nan], nan],
  ["min", "i32", [-1, 1], -1],
  ["max", "f32", [-0, 0], 0],
  ["max", "f32", [nan, 1], nan],
  ["max", "i32", [low, 1], 1],
  ["neg", "f32", [0], -0],
  ["neg", "i32", [low], low],
  ["abs", "f64", [-0], 0],
  ["abs", "i32", [low], low],
  ["sqrt", "f32", [2], Math.fround(Math.SQRT2)],
  ["sqrt", "f64", [-1], nan],
  ["floor", "f32", [-0.5], -1],
  ["ceil", "f32", [-0.5], -0],
  ["trunc", "f64", [-1.9], -1],
  ["nearest", "f32", [2.5], 2],
  ["nearest", "f32", [3.5], 4],
  ["nearest", "f64", [-2.5], -2],
  ["nearest", "f64", [-1.5], -2],
  ["nearest", "f64", [-0.5], -0],
  ["nearest", "f64", [0.49999999999999994], 0],
  ["nearest", "f64", [2 ** 52 + 1], 2 ** 52 + 1],
  ["eq", "f32", [0, -0], -1],
  ["eq", "f64", [nan, nan], 0],
  ["ne", "f32", [nan, nan], -1],
  ["lt", "i32", [-1, 0], -1],
  ["le", "f32", [nan, 1], 0],
  ["gt", "i32", [1, -1], -1],
  ["ge", "f64", [1, 1], -1],
  ["and", "i32", [0xff, 0x1f0], 0xf0],
  ["and", "mask", [true, false], 0],
  ["or", "mask", [true, false], -1],
  ["or", "i64", [1n << 62n, 1n], (1n << 62n) + 1n],
  ["xor", "i32", [-1, 1], -2],
  ["not", "mask", [true], 0],
  ["not", "i64", [0n], -1n],
  ["madd", "f64", [2, 3, 4], 10],
];

describe("every instruction has Wasm's meaning", () => {
  for (const [op, type, inputs, result] of table) {
    test(`${op}.${type} ${inputs.map((x) => (Object.is(x, -0) ? "-0" : x)).join(" ")}`, () => {
      expect(run(op, type, ...inputs)).toBe(result);
    });
  }

  test("every binary, unary and ternary instruction is evaluated on every type it allows", () => {
    for (const [op, { operands, on }] of Object.entries(laneOps)) {
      if (["const", "shl", "shrS", "shrU", "select", "convert", "bitcast"].includes(op)) continue;
      for (const type of on) {
        const inputs = Array.from({ length: operands }, () => (type === "i64" ? 1n : 1));
        expect(() => run(op as LaneOp, type, ...inputs)).not.toThrow();
      }
    }
  });

  test("shifts", () => {
    expect(one("i32", (k, x) => k.shl(x, 31), 3)).toBe(low);
    expect(one("i32", (k, x) => k.shrS(x, 31), low)).toBe(-1);
    expect(one("i32", (k, x) => k.shrU(x, 31), low)).toBe(1);
    expect(one("i64", (k, x) => k.shl(x, 63), 1n)).toBe(-(2n ** 63n));
    expect(one("i64", (k, x) => k.shrS(x, 62), -(2n ** 63n))).toBe(-2n);
    expect(one("i64", (k, x) => k.shrU(x, 52), -1n)).toBe(4095n);
  });

  test("conversions saturate, and NaN becomes 0", () => {
    const toWord = (x: number) => one("f32", (k, lane) => k.convert(lane, "i32"), x);
    expect([1e20, -1e20, nan, -1.9, 1.9].map(toWord)).toEqual([high, low, 0, -1, 1]);
    expect(one("i32", (k, x) => k.convert(x, "f32"), 16777217)).toBe(16777216);
    expect(one("i32", (k, x) => k.convert(x, "f64"), 16777217)).toBe(16777217);
    expect(one("f64", (k, x) => k.convert(x, "f32"), 0.1)).toBe(Math.fround(0.1));
    expect(one("f32", (k, x) => k.convert(x, "f64"), 0.1)).toBe(Math.fround(0.1));
  });

  test("masks convert to 0 and 1, and from what is not zero", () => {
    for (const to of ["f32", "f64", "i32"] as const) {
      expect(one("mask", (k, x) => k.convert(x, to), true)).toBe(1);
      expect(one("mask", (k, x) => k.convert(x, to), false)).toBe(0);
    }
    const toMask = (x: number) => one("f32", (k, lane) => k.convert(lane, "mask"), x);
    expect([0, -0, nan, 0.5].map(toMask)).toEqual([0, 0, -1, -1]);
    expect(one("i32", (k, x) => k.convert(x, "mask"), 7)).toBe(-1);
  });

  test("bitcasts keep bits", () => {
    expect(one("f32", (k, x) => k.bitcast(x), -0)).toBe(low);
    expect(one("i32", (k, x) => k.bitcast(x), 0x3f800000)).toBe(1);
    expect(one("f64", (k, x) => k.bitcast(x), 1)).toBe(0x3ff0000000000000n);
    expect(one("i64", (k, x) => k.bitcast(x), -(2n ** 63n))).toBe(-0);
    for (const x of specials32) {
      expect(one("f32", (k, lane) => k.neg(k.bitcast(k.bitcast(lane))), x)).toBe(-x);
    }
  });

  test("select takes a where the mask is set, on every type", () => {
    const pick = (type: LaneType, mask: boolean, a: Scalar, b: Scalar) => {
      const body = traceLanes(["mask", type, type], (k, m, x, y) => k.select(m, x, y));
      return evaluateLanes(body, [mask, a, b])[0];
    };
    expect(pick("f32", true, -0, nan)).toBe(-0);
    expect(pick("f64", false, 1, nan)).toBe(nan);
    expect(pick("i64", true, 2n ** 62n, 1n)).toBe(2n ** 62n);
    expect(pick("mask", false, true, false)).toBe(0);
  });

  test("f32 inputs and constants are rounded; several outputs come in order", () => {
    const body = traceLanes(["f32"], (k, x) => [x, k.const("f32", 0.1), k.gt(x, 0)]);
    expect(evaluateLanes(body, [0.1])).toEqual([Math.fround(0.1), Math.fround(0.1), -1]);
    expect(compileLanes(body)([-0.1])).toEqual([Math.fround(-0.1), Math.fround(0.1), 0]);
  });
});

/** Random numbers in [0, 1), the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** x·y + z as a whole number times 2^exponent. */
function exactMadd(x: number, y: number, z: number): { mantissa: bigint; exponent: number } {
  const [a, b, c] = [preciseOf(x), preciseOf(y), preciseOf(z)];
  const exponent = Math.min(a.exponent + b.exponent, c.exponent);
  const product = (a.mantissa * b.mantissa) << BigInt(a.exponent + b.exponent - exponent);
  return { mantissa: product + (c.mantissa << BigInt(c.exponent - exponent)), exponent };
}

/** Whether `rounded` is the float32 nearest to the exact value, its last bit even in a tie. */
function isNearest32(rounded: number, { mantissa, exponent }: ReturnType<typeof exactMadd>) {
  const place = 2000;
  const exact = mantissa << BigInt(exponent + place);
  const at = (x: number) => {
    const parts = preciseOf(x);
    return parts.mantissa << BigInt(parts.exponent + place);
  };
  const words = new Int32Array([0]);
  const floats = new Float32Array(words.buffer);
  floats[0] = rounded;
  const bits = words[0] as number;
  const distance = (x: number) => (at(x) > exact ? at(x) - exact : exact - at(x));
  return [bits - 1, bits + 1].every((neighbour) => {
    const other = distance(floatOfBits32(neighbour));
    return distance(rounded) < other || (distance(rounded) === other && (bits & 1) === 0);
  });
}

describe("madd", () => {
  test("rounds once or twice, as asked", () => {
    const body = traceLanes(["f32", "f32", "f32"], (k, x, y, z) => k.madd(x, y, z));
    const inputs = [1 + 2 ** -12, 1 + 2 ** -12, -1];
    expect(evaluateLanes(body, inputs, { fused: true })[0]).toBe(2 ** -11 + 2 ** -24);
    expect(evaluateLanes(body, inputs, { fused: false })[0]).toBe(2 ** -11);
  });

  test("f32, fused, is not rounded twice where the sum is near a tie", () => {
    // 1 + 2^-24 is a tie of float32; 2^-80 beyond it is lost in float64
    const half = 2 ** -24;
    expect(fusedMadd32(1, half, 1)).toBe(1);
    expect(fusedMadd32(2 ** -40, 2 ** -40, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
    expect(fusedMadd32(half * (1 + 2 ** -20), 1 - 2 ** -20, 1 + 2 ** -23)).toBe(1 + 2 ** -23);
    expect(fusedMadd32(half * (1 + 2 ** -20), 1 + 2 ** -20, 1)).toBe(1 + 2 ** -23);
  });

  test("f32, fused, is the float32 nearest to the exact sum", () => {
    const random = seeded(7);
    const float = (spread: number) =>
      floatOfBits32(((random() * 2 ** 24) | 0) + ((127 + (random() - 0.5) * spread) << 23));
    for (let at = 0; at < 4_000; at++) {
      const [x, y] = [float(60), float(60)];
      const z = at % 2 === 0 ? float(100) : Math.fround(-x * y * (1 + (random() - 0.5) * 2 ** -20));
      const sum = fusedMadd32(x, y, z);
      if (sum === 0) expect(x * y + z).toBe(0);
      else expect(isNearest32(sum, exactMadd(x, y, z)), `${x} ${y} ${z}`).toBe(true);
    }
  });

  test("f64, fused, is the float64 nearest to the exact sum", () => {
    const random = seeded(8);
    const any = () =>
      floatOfBits64(
        (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt((random() * 2 ** 32) >>> 0),
      );
    const moderate = () => (random() - 0.5) * 2 ** Math.round((random() - 0.5) * 80);
    const check = (x: number, y: number, z: number) => {
      if (![x, y, z].every(Number.isFinite)) return;
      const { mantissa, exponent } = exactMadd(x, y, z);
      if (mantissa === 0n) return;
      expect(fusedMadd64(x, y, z), `${x} ${y} ${z}`).toBe(roundedNumber(mantissa, exponent));
    };
    for (let at = 0; at < 4_000; at++) {
      const [x, y] = [moderate(), moderate()];
      check(x, y, moderate());
      check(x, y, -x * y);
      check(any(), any(), any());
      check(any(), 2 ** -1000, any());
    }
  });

  test("has the special values of x·y + z", () => {
    const few = [0, -0, 1, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, nan];
    for (const x of few) {
      for (const y of few) {
        for (const z of few) {
          expect(fusedMadd32(x, y, z)).toBe(Math.fround(x * y + z));
          expect(fusedMadd64(x, y, z)).toBe(x * y + z);
        }
      }
    }
    expect(fusedMadd64(Number.MAX_VALUE, 2, -Number.MAX_VALUE)).toBe(Number.MAX_VALUE);
    expect(fusedMadd64(Number.MAX_VALUE, 2, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});

test("roundedNumber rounds to nearest, ties to even, through the subnormals", () => {
  for (const x of specials64.filter(Number.isFinite)) {
    const { mantissa, exponent } = preciseOf(x);
    expect(roundedNumber(mantissa << 40n, exponent - 40) + 0).toBe(x + 0);
  }
  expect(roundedNumber((1n << 53n) + 1n, 0)).toBe(2 ** 53);
  expect(roundedNumber((1n << 53n) + 3n, 0)).toBe(2 ** 53 + 4);
  expect(roundedNumber(1n, -1075)).toBe(0);
  expect(roundedNumber(3n, -1075)).toBe(2 ** -1073);
  expect(roundedNumber(1n, 1024)).toBe(Number.POSITIVE_INFINITY);
});
