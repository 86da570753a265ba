// Convolution as the form Σ y·x·w that is linear in each of three, in any number of axes: each one's
// derivative is the product of the two others.
//
//   x [n, g, c, …input]   w [g, o, c, …kernel]   y [n, g, o, …output]      g groups
//   y[t] = Σ x[t·stride + k·dilation - low]·w[k]         correlate
//   x[s] = Σ y[t]·w[k] where t·stride + k·dilation - low = s      spill
//   w[k] = Σ x[t·stride + k·dilation - low]·y[t]         overlap

import { type Composite, composite } from "../autograd/composite.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { full } from "../ops/source.ts";
import { type Labels, type Pairing, product } from "./contraction.ts";
import {
  type Axis,
  choices,
  isApart,
  type Part,
  partsOf,
  placed,
  placedWindows,
  windows,
} from "./sliding.ts";

export interface Correlation {
  readonly axes: readonly Axis[];
}

/** In the batch, the group, a channel of x, one of y; then axes of x or y, and of w. */
const [n, group, c, o] = [0, 1, 2, 3];
const places = (axes: readonly Axis[]): Labels => axes.map((_, at) => 4 + at);
const kernels = (axes: readonly Axis[]): Labels => axes.map((_, at) => -1 - at);

const name = "ConvolutionBackward0";

/** Above, a sum of shifted products has more terms than a kernel is to hold. */
const MOST_TERMS = 64;
/** Above, rows of a product are long enough. */
const FEW_OUTPUTS = 8;
/** Above, x is made of more interleaved parts than pay. */
const MOST_PARTS = 32;

const sizesOf = (axes: readonly Axis[]): number[] => axes.map(({ kernel }) => kernel);

/** Kernels of one channel are sums of shifted products, each pointwise: w[k]·x shifted by k. */
const isDepthwise = (w: Value, axes: readonly Axis[]): boolean => {
  const [groups, outputs, channels] = w.node.shape;
  const terms = sizesOf(axes).reduce((product, size) => product * size, 1);
  return groups > 1 && channels === 1 && outputs < FEW_OUTPUTS && terms > 0 && terms <= MOST_TERMS;
};

/** Σ over all taps of a window on x [n, g, 1, …] times the tap of w [g, o, 1, …]; taps in front. */
function shiftedProducts(w: Value, windowed: Value, axes: readonly Axis[]): Value {
  const [groups, outputs] = w.node.shape;
  const batch = windowed.node.shape[0];
  const taps = sizesOf(axes);
  const output = axes.map((axis) => axis.output);
  const shape = [batch, groups, outputs, ...taps, ...output];
  const at = (first: number): number[] => axes.map((_, axis) => first + axis);
  const shifted = linear.permute(windowed, [0, 1, 2, ...at(3 + axes.length), ...at(3)]);
  const weights = linear.reshape(w, [groups, outputs, ...taps, ...axes.map(() => 1)]);
  return linear.sum(ops.mul(linear.expand(shifted, shape), linear.expand(weights, shape)), at(3));
}

const correlateSpec: Composite<Correlation> = {
  name,
  body: ([x, w], { axes }) => {
    const windowed = windows(x, axes);
    if (isDepthwise(w, axes)) return shiftedProducts(w, windowed, axes);
    const [at, k] = [places(axes), kernels(axes)];
    return product(name, w, windowed, {
      a: [group, o, c, ...k],
      b: [n, group, c, ...at, ...k],
      out: [n, group, o, ...at],
    });
  },
  // The chain rule would scatter what the windows read.
  gradient: (g, [x, w], _, attrs) => [x.edge && spill(g, w, attrs), w.edge && overlap(g, x, attrs)],
};

const spillSpec: Composite<Correlation> = {
  name,
  body: ([y, w], { axes }) => spilled(y, w, axes),
  gradient: (g, [y, w], _, attrs) => [
    y.edge && correlate(g, w, attrs),
    w.edge && overlap(y, g, attrs),
  ],
};

const overlapSpec: Composite<Correlation> = {
  name: "ConvolutionBackwardBackward0",
  body: ([y, x], { axes }) => {
    const [at, k] = [places(axes), kernels(axes)];
    return product(name, y, windows(x, axes), {
      a: [n, group, o, ...at],
      b: [n, group, c, ...at, ...k],
      out: [group, o, c, ...k],
    });
  },
  gradient: (g, [y, x], _, attrs) => [
    y.edge && correlate(x, g, attrs),
    x.edge && spill(y, g, attrs),
  ],
};

/** y of x and w */
export const correlate = (x: Value, w: Value, attrs: Correlation): Value =>
  composite(correlateSpec, [x, w], attrs);

/** x of y and w: the transposed convolution */
export const spill = (y: Value, w: Value, attrs: Correlation): Value =>
  composite(spillSpec, [y, w], attrs);

/** w of y and x */
const overlap = (y: Value, x: Value, attrs: Correlation): Value =>
  composite(overlapSpec, [y, x], attrs);

function spilled(y: Value, w: Value, axes: readonly Axis[]): Value {
  const strides = axes.map(({ stride }) => stride);
  if (strides.some((stride) => stride > 1) && axes.every(isApart)) return tiled(y, w, axes);
  if (strides.reduce((count, stride) => count * stride, 1) > MOST_PARTS) {
    const output = axes.map((axis) => (axis.output - 1) * axis.stride + 1);
    const wide = axes.map((axis, at) => ({ ...axis, output: output[at], stride: 1 }));
    return spilled(spacedOut(y, axes, output), w, wide);
  }
  return interleaved(y, w, axes);
}

/** y with stride - 1 zeros between its elements. */
function spacedOut(y: Value, axes: readonly Axis[], output: readonly number[]): Value {
  const lead = y.node.shape.slice(0, -axes.length);
  const zeros = full(y.node.dtype, [...lead, ...output], 0);
  const steps = axes.map((axis) => ({ start: 0, size: axis.output, step: axis.stride }));
  return placed(zeros, y, steps);
}

/** Windows that do not meet are written side by side: one product, in whose result each stands once. */
function tiled(y: Value, w: Value, axes: readonly Axis[]): Value {
  const [at, k] = [places(axes), kernels(axes)];
  const labels: Pairing = {
    a: [group, o, c, ...k],
    b: [n, group, o, ...at],
    out: [n, group, c, ...k, ...at],
  };
  const columns = product(name, w, y, labels);
  return placedWindows(columns, axes);
}

/** Each part a correlation of y with the taps it has, turned round; x interleaves them. */
function interleaved(y: Value, w: Value, axes: readonly Axis[]): Value {
  const { shape, dtype } = w.node;
  const input = axes.map((axis) => axis.input);
  const zeros = full(dtype, [y.node.shape[0], shape[0], shape[2], ...input], 0);
  return choices(axes.map(partsOf)).reduce((x, parts) => {
    const value = partOf(y, w, parts);
    const steps = parts.map(({ start, axis }, at) => ({
      start,
      size: axis.output,
      step: axes[at].stride,
    }));
    return placed(x, value, steps);
  }, zeros);
}

function partOf(y: Value, w: Value, parts: readonly Part[]): Value {
  const axes = parts.map(({ axis }) => axis);
  const turned = linear.slice(w, [
    ...w.node.shape.slice(0, 3).map(linear.wholeSlice),
    ...parts.map(({ first, step, axis }) => ({
      start: first + step * (axis.kernel - 1),
      size: axis.kernel,
      step: -step,
    })),
  ]);
  const windowed = windows(y, axes);
  if (isDepthwise(turned, axes) && turned.node.shape[1] === 1) {
    return shiftedProducts(turned, windowed, axes);
  }
  const [at, k] = [places(axes), kernels(axes)];
  return product(name, turned, windowed, {
    a: [group, o, c, ...k],
    b: [n, group, o, ...at, ...k],
    out: [n, group, c, ...at],
  });
}
