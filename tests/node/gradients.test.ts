// Every public record's gradients of both orders, against finite differences in float64, along random
// directions. Which calls are checked stands in tests/samples, one row a record.

import { beforeAll, describe, expect, test } from "vitest";
import { isFloat } from "../../src/base/dtypes.ts";
import { configure, gradcheck, gradgradcheck, type Tensor, tensor } from "../../src/index.ts";
import { seeded } from "../leaves.ts";
import { families } from "../samples/all.ts";
import type { Row, Sample, SampleInput } from "../samples/samples.ts";

beforeAll(() => configure({ inline: "blocking" }));

const SEED = 20_251;

/** Leaves, or tensors of other dtypes, as the row asks. */
export function leavesOf(inputs: readonly SampleInput[], random = seeded(SEED)): Tensor[] {
  return inputs.map(({ shape, from = 0.2, to = 2, dtype = "float64", data, grad = true }) => {
    const count = shape.reduce((size, n) => size * n, 1);
    const drawn = data ?? Array.from({ length: count }, () => random(from, to));
    const elements = isFloat(dtype) ? drawn : drawn.map((x) => Math.floor(x));
    const made = tensor(Float64Array.from(elements)).to(dtype).reshape(shape);
    return isFloat(dtype) && grad ? made.detach().requiresGrad_() : made;
  });
}

const samplesOf = (row: Row): readonly Sample[] =>
  typeof row === "string" ? [] : "call" in row ? [row] : row;

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
