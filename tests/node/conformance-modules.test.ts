// The conformance runner's module cases can fail: by the value, by a buffer, by the state dict's names.

import { beforeAll, expect, test } from "vitest";
import * as api from "../../src/index.ts";
import * as nn from "../../src/nn.ts";
import { Adapter, type Modules } from "../conformance/adapter.ts";
import type { ModuleErrorCase, ModuleValueCase, StoredTensor } from "../conformance/corpus.ts";
import { runModuleCase } from "../conformance/module-case.ts";

beforeAll(() => api.configure({ inline: "blocking" }));

const adapter = new Adapter({ "": api, nn } as unknown as Modules);

const stored = (values: number[], shape = [values.length]): StoredTensor => {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  const data = btoa(String.fromCharCode(...bytes));
  return { shape, dtype: "float32", data, atol: 1e-6, rtol: 1e-6 };
};

const count: StoredTensor = { shape: [], dtype: "int64", data: btoa("\0".repeat(8)) };
const one: StoredTensor = { shape: [], dtype: "int64", data: btoa(`\x01${"\0".repeat(7)}`) };
const noCall = { args: [], kwargs: {} };

/** BatchNorm1d(1) without a scale on [1, 3]: ±1, and statistics with momentum ½. */
const norm: ModuleValueCase = {
  id: "norm",
  kind: "value",
  dtype: "float32",
  dtypes: ["float32", "int64"],
  training: true,
  constructor: { args: [1, { float: 0.000001 }, { float: 0.5 }], kwargs: { affine: false } },
  state: [
    { name: "running_mean", tensor: 1 },
    { name: "running_var", tensor: 2 },
    { name: "num_batches_tracked", tensor: 3 },
  ],
  forward: { args: [{ tensor: 0 }], kwargs: {} },
  tensors: [stored([1, 3], [2, 1]), stored([0]), stored([1]), count],
  result: { out: 0 },
  outputs: [{ ...stored([-1, 1], [2, 1]), atol: 1e-4 }],
  mutations: [
    { tensor: 1, value: stored([1]) },
    { tensor: 2, value: stored([1.5]) },
    { tensor: 3, value: one },
  ],
};

test("a module that is right passes", async () => {
  expect(await runModuleCase(adapter, "nn.BatchNorm1d", norm)).toMatchObject({
    verdict: "passed",
    reason: "",
  });
});

test("a wrong value, buffer or name fails at its stage", async () => {
  const wrongs: [Partial<Omit<ModuleValueCase, "constructor">>, string][] = [
    [{ outputs: [stored([-1, 2], [2, 1])] }, "value"],
    [{ mutations: [{ tensor: 2, value: stored([1]) }] }, "mutation"],
    [{ state: norm.state.slice(0, 2) }, "build"],
    [{ training: false }, "value"],
  ];
  for (const [wrong, stage] of wrongs) {
    const outcome = await runModuleCase(adapter, "nn.BatchNorm1d", { ...norm, ...wrong });
    expect([outcome.verdict, outcome.stage]).toEqual(["failed", stage]);
  }
});

test("what must be refused is, in the constructor or in the call; else it fails", async () => {
  const refused: ModuleErrorCase = {
    id: "refused",
    kind: "error",
    stage: "constructor",
    dtypes: [],
    constructor: { args: [{ float: 1.5 }], kwargs: {} },
    forward: noCall,
    tensors: [],
    error: { type: "ValueError", message: "dropout probability has to be between 0 and 1" },
  };
  expect((await runModuleCase(adapter, "nn.Dropout", refused)).verdict).toBe("passed");
  const { error } = refused;
  const taken: ModuleErrorCase = {
    ...refused,
    constructor: noCall,
    forward: { args: [{ tensor: 0 }], kwargs: {} },
    tensors: [stored([1])],
    error,
  };
  const outcome = await runModuleCase(adapter, "nn.Dropout", taken);
  expect([outcome.verdict, outcome.isMismatch]).toEqual(["failed", true]);
});

test("a module that is not there is missing", async () => {
  const outcome = await runModuleCase(adapter, "nn.Nothing", norm);
  expect([outcome.verdict, outcome.reason]).toEqual(["missing", "nn.Nothing"]);
});
