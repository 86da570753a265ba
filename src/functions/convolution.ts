// Convolutions of one, two and three axes and their transposes, with PyTorch's checks.

import { type Composite, composite } from "../autograd/composite.ts";
import type { Shape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { productDType } from "./contraction.ts";
import * as checks from "./convolution-operands.ts";
import { correlate, spill } from "./correlation.ts";
import type { Axis } from "./sliding.ts";

interface Attrs {
  readonly axes: readonly Axis[];
  readonly groups: number;
  readonly isTransposed: boolean;
  /** With the batch axis. */
  readonly shape: Shape;
  readonly isBatched: boolean;
}

/** Channels apart by groups: [n, g·c, …] → [n, g, c, …] */
function grouped(x: Value, axis: number, groups: number): Value {
  const { shape } = x.node;
  const channels = shape[axis] / groups;
  return linear.reshape(x, [...shape.slice(0, axis), groups, channels, ...shape.slice(axis + 1)]);
}

/** Summed, and the bias added, in one dtype; rounded once. */
const convolutionSpec = (name: string): Composite<Attrs> => ({
  name,
  body: ([x, weight, bias], { axes, groups, isTransposed, shape, isBatched }) => {
    const { dtype } = x.node;
    const wide = productDType(dtype);
    const batch = isBatched ? x : linear.reshape(x, [1, ...x.node.shape]);
    const images = grouped(ops.cast(batch, wide), 1, groups);
    const kernels = grouped(ops.cast(weight, wide), 0, groups);
    const run = isTransposed ? spill : correlate;
    const result = linear.reshape(run(images, kernels, { axes }), shape);
    const column = bias && linear.reshape(ops.cast(bias, wide), [shape[1], ...axes.map(() => 1)]);
    const sum = column ? ops.add(result, linear.expand(column, shape)) : result;
    return ops.cast(isBatched ? sum : linear.reshape(sum, shape.slice(1)), dtype);
  },
});

const specs = {
  batched: convolutionSpec("ConvolutionBackward0"),
  single: convolutionSpec("SqueezeBackward1"),
} as const;

export type Operands = readonly [x: Value, weight: Value, bias: Value | null];

export interface Options {
  readonly stride: checks.Sizes;
  readonly padding: checks.Sizes | string;
  readonly dilation: checks.Sizes;
  readonly groups: number;
}

export interface TransposedOptions extends Options {
  readonly padding: checks.Sizes;
  readonly outputPadding: checks.Sizes;
}

function run([x, weight, bias]: Operands, attrs: Omit<Attrs, "isBatched">): Value {
  const isBatched = x.node.shape.length === attrs.shape.length;
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return composite(isBatched ? specs.batched : specs.single, inputs, { ...attrs, isBatched });
}

/** The sizes behind the channels. */
const spatial = (x: Value, rank: number): Shape => x.node.shape.slice(-rank);

const batchOf = (x: Value, rank: number): number =>
  x.node.shape.length === rank + 2 ? x.node.shape[0] : 1;

/** x [batch?, c, …] with weight [o, c / groups, …kernel] and bias [o]. */
export function convolution(rank: 1 | 2 | 3, operands: Operands, options: Options): Value {
  const op = `conv${rank}d`;
  const [x, weight] = operands;
  const { groups } = options;
  checks.requireOperands(op, rank, operands, { groups, isTransposed: false });
  const [input, kernel] = [spatial(x, rank), spatial(weight, rank)];
  const { stride, dilation } = checks.requireSizes(op, rank, options);
  const ends = checks.paddingOf(op, options.padding, { kernel, stride, dilation });
  const axes = input.map((size, at): Axis => {
    const [low, high] = ends[at];
    const room = size + low + high - dilation[at] * (kernel[at] - 1) - 1;
    const output = Math.floor(room / stride[at]) + 1;
    return {
      input: size,
      output,
      kernel: kernel[at],
      stride: stride[at],
      dilation: dilation[at],
      low,
    };
  });
  checks.requireRoom(op, axes, ends);
  const output = axes.map((axis) => axis.output);
  const shape = [batchOf(x, rank), weight.node.shape[0], ...output];
  return run(operands, { axes, groups, isTransposed: false, shape });
}

/** The adjoint of a convolution: x [batch?, o, …] with weight [o, c / groups, …kernel] and bias [c]. */
export function convolutionTransposed(
  rank: 1 | 2 | 3,
  operands: Operands,
  options: TransposedOptions,
): Value {
  const op = `convTranspose${rank}d`;
  const [x, weight] = operands;
  const { groups } = options;
  checks.requireOperands(op, rank, operands, { groups, isTransposed: true });
  const [input, kernel] = [spatial(x, rank), spatial(weight, rank)];
  const { stride, dilation } = checks.requireSizes(op, rank, options);
  const low = checks.sizesOf(op, "padding", options.padding, rank);
  const extra = checks.outputPaddingOf(op, options.outputPadding, { rank, stride, dilation });
  const axes = input.map((size, at): Axis => {
    const reach = (size - 1) * stride[at] + dilation[at] * (kernel[at] - 1) + 1;
    return {
      input: reach - 2 * low[at] + extra[at],
      output: size,
      kernel: kernel[at],
      stride: stride[at],
      dilation: dilation[at],
      low: low[at],
    };
  });
  const output = axes.map((axis) => axis.input);
  checks.requireOutput(op, input, output);
  const shape = [batchOf(x, rank), weight.node.shape[1] * groups, ...output];
  return run(operands, { axes, groups, isTransposed: true, shape });
}
