// What the seed program becomes, as text: the loss and the gradient read x once, in one pass.

import { expect, test } from "vitest";
import { fuse } from "../../src/compiler/fuse.ts";
import { plan } from "../../src/compiler/plan.ts";
import { printKernel } from "../../src/compiler/print.ts";
import { schedule } from "../../src/compiler/schedule.ts";
import { configure, tensor } from "../../src/index.ts";
import { Collector, graphOf } from "../../src/realize/collect.ts";

test("the seed program is one pass over x and a merge", async () => {
  await configure({ inline: true });
  const x = tensor(new Float32Array(65_536), { requiresGrad: true });
  const y = x.add(2);
  const out = y.mul(y).mul(3).mean();
  const done = out.backward();
  const collector = new Collector();
  for (const wanted of [out, x.grad!]) collector.want(wanted.value.node);
  const steps = schedule(graphOf(collector.finish()));
  const { kernels } = plan(fuse(steps), steps.length);
  expect(kernels.map(printKernel).join("\n")).toMatchInlineSnapshot(`
    "rows [65536r] in 4 chunks  add·mul·sum·div [65536]
      v0 = load input 0 (1)
      v1 = f32 2
      v2 = add.f32 v0 v1
      v3 = mul.f32 v2 v2
      v4 = f32 scalar 0
      v5 = mul.f32 v3 v4
      v6 = f32 scalar 2
      v7 = mul.f32 v2 v6
      v8 = add.f32 v7 v7
      output 1 (1) ← v8
      reduce 0 over v5
    merge [] of 4 chunks  add·mul·sum·div [65536]
      v0 = reduced 0
      v1 = f32 scalar 1
      v2 = div.f32 v0 v1
      output 0 () ← v2 (epilogue)"
  `);
  await done;
});
