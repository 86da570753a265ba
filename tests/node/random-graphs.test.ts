// Random programs against an eager model, through the inline executor.

import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { configure } from "../../src/index.ts";
import { build, programChoices } from "../random/arbitrary.ts";
import { baseSeed, check } from "../random/check.ts";

const seed = baseSeed();
const runs = Number(process.env.RUNS ?? 2000);

beforeAll(() => configure({ inline: true }));

test(`random programs compute what an eager model computes (SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(programChoices, (choices) => check(build(choices))),
    { seed, numRuns: runs },
  );
  expect(true).toBe(true);
}, 300_000);
