// Every public record's gradients of both orders, against finite differences in float64, along random
// directions. Which calls are checked stands in tests/samples, one row a record.

import { beforeAll, describe, expect, test } from "vitest";
import { configure, gradcheck, gradgradcheck } from "../../src/index.ts";
import { families } from "../samples/all.ts";
import { leavesOf, SEED, samplesOf } from "../samples/leaves.ts";
import type { Row } from "../samples/samples.ts";

beforeAll(() => configure({ inline: "blocking" }));

for (const [family, rows] of Object.entries(families)) {
  const differentiable = Object.entries<Row>(rows).flatMap(([name, row]) =>
    samplesOf(row).map((sample, at) => ({ name: at === 0 ? name : `${name} (${at + 1})`, sample })),
  );
  if (differentiable.length === 0) continue;
  describe(`${family} (seed ${SEED})`, () => {
    test.each(differentiable)("$name", async ({ sample: { inputs, call, orders = 2 } }) => {
      const options = { fastMode: true };
      expect(await gradcheck(call, leavesOf(inputs), options)).toBe(true);
      if (orders > 1) expect(await gradgradcheck(call, leavesOf(inputs), options)).toBe(true);
    });
  });
}
