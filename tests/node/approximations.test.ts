import { afterAll, describe, expect, test } from "vitest";
import { compileLanes } from "../../src/base/evaluate-lanes.ts";
import type { LaneBody } from "../../src/base/lanes.ts";
import { traceLanes } from "../../src/base/trace-lanes.ts";
import { erf, erfc } from "../../src/ops/approximations/error-function.ts";
import { exp, expm1, sigmoid, tanh } from "../../src/ops/approximations/exponential.ts";
import { log, log1p, log2 } from "../../src/ops/approximations/logarithm.ts";
import { pow } from "../../src/ops/approximations/power.ts";
import { cos, sin } from "../../src/ops/approximations/trigonometric.ts";
import { inTwoParts, precise } from "../precise.ts";
import * as truths from "../truths.ts";
import {
  around32,
  around64,
  floatOfBits32,
  floatOfBits64,
  specials32,
  specials64,
  strided32,
  strided64,
  ulpError32,
  ulpError64,
} from "../ulp.ts";
import { type Case, inverseCases, type Write } from "./approximation-cases.ts";

const near = (x: number): boolean => Math.abs(x) < 1e4 || !Number.isFinite(x);
const turnEdges = [0.5, 1, 1.5, 2, 3, 100, 355, 1000.5, 3183].map((turns) => turns * Math.PI);

const cases: Readonly<Record<string, Case>> = {
  exp: {
    write: exp,
    truth: Math.exp,
    precise: precise.exp,
    ulps: [2, 2],
    edges: [-104, -103.972, -87.3365, -0.34657, 0.34657, 88.7228, 89, -745.13, -708.4, 709.78],
    spans: [
      [-746, 710, 500],
      [-1, 1, 500],
    ],
  },
  expm1: {
    write: expm1,
    truth: Math.expm1,
    precise: precise.expm1,
    ulps: [3, 3],
    edges: [-40, -17.3287, -0.34657, 0.34657, 88.3763, 88.7228, 89, 709.78],
    spans: [
      [-40, 710, 500],
      [-1, 1, 500],
    ],
  },
  sigmoid: {
    write: sigmoid,
    truth: truths.sigmoid,
    precise: precise.sigmoid,
    ulps: [4, 4],
    edges: [-104, -103.972, -87.3365, 16.6355, 36.7, 40, -745.13],
    spans: [
      [-746, 40, 500],
      [-3, 5, 500],
    ],
  },
  tanh: {
    write: tanh,
    truth: Math.tanh,
    precise: precise.tanh,
    ulps: [4, 4],
    edges: [0.17328, 0.547650278, 3.33903003, 8.625, 9.0109, 10, 19.06, 20],
    spans: [
      [-20, 20, 500],
      [-1, 1, 500],
    ],
  },
  log: {
    write: log,
    truth: Math.log,
    precise: precise.log,
    ulps: [2, 2],
    edges: [Math.SQRT1_2, 1, Math.SQRT2, 2, 2 ** -126, 2 ** -1022],
    spans: [[0.3, 3, 1000]],
  },
  log2: {
    write: log2,
    truth: Math.log2,
    precise: precise.log2,
    ulps: [3, 3],
    edges: [Math.SQRT1_2, 1, Math.SQRT2, 2, 2 ** -126, 2 ** -1022],
    spans: [[0.3, 3, 1000]],
  },
  log1p: {
    write: log1p,
    truth: Math.log1p,
    precise: precise.log1p,
    ulps: [3, 3],
    edges: [-1, Math.SQRT1_2 - 1, Math.SQRT2 - 1, 1, 2 ** 24, 2 ** 127.5, 2 ** 1023.5],
    spans: [
      [-0.99, 3, 500],
      [-0.5, 0.5, 500],
    ],
  },
  sin: {
    write: sin,
    truth: Math.sin,
    precise: precise.sin,
    ulps: [2, 3],
    within: near,
    edges: [...turnEdges, 4897.49219, 9999],
    spans: [
      [-7, 7, 500],
      [-1e4, 1e4, 500],
    ],
  },
  cos: {
    write: cos,
    truth: Math.cos,
    precise: precise.cos,
    ulps: [2, 3],
    within: near,
    edges: [...turnEdges, 2 ** -12, 0.143316433, 9818.52734, 9999],
    spans: [
      [-7, 7, 500],
      [-1e4, 1e4, 500],
    ],
  },
  erf: {
    write: erf,
    truth: truths.erf,
    precise: precise.erf,
    ulps: [4, 4],
    edges: [0.25, 1, 3.8325, 4, 5.92],
    spans: [[-6, 6, 800]],
  },
  erfc: {
    write: erfc,
    truth: truths.erfc,
    precise: precise.erfc,
    ulps: [8, 8],
    edges: [-4, 0.5, 1, 9.194, 10.054, 10.06, 26.54, 27.22],
    spans: [[-6, 28, 300]],
  },
  ...inverseCases,
};

interface Row {
  readonly name: string;
  readonly instructions: number;
  readonly constants: number;
  readonly promised: number;
  readonly fused: string;
  readonly unfused: string;
}

const rows: Row[] = [];
afterAll(() => console.table(rows));

/** Runs a body fused and unfused over points with truths, and notes the largest errors. */
function measure(name: string, body: LaneBody, promised: number) {
  const runs = [compileLanes(body, { fused: true }), compileLanes(body, { fused: false })];
  const worst = [0, 0];
  const at = ["", ""];
  return {
    point(inputs: readonly number[], errorOf: (actual: number) => number): void {
      for (let mode = 0; mode < 2; mode++) {
        const actual = runs[mode]?.(inputs)[0] as number;
        const error = errorOf(actual);
        if (error <= (worst[mode] as number)) continue;
        worst[mode] = error;
        at[mode] = `${name}(${inputs.join(", ")}) = ${actual}`;
      }
    },
    close(): void {
      const isConstant = body.instructions.filter(({ op }) => op === "const").length;
      const isFree = body.instructions.filter(({ op }) => op === "bitcast").length;
      const [fused, unfused] = worst.map((error) => error.toFixed(3)) as [string, string];
      const instructions = body.instructions.length - isConstant - isFree;
      rows.push({ name, instructions, constants: isConstant, promised, fused, unfused });
      expect(worst[0], at[0]).toBeLessThanOrEqual(promised);
      expect(worst[1], at[1]).toBeLessThanOrEqual(promised);
    },
  };
}

/** Points of a span at irregular distances. */
function* spread([low, high, points]: readonly [number, number, number]): Generator<number> {
  for (let at = 0; at < points; at++) yield low + ((high - low) * (at + Math.sin(at))) / points;
}

function* points32(edges: readonly number[]): Generator<number> {
  yield* specials32;
  for (const edge of edges) {
    yield* around32(edge, 100);
    yield* around32(-edge, 100);
  }
  yield* strided32(8209);
}

function* points64({ edges, spans }: Case, name: string): Generator<number> {
  yield* specials64;
  for (const edge of edges) yield* around64(edge, 3);
  for (const span of spans) yield* spread(span);
  yield* strided64(name.startsWith("erf") ? 100 : 500);
}

describe("float32 functions keep their promise over strided bit patterns", () => {
  for (const [name, { write, truth, ulps, within, edges }] of Object.entries(cases)) {
    test(name, () => {
      const measured = measure(`${name}.f32`, traceLanes(["f32"], write), ulps[0]);
      for (const x of points32(edges)) {
        if (within && !within(x)) continue;
        const expected = truth(x);
        measured.point([x], (actual) => ulpError32(actual, expected));
      }
      measured.close();
    });
  }
});

describe("float64 functions keep their promise against a truth of 200 bits", () => {
  for (const [name, entry] of Object.entries(cases)) {
    test(name, () => {
      const measured = measure(`${name}.f64`, traceLanes(["f64"], entry.write), entry.ulps[1]);
      for (const x of points64(entry, name)) {
        if (entry.within && !entry.within(x)) continue;
        const known = entry.truth(x);
        const isOrdinary = Number.isFinite(known) && known !== 0 && Number.isFinite(x);
        const [whole, finer] = isOrdinary ? inTwoParts(entry.precise(x)) : [known, 0];
        measured.point([x], (actual) => ulpError64(actual, whole, finer));
      }
      measured.close();
    });
  }
});

/** Random numbers in [0, 1), the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bases near 1 with large exponents, whole exponents, exponents that use the whole range. */
function* powers(count: number, range: number, base: (random: () => number) => number) {
  const random = seeded(1);
  for (let at = 0; at < count; at++) {
    const x = base(random);
    if (!Number.isFinite(x) || x === 0) continue;
    const nearOne = 1 + (random() - 0.5) * 0.9;
    yield [x, (random() - 0.5) * 10];
    yield [x, Math.round((random() - 0.5) * 20)];
    yield [Math.abs(x), ((random() * 2 - 1) * range) / Math.abs(Math.log(Math.abs(x)) || 1)];
    yield [nearOne, ((random() * 2 - 1) * range) / Math.abs(Math.log(nearOne))];
  }
}

describe("pow keeps its promise", () => {
  test("float32, and IEEE's special cases", () => {
    const measured = measure("pow.f32", traceLanes(["f32", "f32"], pow), 4);
    const one = (x: number, y: number) => {
      const expected = truths.pow(x, y);
      measured.point([x, y], (actual) => ulpError32(actual, expected));
    };
    for (const x of specials32) for (const y of specials32) one(x, y);
    const base = (random: () => number) => floatOfBits32((random() * 2 ** 32) >>> 0);
    for (const [x = 0, y = 0] of powers(30_000, 105, base)) one(Math.fround(x), Math.fround(y));
    measured.close();
  });

  test("float64, and IEEE's special cases", () => {
    const measured = measure("pow.f64", traceLanes(["f64", "f64"], pow), 4);
    for (const x of specials64) {
      for (const y of specials64) {
        const expected = truths.pow(x, y);
        measured.point([x, y], (actual) => ulpError64(actual, expected));
      }
    }
    const base = (random: () => number) =>
      Math.abs(floatOfBits64(BigInt(Math.floor(random() * 2 ** 53)) << 11n));
    for (const [x = 0, y = 0] of powers(1000, 746, base)) {
      const [whole, finer] = inTwoParts(precise.pow(x, y));
      measured.point([x, y], (actual) => ulpError64(actual, whole, finer));
    }
    measured.close();
  });

  test("exact powers are exact", () => {
    for (const type of ["f32", "f64"] as const) {
      const run = compileLanes(traceLanes([type, type], pow));
      expect([run([2, 10]), run([-2, 3]), run([4, 0.5]), run([0.5, -3])].flat()).toEqual([
        1024, -8, 2, 8,
      ]);
    }
  });
});

describe("outside of what is promised in ulps", () => {
  const modes = [{ fused: true }, { fused: false }];

  test("sin and cos of any size stay within [-1, 1], and are NaN only at infinity", () => {
    for (const write of [sin, cos]) {
      for (const mode of modes) {
        const run = compileLanes(traceLanes(["f32"], write), mode);
        const isSound = (x: number): boolean => {
          const y = run([x])[0] as number;
          return Number.isFinite(x) ? Math.abs(y) <= 1 : Number.isNaN(y);
        };
        expect([...strided32(65537), ...specials32].filter((x) => !isSound(x))).toEqual([]);
      }
    }
  });

  test("sin and cos lose digits slowly above 1e4", () => {
    const error = (write: Write, fused: boolean, size: number): number => {
      const run = compileLanes(traceLanes(["f32"], write), { fused });
      const truth = write === sin ? Math.sin : Math.cos;
      let worst = 0;
      for (const share of spread([0.5, 1, 2000])) {
        const x = Math.fround(size * share);
        worst = Math.max(worst, Math.abs((run([x])[0] as number) - truth(x)));
      }
      return worst;
    };
    for (const write of [sin, cos]) {
      expect(error(write, true, 1e6)).toBeLessThan(2e-6);
      expect(error(write, false, 5e4)).toBeLessThan(1e-6);
      expect(error(write, false, 2e5)).toBeLessThan(1e-2);
    }
  });

  test("tanh of float32 never exceeds 1, and is 1 from 8.625 on", () => {
    for (const mode of modes) {
      const run = compileLanes(traceLanes(["f32"], tanh), mode);
      const valueAt = (x: number) => run([x])[0] as number;
      const ends = [8.625, 8.7, 20, 1e30, Number.POSITIVE_INFINITY];
      expect(ends.map(valueAt)).toEqual(ends.map(() => 1));
      expect(ends.map((x) => valueAt(-x))).toEqual(ends.map(() => -1));
      const last = Math.fround(8.625);
      const below = Array.from({ length: 50_000 }, (_, at) => last - at * 11 * 2 ** -20);
      expect(below.filter((x) => !(valueAt(x) <= 1))).toEqual([]);
    }
  });

  test("cos 0, exp 0 and erfc 0 are exactly 1; log 1 is 0; log2 of powers of two is exact", () => {
    for (const type of ["f32", "f64"] as const) {
      for (const mode of modes) {
        const run = (write: Write) => compileLanes(traceLanes([type], write), mode);
        const ones = [cos, exp, erfc].map((write) => run(write)([0])[0]);
        expect([...ones, run(log)([1])[0]]).toEqual([1, 1, 1, 0]);
        const powers = Array.from({ length: 277 }, (_, at) => at - 149);
        const log2s = run(log2);
        expect(powers.map((power) => log2s([2 ** power])[0])).toEqual(powers);
      }
    }
  });
});
