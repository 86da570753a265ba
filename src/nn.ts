// shardgrad/nn: what neural networks are made of.

export { Buffer } from "./nn/buffer.ts";
export { deepCopy } from "./nn/deep-copy.ts";
export * as functional from "./nn/functional.ts";
export type {
  ForwardHook,
  ForwardPreHook,
  FullBackwardHook,
  FullBackwardPreHook,
  IncompatibleKeys,
  StateDict,
} from "./nn/hooks.ts";
export * as init from "./nn/init.ts";
export { Module } from "./nn/module.ts";
export * from "./nn/modules/activations.ts";
export * from "./nn/modules/adaptive-softmax.ts";
export * from "./nn/modules/batch-norm.ts";
export * from "./nn/modules/containers.ts";
export * from "./nn/modules/convolution.ts";
export * from "./nn/modules/distances.ts";
export * from "./nn/modules/dropout.ts";
export * from "./nn/modules/embedding.ts";
export * from "./nn/modules/linear.ts";
export * from "./nn/modules/linear-cross-entropy.ts";
export * from "./nn/modules/losses.ts";
export * from "./nn/modules/multihead-attention.ts";
export * from "./nn/modules/normalization.ts";
export * from "./nn/modules/padding.ts";
export * from "./nn/modules/parameter-containers.ts";
export * from "./nn/modules/pooling.ts";
export * from "./nn/modules/recurrent.ts";
export * from "./nn/modules/recurrent-cells.ts";
export * from "./nn/modules/shapes.ts";
export * from "./nn/modules/transformer.ts";
export {
  TransformerDecoderLayer,
  TransformerEncoderLayer,
} from "./nn/modules/transformer-layers.ts";
export { Parameter } from "./nn/parameter.ts";
export * as utils from "./nn/utils.ts";
