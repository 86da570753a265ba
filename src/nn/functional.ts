// torch.nn.functional: functions of layers without their state.

import { functionsOf } from "../tensor/dispatch.ts";
import { changeInPlace } from "../tensor/in-place.ts";
import { inPlaceFunctionsOf } from "../tensor/in-place-functions.ts";
import { makeTensor } from "../tensor/make.ts";
import { distances } from "../tensor/records/distances.ts";
import { shuffleRecords } from "../tensor/records/shuffles.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { activationRecords, inPlaceActivations } from "./records/activations.ts";
import { attentionRecords } from "./records/attention.ts";
import { convolutionRecords, foldRecords } from "./records/convolution.ts";
import { directionRecords } from "./records/distances.ts";
import { dropoutRecords } from "./records/dropout.ts";
import { embeddingRecords } from "./records/embeddings.ts";
import { linearRecords } from "./records/linear.ts";
import { lossRecords } from "./records/losses.ts";
import { multiHeadRecords } from "./records/multi-head-attention.ts";
import { normalizationRecords } from "./records/normalization.ts";
import { paddingRecords } from "./records/padding.ts";
import { poolingRecords } from "./records/pooling.ts";
import { softmaxRecords } from "./records/softmax.ts";
import { visionRecords } from "./records/vision.ts";

export const functionalRecords = {
  ...activationRecords,
  ...dropoutRecords,
  ...softmaxRecords,
  ...linearRecords,
  ...convolutionRecords,
  ...foldRecords,
  ...poolingRecords,
  ...paddingRecords,
  ...visionRecords,
  ...normalizationRecords,
  ...attentionRecords,
  ...multiHeadRecords,
  ...embeddingRecords,
  ...shuffleRecords,
  ...distances,
  ...directionRecords,
  ...lossRecords,
} as const;

export const {
  relu,
  relu6,
  silu,
  mish,
  selu,
  celu,
  elu,
  gelu,
  glu,
  prelu,
  rrelu,
  leakyRelu,
  hardtanh,
  hardswish,
  hardsigmoid,
  hardshrink,
  softshrink,
  tanhshrink,
  threshold,
  logsigmoid,
  softplus,
  softsign,
  gumbelSoftmax,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  alphaDropout,
  featureAlphaDropout,
  softmax,
  logSoftmax,
  softmin,
  linear,
  bilinear,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
  unfold,
  fold,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  lpPool1d,
  lpPool2d,
  lpPool3d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  fractionalMaxPool2d,
  fractionalMaxPool3d,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  pad,
  interpolate,
  upsample,
  upsampleNearest,
  upsampleBilinear,
  gridSample,
  affineGrid,
  localResponseNorm,
  batchNorm,
  instanceNorm,
  groupNorm,
  layerNorm,
  rmsNorm,
  scaledDotProductAttention,
  multiHeadAttentionForward,
  oneHot,
  embedding,
  embeddingBag,
  pixelShuffle,
  pixelUnshuffle,
  channelShuffle,
  pdist,
  pairwiseDistance,
  cosineSimilarity,
  normalize,
  mseLoss,
  l1Loss,
  smoothL1Loss,
  huberLoss,
  poissonNllLoss,
  gaussianNllLoss,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  klDiv,
  softMarginLoss,
  multilabelSoftMarginLoss,
  nllLoss,
  crossEntropy,
  linearCrossEntropy,
  ctcLoss,
  marginRankingLoss,
  cosineEmbeddingLoss,
  hingeEmbeddingLoss,
  multiMarginLoss,
  multilabelMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} = functionsOf<typeof functionalRecords, Tensor>(functionalRecords, makeTensor, changeInPlace);

export const { relu_, selu_, celu_, elu_, leakyRelu_, rrelu_, hardtanh_, threshold_ } =
  inPlaceFunctionsOf<typeof inPlaceActivations, Tensor>(inPlaceActivations);
export { sigmoid, tanh } from "../tensor/functions.ts";
