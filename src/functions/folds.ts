// unfold: the windows of an image as columns; fold: columns added where they came from.

import { type Composite, composite } from "../autograd/composite.ts";
import { isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape, sizeOf } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { full } from "../ops/source.ts";
import { productDType } from "./contraction.ts";
import {
  type Axis,
  choices,
  isApart,
  padded,
  partsOf,
  placed,
  placedWindows,
  tapsOf,
  windowAt,
  windows,
} from "./sliding.ts";

type Sizes = number | readonly number[];

export interface Sliding {
  readonly kernelSize: Sizes;
  readonly dilation: Sizes;
  readonly padding: Sizes;
  readonly stride: Sizes;
}

const kernelsOf = (axes: readonly Axis[]): number[] => axes.map(({ kernel }) => kernel);
const outputsOf = (axes: readonly Axis[]): number[] => axes.map(({ output }) => output);

/** [lead, channels, …input] → [lead, channels·kernel, output] */
const unfoldSpec: Composite<readonly Axis[]> = {
  name: "Im2ColBackward0",
  body: ([x], axes) => {
    const rank = x.node.shape.length;
    const lead = x.node.shape.slice(0, rank - axes.length);
    const channels = lead.at(-1) ?? 1;
    const order = [...lead, ...axes, ...axes].map((_, axis) => axis);
    const [output, kernel] = [order.slice(lead.length, rank), order.slice(rank)];
    const columns = linear.permute(windows(x, axes), [
      ...order.slice(0, lead.length),
      ...kernel,
      ...output,
    ]);
    const rows = channels * sizeOf(kernelsOf(axes));
    return linear.reshape(columns, [...lead.slice(0, -1), rows, sizeOf(outputsOf(axes))]);
  },
  // The chain rule would scatter what the windows read.
  gradient: (g, [x], _, axes) => [
    composite(foldSpec, [g], { axes, channels: x.node.shape.at(-1 - axes.length) ?? 1 }),
  ],
};

interface Fold {
  readonly axes: readonly Axis[];
  readonly channels: number;
}

/** [lead, channels·kernel, output] → [lead, channels, …input] */
const foldSpec: Composite<Fold> = {
  name: "Col2ImBackward0",
  body: ([x], { axes, channels }) => {
    const { dtype, shape } = x.node;
    const lead = [...shape.slice(0, -2), channels];
    const apart = linear.reshape(x, [...lead, ...kernelsOf(axes), ...outputsOf(axes)]);
    if (axes.every(isApart)) return placedWindows(apart, axes);
    const wide = dtype === "bool" ? "int32" : productDType(dtype);
    return ops.cast(added(ops.cast(apart, wide), lead.length, axes), dtype);
  },
  gradient: (g, _, __, { axes }) => [composite(unfoldSpec, [g], axes)],
};

/** Every element of the image as the sum of those of its windows that hold it. */
function added(columns: Value, lead: number, axes: readonly Axis[]): Value {
  const { dtype, shape } = columns.node;
  const order = shape.map((_, axis) => axis);
  const [kernel, output] = [order.slice(lead, lead + axes.length), order.slice(-axes.length)];
  const byTap = linear.permute(columns, [...order.slice(0, lead), ...output, ...kernel]);
  const zeros = full(dtype, [...shape.slice(0, lead), ...axes.map(({ input }) => input)], 0);
  return choices(axes.map(partsOf)).reduce((image, parts) => {
    const terms = tapsOf(parts.map(({ axis }) => axis.kernel)).map((tap) => {
      // The part's axis reads the taps turned round.
      const turned = tap.map((m, at) => {
        const { first, step, axis } = parts[at];
        return first + step * (axis.kernel - 1 - m);
      });
      return padded(
        windowAt(byTap, turned),
        parts.map(({ axis }, at) => ({
          low: axis.low - tap[at] * axis.dilation,
          size: axis.output,
        })),
      );
    });
    const value = terms.reduce((sum, term) => ops.add(sum, term));
    const steps = parts.map(({ start, axis }, at) => ({
      start,
      size: axis.output,
      step: axes[at].stride,
    }));
    return placed(image, value, steps);
  }, zeros);
}

function two(op: string, name: string, value: Sizes, least: number): number[] {
  const list = typeof value === "number" ? [value, value] : value;
  if (list.length !== 2) fail(op, `${name} must be one number or two, got ${showShape(list)}`);
  if (list.some((size) => size < least)) {
    const wanted = least === 0 ? "not negative" : "greater than zero";
    fail(op, `${name} should be ${wanted}, but got ${showShape(list)}`);
  }
  return [...list];
}

function axesOf(op: string, input: Shape, sliding: Sliding): Axis[] {
  const kernels = two(op, "kernelSize", sliding.kernelSize, 1);
  const dilations = two(op, "dilation", sliding.dilation, 1);
  const paddings = two(op, "padding", sliding.padding, 0);
  const strides = two(op, "stride", sliding.stride, 1);
  const axes = input.map((size, at): Axis => {
    const [kernel, dilation, low, stride] = [kernels, dilations, paddings, strides].map(
      (list) => list[at],
    );
    const room = size + 2 * low - dilation * (kernel - 1) - 1;
    const output = Math.floor(room / stride) + 1;
    return { input: size, output, kernel, stride, dilation, low };
  });
  if (axes.some(({ output }) => output < 1)) {
    fail(
      op,
      `spatial size ${showShape(input)} with kernelSize ${showShape(kernels)}, dilation ` +
        `${showShape(dilations)}, padding ${showShape(paddings)} has ${showShape(outputsOf(axes))} ` +
        "sliding blocks, but there must be at least one along each dimension",
    );
  }
  return axes;
}

function requireImages(op: string, x: Value, ranks: readonly [number, number]): void {
  const { shape, dtype } = x.node;
  const isEmpty = shape.slice(shape.length === ranks[1] ? 1 : 0).includes(0);
  if (!ranks.includes(shape.length) || isEmpty) {
    fail(
      op,
      `expected a ${ranks[0]}D or ${ranks[1]}D (batch mode) tensor with possibly 0 batch size and ` +
        `other non-zero dimensions, got ${showShape(shape)}`,
    );
  }
  if (isInteger(dtype)) fail(op, `not implemented for ${dtype}. Cast first: x.to("float32")`);
}

/** The windows of images [batch?, channels, height, width] as columns. */
export function unfold(x: Value, sliding: Sliding): Value {
  requireImages("unfold", x, [3, 4]);
  return composite(unfoldSpec, [x], axesOf("unfold", x.node.shape.slice(-2), sliding));
}

/** Columns [batch?, channels·kernel, blocks] added into images of `outputSize`. */
export function fold(x: Value, outputSize: Sizes, sliding: Sliding): Value {
  requireImages("fold", x, [2, 3]);
  const axes = axesOf("fold", two("fold", "outputSize", outputSize, 1), sliding);
  const [rows, blocks] = x.node.shape.slice(-2);
  const taps = sizeOf(kernelsOf(axes));
  if (rows % taps !== 0) {
    fail(
      "fold",
      `expected size of input's dimension ${x.node.shape.length - 2} to be divisible by the ` +
        `product of kernelSize ${showShape(kernelsOf(axes))}, but got ${rows}`,
    );
  }
  const count = sizeOf(outputsOf(axes));
  if (blocks !== count) {
    fail(
      "fold",
      `expected size of input's last dimension to match the calculated number of sliding blocks ` +
        `${outputsOf(axes).join(" * ")} = ${count}, but got ${blocks}`,
    );
  }
  return composite(foldSpec, [x], { axes, channels: rows / taps });
}
