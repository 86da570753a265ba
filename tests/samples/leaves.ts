// From a sample's row to what it is called on.

import { isFloat } from "../../src/base/dtypes.ts";
import { type Tensor, tensor } from "../../src/index.ts";
import { seeded } from "../leaves.ts";
import type { Row, Sample, SampleInput } from "./samples.ts";

export const SEED = 20_251;

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

export const samplesOf = (row: Row): readonly Sample[] =>
  typeof row === "string" ? [] : "call" in row ? [row] : row;
