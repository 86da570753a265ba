// The same bits (law 4) of the models of the training curves, for any number of workers.

import { afterAll, beforeAll, expect, test } from "vitest";
import { configure, stats } from "../../src/index.ts";
import { type CurveName, curveNames } from "../curves/models.ts";
import { type Course, trained, training } from "../curves/training.ts";

const steps = 5;
const inline = new Map<CurveName, Course>();

beforeAll(async () => {
  await configure({ inline: true });
  for (const name of curveNames) inline.set(name, await trained(training(name), steps));
}, 60_000);

afterAll(() => configure({ inline: true }));

test.each([1, 2, 8])(
  "on %i workers all models learn what they learn on the calling thread",
  async (workers) => {
    await configure({ workers });
    const { fallbacks } = stats();
    for (const name of curveNames) {
      expect(await trained(training(name), steps), name).toEqual(inline.get(name));
    }
    expect(stats().fallbacks).toBe(fallbacks);
  },
  60_000,
);
