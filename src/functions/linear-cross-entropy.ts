// The cross entropy of a linear layer's results.

import { fail } from "../base/errors.ts";
import { sameShape, showShape, sizeOf } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { reshape } from "../ops/linear.ts";
import { linearLayer } from "./added-products.ts";
import { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.ts";

export interface Layer {
  /** [C, d₁ … dₖ, features] */
  readonly weight: Value;
  /** [C, d₁ … dₖ] */
  readonly bias: Value | null;
}

/** Of the logits x·weightᵀ + bias. */
export function linearCrossEntropy(
  x: Value,
  { weight, bias }: Layer,
  target: Value,
  options: CrossEntropyOptions,
): Value {
  const op = "linearCrossEntropy";
  const [own, layer] = [x.node.shape, weight.node.shape];
  if (own.length !== 1 && own.length !== 2) {
    fail(op, `expected input with dimensionality 1 or 2, got ${own.length}`);
  }
  if (layer.length < 2) {
    fail(op, `expected linearWeight with dimensionality 2 or more, got ${layer.length}`);
  }
  const features = layer.at(-1) as number;
  if (own.at(-1) !== features) {
    fail(
      op,
      "expected equal input and linearWeight last dimensions (inFeatures), got " +
        `${own.at(-1)} and ${features}, respectively`,
    );
  }
  const outputs = layer.slice(0, -1);
  if (bias && !sameShape(bias.node.shape, outputs)) {
    const got = showShape(bias.node.shape);
    fail(op, `expected linearBias shape ${showShape(outputs)}, got ${got}`);
  }
  const count = sizeOf(outputs);
  const logits = linearLayer(
    x,
    layer.length === 2 ? weight : reshape(weight, [count, features]),
    bias && (outputs.length === 1 ? bias : reshape(bias, [count])),
  );
  const shape = [...own.slice(0, -1), ...outputs];
  return crossEntropy(outputs.length === 1 ? logits : reshape(logits, shape), target, options);
}
