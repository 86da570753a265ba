// Random programs against an eager model, through the inline executor.

import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { configure } from "../../src/index.ts";
import { build, programChoices } from "../random/arbitrary.ts";
import { baseSeed, check } from "../random/check.ts";
import { checkGradient } from "../random/gradients.ts";
import { checkVariants } from "../random/variants.ts";

const seed = baseSeed();
const runs = Number(process.env.RUNS ?? 2000);

beforeAll(() => configure({ inline: true }));

test(`random programs compute what an eager model computes (SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(programChoices, (choices) => check(build(choices))),
    { seed, numRuns: runs },
  );
}, 300_000);

test(`random programs of large tensors do so too (SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(programChoices, (choices) => check(build(choices, true))),
    { seed, numRuns: runs / 40 },
  );
}, 300_000);

test(`a program's values have the same bits however they are asked for (SEED=${seed})`, async () => {
  await fc.assert(fc.asyncProperty(programChoices, checkVariants), { seed, numRuns: runs / 5 });
}, 300_000);

test(`gradients of random programs are those of finite differences (SEED=${seed})`, async () => {
  const counts = { checked: 0, refused: 0, wild: 0 };
  await fc.assert(
    fc.asyncProperty(programChoices, async (choices) => {
      counts[await checkGradient(choices)]++;
    }),
    { seed, numRuns: runs / 5 },
  );
  expect(counts.checked).toBeGreaterThan(runs / 10);
}, 300_000);
