// All samples by namespace; types keep them complete.

import type { functionalRecords } from "../../src/nn/functional.ts";
import type { records } from "../../src/tensor/records/all.ts";
import { activationSamples, rootActivationSamples } from "./activations.ts";
import {
  arithmeticSamples,
  choiceSamples,
  comparisonSamples,
  rectifierSamples,
} from "./arithmetic.ts";
import { attentionSamples, multiHeadSamples } from "./attention.ts";
import { bitwiseSamples } from "./bitwise.ts";
import { castSamples } from "./casts.ts";
import { convolutionSamples, foldSamples } from "./convolutions.ts";
import { copies, rearrangements, viewWrites } from "./copies.ts";
import { creation, signalWindows, windows } from "./creation.ts";
import { dropoutSamples } from "./dropout.ts";
import { embeddingSamples } from "./embeddings.ts";
import { indexedSamples, searchSamples } from "./indexing.ts";
import { joins, positions } from "./joins.ts";
import { lossSamples } from "./losses.ts";
import { maskedSamples } from "./masked.ts";
import { normalizationSamples } from "./normalization.ts";
import { poolingSamples } from "./pooling.ts";
import { linearSamples, productSamples } from "./products.ts";
import { fillSamples, randomSamples } from "./random.ts";
import {
  integrationSamples,
  linalgSamples,
  normSamples,
  reductionSamples,
  softmaxSamples,
} from "./reductions.ts";
import type { Row, Samples } from "./samples.ts";
import { scanSamples } from "./scans.ts";
import { linalgShapes, splits, views } from "./shapes.ts";
import { histogramSamples, sortingSamples } from "./sorting.ts";
import {
  hyperbolicSamples,
  transcendentalSamples,
  trigonometricSamples,
} from "./transcendental.ts";
import {
  directionSamples,
  distanceSamples,
  paddingSamples,
  shuffleSamples,
  vectorProductSamples,
  visionSamples,
} from "./vision.ts";

const rootSamples = {
  ...arithmeticSamples,
  ...transcendentalSamples,
  ...trigonometricSamples,
  ...hyperbolicSamples,
  ...comparisonSamples,
  ...rectifierSamples,
  ...choiceSamples,
  ...rootActivationSamples,
  ...reductionSamples,
  ...scanSamples,
  ...sortingSamples,
  ...histogramSamples,
  ...normSamples,
  ...integrationSamples,
  ...views,
  ...splits,
  ...copies,
  ...viewWrites,
  ...rearrangements,
  ...joins,
  ...positions,
  ...windows,
  ...indexedSamples,
  ...searchSamples,
  ...castSamples,
  ...bitwiseSamples,
  ...creation,
  ...randomSamples,
  ...distanceSamples,
  ...vectorProductSamples,
  ...shuffleSamples,
  ...productSamples,
  ...convolutionSamples,
} satisfies Samples<typeof records>;

const functionalSamples = {
  ...activationSamples,
  ...dropoutSamples,
  ...softmaxSamples,
  ...linearSamples,
  ...convolutionSamples,
  ...foldSamples,
  ...poolingSamples,
  ...paddingSamples,
  ...visionSamples,
  ...normalizationSamples,
  ...attentionSamples,
  ...multiHeadSamples,
  ...embeddingSamples,
  ...shuffleSamples,
  ...distanceSamples,
  ...directionSamples,
  ...lossSamples,
} satisfies Samples<typeof functionalRecords>;

/** By namespace. */
export const families: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  root: rootSamples,
  fills: fillSamples,
  "nn.functional": functionalSamples,
  masked: maskedSamples,
  linalg: { ...linalgSamples, ...linalgShapes },
  "signal.windows": signalWindows,
};
