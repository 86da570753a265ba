// The windows of adaptive pooling: output o takes the elements from floor(o·in / out) up to
// ceil((o + 1)·in / out). Where out divides in they are windows as any other.

import { fail } from "../base/errors.ts";
import { showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { floorDivide } from "../ops/division.ts";
import { iota } from "../ops/source.ts";
import { leadOf, type Windows } from "./pool-windows.ts";

/** Windows of unequal sizes along one axis. */
export interface Axis {
  readonly out: number;
  /** The size of the largest. */
  readonly kernel: number;
  /** [out] */
  readonly starts: Value;
  readonly ends: Value;
}

/** Null where the windows are all of one size, side by side. */
export function adaptiveAxis(input: number, out: number): Axis | null {
  if (out === 0 || input % out === 0) return null;
  const starts = floorDivide(mul(iota(out), input), out);
  const ends = floorDivide(add(mul(iota(out), input), input + out - 1), out);
  let kernel = 0;
  for (let o = 0; o < out; o++) {
    const size = Math.ceil(((o + 1) * input) / out) - Math.floor((o * input) / out);
    kernel = Math.max(kernel, size);
  }
  return { out, kernel, starts, ends };
}

/** The windows along the axes that divide evenly; along others each element is one. */
export function adaptiveWindows(input: readonly number[], out: readonly number[]): Windows {
  const kernel = input.map((n, axis) => (n % out[axis] === 0 ? n / out[axis] : 1));
  const ones = input.map(() => 1);
  return {
    input,
    out: input.map((n, axis) => n / kernel[axis]),
    kernel,
    stride: kernel,
    padding: ones.map(() => 0),
    dilation: ones,
  };
}

/** The output's sizes; refuses what PyTorch refuses, and axes from `filled` on without elements. */
export function requireAdaptive(
  op: string,
  { node: { shape } }: Value,
  outputSize: number | readonly (number | null)[],
  { rank, filled }: { readonly rank: number; readonly filled: number },
): number[] {
  if (shape.length !== rank + 1 && shape.length !== rank + 2) {
    fail(op, `Expected ${rank + 1}D or ${rank + 2}D tensor, but got ${showShape(shape)}`);
  }
  const empty = shape.findIndex((n, axis) => axis >= filled && n === 0);
  if (empty >= 0) {
    fail(
      op,
      "Expected input to have non-zero size for non-batch dimensions, but input has sizes " +
        `${showShape(shape)} with dimension ${empty} being empty`,
    );
  }
  const wanted =
    typeof outputSize === "number" ? new Array<number>(rank).fill(outputSize) : outputSize;
  const sizes = wanted.length === 1 ? new Array<number | null>(rank).fill(wanted[0]) : wanted;
  if (sizes.length !== rank) fail(op, `output_size must be ${rank}, got ${sizes.length}`);
  const lead = leadOf(shape, rank).length;
  const out = sizes.map((n, axis) => n ?? shape[lead + axis]);
  if (out.some((n) => n < 0)) {
    fail(
      op,
      `elements of output_size must be greater than or equal to 0 but received ${showShape(out)}`,
    );
  }
  return out;
}
