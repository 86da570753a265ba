// Convolutions, and those the other way.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import { bool, choice, int, ints, shape, string, tensor } from "../../base/parameters.ts";
import { bind, declare } from "../../base/signature.ts";
import { eachAxis, type PooledRank } from "../../functions/pool-windows.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, inputOnly, placement } from "../arguments.ts";
import * as functional from "../functional.ts";
import { fans } from "../init/fans.ts";
import { kaimingUniform_, uniform_ } from "../init.ts";
import { Module } from "../module.ts";
import { emptyParameter, type Parameter } from "../parameter.ts";
import { plainText } from "../printed-tree.ts";

const paddingModes = ["zeros", "reflect", "replicate", "circular"] as const;

type PaddingMode = (typeof paddingModes)[number];

const channels = [int("inChannels"), int("outChannels"), ints("kernelSize")] as const;
const stride = ints("stride", 1);
const dilation = ints("dilation", 1);
const groups = int("groups", 1);
const bias = bool("bias", true);
const paddingMode = choice("paddingMode", paddingModes);
const ending = [dilation, groups, bias, paddingMode, ...placement] as const;

const sized = declare([...channels, stride, ints("padding", 0), ...ending]);
const named = declare([...channels, stride, string("padding", "valid"), ...ending]);

type ConvArguments = Arguments<typeof sized, Tensor> | Arguments<typeof named, Tensor>;

/** What all convolutions have. */
abstract class AnyConvolution extends Module {
  abstract readonly inChannels: number;
  abstract readonly outChannels: number;
  abstract readonly kernelSize: readonly number[];
  abstract readonly stride: readonly number[];
  abstract readonly padding: readonly number[] | string;
  abstract readonly dilation: readonly number[];
  abstract readonly groups: number;
  abstract readonly paddingMode: PaddingMode;
  abstract weight: Parameter;
  abstract bias: Parameter | null;

  /** Both are uniform within ±1/√k, k the number of inputs of one output. */
  resetParameters(): void {
    kaimingUniform_(this.weight, Math.sqrt(5));
    const { fanIn } = fans(this.constructor.name, this.weight);
    if (this.bias && fanIn > 0) uniform_(this.bias, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));
  }

  protected checkChannels(): void {
    const { name } = this.constructor;
    const { inChannels, outChannels, groups } = this;
    if (groups <= 0) fail(name, "groups must be a positive integer");
    if (inChannels % groups !== 0) fail(name, "inChannels must be divisible by groups");
    if (outChannels % groups !== 0) fail(name, "outChannels must be divisible by groups");
  }

  protected reprWith(outputPadding: readonly number[]): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups } = this;
    const isAll = (sizes: readonly number[], n: number) => sizes.every((size) => size === n);
    const parts = [
      `${inChannels}, ${outChannels}, kernel_size=${plainText(kernelSize)}`,
      `stride=${plainText(stride)}`,
    ];
    if (typeof padding === "string" || !isAll(padding, 0)) {
      parts.push(`padding=${plainText(padding)}`);
    }
    if (!isAll(dilation, 1)) parts.push(`dilation=${plainText(dilation)}`);
    if (!isAll(outputPadding, 0)) parts.push(`output_padding=${plainText(outputPadding)}`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (!this.bias) parts.push("bias=False");
    if (this.paddingMode !== "zeros") parts.push(`padding_mode=${this.paddingMode}`);
    return parts.join(", ");
  }
}

const convolutions = [functional.conv1d, functional.conv2d, functional.conv3d] as const;

abstract class Convolution extends AnyConvolution {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | string;
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  weight: Parameter;
  bias: Parameter | null;

  constructor(rank: PooledRank, args: ConvArguments) {
    super();
    const { name } = this.constructor;
    const forms = [{ params: sized }, { params: named }] as const;
    const values = bind(name, forms, undefined, args).values as ReturnType<
      typeof bound<typeof sized | typeof named>
    >;
    const [inChannels, outChannels, kernelSize, stride, padding, dilation, groups] = values;
    const [, , , , , , , hasBias, paddingMode, , dtype] = values;
    const each = (what: string, given: number | readonly number[]) =>
      eachAxis(name, what, given, rank);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = each("kernelSize", kernelSize);
    this.stride = each("stride", stride);
    this.padding = typeof padding === "string" ? padding : each("padding", padding);
    this.dilation = each("dilation", dilation);
    this.groups = groups;
    this.paddingMode = paddingMode;
    this.checkChannels();
    this.checkPadding(name);
    const size = [outChannels, inChannels / groups, ...this.kernelSize];
    this.weight = emptyParameter(size, dtype);
    this.bias = hasBias ? emptyParameter([outChannels], dtype) : null;
    this.resetParameters();
  }

  private checkPadding(name: string): void {
    const { padding, stride } = this;
    if (typeof padding !== "string") return;
    if (padding !== "same" && padding !== "valid") {
      fail(name, `padding must be "same", "valid" or integers, got "${padding}"`);
    }
    if (padding === "same" && stride.some((step) => step !== 1)) {
      fail(name, 'padding "same" is not supported for strided convolutions');
    }
  }

  override forward(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound(this.constructor.name, inputOnly, args);
    const { weight, bias, stride, padding, dilation, groups, paddingMode } = this;
    const run = convolutions[this.kernelSize.length - 1] as (typeof convolutions)[0];
    if (paddingMode === "zeros") {
      return run(input, weight, bias, stride, padding as number[], dilation, groups);
    }
    const padded = functional.pad(input, this.paddingAround(), paddingMode);
    return run(padded, weight, bias, stride, 0, dilation, groups);
  }

  /** For pad: both ends of the last axis first. */
  protected paddingAround(): number[] {
    const { padding, kernelSize, dilation } = this;
    return kernelSize
      .map((size, axis): [number, number] => {
        if (typeof padding !== "string") return [padding[axis] as number, padding[axis] as number];
        const total = padding === "same" ? (dilation[axis] as number) * (size - 1) : 0;
        return [Math.floor(total / 2), Math.ceil(total / 2)];
      })
      .reverse()
      .flat();
  }

  override extraRepr(): string {
    return this.reprWith([]);
  }
}

export class Conv1d extends Convolution {
  constructor(...args: ConvArguments) {
    super(1, args);
  }
}

export class Conv2d extends Convolution {
  constructor(...args: ConvArguments) {
    super(2, args);
  }
}

export class Conv3d extends Convolution {
  constructor(...args: ConvArguments) {
    super(3, args);
  }
}

const transposed = declare([
  ...channels,
  stride,
  ints("padding", 0),
  ints("outputPadding", 0),
  groups,
  bias,
  dilation,
  paddingMode,
  ...placement,
]);
const transposedForward = declare([tensor("input"), shape("outputSize", null)]);

type TransposedArguments = Arguments<typeof transposed, Tensor>;

const transposedConvolutions = [
  functional.convTranspose1d,
  functional.convTranspose2d,
  functional.convTranspose3d,
] as const;

abstract class TransposedConvolution extends AnyConvolution {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode = "zeros";
  weight: Parameter;
  bias: Parameter | null;

  constructor(rank: PooledRank, args: TransposedArguments) {
    super();
    const { name } = this.constructor;
    const values = bound(name, transposed, args);
    const [inChannels, outChannels, kernelSize, stride, padding, outputPadding, groups] = values;
    const [, , , , , , , hasBias, dilation, paddingMode, , dtype] = values;
    if (paddingMode !== "zeros") fail(name, 'only "zeros" padding mode is supported');
    const each = (what: string, given: number | readonly number[]) =>
      eachAxis(name, what, given, rank);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = each("kernelSize", kernelSize);
    this.stride = each("stride", stride);
    this.padding = each("padding", padding);
    this.outputPadding = each("outputPadding", outputPadding);
    this.dilation = each("dilation", dilation);
    this.groups = groups;
    this.checkChannels();
    const size = [inChannels, outChannels / groups, ...this.kernelSize];
    this.weight = emptyParameter(size, dtype);
    this.bias = hasBias ? emptyParameter([outChannels], dtype) : null;
    this.resetParameters();
  }

  /** Of the sizes that a stride leaves open, `outputSize` chooses one. */
  override forward(...args: Arguments<typeof transposedForward, Tensor>): Tensor {
    const [input, outputSize] = bound(this.constructor.name, transposedForward, args);
    const { weight, bias, stride, padding, outputPadding, groups, dilation } = this;
    const run = transposedConvolutions[
      this.kernelSize.length - 1
    ] as typeof functional.convTranspose1d;
    const added = outputSize === null ? outputPadding : this.paddingFor(input, outputSize);
    return run(input, weight, bias, stride, padding, added, groups, dilation);
  }

  private paddingFor(input: Tensor, outputSize: readonly number[]): number[] {
    const { name } = this.constructor;
    const { kernelSize, stride, padding, dilation } = this;
    const rank = kernelSize.length;
    const leading = input.ndim - rank;
    const wanted = outputSize.length === rank + leading ? outputSize.slice(leading) : outputSize;
    if (wanted.length !== rank) {
      fail(
        name,
        `outputSize must have ${rank} or ${rank + leading} elements, got ${wanted.length}`,
      );
    }
    return kernelSize.map((kernel, axis) => {
      const at = (list: readonly number[]): number => list[axis] as number;
      const reach = at(dilation) * (kernel - 1) + 1;
      const before = ((input.shape[leading + axis] as number) - 1) * at(stride);
      const least = before - 2 * at(padding) + reach;
      const size = at(wanted);
      if (size >= least && size < least + at(stride)) return size - least;
      const most = least + at(stride) - 1;
      return fail(
        name,
        `outputSize along axis ${axis} must be between ${least} and ${most}, got ${size}`,
      );
    });
  }

  override extraRepr(): string {
    return this.reprWith(this.outputPadding);
  }
}

export class ConvTranspose1d extends TransposedConvolution {
  constructor(...args: TransposedArguments) {
    super(1, args);
  }
}

export class ConvTranspose2d extends TransposedConvolution {
  constructor(...args: TransposedArguments) {
    super(2, args);
  }
}

export class ConvTranspose3d extends TransposedConvolution {
  constructor(...args: TransposedArguments) {
    super(3, args);
  }
}
