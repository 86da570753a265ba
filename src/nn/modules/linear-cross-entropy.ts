// The cross entropy of what a linear layer of its own makes of the input.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import {
  anything,
  bool,
  choice,
  dtype,
  int,
  number,
  only,
  shape,
  tensor,
} from "../../base/parameters.ts";
import { sizeOf } from "../../base/shapes.ts";
import { declare } from "../../base/signature.ts";
import { type LossReduction, reductions } from "../../functions/loss-reductions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound } from "../arguments.ts";
import * as functional from "../functional.ts";
import { Module } from "../module.ts";
import { Linear } from "./linear.ts";

const params = declare([
  int("inFeatures"),
  int("numClasses"),
  only(shape("outFeatures", [])),
  only(bool("bias", false)),
  only(anything("device", null)),
  only(dtype("dtype", null)),
  only(choice("reduction", reductions)),
  only(tensor("weight", null)),
  only(int("ignoreIndex", null)),
  only(number("labelSmoothing", 0)),
  // How PyTorch cuts the work into pieces; here the compiler does.
  only(anything("options", null)),
]);

const inputs = declare([tensor("input"), tensor("target")]);

export class LinearCrossEntropyLoss extends Module {
  readonly inFeatures: number;
  readonly numClasses: number;
  readonly outFeatures: readonly number[];
  reduction: LossReduction;
  ignoreIndex: number | null;
  labelSmoothing: number;
  weight: Tensor | null = null;
  readonly linear: Linear;

  constructor(...args: Arguments<typeof params, Tensor>) {
    super();
    const { name } = this.constructor;
    const values = bound(name, params, args);
    const [inFeatures, numClasses, outFeatures, bias, , dtype, reduction, weight] = values;
    const [, , , , , , , , ignoreIndex, labelSmoothing] = values;
    if (labelSmoothing < 0 || labelSmoothing > 1) {
      fail(name, `expected labelSmoothing to be in range [0, 1], got ${labelSmoothing}`);
    }
    this.inFeatures = inFeatures;
    this.numClasses = numClasses;
    this.outFeatures = outFeatures;
    this.reduction = reduction;
    this.ignoreIndex = ignoreIndex;
    this.labelSmoothing = labelSmoothing;
    this.registerBuffer("weight", weight);
    this.linear = new Linear(inFeatures, numClasses * sizeOf(outFeatures), { bias, dtype });
  }

  override forward(...args: Arguments<typeof inputs, Tensor>): Tensor {
    const [input, target] = bound(this.constructor.name, inputs, args);
    const { linear, numClasses, outFeatures, weight } = this;
    const { reduction, ignoreIndex, labelSmoothing } = this;
    const outputs = [numClasses, ...outFeatures];
    const linearWeight = linear.weight.reshape([...outputs, this.inFeatures]);
    const linearBias = linear.bias?.reshape(outputs) ?? null;
    const options = { linearBias, weight, reduction, ignoreIndex, labelSmoothing };
    return functional.linearCrossEntropy(input, linearWeight, target, options);
  }
}
