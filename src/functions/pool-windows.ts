// Where the windows of pooling lie: sizes checked as PyTorch checks them, and the strided view
//
//   x [..lead, ..in]  →  padded [..lead, ..front + in + back]  →  windows [..lead, ..out, ..kernel]
//
// Window o starts at o·stride - padding and has an element every `dilation`.

import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { contiguousStrides, type Shape, showShape } from "../base/shapes.ts";
import type { View } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import { window } from "../ops/linear.ts";
import { constantPadNd } from "./rearrangements.ts";

type Sizes = readonly number[];

/** One entry for each axis that is pooled: the last ones. */
export interface Windows {
  readonly input: Sizes;
  readonly out: Sizes;
  readonly kernel: Sizes;
  readonly stride: Sizes;
  readonly padding: Sizes;
  readonly dilation: Sizes;
}

export type Pooling = Omit<Windows, "input" | "out">;

/** One number for all axes, or one for each. */
export function eachAxis(
  op: string,
  name: string,
  given: number | Sizes,
  rank: number,
): readonly number[] {
  const list = typeof given === "number" ? [given] : given;
  if (list.length === rank) return list;
  if (list.length === 1) return new Array<number>(rank).fill(list[0]);
  fail(op, `${name} must either be a single int, or a list of ${rank} ints, got ${list.length}`);
}

export interface PoolingOptions {
  readonly kernelSize: number | Sizes;
  /** Null or nothing: that of the kernel. */
  readonly stride?: number | Sizes | null;
  readonly padding?: number | Sizes;
  readonly dilation?: number | Sizes;
}

export function poolingOf(op: string, options: PoolingOptions, rank: number): Pooling {
  const { kernelSize, stride, padding = 0, dilation = 1 } = options;
  const kernel = eachAxis(op, "kernelSize", kernelSize, rank);
  const isOwn = stride != null && (typeof stride === "number" || stride.length > 0);
  return {
    kernel,
    stride: isOwn ? eachAxis(op, "stride", stride, rank) : kernel,
    padding: eachAxis(op, "padding", padding, rank),
    dilation: eachAxis(op, "dilation", dilation, rank),
  };
}

/** The axes in front of those that are pooled: channels alone, or batch and channels. */
export const leadOf = (shape: Shape, rank: number): Shape => shape.slice(0, shape.length - rank);

/** Refuses ranks other than rank + 1 and rank + 2, and axes without elements but for the batch. */
export function requirePoolable(op: string, { shape }: { shape: Shape }, rank: number): void {
  const isRank = shape.length === rank + 1 || shape.length === rank + 2;
  const own = shape.slice(shape.length === rank + 2 ? 1 : 0);
  if (isRank && own.every((n) => n > 0)) return;
  fail(
    op,
    `Expected ${rank + 1}D or ${rank + 2}D (batch mode) tensor with optional 0 dim batch size for ` +
      `input, but got:${showShape(shape)}`,
  );
}

export function requireFloatInput(op: string, { node: { dtype } }: Value): void {
  if (!isFloat(dtype)) fail(op, `not implemented for ${dtype}. Cast it first: x.to("float32")`);
}

/** How many windows there are; in ceil mode the last one may reach over the end, but starts inside. */
export function windowsOf(op: string, shape: Shape, pooling: Pooling, ceilMode: boolean): Windows {
  const { kernel, stride, padding, dilation } = pooling;
  const rank = kernel.length;
  const lead = leadOf(shape, rank);
  const input = shape.slice(lead.length);
  requirePositive(op, pooling);
  const out = input.map((n, axis) => {
    const [k, s, pad, d] = [kernel[axis], stride[axis], padding[axis], dilation[axis]];
    const free = n + 2 * pad - d * (k - 1) - 1;
    const count = (ceilMode ? Math.ceil(free / s) : Math.floor(free / s)) + 1;
    return ceilMode && (count - 1) * s >= n + pad ? count - 1 : count;
  });
  if (out.some((n) => n < 1)) {
    const sizes = (list: Sizes): string => `(${[lead.at(-1) ?? 1, ...list].join("x")})`;
    fail(
      op,
      `Given input size: ${sizes(input)}. Calculated output size: ${sizes(out)}. ` +
        "Output size is too small",
    );
  }
  return { ...pooling, input, out };
}

function requirePositive(op: string, { kernel, stride, padding, dilation }: Pooling): void {
  const named = { kernel_size: kernel, stride, dilation };
  for (const [name, sizes] of Object.entries(named)) {
    if (sizes.some((n) => n <= 0)) {
      fail(op, `${name} should be greater than zero, but got ${showShape(sizes)}`);
    }
  }
  padding.forEach((pad, axis) => {
    if (pad < 0) fail(op, `pad must be non-negative, but got pad: ${pad}`);
    const reach = (kernel[axis] - 1) * dilation[axis] + 1;
    if (pad <= reach / 2) return;
    fail(
      op,
      "pad should be at most half of effective kernel size, but got " +
        `pad=${pad}, kernel_size=${kernel[axis]} and dilation=${dilation[axis]}`,
    );
  });
}

/** From a window's first element to its last, along each axis. */
export const reachOf = ({ kernel, dilation }: Pooling): number[] =>
  kernel.map((k, axis) => (k - 1) * dilation[axis]);

/** Whether some element may be in two windows. */
export const overlaps = (windows: Windows): boolean => {
  const reach = reachOf(windows);
  return windows.stride.some((s, axis) => windows.out[axis] > 1 && s <= reach[axis]);
};

/** The sizes of the padded axes: as far as some window reaches, and all of the input. */
export function paddedSizes(windows: Windows): number[] {
  const reach = reachOf(windows);
  return windows.input.map((n, axis) => {
    const end = (windows.out[axis] - 1) * windows.stride[axis] + reach[axis] + 1;
    return Math.max(n + windows.padding[axis], end);
  });
}

/** x with `fill` around it where windows reach over its ends. */
export function padded(x: Value, windows: Windows, fill: number): Value {
  const sizes = paddedSizes(windows);
  const pad = windows.input.flatMap((n, axis) => {
    const front = windows.padding[axis];
    return [[front, sizes[axis] - front - n]];
  });
  return pad.every(([front, back]) => front === 0 && back === 0)
    ? x
    : constantPadNd(x, pad.reverse().flat(), fill);
}

/** The windows on padded elements of the shape [..lead, ..sizes]. */
export function windowsView(lead: Shape, sizes: Sizes, windows: Windows): View {
  const { out, kernel, stride, dilation } = windows;
  const strides = contiguousStrides([...lead, ...sizes]);
  const own = strides.slice(lead.length);
  return {
    shape: [...lead, ...out, ...kernel],
    strides: [
      ...strides.slice(0, lead.length),
      ...own.map((step, axis) => step * stride[axis]),
      ...own.map((step, axis) => step * dilation[axis]),
    ],
    offset: 0,
  };
}

/** The elements of all windows: [..lead, ..out, ..kernel]. */
export function windowed(x: Value, windows: Windows, fill: number): Value {
  const lead = leadOf(x.node.shape, windows.input.length);
  return window(padded(x, windows, fill), windowsView(lead, paddedSizes(windows), windows));
}

/** The last `rank` axes of a shape. */
export const lastAxes = (shape: Shape, rank: number): number[] =>
  Array.from({ length: rank }, (_, axis) => shape.length - rank + axis);
