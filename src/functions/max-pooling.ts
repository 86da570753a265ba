// Pooling by the largest element, and its inverse.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { scatter } from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import { full, iota } from "../ops/source.ts";
import { adaptiveAxis, adaptiveWindows, requireAdaptive } from "./adaptive-windows.ts";
import type { Extremes } from "./extrema.ts";
import { onlyInt64, requireIndex } from "./index-operands.ts";
import { chooseLargest, type StartedAxis, startedChoice, stridedChoice } from "./max-windows.ts";
import {
  eachAxis,
  leadOf,
  type PooledRank,
  type PoolingOptions,
  poolingOf,
  requireFloatInput,
  requirePoolable,
  windowsOf,
} from "./pool-windows.ts";

type Sizes = readonly number[];

const names = [
  "SqueezeBackward1",
  "MaxPool2DWithIndicesBackward0",
  "MaxPool3DWithIndicesBackward0",
];

export interface MaxPoolOptions extends PoolingOptions {
  readonly ceilMode: boolean;
}

/** The largest element of each window of the last `rank` axes, and where it is. */
export function maxPool(x: Value, options: MaxPoolOptions, rank: PooledRank): Extremes {
  const op = `maxPool${rank}d`;
  const { shape, dtype } = x.node;
  if (dtype === "bool") fail(op, "not implemented for bool. Cast it first");
  const pooling = poolingOf(op, options, rank);
  requirePoolable(op, x.node, rank);
  const windows = windowsOf(op, shape, pooling, options.ceilMode);
  return chooseLargest(names[rank - 1], x, stridedChoice(x, windows));
}

const adaptiveNames = [
  "SqueezeBackward1",
  "AdaptiveMaxPool2DBackward0",
  "AdaptiveMaxPool3DBackward0",
];

/** As many largest elements along each axis as asked for; null leaves an axis as it is. */
export function adaptiveMaxPool(
  x: Value,
  outputSize: number | readonly (number | null)[],
  rank: PooledRank,
): Extremes {
  const op = `adaptiveMaxPool${rank}d`;
  const { shape, dtype } = x.node;
  const out = requireAdaptive(op, x, outputSize, { rank, filled: 1 });
  requireFloatInput(op, x);
  const lead = leadOf(shape, rank);
  const input = shape.slice(lead.length);
  if (out.includes(0)) {
    const empty = [...lead, ...out];
    return { values: full(dtype, empty, 0), indices: full("int64", empty, 0) };
  }
  const uneven = out.map((size, axis) => adaptiveAxis(input[axis], size));
  if (uneven.every((axis) => axis === null)) {
    const windows = adaptiveWindows(input, out);
    return chooseLargest(adaptiveNames[rank - 1], x, stridedChoice(x, windows));
  }
  const axes = out.map((size, axis) =>
    fromStarts(lead, uneven[axis] ?? evenAxis(input[axis], size)),
  );
  return chooseLargest(adaptiveNames[rank - 1], x, startedChoice(x, axes));
}

const evenAxis = (input: number, out: number): StartedAxis => ({
  out,
  kernel: input / out,
  starts: ops.mul(iota(out), input / out),
  ends: null,
});

/** Starts that are the same for all planes. */
function fromStarts(lead: Shape, axis: StartedAxis): StartedAxis {
  const forAll = (x: Value): Value => linear.reshape(x, [...lead.map(() => 1), axis.out]);
  return { ...axis, starts: forAll(axis.starts), ends: axis.ends && forAll(axis.ends) };
}

// Fractional

export interface FractionalOptions {
  readonly outputSize: number | Sizes | null;
  readonly outputRatio: number | readonly number[] | null;
}

/** The sizes of the output: given, or as a part of the input's. */
export function fractionalSizes(
  op: string,
  { node: { shape } }: Value,
  { outputSize, outputRatio }: FractionalOptions,
  rank: 2 | 3,
): readonly number[] {
  if (outputSize !== null) return eachAxis(op, "outputSize", outputSize, rank);
  if (outputRatio === null)
    fail(op, "requires specifying either an output_size or an output_ratio");
  const ratios = eachAxis(op, "outputRatio", outputRatio, rank);
  if (ratios.some((ratio) => !(ratio > 0 && ratio < 1))) {
    fail(op, `requires output_ratio to be between 0 and 1 (got ${showShape(ratios)})`);
  }
  const input = shape.slice(-rank);
  return ratios.map((ratio, axis) => Math.trunc(input[axis] * ratio));
}

/**
 * Windows at random steps: with α = (in - kernel) / (out - 1) and u the sample of a plane and axis, window
 * i starts at ⌊(i + u)·α⌋ - ⌊u·α⌋, and the last one at in - kernel.
 */
export function fractionalMaxPool(
  x: Value,
  samples: Value,
  { kernel, out }: { readonly kernel: Sizes; readonly out: Sizes },
): Extremes {
  const rank = kernel.length;
  const op = `fractionalMaxPool${rank}d`;
  const { shape } = x.node;
  requirePoolable(op, x.node, rank);
  requireFloatInput(op, x);
  const lead = leadOf(shape, rank);
  const planes = [...(lead.length === 1 ? [1] : []), ...lead, rank];
  const given = samples.node.shape;
  // Those of more batches than there are may be given.
  if (given[0] < planes[0] || !sameShape(given.slice(1), planes.slice(1))) {
    fail(op, `Expect _random_samples of ${showShape(planes)}, got ${showShape(given)}`);
  }
  const axes = out.map((size, axis): StartedAxis => {
    const input = shape[lead.length + axis];
    if (size < 1 || size + kernel[axis] - 1 > input) {
      fail(op, `pool size ${kernel[axis]} too large relative to input size ${input} for ${size}`);
    }
    // In the plane the sample of the last axis comes first; in space the first does.
    const at = rank === 2 ? 1 - axis : axis;
    const pick = [...planes.slice(0, -1).map(linear.wholeSlice), { start: at, size: 1, step: 1 }];
    const sample = linear.reshape(linear.slice(samples, pick), [...lead, 1]);
    const starts = intervals(sample, { input, out: size, kernel: kernel[axis] });
    return { out: size, kernel: kernel[axis], starts, ends: null };
  });
  return chooseLargest(`FractionalMaxPool${rank}DBackward0`, x, startedChoice(x, axes));
}

function intervals(
  sample: Value,
  { input, out, kernel }: { input: number; out: number; kernel: number },
): Value {
  const { shape, dtype } = sample.node;
  const all = [...shape.slice(0, -1), out];
  const step = out > 1 ? (input - kernel) / (out - 1) : 0;
  const number = linear.expand(iota(out), all);
  const share = linear.expand(sample, all);
  const at = (position: Value): Value => ops.cast(ops.trunc(ops.mul(position, step)), "int32");
  const starts = ops.sub(at(ops.add(ops.cast(number, dtype), share)), at(share));
  return ops.where(ops.eq(number, out - 1), input - kernel, starts);
}

// Unpooling

const unpoolNames = ["SqueezeBackward1", "MaxUnpool2DBackward0", "MaxUnpool3DBackward0"];

const unpoolSpecs = unpoolNames.map(
  (name): Composite<Shape> => ({
    name,
    body: ([x, indices], out) => {
      const lead = leadOf(x.node.shape, out.length);
      const planes = sizeOf(lead);
      const count = sizeOf(x.node.shape.slice(lead.length));
      const rows = (value: Value): Value => linear.reshape(value, [planes, count]);
      const zeros = full(x.node.dtype, [planes, sizeOf(out)], 0);
      if (x.node.size === 0) return linear.reshape(zeros, [...lead, ...out]);
      return linear.reshape(scatter(zeros, 1, rows(indices), rows(x)), [...lead, ...out]);
    },
  }),
);

export interface UnpoolOptions extends PoolingOptions {
  readonly outputSize: Sizes | null;
}

/** Planes of zeros with each element at its flat position. */
export function maxUnpool(
  x: Value,
  indices: Value,
  options: UnpoolOptions,
  rank: PooledRank,
): Value {
  const op = `maxUnpool${rank}d`;
  requireIndex(op, indices, onlyInt64);
  requirePoolable(op, x.node, rank);
  if (!sameShape(x.node.shape, indices.node.shape)) {
    fail(
      op,
      `Expected shape of indices to be same as that of the input tensor (` +
        `${showShape(x.node.shape)}) but got indices tensor with shape: ` +
        showShape(indices.node.shape),
    );
  }
  const out = unpooledSizes(op, x.node.shape, options, rank);
  return composite(unpoolSpecs[rank - 1], [x, indices], out);
}

function unpooledSizes(
  op: string,
  shape: Shape,
  options: UnpoolOptions,
  rank: number,
): readonly number[] {
  const { kernel, stride, padding } = poolingOf(op, options, rank);
  const input = shape.slice(-rank);
  const plain = input.map((n, axis) => (n - 1) * stride[axis] + kernel[axis] - 2 * padding[axis]);
  const given = options.outputSize;
  if (given === null) return plain;
  const wanted = given.length === rank + 2 ? given.slice(2) : given;
  if (wanted.length !== rank) {
    fail(
      op,
      `output_size should be a sequence containing ${rank} or ${rank + 2} elements, but it has a ` +
        `length of '${given.length}'`,
    );
  }
  wanted.forEach((n, axis) => {
    const [low, high] = [plain[axis] - stride[axis], plain[axis] + stride[axis]];
    if (n > low && n < high) return;
    fail(
      op,
      `invalid output_size "${showShape(wanted)}" (dim ${axis} must be between ${low} and ${high})`,
    );
  });
  return wanted;
}
