// Samples of activations, away from their kinks.

import { manualSeed, type Tensor } from "../../src/index.ts";
import type { activationRecords } from "../../src/nn/records/activations.ts";
import { functional } from "../../src/nn.ts";
import type { rootActivations } from "../../src/tensor/records/activations.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const wide = [-3, 3] as const;

/** Some in each piece of what is made of straight ones with corners at multiples of ½ and at ±3. */
const piecewise: SampleInput = {
  shape: [3, 4],
  data: [-4.3, -3.4, -2.6, -1.3, -0.8, -0.3, 0.2, 0.7, 1.4, 2.8, 3.3, 6.6],
};

const of = (call: (x: Tensor) => Tensor): Sample => sample(call, wide);
const ofPieces = (call: (x: Tensor) => Tensor): Sample => sample(call, piecewise);
const seeded = (call: (x: Tensor) => Tensor): Sample =>
  ofPieces((x) => {
    manualSeed(7);
    return call(x);
  });

const slopes = { shape: [4], from: 0.1, to: 0.9 } as const;
const slope = { shape: [], from: 0.1, to: 0.9 } as const;

export const rootActivationSamples: Samples<typeof rootActivations> = {
  prelu: [
    sample((x, weight) => functional.prelu(x, weight), piecewise, slopes),
    sample((x, weight) => functional.prelu(x, weight), piecewise, slope),
  ],
  hardshrink: ofPieces((x) => x.hardshrink(0.4)),
  selu: of((x) => functional.selu(x)),
  celu: of((x) => functional.celu(x, 0.7)),
  threshold: ofPieces((x) => functional.threshold(x, 0.5, -1)),
  rrelu: [
    ofPieces((x) => functional.rrelu(x)),
    seeded((x) => functional.rrelu(x, { training: true })),
  ],
};

export const activationSamples: Samples<typeof activationRecords> = {
  ...rootActivationSamples,
  relu: ofPieces((x) => functional.relu(x)),
  relu6: ofPieces((x) => functional.relu6(x)),
  silu: of((x) => functional.silu(x)),
  mish: of((x) => functional.mish(x)),
  hardswish: ofPieces((x) => functional.hardswish(x)),
  hardsigmoid: ofPieces((x) => functional.hardsigmoid(x)),
  logsigmoid: of((x) => functional.logsigmoid(x)),
  softsign: of((x) => functional.softsign(x)),
  tanhshrink: of((x) => functional.tanhshrink(x)),
  elu: of((x) => functional.elu(x, 1.3)),
  leakyRelu: of((x) => functional.leakyRelu(x, 0.1)),
  hardtanh: ofPieces((x) => functional.hardtanh(x, -1, 2)),
  softshrink: ofPieces((x) => functional.softshrink(x, 0.4)),
  gelu: [of((x) => functional.gelu(x)), of((x) => functional.gelu(x, { approximate: "tanh" }))],
  softplus: [of((x) => functional.softplus(x)), of((x) => functional.softplus(x, 2, 1))],
  glu: [of((x) => functional.glu(x)), sample((x) => functional.glu(x, 0), { shape: [4, 3] })],
  gumbelSoftmax: seeded((x) => functional.gumbelSoftmax(x, 0.8)),
};
