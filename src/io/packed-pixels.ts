// Pixels as they travel between a page and the workers: one int32 a pixel, in memory R, G, B, A. There
// they become channels, and channels become them, on the workers.
//
//   word = A·2²⁴ + B·2¹⁶ + G·2⁸ + R        [H, W]  ↔  [C, H, W] or [H, W, C]

import { type DType, isFloat } from "../base/dtypes.ts";
import { to } from "../functions/casts.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, permute, reshape, slice, sum, wholeSlice } from "../ops/linear.ts";
import { full, iota } from "../ops/source.ts";

export type Channels = 1 | 3 | 4;
export const layouts = ["chw", "hwc"] as const;
export type Layout = (typeof layouts)[number];

/** At most so many bytes are moved between the page and a canvas in one turn: 1 or 2 ms of it. */
export const stripeBytes = 2 ** 22;

/** Rows of an image that are moved in one turn. */
export const stripeRows = (width: number): number =>
  Math.max(1, Math.floor(stripeBytes / (4 * width)));

/** Floats are 0 … 1, integers 0 … 255. */
export function unpacked(
  words: Value,
  { channels, layout, dtype }: { channels: Channels; layout: Layout; dtype: DType },
): Value {
  const bytes = channels === 1 ? luminance(bytesOf(words, 3)) : bytesOf(words, channels);
  const values = isFloat(dtype)
    ? to(ops.div(to(bytes, wide(dtype)), 255), dtype)
    : to(bytes, dtype);
  return layout === "chw" ? values : permute(values, [1, 2, 0]);
}

const wide = (dtype: DType): DType => (dtype === "float64" ? dtype : "float32");

/** The first `count` bytes of each word: [count, H, W]. */
function bytesOf(words: Value, count: number): Value {
  const [height, width] = words.node.shape as readonly [number, number];
  const shape = [count, height, width];
  const shifts = expand(reshape(ops.mul(iota(count), 8), [count, 1, 1]), shape);
  return ops.and(ops.rightShift(expand(reshape(words, [1, height, width]), shape), shifts), 255);
}

/** 0.299 R + 0.587 G + 0.114 B in 16 bits of fraction, rounded: what a gray image is converted to. */
const weights = [19595, 38470, 7471] as const;

function luminance(bytes: Value): Value {
  const { shape } = bytes.node;
  const [, height, width] = shape as readonly [number, number, number];
  const [red, , blue] = [0, 1, 2].map((channel) => ops.eq(iota(3), channel)) as [
    Value,
    Value,
    Value,
  ];
  const one = (weight: number): Value => full("int32", [3], weight);
  const weight = ops.where(red, one(weights[0]), ops.where(blue, one(weights[2]), one(weights[1])));
  const weighed = ops.mul(bytes, expand(reshape(weight, [3, 1, 1]), shape));
  const total = ops.add(sum(weighed, [0]), 2 ** 15);
  return reshape(ops.rightShift(total, 16), [1, height, width]);
}

/** `x` is [C, H, W]; what does not fit is held between the ends, and NaN is 0. */
export function packed(x: Value): Value {
  const [channels, height, width] = x.node.shape as readonly [number, number, number];
  const bytes = bytesIn(x);
  const plane = (at: number): Value => {
    const one = slice(bytes, [
      { start: at, size: 1, step: 1 },
      wholeSlice(height),
      wholeSlice(width),
    ]);
    return reshape(one, [height, width]);
  };
  const isGray = channels === 1;
  const [red, green, blue] = [0, 1, 2].map((at) => plane(isGray ? 0 : at)) as [Value, Value, Value];
  const color = ops.add(red, ops.add(ops.mul(green, 2 ** 8), ops.mul(blue, 2 ** 16)));
  // Times 2²⁴ in 32 bits is the shift into the sign.
  const alpha = channels === 4 ? plane(3) : full("int32", [height, width], 255);
  return ops.add(color, ops.mul(alpha, 2 ** 24));
}

function bytesIn(x: Value): Value {
  const { dtype } = x.node;
  if (dtype === "bool") return ops.mul(to(x, "int32"), 255);
  if (!isFloat(dtype)) return ops.minimum(ops.maximum(to(x, "int32"), 0), 255);
  const share = ops.minimum(ops.maximum(to(x, wide(dtype)), 0), 1);
  return to(ops.round(ops.mul(share, 255)), "int32");
}
