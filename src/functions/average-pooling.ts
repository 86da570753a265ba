// Means of windows. Sums over windows and their adjoint are each other's gradient; where windows overlap
// the adjoint is a sum over windows too, of the gradient spread out among zeros, so nothing is scattered.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { contiguousStrides, type Shape } from "../base/shapes.ts";
import { contiguousView } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { truncDivide } from "../ops/division.ts";
import { gather } from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import { full, iota } from "../ops/source.ts";
import { type Axis, adaptiveAxis, adaptiveWindows, requireAdaptive } from "./adaptive-windows.ts";
import { alongAxis, resized } from "./index-operands.ts";
import { fitted } from "./operands.ts";
import {
  fromRows,
  leadOf,
  overlaps,
  overWindows,
  type PooledRank,
  type PoolingOptions,
  paddedSizes,
  poolingOf,
  reachOf,
  requireFloatInput,
  requirePoolable,
  spreadInRows,
  type Windows,
  windowed,
  windowsOf,
} from "./pool-windows.ts";
import { reaching } from "./reaching.ts";

// Σ over windows | its adjoint

const windowSums: Composite<Windows> = {
  name: "",
  body: ([x], windows) => {
    return overWindows(windowed(x, windows, 0), windows.kernel.length, linear.sum);
  },
  // The chain rule would scatter where windows overlap.
  gradient: (g, _, __, windows) => [composite(windowSpreads, [g], windows)],
};

const windowSpreads: Composite<Windows> = {
  name: "",
  body: ([g], windows) => (overlaps(windows) ? spreadOver : spreadApart)(g, windows),
  gradient: (g, _, __, windows) => [composite(windowSums, [g], windows)],
};

/** Every element of its window gets the window's gradient. */
const spreadApart = (g: Value, windows: Windows): Value =>
  fromRows(spreadInRows(g, windows), leadOf(g.node.shape, windows.out.length), windows);

/**
 * Element i is in window o where o·stride + k·dilation = i. With window o's gradient at
 * o·stride + reach, the sum over i + k·dilation for all k takes it.
 */
function spreadOver(g: Value, windows: Windows): Value {
  const { input, padding, kernel, stride, dilation } = windows;
  const { shape, dtype } = g.node;
  const lead = leadOf(shape, input.length);
  const reach = reachOf(windows);
  const sizes = paddedSizes(windows).map((n, axis) => n + reach[axis]);
  const strides = contiguousStrides([...lead, ...sizes]);
  const [outer, own] = [strides.slice(0, lead.length), strides.slice(lead.length)];
  const offset = (steps: readonly number[]): number =>
    steps.reduce((sum, step, axis) => sum + step * own[axis], 0);
  const apart = linear.place(full(dtype, [...lead, ...sizes], 0), g, {
    shape,
    strides: [...outer, ...own.map((step, axis) => step * stride[axis])],
    offset: offset(reach),
  });
  const around = linear.window(apart, {
    shape: [...lead, ...input, ...kernel],
    strides: [...strides, ...own.map((step, axis) => step * dilation[axis])],
    offset: offset(padding),
  });
  return overWindows(around, kernel.length, linear.sum);
}

/** The sum over each window. */
export const sumOfWindows = (x: Value, windows: Windows): Value =>
  composite(windowSums, [x], windows);

// Averages

interface Average extends Windows {
  readonly divisor: Value | number;
}

const averageOf = (name: string): Composite<Average> => ({
  name,
  body: ([x], attrs) => {
    const { dtype } = x.node;
    const sums = sumOfWindows(ops.cast(x, accumulated(dtype)), attrs);
    return reaching(ops.cast(divided(sums, attrs.divisor), dtype), x);
  },
});

function divided(sums: Value, divisor: Value | number): Value {
  const { shape, dtype } = sums.node;
  const by = typeof divisor === "number" ? divisor : fitted(divisor, { shape, dtype });
  return isFloat(dtype) ? ops.div(sums, by) : truncDivide(sums, by);
}

const averageSpecs = ["SqueezeBackward1", "AvgPool2DBackward0", "AvgPool3DBackward0"].map(
  averageOf,
);

export interface AverageOptions extends PoolingOptions {
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride?: number | null;
}

/** The mean of each window of the last `rank` axes. */
export function avgPool(x: Value, options: AverageOptions, rank: PooledRank): Value {
  const op = `avgPool${rank}d`;
  const { shape, dtype } = x.node;
  const { divisorOverride = null } = options;
  if (!isFloat(dtype) && dtype !== "int64") fail(op, `not implemented for ${dtype}`);
  if (divisorOverride === 0) fail(op, "divisor must be not zero");
  const pooling = poolingOf(op, options, rank);
  requirePoolable(op, x.node, rank);
  const windows = windowsOf(op, shape, pooling, options.ceilMode);
  const divisor = divisorOverride ?? countsOf(windows, options.countIncludePad);
  return composite(averageSpecs[rank - 1], [x], { ...windows, divisor });
}

/** How many elements each window counts: those of the padding too, but none behind it. */
function countsOf(windows: Windows, countIncludePad: boolean): Value | number {
  const { input, out, kernel, stride, padding } = windows;
  const isWhole = input.every((n, axis) => {
    const end = (out[axis] - 1) * stride[axis] + kernel[axis];
    return countIncludePad ? end <= n + 2 * padding[axis] : padding[axis] === 0 && end <= n;
  });
  if (isWhole) return kernel.reduce((product, k) => product * k, 1);
  return out.reduce<Value>(
    (counts, size, axis) => {
      const pad = padding[axis];
      const start = ops.sub(ops.mul(iota(size), stride[axis]), pad);
      const first = countIncludePad ? start : ops.maximum(start, full("int32", [size], 0));
      const last = full("int32", [size], input[axis] + (countIncludePad ? pad : 0));
      const count = ops.sub(ops.minimum(ops.add(start, kernel[axis]), last), first);
      return ops.mul(counts, alongAxis(count, out, axis));
    },
    full("int32", out, 1),
  );
}

// Adaptive averages

interface AdaptiveAverage {
  /** Windows of equal sizes, along the axes that divide evenly. */
  readonly even: Windows;
  readonly uneven: readonly (Axis | null)[];
}

const adaptiveAverageOf = (name: string): Composite<AdaptiveAverage> => ({
  name,
  body: ([x], { even, uneven }) => {
    const { dtype } = x.node;
    const wide = ops.cast(x, accumulated(dtype));
    const count = even.kernel.reduce((product, k) => product * k, 1);
    const start = count === 1 ? wide : ops.div(sumOfWindows(wide, even), count);
    const lead = leadOf(x.node.shape, uneven.length).length;
    const result = uneven.reduce<Value>(
      (pooled, axis, at) => (axis ? meansAlong(pooled, lead + at, axis) : pooled),
      start,
    );
    return reaching(ops.cast(result, dtype), x);
  },
});

/** Means of windows of unequal sizes along one axis. */
function meansAlong(x: Value, at: number, { out, kernel, starts, ends }: Axis): Value {
  const { shape, dtype } = x.node;
  const rows = linear.expand(linear.reshape(starts, [out, 1]), [out, kernel]);
  const within = linear.expand(iota(kernel), [out, kernel]);
  const places = ops.add(rows, within);
  const last = full("int32", [out, kernel], shape[at] - 1);
  const index = linear.reshape(ops.minimum(places, last), [out * kernel]);
  const picked = gather(x, at, alongAxis(index, shape, at));
  const split = [...shape.slice(0, at), out, kernel, ...shape.slice(at + 1)];
  const apart = (value: Value): Value =>
    linear.expand(
      linear.reshape(
        value,
        split.map((n, axis) => (axis === at || axis === at + 1 ? n : 1)),
      ),
      split,
    );
  const isInside = ops.lt(places, linear.expand(linear.reshape(ends, [out, 1]), [out, kernel]));
  const kept = ops.where(apart(isInside), linear.reshape(picked, split), 0);
  const counts = alongAxis(ops.cast(ops.sub(ends, starts), dtype), resized(shape, at, out), at);
  return ops.div(linear.sum(kept, [at + 1]), counts);
}

const adaptiveSpecs = [
  "SqueezeBackward1",
  "AdaptiveAvgPool2DBackward0",
  "AdaptiveAvgPool3DBackward0",
].map(adaptiveAverageOf);

/** PyTorch takes one window of everything for a mean. */
const wholeSpec = adaptiveAverageOf("MeanBackward1");

const emptySpec: Composite<Shape> = {
  name: "AdaptiveAvgPool2DBackward0",
  body: ([x], shape) => linear.window(x, { ...contiguousView(shape), offset: 0 }),
};

/** As many means along each axis as asked for; null leaves an axis as it is. */
export function adaptiveAvgPool(
  x: Value,
  outputSize: number | readonly (number | null)[],
  rank: PooledRank,
): Value {
  const op = `adaptiveAvgPool${rank}d`;
  const { shape } = x.node;
  const out = requireAdaptive(op, x, outputSize, {
    rank,
    filled: rank === 3 ? 1 : shape.length - rank,
  });
  requireFloatInput(op, x);
  const lead = leadOf(shape, rank);
  if (out.includes(0)) return composite(emptySpec, [x], [...lead, ...out]);
  const isMean = rank > 1 && out.every((n) => n === 1);
  return composite(isMean ? wholeSpec : adaptiveSpecs[rank - 1], [x], {
    even: adaptiveWindows(shape.slice(lead.length), out),
    uneven: out.map((size, axis) => adaptiveAxis(shape[lead.length + axis], size)),
  });
}
