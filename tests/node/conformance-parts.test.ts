// Parts of the conformance runner: decoding, comparing, naming, reporting, the command line.

import { describe, expect, test } from "vitest";
import { Adapter, camelCase } from "../conformance/adapter.ts";
import { describeMismatch } from "../conformance/compare.ts";
import { elementsOf, type StoredTensor, type Tree } from "../conformance/corpus.ts";
import { readOptions, UsageError } from "../conformance/options.ts";
import type { Outcome } from "../conformance/outcome.ts";
import type { Chosen } from "../conformance/read-corpus.ts";
import { detailsOf, isGood, reportOf, tableOf } from "../conformance/report.ts";
import { agreesUpTo } from "../conformance/undetermined.ts";
import * as fake from "./fake-api.ts";
import { answer, base64, float32, int64, tolerance } from "./stored-cases.ts";

const adapter = new Adapter({ "": fake });

const read = ({ shape, dtype, ...rest }: StoredTensor) => ({
  shape,
  dtype,
  values: elementsOf({ shape, dtype, ...rest }),
});

describe("decoding", () => {
  test.each([
    ["float16", [0x3c00, 0xc000, 0x7c00, 0x0001], [1, -2, Number.POSITIVE_INFINITY, 2 ** -24]],
    ["bfloat16", [0x3f80, 0xc000, 0xff80, 0x4049], [1, -2, Number.NEGATIVE_INFINITY, 3.140625]],
  ])("%s comes as numbers", (dtype, bits, values) => {
    const stored = { shape: [4], dtype, data: base64(Uint16Array.from(bits)) };
    expect([...elementsOf(stored)]).toEqual(values);
  });

  test("int64 comes as bigint, an empty tensor as nothing", () => {
    expect([...elementsOf(int64([2], [-1n, 2n ** 62n]))]).toEqual([-1n, 2n ** 62n]);
    expect(elementsOf({ shape: [0], dtype: "bool", data: "" })).toHaveLength(0);
  });

  test("a non-contiguous tensor is a view with the stored elements", () => {
    const made = adapter.tensor(float32([2, 2], [1, 2, 3, 4], { contiguous: false }));
    expect(made).toMatchObject({ shape: [2, 2], values: [1, 2, 3, 4] });
  });
});

describe("comparing", () => {
  const want = float32([3], [1, Number.NaN, Number.POSITIVE_INFINITY], tolerance);
  const actual = (...values: number[]) => ({ shape: [3], dtype: "float32", values });

  test("within the tolerance, NaN equal, infinities agreeing", () => {
    expect(describeMismatch(actual(1 + 1e-5, Number.NaN, Infinity), want)).toBeNull();
  });

  test.each([
    ["a value beyond the tolerance", actual(1 + 2e-5, Number.NaN, Infinity)],
    ["a number for NaN", actual(1, 0, Infinity)],
    ["the other infinity", actual(1, Number.NaN, -Infinity)],
    ["a large number for infinity", actual(1, Number.NaN, 3e38)],
    ["NaN for a number", actual(Number.NaN, Number.NaN, Infinity)],
    ["another dtype", { ...actual(1, Number.NaN, Infinity), dtype: "float64" }],
    ["another shape", { ...actual(1, Number.NaN, Infinity), shape: [3, 1] }],
    ["fewer elements", { ...actual(1), shape: [3] }],
  ])("%s is a mismatch", (_, found) => {
    expect(describeMismatch(found, want)).not.toBeNull();
  });

  test("the first wrong element and its place are told", () => {
    const grid = float32([2, 2], [1, 2, 3, 4], tolerance);
    const found = { shape: [2, 2], dtype: "float32", values: [1, 2, 3.5, 5] };
    expect(describeMismatch(found, grid)?.reason).toBe(
      "3.5, expected 3 ± 0.000014 at [1,0]; 2 of 4 elements differ",
    );
  });

  test("int64 is exact, whether it comes as numbers or bigints", () => {
    const exact = int64([1], [2n ** 53n + 1n]);
    const found = (value: number | bigint) => ({ shape: [1], dtype: "int64", values: [value] });
    expect(describeMismatch(found(2n ** 53n + 1n), exact)).toBeNull();
    expect(describeMismatch(found(2 ** 53), exact)).not.toBeNull();
    expect(describeMismatch(found(0.5), int64([1], [0n]))).not.toBeNull();
    expect(describeMismatch(found(7), int64([1], [7n]))).toBeNull();
  });
});

describe("what the corpus leaves open", () => {
  const signs = "singular vectors are defined up to sign; compare U*S*Vh and S";
  const ties = "index among equal elements is unspecified";
  const U = float32([2, 2], [0.6, 0.8, 0.8, -0.6], tolerance);
  const S = float32([2], [3, 1], tolerance);
  const upTo = (outputs: StoredTensor[], wanted: StoredTensor[], note = signs) =>
    agreesUpTo(note, outputs.map(read), wanted, float32([4], [5, 7, 5, 1]));

  test("a column of U and the same column of V may be negated together", () => {
    const flipped = float32([2, 2], [-0.6, 0.8, -0.8, -0.6], tolerance);
    expect(upTo([flipped, S, flipped], [U, S, U])).toBe(true);
    expect(upTo([flipped, S, U], [U, S, U])).toBe(false);
  });

  test("one element alone may not change its sign, and S not at all", () => {
    expect(upTo([float32([2, 2], [-0.6, 0.8, 0.8, -0.6]), S, U], [U, S, U])).toBe(false);
    expect(upTo([U, float32([2], [-3, 1]), U], [U, S, U])).toBe(false);
  });

  test("equal elements may be picked in any order, others and the same twice not", () => {
    const want = int64([2], [0n, 2n]);
    expect(upTo([int64([2], [2n, 0n])], [want], ties)).toBe(true);
    expect(upTo([int64([2], [0n, 0n])], [want], ties)).toBe(false);
    expect(upTo([int64([2], [0n, 1n])], [want], ties)).toBe(false);
    expect(upTo([int64([2], [0n, 9n])], [want], ties)).toBe(false);
  });
});

describe("names", () => {
  test.each([
    ["index_add_", "indexAdd_"],
    ["atleast_1d", "atleast1d"],
    ["_random_samples", "randomSamples"],
    ["conv_transpose2d", "convTranspose2d"],
    ["keepdim", "keepdim"],
    ["UPLO", "UPLO"],
    ["mT", "mT"],
  ])("%s → %s", (python, ours) => {
    expect(camelCase(python)).toBe(ours);
  });

  test("a namespace is an export of the root or a module of its own", () => {
    const relu = () => 0;
    const nested = new Adapter({ "": { nn: { functional: { relu } } } });
    const apart = new Adapter({ "": {}, nn: { functional: { relu } } });
    expect(nested.lookUp("torch.nn.functional.relu")).toBe(relu);
    expect(apart.lookUp("torch.nn.functional.relu")).toBe(relu);
    expect(() => apart.lookUp("torch.nn.functional.gelu")).toThrow("no nn.functional.gelu");
  });

  test("keyword arguments become a last plain object, tuples arrays, floats branded", () => {
    const seen: unknown[][] = [];
    const probe = new Adapter({ "": { ...fake, someOp: (...args: unknown[]) => seen.push(args) } });
    const kwargs = { some_dim: 1, keepdim: true };
    const args: Tree[] = [{ tuple: [1, 2] }, { float: "inf" }, { dtype: "int64" }, null];
    probe.prepare({ function: "torch.some_op" }, args, kwargs, [])();
    expect(seen).toEqual([
      [[1, 2], { value: Infinity }, "int64", null, { someDim: 1, keepdim: true }],
    ]);
    expect(Object.getPrototypeOf(seen[0]![0])).toBe(Array.prototype);
  });

  test("reflected operators call the forward one with swapped operands", () => {
    const probe = new Adapter({ "": { ...fake, sub: (a: unknown, b: unknown) => [a, b] } });
    const x = fake.tensor([1], { dtype: "float32" });
    const subtract = (args: Tree[]) => probe.prepare({ method: "__rsub__" }, args, {}, [x])();
    expect(subtract([{ tensor: 0 }, 2])).toEqual([2, x]);
    expect(() => subtract([1, 2])).toThrow("__rsub__: a number has no such method");
  });

  test("a tuple index is several indices, a list is one", () => {
    const x = { index: (...indices: unknown[]) => indices };
    expect(adapter.index(x, adapter.decode({ tuple: [1, { ellipsis: true }] }, []))).toEqual([
      1,
      "...",
    ]);
    expect(adapter.index(x, [0, 2])).toEqual([[0, 2]]);
  });
});

describe("the report", () => {
  const contents = { dtype: "float32", hasGradient: true, hasSecondOrder: false };
  const place = (id: string, group: string, tier = 1): Chosen => ({
    id,
    kind: "value",
    part: "ops/x.json",
    counts: { tier, group, op: "x", ...contents },
  });
  const note = { about: "illConditioned", text: "value: 1, expected 2" } as const;
  const chosen: Chosen[] = [
    place("a", "unary"),
    place("b", "unary"),
    place("c", "linalg", 3),
    { id: "p", kind: "program", part: "programs", counts: "programs" },
  ];
  const outcomes = [
    answer("a", { notes: [note] }),
    answer("b", { verdict: "failed", stage: "grad", reason: "6.06, expected 6" }),
    answer("c", { verdict: "missing", reason: "linalg.inv" }),
  ].map((outcome) => [outcome.id, outcome] as const);
  const program = answer("p", { kind: "program", verdict: "failed", reason: "line 2: oh" });
  const rest = {
    counters: [{ requests: 4, programs: 4, fallbacks: 0 }],
    complaints: [],
    seconds: 1,
  };
  const report = reportOf({
    chosen,
    outcomes: new Map([...outcomes, ["p", program]]),
    ...rest,
  });

  test("counts what holds of each operator: a value whose gradient fails holds", () => {
    expect(report.facets.x).toEqual({
      group: "1/unary",
      value: { passed: 2, total: 3 },
      gradient: { passed: 1, total: 3 },
      secondOrder: { passed: 0, total: 0 },
      error: { passed: 0, total: 0 },
      dtypes: ["float32"],
    });
  });

  test("counts by tier and group; the semantics apart", () => {
    expect(report.tiers).toEqual({
      1: { passed: 1, failed: 1, missing: 0 },
      3: { passed: 0, failed: 0, missing: 1 },
    });
    expect(report.groups).toEqual({
      "1/unary": { passed: 1, failed: 1, missing: 0 },
      "3/linalg": { passed: 0, failed: 0, missing: 1 },
    });
    expect(report.failures).toEqual([
      { id: "b", kind: "value", stage: "grad", reason: "6.06, expected 6" },
    ]);
    expect(report.semantics.programs).toMatchObject({ passed: 0, failed: 1, missing: 0 });
    expect(report.missingNames).toEqual({ "linalg.inv": 1 });
  });

  test("reads as a table, with failures, remarks and counters below", () => {
    expect(tableOf(report)).toMatch(/^tier 1 +1 +1 +0 +2$/m);
    const details = detailsOf(report, false);
    expect(details).toContain("b [grad] 6.06, expected 6");
    expect(details).toContain("different, but ill conditioned: 1");
    expect(details).toContain("fallbacks 0, programs per request 1.000");
  });

  test("is good only when nothing failed, something passed and nothing fell back", () => {
    const only = (outcome: Outcome, counters = rest.counters) =>
      reportOf({
        chosen: [place(outcome.id, "unary")],
        outcomes: new Map([[outcome.id, outcome]]),
        ...rest,
        counters,
      });
    expect(isGood(report)).toBe(false);
    expect(isGood(only(answer("a")))).toBe(true);
    expect(isGood(only(answer("a", { verdict: "missing" })))).toBe(false);
    expect(isGood(only(answer("a"), [{ requests: 1, programs: 1, fallbacks: 1 }]))).toBe(false);
    expect(isGood(only(answer("a"), []))).toBe(false);
  });

  test("does not pass over a case that was never run", () => {
    expect(() => reportOf({ chosen, outcomes: new Map(), ...rest })).toThrow("a was never run");
  });
});

describe("the command line", () => {
  test("a choice of operators leaves the semantics out, and the other way round", () => {
    expect(readOptions([]).selection).toMatchObject({ operators: true, sections: { length: 3 } });
    expect(readOptions(["--only", "add,mul"]).selection).toMatchObject({
      only: ["add", "mul"],
      sections: [],
    });
    expect(readOptions(["--semantics", "reprs"]).selection).toMatchObject({
      operators: false,
      sections: ["reprs"],
    });
  });

  test.each([
    [["--nonsense"]],
    [["--tier", "one"]],
    [["--workers", "0"]],
    [["--semantics", "all"]],
  ])("%s is refused", (argv) => {
    expect(() => readOptions(argv)).toThrow(UsageError);
  });
});
