// What the convolutions ask of their operands and options, as PyTorch asks it.

import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import type { Axis } from "./sliding.ts";

export type Sizes = number | readonly number[];

/** One number for each axis. */
export function sizesOf(op: string, name: string, value: Sizes, rank: number, least = 0): number[] {
  const list = typeof value === "number" ? [value] : value;
  if (list.length !== 1 && list.length !== rank) {
    fail(
      op,
      `expected ${name} to be a single integer value or a list of ${rank} values to match the ` +
        `convolution dimensions, but got ${name}=${showShape(list)}`,
    );
  }
  if (list.some((size) => size < least)) {
    const fault = least === 0 ? "negative" : "non-positive";
    fail(op, `${fault} ${name} is not supported, got ${name}=${showShape(list)}`);
  }
  return list.length === rank ? [...list] : new Array<number>(rank).fill(list[0]);
}

interface Steps {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
}

export const requireSizes = (
  op: string,
  rank: number,
  { stride, dilation }: { readonly stride: Sizes; readonly dilation: Sizes },
): Steps => ({
  stride: sizesOf(op, "stride", stride, rank, 1),
  dilation: sizesOf(op, "dilation", dilation, rank, 1),
});

/** Zeros before and behind each axis. */
type Ends = readonly (readonly [low: number, high: number])[];

export function paddingOf(
  op: string,
  padding: Sizes | string,
  { kernel, stride, dilation }: Steps & { readonly kernel: Shape },
): Ends {
  if (typeof padding !== "string") {
    return sizesOf(op, "padding", padding, kernel.length).map((size) => [size, size]);
  }
  if (padding === "valid") return kernel.map(() => [0, 0]);
  if (padding !== "same") fail(op, `Invalid padding string: '${padding}'`);
  if (stride.some((step) => step !== 1)) {
    fail(op, "padding='same' is not supported for strided convolutions");
  }
  return kernel.map((size, axis) => {
    const all = dilation[axis] * (size - 1);
    const low = Math.floor(all / 2);
    return [low, all - low];
  });
}

export function outputPaddingOf(
  op: string,
  value: Sizes,
  { rank, stride, dilation }: Steps & { readonly rank: number },
): number[] {
  const sizes = sizesOf(op, "outputPadding", value, rank);
  sizes.forEach((size, axis) => {
    if (size < stride[axis] || size < dilation[axis]) return;
    fail(
      op,
      "output padding must be smaller than either stride or dilation, but got outputPadding=" +
        `${showShape(sizes)}, stride=${showShape(stride)}, dilation=${showShape(dilation)}`,
    );
  });
  return sizes;
}

interface Kind {
  readonly groups: number;
  readonly isTransposed: boolean;
}

export function requireOperands(
  op: string,
  rank: number,
  [x, weight, bias]: readonly [Value, Value, Value | null],
  kind: Kind,
): void {
  const [own, given] = [x.node.shape, weight.node.shape];
  if (kind.groups <= 0) fail(op, `non-positive groups is not supported, got ${kind.groups}`);
  if (given.length !== rank + 2) {
    fail(op, `weight must have ${rank + 2} dimensions, got ${showShape(given)}`);
  }
  if (own.length !== rank + 1 && own.length !== rank + 2) {
    fail(
      op,
      `Expected ${rank + 1}D (unbatched) or ${rank + 2}D (batched) input to ${op}, but got input ` +
        `of size: ${showShape(own)}`,
    );
  }
  requireDTypes(op, x, weight, bias);
  requireGroups(op, given, kind.groups);
  requireChannels(op, own.at(-1 - rank) ?? 0, given, kind);
  const outputs = kind.isTransposed ? given[1] * kind.groups : given[0];
  if (!bias || (bias.node.shape.length === 1 && bias.node.shape[0] === outputs)) return;
  fail(
    op,
    `Given weight of size ${showShape(given)}, expected bias to be 1-dimensional with ${outputs} ` +
      `elements, but got bias of size ${showShape(bias.node.shape)} instead`,
  );
}

function requireDTypes(op: string, x: Value, weight: Value, bias: Value | null): void {
  const { dtype } = x.node;
  for (const [name, value] of [
    ["weight", weight],
    ["bias", bias],
  ] as const) {
    if (!value || value.node.dtype === dtype) continue;
    fail(op, `Input type (${dtype}) and ${name} type (${value.node.dtype}) should be the same`);
  }
  if (isFloat(dtype) || dtype === "int64") return;
  fail(op, `not implemented for ${dtype}. Cast first: x.to("float32")`);
}

function requireGroups(op: string, weight: Shape, groups: number): void {
  const [outputs] = weight;
  if (outputs >= groups && outputs % groups === 0) return;
  const wanted = outputs < groups ? `at least ${groups}` : `divisible by ${groups}`;
  fail(
    op,
    `Given groups=${groups}, expected weight to be ${wanted} at dimension 0, but got weight of ` +
      `size ${showShape(weight)} instead`,
  );
}

function requireChannels(
  op: string,
  channels: number,
  weight: Shape,
  { groups, isTransposed }: Kind,
): void {
  const wanted = isTransposed ? weight[0] : weight[1] * groups;
  if (channels === wanted) return;
  fail(
    op,
    `Given groups=${groups}, weight of size ${showShape(weight)}, expected input to have ` +
      `${wanted} channels, but got ${channels} channels instead`,
  );
}

/** The kernel fits into the padded input. */
export function requireRoom(op: string, axes: readonly Axis[], ends: Ends): void {
  const input = axes.map((axis, at) => axis.input + ends[at][0] + ends[at][1]);
  const kernel = axes.map((axis) => axis.dilation * (axis.kernel - 1) + 1);
  if (kernel.every((size, at) => size > 0 && size <= input[at])) return;
  fail(
    op,
    `Calculated padded input size per channel: (${input.join(" x ")}). Kernel size: ` +
      `(${kernel.join(" x ")}). Kernel size can't be greater than actual input size`,
  );
}

export function requireOutput(op: string, input: Shape, output: Shape): void {
  if (input.every((size) => size > 0) && output.every((size) => size > 0)) return;
  fail(
    op,
    `Given input size per channel: (${input.join(" x ")}). Calculated output size per channel: ` +
      `(${output.join(" x ")}). Output size is too small`,
  );
}
