// The conformance runner must be able to fail: each kind of wrong answer, on a library made wrong on
// purpose, comes out as the failure it is.

import { afterEach, describe, expect, test } from "vitest";
import { Adapter, camelCase } from "../conformance/adapter.ts";
import { type Job, runBatches } from "../conformance/batches.ts";
import { describeMismatch } from "../conformance/compare.ts";
import { Conductor } from "../conformance/conductor.ts";
import {
  type Case,
  elementsOf,
  type Semantics,
  type StoredTensor,
  type Tree,
  type ValueCase,
  type Variant,
} from "../conformance/corpus.ts";
import { runCase } from "../conformance/operator-case.ts";
import { readOptions, UsageError } from "../conformance/options.ts";
import { isRefusal, type Outcome } from "../conformance/outcome.ts";
import type { Chosen } from "../conformance/read-corpus.ts";
import { detailsOf, isGood, reportOf, tableOf } from "../conformance/report.ts";
import { semanticJobs } from "../conformance/semantic-cases.ts";
import { agreesUpTo } from "../conformance/undetermined.ts";
import * as fake from "./fake-api.ts";

const adapter = new Adapter({ "": fake });

afterEach(() => {
  for (const name of Object.keys(fake.faults)) Object.assign(fake.faults, { [name]: false });
});

function base64(elements: ArrayBufferView<ArrayBuffer>): string {
  return btoa(String.fromCharCode(...new Uint8Array(elements.buffer)));
}

function float32(shape: number[], values: number[], more: Partial<StoredTensor> = {}) {
  return { shape, dtype: "float32", data: base64(Float32Array.from(values)), ...more };
}

const int64 = (shape: number[], values: bigint[]): StoredTensor => ({
  shape,
  dtype: "int64",
  data: base64(BigInt64Array.from(values)),
});

const tolerance = { atol: 1e-5, rtol: 1.3e-6 };
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
    expect(probe.prepare({ method: "__rsub__" }, [1, 2], {}, [])()).toEqual([2, 1]);
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

/** y = x², cotangent c: dy/dx = 2·c·x; with v: d(Σ 2·c·x·v)/dx = 2·c·v. */
const squareCase: ValueCase = {
  id: "square/float32/1",
  kind: "value",
  args: [{ tensor: 0 }],
  kwargs: {},
  tensors: [float32([2], [3, 4], { requires_grad: true })],
  dtypes: ["float32"],
  result: { out: 0 },
  outputs: [float32([2], [9, 16], tolerance)],
  grad_fn: ["PowBackward0"],
  cotangents: [float32([2], [1, 10])],
  grads: [{ tensor: 0, value: float32([2], [6, 80], tolerance) }],
  second_order: {
    vectors: [{ tensor: 0, value: float32([2], [1, 2]) }],
    grads: [{ tensor: 0, value: float32([2], [2, 40], tolerance) }],
  },
};

const errorCase: Case = {
  id: "square/error/1",
  kind: "error",
  args: [{ tensor: 0 }],
  kwargs: {},
  tensors: [{ shape: [1], dtype: "bool", data: "AQ==" }],
  dtypes: ["bool"],
  error: { type: "RuntimeError", message: "no bool" },
};

const square: Variant = {
  variant: "",
  tier: 1,
  group: "unary",
  call: { function: "torch.square" },
  cases: [squareCase, errorCase],
};

const run = (one: Case, variant = square) => runCase(adapter, variant, one);

describe("a case", () => {
  test("passes when value, gradient and second order are right", async () => {
    expect(await run(squareCase)).toMatchObject({ verdict: "passed", notes: [] });
    expect(await run(errorCase)).toMatchObject({ verdict: "passed" });
  });

  test.each([
    ["value", "value", "expected 9"],
    ["dtype", "value", "dtype int64, expected float32"],
    ["gradient", "grad", "input 0: 6.0"],
    ["secondOrder", "second_order", "null, expected a tensor"],
    ["rejects", "value", "square: out of memory"],
    ["stumbles", "call", "TypeError"],
  ] as const)("fails when the library gets wrong: %s", async (fault, stage, reason) => {
    fake.faults[fault] = true;
    const outcome = await run(squareCase);
    expect(outcome).toMatchObject({ verdict: "failed", stage });
    expect(outcome.reason).toContain(reason);
  });

  test.each([
    ["acceptsAnything", "nothing was thrown; PyTorch: RuntimeError: no bool"],
    ["stumbles", "stumbled instead of refusing"],
  ] as const)("that must fail fails when the library: %s", async (fault, reason) => {
    fake.faults[fault] = true;
    const outcome = await run(errorCase);
    expect(outcome).toMatchObject({ verdict: "failed", stage: "error" });
    expect(outcome.reason).toContain(reason);
  });

  test("is missing when the name or a dtype is", async () => {
    const cube = { ...square, call: { function: "torch.cube" } };
    expect(await run(squareCase, cube)).toMatchObject({ verdict: "missing", reason: "cube" });
    expect(await run(errorCase, cube)).toMatchObject({ verdict: "missing", reason: "cube" });
    const half = { ...squareCase, dtypes: ["float16"] };
    expect(await run(half)).toMatchObject({ verdict: "missing", reason: "dtype float16" });
  });

  test("with a gradient where PyTorch has none passes only with zeros", async () => {
    const none = { ...squareCase, grads: [{ tensor: 0, value: null }] };
    expect(await run(none)).toMatchObject({ verdict: "failed", stage: "grad" });
  });

  test("that is ill conditioned passes with a remark, but not with the wrong dtype", async () => {
    const output = { ...squareCase.outputs[0]!, ill_conditioned: true };
    const ill = { ...squareCase, outputs: [output] };
    fake.faults.value = true;
    expect(await run(ill)).toMatchObject({
      verdict: "passed",
      notes: [{ about: "illConditioned" }],
    });
    fake.faults.dtype = true;
    expect(await run(ill)).toMatchObject({ verdict: "failed", stage: "value" });
  });

  test("with named results compares the fields, and misses one that is not there", async () => {
    const aminmax = { ...square, call: { function: "torch.aminmax" } };
    const outputs = [float32([], [3], tolerance), float32([], [4], tolerance)];
    const named = (second: string): ValueCase => ({
      id: "aminmax/1",
      kind: "value",
      args: [{ tensor: 0 }],
      kwargs: {},
      tensors: squareCase.tensors,
      dtypes: [],
      result: {
        named: [
          ["min", { out: 0 }],
          [second, { out: 1 }],
        ],
      },
      outputs,
    });
    expect(await run(named("max"), aminmax)).toMatchObject({ verdict: "passed" });
    expect(await run(named("top"), aminmax)).toMatchObject({ verdict: "failed", stage: "value" });
  });

  test("an error of the engine is no refusal, a named one is", () => {
    expect(isRefusal(new Error("square: no bool"))).toBe(true);
    expect(isRefusal(new TypeError("square(): argument 'input' must be Tensor"))).toBe(true);
    expect(isRefusal(new TypeError("Cannot read properties of undefined"))).toBe(false);
    expect(isRefusal(new Error("internal: plan: buffer 7"))).toBe(false);
    expect(isRefusal("text")).toBe(false);
  });
});

const answer = (id: string, more: Partial<Outcome> = {}): Outcome => ({
  id,
  kind: "value",
  verdict: "passed",
  stage: "value",
  reason: "",
  isMismatch: false,
  notes: [],
  ...more,
});

describe("batches", () => {
  async function runJobs(jobs: Job[], caseMilliseconds = 1000) {
    const outcomes: Outcome[] = [];
    const hearing = {
      started: () => 0,
      finished: (done: readonly Outcome[]) => outcomes.push(...done),
    };
    const hung = await runBatches(jobs, { batch: 4, lanes: 2, caseMilliseconds }, hearing);
    return { hung, of: (id: string) => outcomes.find((outcome) => outcome.id === id) };
  }

  const job = (id: string, run: (times: number) => Promise<Outcome>, isAlone = false): Job => {
    let times = 0;
    return { id, kind: "value", isAlone, run: () => run(times++) };
  };
  const good = (id: string) => job(id, async () => answer(id));
  const failed = { verdict: "failed", reason: "request failed" } as const;

  test("a case whose request was rejected is asked again alone", async () => {
    const victim = job("victim", async (times) => answer("victim", times === 0 ? failed : {}));
    const culprit = job("culprit", async () => answer("culprit", failed));
    const { of } = await runJobs([good("a"), victim, culprit]);
    expect(of("a")).toMatchObject({ verdict: "passed", notes: [] });
    expect(of("victim")).toMatchObject({ verdict: "passed", notes: [{ about: "company" }] });
    expect(of("culprit")).toMatchObject({ verdict: "failed" });
  });

  test("a value that depends on its company is a failure", async () => {
    const wrong = { ...failed, reason: "9, expected 8", isMismatch: true };
    const moody = job("moody", async (times) => answer("moody", times === 0 ? wrong : {}));
    const { of } = await runJobs([good("a"), moody]);
    expect(of("moody")?.reason).toBe("9, expected 8; alone it is right");
    expect(of("moody")?.verdict).toBe("failed");
  });

  test("a case without an answer is told, the others are not lost", async () => {
    const silent = job("silent", () => new Promise(() => 0));
    const { hung, of } = await runJobs([good("a"), silent], 20);
    expect(hung).toEqual(["silent"]);
    expect(of("a")?.verdict).toBe("passed");
  });

  test("nothing else runs beside a case that wants to be alone", async () => {
    let running = 0;
    let most = 0;
    const counted = (id: string, isAlone: boolean) =>
      job(
        id,
        async () => {
          running++;
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (isAlone) most = Math.max(most, running);
          running--;
          return answer(id);
        },
        isAlone,
      );
    const ids = ["a", "b", "c", "d", "e", "f"];
    await runJobs(ids.map((id, i) => counted(id, i % 2 === 0)));
    expect(most).toBe(1);
  });
});

describe("a lost page", () => {
  const chosen = ["a", "crash", "b", "c"].map(
    (id): Chosen => ({
      id,
      kind: "value",
      part: "ops/x.json",
      counts: { tier: 1, group: "unary", op: "x" },
    }),
  );
  const pace = { batch: 2, lanes: 1, caseMilliseconds: 1000 };

  test("costs the case that caused it and no other", async () => {
    const host = {
      run: async ({ parts }: { parts: Readonly<Record<string, readonly string[]>> }) => {
        const ids = Object.values(parts).flat();
        const at = ids.indexOf("crash");
        const done = at < 0 ? ids : at % 2 === 0 ? ids.slice(0, at) : ids.slice(0, at - 1);
        return {
          outcomes: done.map((id) => answer(id)),
          suspects: at < 0 ? [] : ids.slice(done.length, done.length + 2),
          trouble: at < 0 ? null : "the page crashed",
        };
      },
    };
    const outcomes = await new Conductor(host, pace).run(chosen);
    const verdicts = [...outcomes.values()].map(({ id, verdict }) => `${id} ${verdict}`).sort();
    expect(verdicts).toEqual(["a passed", "b passed", "c passed", "crash failed"]);
    expect(outcomes.get("crash")?.reason).toBe("the page crashed");
  });

  test("that no case can be blamed for ends the run", async () => {
    const host = { run: async () => ({ outcomes: [], suspects: [], trouble: "no such module" }) };
    await expect(new Conductor(host, pace).run(chosen)).rejects.toThrow("no such module");
  });

  test("again and again ends the run, too", async () => {
    const many = Array.from({ length: 30 }, (_, i): Chosen => ({ ...chosen[0]!, id: `${i}` }));
    const host = {
      run: async ({ parts }: { parts: Readonly<Record<string, readonly string[]>> }) => ({
        outcomes: [],
        suspects: Object.values(parts).flat(),
        trouble: "no answer in time",
      }),
    };
    await expect(new Conductor(host, pace).run(many)).rejects.toThrow("25 cases in a row");
  });
});

describe("the report", () => {
  const place = (id: string, group: string, tier = 1): Chosen => ({
    id,
    kind: "value",
    part: "ops/x.json",
    counts: { tier, group, op: "x" },
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

describe("semantics", () => {
  const none = {
    reprs: [],
    programs: [],
    promotion: { binary: [], unary: [], promote_types: [], can_cast: [] },
  };
  const leaf = float32([], [3], {});
  const program = (observe: Tree): Semantics => ({
    ...none,
    programs: [
      {
        id: "p",
        topic: "t",
        source: [],
        steps: [
          {
            assign: "x",
            value: { fn: "torch.tensor", args: [[3]], kwargs: { dtype: { dtype: "float32" } } },
          },
          { assign: "y", value: { fn: "torch.square", args: [{ var: "x" }], kwargs: {} } },
          {
            eval: { method: "item", on: { var: "y" }, args: [], kwargs: {} },
            observe,
            line: 3,
          },
        ],
      },
    ],
  });
  const first = (...args: Parameters<typeof semanticJobs>) => semanticJobs(...args)[0]!.run();

  test("a program's observations are compared", async () => {
    expect(await first(program({ value: { float: 9 } }), "programs", adapter)).toMatchObject({
      verdict: "passed",
    });
    expect(await first(program({ value: { float: 8 } }), "programs", adapter)).toMatchObject({
      verdict: "failed",
      reason: "line 3: 9, expected 8",
    });
  });

  test("printing is compared to the letter", async () => {
    const printed = (repr: string) => ({
      ...none,
      reprs: [{ id: "r", source: "", tensor: leaf, repr }],
    });
    expect(await first(printed("tensor(3)"), "reprs", adapter)).toMatchObject({
      verdict: "passed",
    });
    expect(await first(printed("tensor(3.)"), "reprs", adapter)).toMatchObject({
      verdict: "failed",
    });
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
