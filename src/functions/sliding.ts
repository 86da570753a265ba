// Windows that slide over the last axes of a value, which lies padded with zeros, and back.
//
//   window t of an axis: elements t·stride + k·dilation - low, k from 0 to kernel - 1

import { contiguousView, sliceView } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import * as linear from "../ops/linear.ts";
import { full } from "../ops/source.ts";
import { constantPadNd } from "./rearrangements.ts";

export interface Axis {
  /** Elements, and windows on them. */
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros in front; as many behind as the windows reach. */
  readonly low: number;
}

/** No element is in two windows. */
export const isApart = ({ kernel, stride, dilation }: Axis): boolean =>
  stride > (kernel - 1) * dilation;

/** The last axes with `low` zeros in front and `size` elements in all; less than 0 cuts. */
export function padded(
  x: Value,
  sizes: readonly { readonly low: number; readonly size: number }[],
): Value {
  const own = x.node.shape.slice(-sizes.length);
  const ends = sizes.map(({ low, size }, axis) => [low, size - own[axis] - low]);
  if (ends.flat().every((count) => count === 0)) return x;
  return constantPadNd(x, ends.toReversed().flat(), 0);
}

/** [lead, …input] → [lead, …output, …kernel]: a view on what is padded. */
export function windows(x: Value, axes: readonly Axis[]): Value {
  const wide = padded(
    x,
    axes.map(({ low, output, stride, kernel, dilation }) => ({
      low,
      size: (output - 1) * stride + (kernel - 1) * dilation + 1,
    })),
  );
  const lead = x.node.shape.length - axes.length;
  return linear.review(wide, ({ shape, strides, offset }) => {
    const own = strides.slice(lead);
    return {
      shape: [
        ...shape.slice(0, lead),
        ...axes.map(({ output }) => output),
        ...axes.map(({ kernel }) => kernel),
      ],
      strides: [
        ...strides.slice(0, lead),
        ...axes.map(({ stride }, axis) => own[axis] * stride),
        ...axes.map(({ dilation }, axis) => own[axis] * dilation),
      ],
      offset,
    };
  });
}

/** All choices of one from each list, the last changing first. */
export const choices = <Item>(lists: readonly (readonly Item[])[]): readonly (readonly Item[])[] =>
  lists.reduce<readonly (readonly Item[])[]>(
    (chosen, list) => chosen.flatMap((front) => list.map((item) => [...front, item])),
    [[]],
  );

/** All indices into axes of these sizes, row by row. */
export const tapsOf = (sizes: readonly number[]): readonly (readonly number[])[] =>
  choices(sizes.map((size) => Array.from({ length: size }, (_, index) => index)));

/** x at an index of its last axes. */
export const windowAt = (x: Value, tap: readonly number[]): Value =>
  linear.review(x, ({ shape, strides, offset }) => {
    const lead = shape.length - tap.length;
    const steps = tap.map((index, axis) => index * strides[lead + axis]);
    return {
      shape: shape.slice(0, lead),
      strides: strides.slice(0, lead),
      offset: steps.reduce((total, step) => total + step, offset),
    };
  });

interface Steps {
  readonly start: number;
  readonly size: number;
  readonly step: number;
}

/** `value` in the place of what stands at these steps of the base's last axes. */
export function placed(base: Value, value: Value, steps: readonly Steps[]): Value {
  const { shape } = base.node;
  const lead = shape.slice(0, -steps.length).map(linear.wholeSlice);
  const isWhole = steps.every(
    ({ start, size, step }, axis) =>
      start === 0 && step === 1 && size === shape[lead.length + axis],
  );
  if (isWhole) return value;
  return linear.place(base, value, sliceView(contiguousView(shape), [...lead, ...steps]));
}

/** [lead, …kernel, …output] → [lead, …input]: windows that are apart, written where they were read. */
export function placedWindows(columns: Value, axes: readonly Axis[]): Value {
  const { dtype, shape } = columns.node;
  const lead = shape.length - 2 * axes.length;
  const reach = axes.map(
    ({ output, stride, kernel, dilation }) => (output - 1) * stride + (kernel - 1) * dilation + 1,
  );
  const whole = [...shape.slice(0, lead), ...reach];
  const { strides } = contiguousView(whole);
  const inner = strides.slice(lead);
  const view = {
    shape,
    strides: [
      ...strides.slice(0, lead),
      ...axes.map(({ dilation }, axis) => inner[axis] * dilation),
      ...axes.map(({ stride }, axis) => inner[axis] * stride),
    ],
    offset: 0,
  };
  const all = linear.place(full(dtype, whole, 0), columns, view);
  return padded(
    all,
    axes.map(({ low, input }) => ({ low: -low, size: input })),
  );
}

// Windows that meet: the elements of an axis by what taps of the kernel meet at them.

/** The taps of one axis that meet at every stride-th element of x, from `start` on. */
export interface Part {
  readonly start: number;
  /** Taps first, first + step, … */
  readonly first: number;
  readonly step: number;
  /** With the taps turned round, these elements are windows on y. */
  readonly axis: Axis;
}

const modulo = (value: number, by: number): number => ((value % by) + by) % by;

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** Elements of x that no tap meets are in no part. */
export function partsOf({ input, output, kernel, stride, dilation, low }: Axis): Part[] {
  const common = greatestDivisor(stride, dilation);
  const step = stride / common;
  return Array.from({ length: Math.min(stride, input) }, (_, start) => {
    const taps = Array.from({ length: Math.min(kernel, step) }, (_, k) => k);
    const first = taps.find((k) => modulo(start + low - k * dilation, stride) === 0);
    if (first === undefined) return [];
    const count = Math.ceil((kernel - first) / step);
    const apart = dilation / common;
    // x[start + t·stride] = Σ over m of y[at + t - m·apart]·w[first + m·step]
    const at = (start + low - first * dilation) / stride;
    const axis: Axis = {
      input: output,
      output: Math.ceil((input - start) / stride),
      kernel: count,
      stride: 1,
      dilation: apart,
      low: apart * (count - 1) - at,
    };
    return [{ start, first, step, axis }];
  }).flat();
}
