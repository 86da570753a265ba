// The conformance runner must be able to fail: each kind of wrong answer, of a library made wrong on
// purpose, comes out as the failure it is; a case that hangs or crashes costs only itself.

import { afterEach, describe, expect, test } from "vitest";
import { Adapter } from "../conformance/adapter.ts";
import { type Job, runBatches } from "../conformance/batches.ts";
import { Conductor } from "../conformance/conductor.ts";
import type { Case, Semantics, Tree, ValueCase, Variant } from "../conformance/corpus.ts";
import { runCase } from "../conformance/operator-case.ts";
import { isRefusal, type Outcome } from "../conformance/outcome.ts";
import type { Chosen } from "../conformance/read-corpus.ts";
import { semanticJobs } from "../conformance/semantic-cases.ts";
import * as fake from "./fake-api.ts";
import { answer, float32, tolerance } from "./stored-cases.ts";

const adapter = new Adapter({ "": fake });

afterEach(() => {
  for (const name of Object.keys(fake.faults)) Object.assign(fake.faults, { [name]: false });
});

/** y = x², cotangent c: dy/dx = 2·c·x; with v: d(Σ 2·c·x·v)/dx = 2·c·v. */
const squareCase: ValueCase = {
  id: "square/float32/1",
  kind: "value",
  dtype: "float32",
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
      dtype: "float32",
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
  const contents = { dtype: "float32", hasGradient: false, hasSecondOrder: false };
  const chosen = ["a", "crash", "b", "c"].map(
    (id): Chosen => ({
      id,
      kind: "value",
      part: "ops/x.json",
      counts: { tier: 1, group: "unary", op: "x", ...contents },
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
