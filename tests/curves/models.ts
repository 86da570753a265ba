// The four models whose training was recorded in PyTorch, of the library's own modules and optimizers:
// weights in the order of the modules' parameters, a batch, and how they are trained.

import type { Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn.ts";
import { Adam, AdamW, type Optimizer, SGD } from "../../src/optim.ts";
import {
  classes,
  type Floats,
  ones,
  stream,
  transposed,
  uniform,
  type Values,
  zeros,
} from "./generator.ts";
import { CharacterGpt, gptSizes, Signal } from "./networks.ts";

export const curveNames = ["mlp", "cnn", "gpt", "lstm"] as const;
export type CurveName = (typeof curveNames)[number];

export interface CurveModel {
  readonly steps: number;
  readonly weights: readonly Floats[];
  /** What `loss` gets as tensors. */
  readonly batch: readonly [input: Values, target: Values];
  /**
   * Elements, by parameter, that have no gradient: it is rounding noise, of which Adam makes full steps
   * in float32. In float64 they stay at 0.
   */
  readonly still: Readonly<Record<number, readonly [from: number, to: number]>>;
  network(): nn.Module & { forward(input: Tensor): Tensor };
  loss(output: Tensor, target: Tensor): Tensor;
  optimizer(parameters: Tensor[]): Optimizer;
}

const { crossEntropy, mseLoss } = nn.functional;
const withMomentum = (parameters: Tensor[]) => new SGD(parameters, { lr: 0.1, momentum: 0.9 });

function mlp(): CurveModel {
  const input = uniform([256, 32], 1, 7);
  const isPositive = (row: number, from: number): number => {
    const begin = row * 32 + from;
    return input.values.subarray(begin, begin + 8).reduce((sum, x) => sum + x, 0) > 0 ? 1 : 0;
  };
  // Recorded as h·W; a Linear keeps Wᵀ.
  const layer = (from: number, to: number, seed: number): Floats[] => [
    transposed(uniform([from, to], 1 / Math.sqrt(from), seed)),
    zeros(to),
  ];
  return {
    steps: 100,
    weights: [...layer(32, 64, 100), ...layer(64, 64, 102), ...layer(64, 4, 104)],
    still: {},
    batch: [input, classes([256], (row) => 2 * isPositive(row, 0) + isPositive(row, 8))],
    network: () =>
      new nn.Sequential(
        new nn.Linear(32, 64),
        new nn.ReLU(),
        new nn.Linear(64, 64),
        new nn.ReLU(),
        new nn.Linear(64, 4),
      ),
    loss: crossEntropy,
    optimizer: withMomentum,
  };
}

function cnn(): CurveModel {
  const input = uniform([40, 1, 16, 16], 1, 8);
  // Of each image, the three rows of its class are brighter.
  for (let image = 0; image < 40; image++) {
    const begin = image * 256 + 3 * (image % 5) * 16;
    for (let at = begin; at < begin + 48; at++) input.values[at] = (input.values[at] as number) + 1;
  }
  return {
    steps: 60,
    weights: [
      ...[uniform([8, 1, 3, 3], 1 / 3, 201), zeros(8), ones(8), zeros(8)],
      ...[uniform([16, 8, 3, 3], 1 / Math.sqrt(72), 202), zeros(16)],
      ...[uniform([5, 256], 1 / 16, 203), zeros(5)],
    ],
    // The normalization takes out the bias of the convolution before it.
    still: { 1: [0, 8] },
    batch: [input, classes([40], (image) => image % 5)],
    network: () =>
      new nn.Sequential(
        new nn.Conv2d(1, 8, 3, { padding: 1 }),
        new nn.BatchNorm2d(8),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Conv2d(8, 16, 3, { stride: 2, padding: 1 }),
        new nn.ReLU(),
        new nn.Flatten(),
        new nn.Linear(256, 5),
      ),
    loss: crossEntropy,
    optimizer: (parameters) => new Adam(parameters, { lr: 0.003 }),
  };
}

function gpt(): CurveModel {
  const { batch, time, channels: C, layers, vocabulary } = gptSizes;
  let seed = 301;
  const next = (shape: number[], a = 1 / Math.sqrt(shape.at(-1) as number)): Floats =>
    uniform(shape, a, seed++);
  const block = (): Floats[] => [
    ...[ones(C), zeros(C), next([3 * C, C]), zeros(3 * C), next([C, C]), zeros(C)],
    ...[ones(C), zeros(C), next([4 * C, C]), zeros(4 * C), next([C, 4 * C]), zeros(C)],
  ];
  const tokens = gptTokens(batch * (time + 1), vocabulary);
  const tokensFrom = (first: number): Values =>
    classes([batch, time], (at) => tokens[at + Math.floor(at / time) + first] as number);
  return {
    steps: 100,
    weights: [
      ...[next([vocabulary, C], 0.1), next([time, C], 0.1)],
      ...Array.from({ length: layers }, block).flat(),
      ...[ones(C), zeros(C)],
    ],
    // What is added to all keys is added to all scores of a row, which softmax takes out.
    still: Object.fromEntries(
      Array.from({ length: layers }, (_, layer) => [12 * layer + 5, [C, 2 * C]]),
    ),
    batch: [tokensFrom(0), tokensFrom(1)],
    network: () => new CharacterGpt(),
    loss: (logits, target) => crossEntropy(logits.flatten(0, 1), target.flatten()),
    optimizer: (parameters) =>
      new AdamW(parameters, { lr: 0.003, weightDecay: 0.1, betas: [0.9, 0.95], eps: 1e-8 }),
  };
}

/** t′ = (3·t + 5, or one time of five any number) mod V, from 0. */
function gptTokens(count: number, vocabulary: number): number[] {
  const random = stream(9);
  const tokens = [0];
  while (tokens.length < count) {
    const added = random() < 0.8 ? 5 : Math.floor(random() * vocabulary);
    tokens.push((3 * (tokens.at(-1) as number) + added) % vocabulary);
  }
  return tokens;
}

function lstm(): CurveModel {
  const input = uniform([8, 20, 6], 1, 10);
  const target = zeros(8, 20, 1);
  for (let row = 0; row < 8; row++) {
    let sum = 0;
    for (let at = row * 20; at < (row + 1) * 20; at++) {
      sum += input.values[at * 6] as number;
      target.values[at] = sum / 4;
    }
  }
  return {
    steps: 60,
    weights: [
      ...[uniform([64, 6], 0.25, 400), uniform([64, 16], 0.25, 401)],
      ...[uniform([64], 0.25, 402), uniform([64], 0.25, 403)],
      ...[uniform([1, 16], 0.25, 450), zeros(1)],
    ],
    still: {},
    batch: [input, target],
    network: () => new Signal(),
    loss: mseLoss,
    optimizer: withMomentum,
  };
}

export const curveModels: Record<CurveName, () => CurveModel> = { mlp, cnn, gpt, lstm };
