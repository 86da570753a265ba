// shardgrad/nn: what neural networks are made of.

export * as functional from "./nn/functional.ts";
