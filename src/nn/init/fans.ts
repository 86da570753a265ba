// How many inputs and outputs an element of a layer's result has, and by how much a nonlinearity
// shrinks what passes.

import { fail } from "../../base/errors.ts";
import { camelCase, number, string } from "../../base/parameters.ts";
import { sizeOf } from "../../base/shapes.ts";
import { declare } from "../../base/signature.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound } from "../arguments.ts";

export const fanModes = ["fanIn", "fanOut", "fan_in", "fan_out"] as const;

type Fans = Readonly<Record<(typeof fanModes)[number], number>>;

/** Of a weight [outputs, inputs, ...kernel]. */
export function fans(op: string, { shape }: Tensor): Fans {
  if (shape.length < 2) {
    fail(
      op,
      "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, " +
        `got ${shape.length}`,
    );
  }
  const [outputs, inputs, ...kernel] = shape as [number, number, ...number[]];
  const [fanIn, fanOut] = [inputs * sizeOf(kernel), outputs * sizeOf(kernel)];
  return { fanIn, fanOut, fan_in: fanIn, fan_out: fanOut };
}

const linear = 1;

const gains: Readonly<Record<string, (param: number) => number>> = {
  linear: () => linear,
  conv1d: () => linear,
  conv2d: () => linear,
  conv3d: () => linear,
  convTranspose1d: () => linear,
  convTranspose2d: () => linear,
  convTranspose3d: () => linear,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (slope) => Math.sqrt(2 / (1 + slope ** 2)),
  selu: () => 3 / 4,
};

export function gainOf(nonlinearity: string, param: number): number {
  const gain = gains[camelCase(nonlinearity)];
  if (!gain) fail("calculateGain", `Unsupported nonlinearity ${nonlinearity}`);
  return gain(param);
}

const gainParams = declare([string("nonlinearity"), number("param", null)]);

/** What the standard deviation is multiplied by before a nonlinearity. */
export function calculateGain(nonlinearity: string, param?: number | null): number;
export function calculateGain(...args: unknown[]): number {
  const [nonlinearity, param] = bound("calculateGain", gainParams, args);
  return gainOf(nonlinearity, param ?? 0.01);
}
