// Channels to pixels and back, and channels among groups.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { permute, reshape } from "../ops/linear.ts";

interface Shuffle {
  readonly split: Shape;
  readonly order: readonly number[];
  readonly shape: Shape;
}

const shuffling = (name: string): Composite<Shuffle> => ({
  name,
  body: ([x], { split, order, shape }) => reshape(permute(reshape(x, split), order), shape),
});

const pixelShuffleSpec = shuffling("PixelShuffleBackward0");
const pixelUnshuffleSpec = shuffling("PixelUnshuffleBackward0");
const channelShuffleSpec = shuffling("ChannelShuffleBackward0");

interface Image {
  readonly lead: Shape;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

function imageOf(op: string, { node: { shape } }: Value): Image {
  if (shape.length < 3) {
    fail(
      op,
      "expects input to have at least 3 dimensions, but got input with " +
        `${shape.length} dimension(s)`,
    );
  }
  const [channels, height, width] = shape.slice(-3);
  return { lead: shape.slice(0, -3), channels, height, width };
}

/** The axes of the lead as they are, the others behind them in an order. */
const behind = (lead: Shape, ...order: readonly number[]): number[] => [
  ...lead.keys(),
  ...order.map((axis) => lead.length + axis),
];

/** [*, C·r², H, W] → [*, C, H·r, W·r] */
export function pixelShuffle(x: Value, factor: number): Value {
  const { lead, channels, height, width } = imageOf("pixelShuffle", x);
  if (factor <= 0) {
    fail("pixelShuffle", `expects a positive upscale_factor, but got ${factor}`);
  }
  if (channels % factor ** 2 !== 0) {
    fail(
      "pixelShuffle",
      "expects its input's 'channel' dimension to be divisible by the square of upscale_factor, " +
        `but input.size(-3)=${channels} is not divisible by ${factor ** 2}`,
    );
  }
  const left = channels / factor ** 2;
  return composite(pixelShuffleSpec, [x], {
    split: [...lead, left, factor, factor, height, width],
    order: behind(lead, 0, 3, 1, 4, 2),
    shape: [...lead, left, height * factor, width * factor],
  });
}

/** [*, C, H·r, W·r] → [*, C·r², H, W] */
export function pixelUnshuffle(x: Value, factor: number): Value {
  const { lead, channels, height, width } = imageOf("pixelUnshuffle", x);
  if (factor <= 0) {
    fail("pixelUnshuffle", `expects a positive downscale_factor, but got ${factor}`);
  }
  for (const [name, n] of Object.entries({ height, width })) {
    if (n % factor === 0) continue;
    fail(
      "pixelUnshuffle",
      `expects ${name} to be divisible by downscale_factor, but ${n} is not divisible by ${factor}`,
    );
  }
  const [rows, columns] = [height / factor, width / factor];
  return composite(pixelUnshuffleSpec, [x], {
    split: [...lead, channels, rows, factor, columns, factor],
    order: behind(lead, 0, 2, 4, 1, 3),
    shape: [...lead, channels * factor ** 2, rows, columns],
  });
}

/** Channel g·n + i of `groups` groups g of n goes to i·groups + g. */
export function channelShuffle(x: Value, groups: number): Value {
  const { shape } = x.node;
  if (shape.length < 3) {
    fail(
      "channelShuffle",
      `expects input with > 2 dims, but got input with sizes ${showShape(shape)}`,
    );
  }
  if (groups <= 0) {
    fail(
      "channelShuffle",
      `Number of groups to divide channels in must be positive. Value of groups:${groups}`,
    );
  }
  const [batch, channels, ...inner] = shape;
  if (channels % groups !== 0) {
    fail(
      "channelShuffle",
      "Number of channels must be divisible by groups. Got " +
        `${channels} channels and ${groups} groups.`,
    );
  }
  return composite(channelShuffleSpec, [x], {
    split: [batch, groups, channels / groups, ...inner],
    order: [0, 2, 1, ...inner.map((_, axis) => axis + 3)],
    shape,
  });
}
