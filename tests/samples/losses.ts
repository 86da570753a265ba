// Samples of losses, away from their kinks.

import { type Tensor, tensor } from "../../src/index.ts";
import type { lossRecords } from "../../src/nn/records/losses.ts";
import { functional } from "../../src/nn.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const wide = [-2, 2] as const;
const share = [0.1, 0.9] as const;
const positive = [0.3, 2] as const;

const of = (from: number, to: number, ...shape: number[]): SampleInput => ({ shape, from, to });
const classes = (...data: number[]): SampleInput => ({
  shape: [data.length],
  dtype: "int64",
  data,
});
/** 1 and -1 in turn, which nobody moves. */
const signs = (count: number): SampleInput => ({
  shape: [count],
  data: Array.from({ length: count }, (_, at) => (at % 2 === 0 ? 1 : -1)),
  grad: false,
});

type Loss = (x: Tensor, t: Tensor) => Tensor;

/** Of the same shape, of a row of targets, and of every element. */
const ofPair = (
  call: (x: Tensor, t: Tensor, options: { reduction: "mean" | "none" }) => Tensor,
  x: SampleInput | readonly [number, number],
  t: SampleInput | readonly [number, number],
): readonly Sample[] => [
  sample((x, t) => call(x, t, { reduction: "mean" }), x, t),
  sample((x, t) => call(x, t, { reduction: "none" }), x, t),
];

const labels = classes(2, 0, 3);
const classWeights = { ...of(0.3, 2, 4), grad: false } as const;
const pixels: SampleInput = { shape: [2, 2], dtype: "int64", data: [2, 0, 1, 2] };

const ofClasses = (
  call: (x: Tensor, t: Tensor, weight: Tensor) => Tensor,
  x: SampleInput = of(-2, 2, 3, 4),
  t: SampleInput = labels,
  weight: SampleInput = classWeights,
): Sample => sample(call, x, t, weight);

const likelihoods: readonly Sample[] = [
  ofClasses((x, t) => functional.nllLoss(x, t)),
  ofClasses((x, t, weight) => functional.nllLoss(x, t, weight, { ignoreIndex: 0 })),
  ofClasses((x, t) => functional.nllLoss(x, t, { reduction: "none" }), of(-2, 2, 2, 3, 2), pixels),
];

const entropies: readonly Sample[] = [
  ofClasses((x, t) => functional.crossEntropy(x, t)),
  ofClasses((x, t, weight) =>
    functional.crossEntropy(x, t, weight, { ignoreIndex: 0, labelSmoothing: 0.2 }),
  ),
  ofClasses(
    (x, t) => functional.crossEntropy(x, t, { reduction: "sum", labelSmoothing: 0.1 }),
    of(-2, 2, 2, 3, 2),
    pixels,
  ),
  ofClasses((x, t) => functional.crossEntropy(x, t, { reduction: "none" })),
  sample(
    (x, t, weight) => functional.crossEntropy(x, t, weight, { labelSmoothing: 0.1 }),
    of(-2, 2, 3, 4),
    of(0.1, 0.9, 3, 4),
    of(0.3, 2, 4),
  ),
  sample((x, t) => functional.crossEntropy(x, t, { reduction: "none" }), wide, share),
];

const targets: SampleInput = { shape: [2, 2], dtype: "int64", data: [1, 2, 2, 2] };
const lengths = (...data: number[]): SampleInput => classes(...data);

/** From logits: of log probabilities alone PyTorch's gradient takes them for normalized. */
const sequences: readonly Sample[] = [
  sample(
    (x, targets, inputs, lengths) =>
      functional.ctcLoss(functional.logSoftmax(x, 2), targets, inputs, lengths),
    of(-1, 1, 5, 2, 3),
    targets,
    lengths(5, 4),
    lengths(2, 2),
  ),
  sample(
    (x, targets) =>
      functional.ctcLoss(functional.logSoftmax(x, 2), targets, [5, 3], [1, 2], {
        reduction: "none",
      }),
    of(-1, 1, 5, 2, 3),
    classes(1, 2, 1),
  ),
];

const points = of(-1, 1, 3, 4);
const farPoints = of(2, 3, 3, 4);

export const lossSamples: Samples<typeof lossRecords> = {
  mseLoss: [
    ...ofPair((x, t, options) => functional.mseLoss(x, t, options), wide, of(-2, 2, 4)),
    sample((x, t, weight) => functional.mseLoss(x, t, { weight }), wide, wide, positive),
  ],
  l1Loss: ofPair((x, t, options) => functional.l1Loss(x, t, options), wide, [3, 4]),
  smoothL1Loss: [
    ...ofPair((x, t, options) => functional.smoothL1Loss(x, t, options), [0, 1], [1.2, 1.8]),
    sample((x, t) => functional.smoothL1Loss(x, t, { beta: 0.5 }), [0, 0.2], [0.9, 2]),
  ],
  huberLoss: [
    ...ofPair((x, t, options) => functional.huberLoss(x, t, options), [0, 0.4], [0.5, 0.9]),
    sample(
      (x, t, weight) => functional.huberLoss(x, t, { delta: 0.5, weight }),
      ...[[0, 0.2] as const, [0.9, 2] as const, positive],
    ),
  ],
  poissonNllLoss: [
    ...ofPair((x, t, options) => functional.poissonNllLoss(x, t, options), wide, positive),
    sample(
      (x, t) => functional.poissonNllLoss(x, t, { logInput: false, full: true }),
      positive,
      [1.2, 3],
    ),
  ],
  gaussianNllLoss: [
    sample((x, t, v) => functional.gaussianNllLoss(x, t, v, { full: true }), wide, wide, positive),
    sample((x, t, v) => functional.gaussianNllLoss(x, t, v), wide, wide, of(0.3, 2, 3)),
  ],
  binaryCrossEntropy: [
    ...ofPair((x, t, options) => functional.binaryCrossEntropy(x, t, options), share, share),
    sample(
      (x, t) => functional.binaryCrossEntropy(x, t, tensor([1, 2, 0.5, 3], { dtype: "float64" })),
      share,
      share,
    ),
  ],
  binaryCrossEntropyWithLogits: [
    ...ofPair(
      (x, t, options) => functional.binaryCrossEntropyWithLogits(x, t, options),
      wide,
      share,
    ),
    sample(
      (x, t, weight, posWeight) =>
        functional.binaryCrossEntropyWithLogits(x, t, { weight, posWeight }),
      wide,
      share,
      { ...of(0.3, 2, 3, 4), grad: false },
      classWeights,
    ),
  ],
  klDiv: [
    ...ofPair((x, t, options) => functional.klDiv(x, t, options), wide, share),
    sample(
      (x, t) => functional.klDiv(x, t, { reduction: "batchmean", logTarget: true }),
      wide,
      wide,
    ),
  ],
  softMarginLoss: sample((x, t) => functional.softMarginLoss(x, t), of(-2, 2, 4), signs(4)),
  multilabelSoftMarginLoss: sample(
    (x, t, weight) => functional.multilabelSoftMarginLoss(x, t, weight),
    wide,
    share,
    positive,
  ),
  nllLoss: likelihoods,
  crossEntropy: entropies,
  linearCrossEntropy: sample(
    (x, linearWeight, target, linearBias) =>
      functional.linearCrossEntropy(x, linearWeight, target, { linearBias }),
    of(-1, 1, 3, 2),
    of(-1, 1, 4, 2),
    labels,
    of(-1, 1, 4),
  ),
  ctcLoss: sequences,
  marginRankingLoss: sample(
    (x, y, t) => functional.marginRankingLoss(x, y, t, 0.3),
    of(0.5, 2, 4),
    of(-2, -0.5, 4),
    signs(4),
  ),
  cosineEmbeddingLoss: sample(
    (x, y, t) => functional.cosineEmbeddingLoss(x, y, t, -0.9),
    of(-1, 1, 4, 3),
    of(-1, 1, 4, 3),
    signs(4),
  ),
  hingeEmbeddingLoss: sample(
    (x, t) => functional.hingeEmbeddingLoss(x, t, 3),
    of(-2, 2, 4),
    signs(4),
  ),
  multiMarginLoss: [
    ofClasses((x, t, weight) => functional.multiMarginLoss(x, t, 2, 5, weight)),
    ofClasses((x, t) => functional.multiMarginLoss(x, t, { margin: 5 })),
  ],
  multilabelMarginLoss: sample(
    (x, t) => functional.multilabelMarginLoss(x, t),
    of(-0.4, 0.4, 2, 4),
    { shape: [2, 4], dtype: "int64", data: [1, 3, -1, 0, 2, -1, 0, 0] },
  ),
  tripletMarginLoss: [
    sample((a, p, n) => functional.tripletMarginLoss(a, p, n, 5), points, farPoints, points),
    sample(
      (a, p, n) => functional.tripletMarginLoss(a, p, n, 5, { p: 3, swap: true }),
      points,
      farPoints,
      points,
    ),
  ],
  tripletMarginWithDistanceLoss: sample(
    (a, p, n) =>
      functional.tripletMarginWithDistanceLoss(a, p, n, {
        margin: 5,
        distanceFunction: ((x: Tensor, y: Tensor) => x.sub(y).square().sum(1)) as Loss,
      }),
    points,
    of(-1, 1, 3, 4),
    of(-1, 1, 3, 4),
  ),
};
