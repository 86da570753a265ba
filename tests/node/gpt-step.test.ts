// The training step of a GPT as the compiler makes it: launches and peak bytes, of which nothing may be lost
// unnoticed. Whoever brings them down writes the new figures here.

import { beforeAll, expect, test } from "vitest";
import { gptModel } from "../../bench/workloads/gpt.ts";
import type { Program } from "../../src/base/program.ts";
import * as shardgrad from "../../src/index.ts";
import * as nn from "../../src/nn.ts";
import * as optim from "../../src/optim.ts";

const { configure, lastProgram, tensor } = shardgrad;
const sg = { ...shardgrad, nn, optim };

beforeAll(() => configure({ inline: "blocking", simd: "fixed" }));

test("a step of the GPT: what it launches, and what it takes beside weights and gradients", async () => {
  const weights = Object.fromEntries(
    Object.entries(gptModel.weights).map(([name, { shape, values }]) => [
      name,
      tensor(values).reshape(shape).detach().requiresGrad_(),
    ]),
  );
  const batch = Object.fromEntries(
    Object.entries(gptModel.batch).map(([name, { shape, values }]) => [
      name,
      tensor(values, { dtype: "int64" }).reshape(shape).detach(),
    ]),
  );
  const given = [...Object.values(weights), ...Object.values(batch)];
  await Promise.all(given.map((one) => one.realize()));
  const optimizer = new optim.SGD(Object.values(weights), { lr: gptModel.rate });
  const loss = gptModel.loss(sg, weights, batch);
  await Promise.all([loss.backward(), optimizer.step(), loss.realize()]);
  const { launches, arenaBytes, outputs } = lastProgram() as Program;
  const outputBytes = outputs.reduce((sum, bytes) => sum + bytes, 0);
  expect({ launches: launches.length, arenaBytes, outputBytes }).toMatchInlineSnapshot(`
    {
      "arenaBytes": 144773504,
      "launches": 249,
      "outputBytes": 27525124,
    }
  `);
});
