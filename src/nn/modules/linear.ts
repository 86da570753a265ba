// Linear maps.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import { bool, int } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, inputOnly, placement } from "../arguments.ts";
import * as functional from "../functional.ts";
import { fans } from "../init/fans.ts";
import { kaimingUniform_, uniform_ } from "../init.ts";
import { Module } from "../module.ts";
import { emptyParameter, type Parameter } from "../parameter.ts";
import { plainText } from "../printed-tree.ts";

/** Gives its input; any arguments of its constructor are ignored. */
export class Identity extends Module {
  constructor(..._ignored: readonly unknown[]) {
    super();
  }

  override forward<T>(input: T): T {
    return input;
  }
}

const linear = declare([int("inFeatures"), int("outFeatures"), bool("bias", true), ...placement]);

export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(...args: Arguments<typeof linear, Tensor>) {
    super();
    const [inFeatures, outFeatures, hasBias, , dtype] = bound(this.constructor.name, linear, args);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, inFeatures], dtype);
    this.bias = hasBias ? emptyParameter([outFeatures], dtype) : null;
    this.resetParameters();
  }

  /** Both are uniform within ±1/√inFeatures. */
  resetParameters(): void {
    kaimingUniform_(this.weight, Math.sqrt(5));
    const { fanIn } = fans("Linear", this.weight);
    const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
    if (this.bias) uniform_(this.bias, -bound, bound);
  }

  override forward(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound(this.constructor.name, inputOnly, args);
    return functional.linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { inFeatures, outFeatures, bias } = this;
    const hasBias = plainText(bias !== null);
    return `in_features=${inFeatures}, out_features=${outFeatures}, bias=${hasBias}`;
  }
}

const bilinear = declare([
  int("in1Features"),
  int("in2Features"),
  int("outFeatures"),
  bool("bias", true),
  ...placement,
]);

/** y = x1ᵀ A x2 + b */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  weight: Parameter;
  bias: Parameter | null;

  constructor(...args: Arguments<typeof bilinear, Tensor>) {
    super();
    const { name } = this.constructor;
    const [in1Features, in2Features, outFeatures, hasBias, , dtype] = bound(name, bilinear, args);
    if (in1Features <= 0) fail(name, `in1Features must be > 0, but got ${in1Features}`);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, in1Features, in2Features], dtype);
    this.bias = hasBias ? emptyParameter([outFeatures], dtype) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias) uniform_(this.bias, -bound, bound);
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return functional.bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures, bias } = this;
    return (
      `in1_features=${in1Features}, in2_features=${in2Features}, ` +
      `out_features=${outFeatures}, bias=${plainText(bias !== null)}`
    );
  }
}
