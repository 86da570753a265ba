// Normalization of layers and of groups of channels.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import { bool, int, ints, number, only } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, inputOnly, placement } from "../arguments.ts";
import * as functional from "../functional.ts";
import { ones_, zeros_ } from "../init.ts";
import { Module } from "../module.ts";
import { emptyParameter, type Parameter } from "../parameter.ts";
import { floatText, plainText } from "../printed-tree.ts";
import { ofOne } from "../simple-module.ts";

const layer = declare([
  ints("normalizedShape"),
  number("eps", 1e-5),
  bool("elementwiseAffine", true),
  bool("bias", true),
  ...placement,
]);

const listOf = (sizes: number | readonly number[]): readonly number[] =>
  typeof sizes === "number" ? [sizes] : sizes;

/** Over the last axes, as many as `normalizedShape` has. */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  eps: number;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(...args: Arguments<typeof layer, Tensor>) {
    super();
    const values = bound(this.constructor.name, layer, args);
    const [normalizedShape, eps, elementwiseAffine, hasBias, , dtype] = values;
    this.normalizedShape = listOf(normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? emptyParameter(this.normalizedShape, dtype) : null;
    this.bias = elementwiseAffine && hasBias ? emptyParameter(this.normalizedShape, dtype) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override forward(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound(this.constructor.name, inputOnly, args);
    const { normalizedShape, weight, bias, eps } = this;
    return functional.layerNorm(input, normalizedShape, weight, bias, eps);
  }

  override extraRepr(): string {
    const affine = plainText(this.elementwiseAffine);
    return (
      `${plainText(this.normalizedShape)}, eps=${floatText(this.eps)}, ` +
      `elementwise_affine=${affine}, bias=${plainText(this.bias !== null)}`
    );
  }
}

const rms = declare([
  ints("normalizedShape"),
  number("eps", null),
  bool("elementwiseAffine", true),
  ...placement,
]);

/** By the root of the mean of squares; an eps of null is that of the dtype. */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  eps: number | null;
  readonly elementwiseAffine: boolean;
  weight: Parameter | null;

  constructor(...args: Arguments<typeof rms, Tensor>) {
    super();
    const values = bound(this.constructor.name, rms, args);
    const [normalizedShape, eps, elementwiseAffine, , dtype] = values;
    this.normalizedShape = listOf(normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? emptyParameter(this.normalizedShape, dtype) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    if (this.weight) ones_(this.weight);
  }

  override forward(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound(this.constructor.name, inputOnly, args);
    return functional.rmsNorm(input, this.normalizedShape, this.weight, this.eps);
  }

  override extraRepr(): string {
    const eps = this.eps === null ? "None" : floatText(this.eps);
    const affine = plainText(this.elementwiseAffine);
    return `${plainText(this.normalizedShape)}, eps=${eps}, elementwise_affine=${affine}`;
  }
}

const group = declare([
  int("numGroups"),
  int("numChannels"),
  number("eps", 1e-5),
  bool("affine", true),
  ...placement,
  only(bool("bias", true)),
]);

/** Over groups of neighbouring channels. */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  eps: number;
  readonly affine: boolean;
  weight: Parameter | null;
  bias: Parameter | null;

  constructor(...args: Arguments<typeof group, Tensor>) {
    super();
    const { name } = this.constructor;
    const [numGroups, numChannels, eps, affine, , dtype, hasBias] = bound(name, group, args);
    if (numChannels % numGroups !== 0) {
      fail(name, `numChannels (${numChannels}) must be divisible by numGroups (${numGroups})`);
    }
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    this.weight = affine ? emptyParameter([numChannels], dtype) : null;
    this.bias = affine && hasBias ? emptyParameter([numChannels], dtype) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override forward(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound(this.constructor.name, inputOnly, args);
    return functional.groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    const { numGroups, numChannels, eps, affine, bias } = this;
    return (
      `${numGroups}, ${numChannels}, eps=${floatText(eps)}, affine=${plainText(affine)}, ` +
      `bias=${plainText(bias !== null)}`
    );
  }
}

/** Over neighbouring channels, of which each is in the middle once. */
export class LocalResponseNorm extends ofOne(
  [int("size"), number("alpha", 1e-4), number("beta", 0.75), number("k", 1)],
  (x, { size, alpha, beta, k }) => functional.localResponseNorm(x, size, alpha, beta, k),
  { shown: ["size", "alpha", "beta", "k"], bare: ["size"] },
) {}
