import { test, vi } from "vitest";
import * as sg from "../../src/index.ts";
vi.mock("../../src/realize.ts", () => import("./realize-double.ts"));
test("perf", async () => {
  const x = await sg.ones([2, 3], { requiresGrad: true }).realize();
  const y = await sg.ones([2, 3]).mul(2).realize();
  const b = await sg.ones([3], { requiresGrad: true }).realize();
  const run = (name: string, f: () => unknown) => {
    let best = 1e9;
    for (let r = 0; r < 7; r++) { const t = performance.now(); for (let i = 0; i < 20000; i++) f(); best = Math.min(best, (performance.now() - t) / 20); }
    console.log(name, best.toFixed(2), "us");
  };
  let z: any;
  run("y.add(y) no grad", () => (z = y.add(y)));
  run("x.add(y) grad", () => (z = x.add(y)));
  run("x.add(1)", () => (z = x.add(1)));
  run("x.add(b) broadcast", () => (z = x.add(b)));
  run("x.sum()", () => (z = x.sum()));
  run("x.t()", () => (z = x.t()));
  run("y.t()", () => (z = y.t()));
  run("x.view(6)", () => (z = x.view(6)));
  run("x.relu()", () => (z = x.relu()));
  run("ones(2,3)", () => (z = sg.ones(2, 3)));
  run("y.add_", () => (z = y.add_(1)));
  const { tanh } = await import("../../src/functions/transcendental.ts"); const v = x.value;
  run("value tanh", () => (z = tanh(v)));
  const { add } = await import("../../src/functions/arithmetic.ts"); const w = y.value;
  run("value add", () => (z = add(v, w)));
});
