import fc from "fast-check";
import { test } from "vitest";
import * as sg from "../../src/index.ts";
import { build, programChoices } from "../random/arbitrary.ts";
import { run } from "../random/check.ts";
test("x", async () => {
  await sg.configure({ inline: true });
  const samples = fc.sample(programChoices, { numRuns: 300, seed: 5 });
  let t = performance.now();
  const built = samples.map(build);
  console.log("build", performance.now() - t);
  let wasm = 0, count = 0; const M = WebAssembly.Module;
  (WebAssembly as any).Module = function (b: BufferSource) { const t = performance.now(); const m = new M(b); wasm += performance.now() - t; count++; return m; };
  let inst = 0; const I = WebAssembly.Instance;
  (WebAssembly as any).Instance = function (a: any, b: any) { const t = performance.now(); const m = new I(a, b); inst += performance.now() - t; return m; };
  t = performance.now();
  let slow: [number, number][] = [];
  for (const [i, b] of built.entries()) { const u = performance.now(); await run(b).catch((e) => console.log(String(e))); slow.push([performance.now() - u, i]); }
  console.log("run", performance.now() - t, "wasm", wasm, count, "inst", inst, sg.stats());
  slow.sort((a, b) => b[0] - a[0]);
  const bs: [number, number][] = samples.map((s, i) => { const u = performance.now(); build(s); return [performance.now() - u, i]; }); bs.sort((a, b) => b[0] - a[0]); console.log(bs.slice(0, 6), bs[100]);
  console.log(slow.slice(0, 5), slow[150]);
}, 100000);
