// The same bits (law 4) of the models of the training curves, for any number of workers.

import { afterAll, expect, test } from "vitest";
import { configure, stats } from "../../src/index.ts";
import { curveNames } from "../curves/models.ts";
import { trained, training } from "../curves/training.ts";

const steps = 6;

afterAll(() => configure({ inline: true }));

test.each(curveNames)(
  "%s learns the same for 1, 2 and 8 workers and on the calling thread",
  async (name) => {
    await configure({ inline: true });
    const inline = await trained(training(name), steps);
    const { fallbacks } = stats();
    for (const workers of [1, 2, 8]) {
      await configure({ workers });
      expect(await trained(training(name), steps), `${workers} workers`).toEqual(inline);
    }
    expect(stats().fallbacks).toBe(fallbacks);
  },
  60_000,
);
