// Samples of activations, away from their kinks.

import { gelu, leakyRelu, silu, softplus } from "../../src/nn/functional.ts";
import type { activationRecords } from "../../src/nn/records/activations.ts";
import { type Samples, sample } from "./samples.ts";

const wide = [-3, 3] as const;

export const activationSamples: Samples<typeof activationRecords> = {
  silu: sample((x) => silu(x), wide),
  gelu: [sample((x) => gelu(x), wide), sample((x) => gelu(x, { approximate: "tanh" }), wide)],
  softplus: [sample((x) => softplus(x), wide), sample((x) => softplus(x, 2, 1), wide)],
  leakyRelu: sample((x) => leakyRelu(x, 0.1), wide),
};
