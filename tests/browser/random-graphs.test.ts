// Random programs against the eager model, on the pool of a page.

import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { configure, stats } from "../../src/index.ts";
import { build, programChoices } from "../random/arbitrary.ts";
import { baseSeed, check } from "../random/check.ts";
import { checkGradient } from "../random/gradients.ts";

const seed = baseSeed();

afterAll(() => configure({ inline: true }));

test.each([2, 3])(
  `random programs on %i workers compute what an eager model computes (SEED=${seed})`,
  async (workers) => {
    await configure({ workers });
    const before = stats().fallbacks;
    await fc.assert(
      fc.asyncProperty(programChoices, (choices) => check(build(choices))),
      { seed: seed + workers, numRuns: 300 },
    );
    // Large ones, whose tiles are shared.
    await fc.assert(
      fc.asyncProperty(programChoices, (choices) => check(build(choices, true))),
      { seed: seed + workers, numRuns: 50 },
    );
    expect(stats().fallbacks).toBe(before);
  },
  300_000,
);

test(`gradients on 2 workers are those of finite differences (SEED=${seed})`, async () => {
  await configure({ workers: 2 });
  await fc.assert(
    fc.asyncProperty(programChoices, async (choices) => void (await checkGradient(choices))),
    { seed: seed + 1, numRuns: 100 },
  );
}, 300_000);
