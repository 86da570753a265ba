// Normalization to mean 0 and variance 1: over batches, instances, groups of channels and trailing axes.
// Halves compute as float32; a scale and a shift may follow. Running statistics come back as new values.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated, type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, sameShape, showShape } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { reshape, sum } from "../ops/linear.ts";
import { rsqrt } from "../ops/transcendental.ts";
import { countOf, spread } from "./reductions.ts";
import { specVariants } from "./spec-variants.ts";

type Axes = readonly number[];
type Optional = Value | null;

const axesFrom = (first: number, rank: number): number[] =>
  Array.from({ length: Math.max(rank - first, 0) }, (_, at) => first + at);

const averageOver = (x: Value, axes: Axes): Value =>
  ops.div(sum(x, axes), countOf(x.node.shape, axes));

/** (x - mean) / sqrt(var + eps), of the elements along `axes` */
function standardized(x: Value, axes: Axes, eps: number): Value {
  const { shape } = x.node;
  const centred = ops.sub(x, spread(averageOver(x, axes), shape, axes));
  const variance = averageOver(ops.mul(centred, centred), axes);
  return ops.mul(centred, spread(rsqrt(ops.add(variance, eps)), shape, axes));
}

/** Scale and shift, whose axes are those of x but `axes`. */
interface Affine {
  readonly weight: Optional;
  readonly bias: Optional;
}

function affine(x: Value, { weight, bias }: Affine, axes: Axes): Value {
  const { shape, dtype } = x.node;
  const own = (value: Value): Value => spread(ops.cast(value, dtype), shape, axes);
  const scaled = weight ? ops.mul(x, own(weight)) : x;
  return bias ? ops.add(scaled, own(bias)) : scaled;
}

/** The tensors of a call as the inputs of a composite, which has no place for what is absent. */
interface Given {
  readonly isGiven: readonly boolean[];
}

const present = (values: readonly Optional[]): Value[] =>
  values.filter((value): value is Value => value !== null);

const givenOf = (values: readonly Optional[]): boolean[] => values.map((value) => value !== null);

function withGaps(inputs: readonly Value[], { isGiven }: Given): Optional[] {
  let at = 0;
  return isGiven.map((is) => (is ? (inputs[at++] as Value) : null));
}

// Checks

function requireFloats(op: string, x: Value, ...others: readonly Optional[]): void {
  const { dtype } = x.node;
  if (!isFloat(dtype)) {
    fail(op, `not implemented for ${dtype}. Cast the input first: x.to("float32")`);
  }
  for (const other of others) {
    const own = other?.node.dtype;
    if (!own || own === dtype || own === accumulated(dtype)) continue;
    fail(op, `expected parameters of the input's dtype ${dtype}, but got ${own}`);
  }
}

type Named = readonly (readonly [string, Optional])[];

function requireChannels(op: string, channels: number, values: Named): void {
  for (const [name, value] of values) {
    if (!value || sameShape(value.node.shape, [channels])) continue;
    fail(op, `${name} should contain ${channels} elements not ${showShape(value.node.shape)}`);
  }
}

// Normalization of channels, by statistics of their own or by given ones

export interface ChannelNorm extends Affine {
  readonly runningMean: Optional;
  readonly runningVar: Optional;
  /** By the statistics of x; else by the running ones. */
  readonly isOfInput: boolean;
  readonly momentum: number;
  readonly eps: number;
}

interface Channels extends Given {
  readonly isOfInput: boolean;
  /** What is averaged over, if statistics are the input's. */
  readonly axes: Axes;
  readonly eps: number;
}

function channelBody(inputs: readonly Value[], attrs: Channels): Value {
  const [x, mean, variance, weight, bias] = withGaps(inputs, attrs);
  const { dtype, shape } = (x as Value).node;
  const wide = ops.cast(x as Value, accumulated(dtype));
  const apart = axesFrom(0, shape.length).filter((axis) => axis !== 1);
  const own = (value: Value): Value => ops.cast(value, wide.node.dtype);
  const normal =
    mean && variance && !attrs.isOfInput
      ? ops.mul(
          ops.sub(wide, spread(own(mean), shape, apart)),
          spread(rsqrt(ops.add(own(variance), attrs.eps)), shape, apart),
        )
      : standardized(wide, attrs.axes, attrs.eps);
  const result = affine(normal, { weight: weight ?? null, bias: bias ?? null }, apart);
  return ops.cast(result, dtype);
}

const batchSpec = specVariants<Channels>({
  name: "NativeBatchNormBackward0",
  body: channelBody,
});
const instanceSpec = specVariants<Channels>({ name: "ViewBackward0", body: channelBody });

/** The result, and what the running mean and variance become; null where they stay. */
export interface Normalized {
  readonly result: Value;
  readonly changed: readonly Optional[];
}

/** (1 - momentum)·running + momentum·own, where the variance has n - 1 for n. */
function runningAfter(x: Value, axes: Axes, norm: ChannelNorm): Optional[] {
  const { runningMean, runningVar, isOfInput, momentum } = norm;
  if (!isOfInput || x.node.size === 0) return [null, null];
  const wide = ops.cast(constantValue(x.node), accumulated(x.node.dtype));
  const { shape } = wide.node;
  const mean = averageOver(wide, axes);
  const centred = ops.sub(wide, spread(mean, shape, axes));
  const variance = ops.div(sum(ops.mul(centred, centred), axes), countOf(shape, axes) - 1);
  const moved = (running: Optional, own: Value): Optional => {
    if (!running) return null;
    const { dtype } = running.node;
    const old = ops.cast(constantValue(running.node), own.node.dtype);
    const ofChannels = own.node.shape.length > 1 ? averageOver(own, [0]) : own;
    return ops.cast(ops.add(ops.mul(old, 1 - momentum), ops.mul(ofChannels, momentum)), dtype);
  };
  return [moved(runningMean, mean), moved(runningVar, variance)];
}

interface Kind {
  readonly op: string;
  readonly spec: (variant: string) => Composite<Channels>;
  /** One element has no variance. */
  readonly counted: string;
  readonly whenFixed: string;
  readonly axesOf: (shape: Shape) => Axes;
}

const channelNorm =
  ({ op, spec, counted, whenFixed, axesOf }: Kind) =>
  (x: Value, norm: ChannelNorm): Normalized => {
    const { shape } = x.node;
    const { runningMean, runningVar, weight, bias, isOfInput, eps } = norm;
    if (shape.length < 2) fail(op, `wants at least 2 dimensions, got ${showShape(shape)}`);
    const axes = axesOf(shape);
    if (isOfInput && countOf(shape, axes) === 1) {
      fail(op, `Expected more than 1 ${counted} when training, got input size ${showShape(shape)}`);
    }
    if (isOfInput && eps <= 0 && op === "batchNorm") {
      fail(op, `eps must be positive during training, but got ${eps}`);
    }
    if (!isOfInput && !(runningMean && runningVar)) {
      fail(op, `Expected runningMean and runningVar to be defined when ${whenFixed}`);
    }
    requireFloats(op, x, runningMean, runningVar, weight, bias);
    requireChannels(op, shape[1] as number, Object.entries({ runningMean, runningVar }));
    requireChannels(op, shape[1] as number, Object.entries({ weight, bias }));
    const values = [x, runningMean, runningVar, weight, bias];
    const attrs = { isGiven: givenOf(values), isOfInput, axes, eps };
    const result = composite(spec(`${isOfInput},${attrs.isGiven}`), present(values), attrs);
    return { result, changed: runningAfter(x, axes, norm) };
  };

export const batchNorm = channelNorm({
  op: "batchNorm",
  spec: batchSpec,
  counted: "value per channel",
  whenFixed: "training is false",
  axesOf: ({ length }) => [0, ...axesFrom(2, length)],
});

export const instanceNorm = channelNorm({
  op: "instanceNorm",
  spec: instanceSpec,
  counted: "spatial element",
  whenFixed: "useInputStats is false",
  axesOf: ({ length }) => axesFrom(2, length),
});

// Groups of channels

interface Groups extends Given {
  readonly count: number;
  readonly eps: number;
}

const groupSpec = specVariants<Groups>({
  name: "NativeGroupNormBackward0",
  body: (inputs, attrs) => {
    const [x, weight, bias] = withGaps(inputs, attrs);
    const { shape, dtype, size } = (x as Value).node;
    const [batch] = shape as [number];
    const groups = [batch, attrs.count, size / (batch * attrs.count || 1)];
    const rows = reshape(ops.cast(x as Value, accumulated(dtype)), groups);
    const normal = reshape(standardized(rows, [2], attrs.eps), shape);
    const apart = [0, ...axesFrom(2, shape.length)];
    const result = affine(normal, { weight: weight ?? null, bias: bias ?? null }, apart);
    return ops.cast(result, dtype);
  },
});

export function groupNorm(x: Value, count: number, { weight, bias }: Affine, eps: number): Value {
  const op = "groupNorm";
  const { shape } = x.node;
  if (shape.length < 2) {
    fail(op, `Expected at least 2 dimensions for input tensor but received ${shape.length}`);
  }
  const [batch, channels] = shape as [number, number];
  if (count <= 0) fail(op, `Expected num groups to be greater than 0, got ${count}`);
  if (channels % count !== 0) {
    fail(
      op,
      "Expected number of channels in input to be divisible by num_groups, but got input of " +
        `shape ${showShape(shape)} and num_groups=${count}`,
    );
  }
  // As PyTorch counts them: b·(c / groups) and the axes of space.
  if (Math.floor((batch * channels) / count) * countOf(shape, axesFrom(2, shape.length)) === 1) {
    fail(op, `Expected more than 1 value per channel when training, got ${showShape(shape)}`);
  }
  requireFloats(op, x, weight, bias);
  requireChannels(op, channels, Object.entries({ weight, bias }));
  const values = [x, weight, bias];
  const isGiven = givenOf(values);
  return composite(groupSpec(`${isGiven}`), present(values), { isGiven, count, eps });
}

// Trailing axes

function trailing(op: string, x: Value, sizes: Shape, values: Named): number[] {
  const { shape } = x.node;
  if (sizes.length === 0) {
    fail(
      op,
      "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one " +
        "element, but got normalized_shape = []",
    );
  }
  for (const [name, value] of values) {
    if (!value || sameShape(value.node.shape, sizes)) continue;
    fail(
      op,
      `Expected ${name} to be of same shape as normalized_shape, but got ${name} of shape ` +
        `${showShape(value.node.shape)} and normalized_shape = ${showShape(sizes)}`,
    );
  }
  const first = shape.length - sizes.length;
  if (first < 0 || !sameShape(shape.slice(first), sizes)) {
    fail(
      op,
      `Given normalized_shape=${showShape(sizes)}, expected input with shape ` +
        `[*, ${sizes.join(", ")}], but got input of size ${showShape(shape)}`,
    );
  }
  return axesFrom(first, shape.length);
}

interface Trailing extends Given {
  readonly axes: Axes;
  readonly eps: number;
}

const layerSpec = specVariants<Trailing>({
  name: "NativeLayerNormBackward0",
  body: (inputs, attrs) => {
    const [x, weight, bias] = withGaps(inputs, attrs);
    const { dtype } = (x as Value).node;
    const { axes, eps } = attrs;
    const normal = standardized(ops.cast(x as Value, accumulated(dtype)), axes, eps);
    const leading = axesFrom(0, axes[0] as number);
    const result = affine(normal, { weight: weight ?? null, bias: bias ?? null }, leading);
    return ops.cast(result, dtype);
  },
});

export function layerNorm(x: Value, sizes: Shape, { weight, bias }: Affine, eps: number): Value {
  const axes = trailing("layerNorm", x, sizes, Object.entries({ weight, bias }));
  requireFloats("layerNorm", x, weight, bias);
  const values = [x, weight, bias];
  const isGiven = givenOf(values);
  return composite(layerSpec(`${isGiven}`), present(values), { isGiven, axes, eps });
}

const rmsSpec = specVariants<Trailing>({
  name: "MulBackward0",
  body: (inputs, attrs) => {
    const [given, weight] = withGaps(inputs, attrs);
    const { dtype, shape } = (given as Value).node;
    const { axes, eps } = attrs;
    const x = ops.cast(given as Value, accumulated(dtype));
    const meanSquare = averageOver(ops.mul(x, x), axes);
    const normal = ops.mul(x, spread(rsqrt(ops.add(meanSquare, eps)), shape, axes));
    const leading = axesFrom(0, axes[0] as number);
    return ops.cast(affine(normal, { weight: weight ?? null, bias: null }, leading), dtype);
  },
});

/** The distance from 1 to the next number. */
const epsilons: Partial<Record<DType, number>> = {
  float64: 2 ** -52,
  float32: 2 ** -23,
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
};

/** x / sqrt(mean of x² + eps), where eps is by default that of the dtype. */
export function rmsNorm(x: Value, sizes: Shape, weight: Optional, eps: number | null): Value {
  const axes = trailing("rmsNorm", x, sizes, [["weight", weight]]);
  requireFloats("rmsNorm", x, weight);
  const values = [x, weight];
  const own = eps ?? epsilons[x.node.dtype] ?? 0;
  const isGiven = givenOf(values);
  return composite(rmsSpec(`${isGiven}`), present(values), { isGiven, axes, eps: own });
}
