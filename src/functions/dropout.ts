// Dropout: elements, or whole channels, are zeroed at random and the others scaled, so that means stay.

import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { add, mul } from "./arithmetic.ts";
import { zeros } from "./creation.ts";
import { type Draw, rand } from "./random.ts";
import { squeeze, unsqueeze } from "./shapes.ts";

/** -scale·alpha of SELU: what its negative side saturates to, negated. */
const saturation = 1.7580993408473766;

interface Kind {
  /** One trial for a whole channel: the axes after the second share it. */
  readonly isOfChannels: boolean;
  /** Dropped elements become SELU's limit, and mean and variance are restored. */
  readonly isAlpha: boolean;
}

/** x itself where nothing is dropped: then `draw` is not called, and no random number is spent. */
function dropped(kind: Kind, x: Value, { p, training }: Options, draw: () => Draw): Value {
  if (!(p >= 0 && p <= 1)) {
    fail("dropout", `dropout probability has to be between 0 and 1, but got ${p}`);
  }
  const { shape, dtype, size } = x.node;
  if (p === 0 || !training || size === 0) return x;
  if (p === 1) return mul(x, zeros([], dtype));
  if (kind.isOfChannels && shape.length < 2) {
    fail("dropout", "Feature dropout requires at least 2 dimensions in the input");
  }
  if (!isFloat(dtype)) {
    fail("dropout", `result type float32 can't be cast to the desired output type ${dtype}`);
  }
  const trials = kind.isOfChannels ? shape.map((n, axis) => (axis < 2 ? n : 1)) : shape;
  const isKept = ops.lt(rand(trials, dtype === "float64" ? dtype : "float32", draw()), 1 - p);
  const kept = ops.cast(isKept, dtype);
  if (!kind.isAlpha) return mul(x, ops.div(kept, 1 - p));
  const a = 1 / Math.sqrt((saturation ** 2 * p + 1) * (1 - p));
  const shift = ops.add(ops.mul(ops.sub(kept, 1), saturation * a), saturation * a * p);
  return add(mul(x, ops.mul(kept, a)), shift);
}

export interface Options {
  readonly p: number;
  readonly training: boolean;
}

type Dropout = (x: Value, options: Options, draw: () => Draw) => Value;

const dropping =
  (isOfChannels: boolean, isAlpha: boolean): Dropout =>
  (x, options, draw) =>
    dropped({ isOfChannels, isAlpha }, x, options, draw);

export const dropout = dropping(false, false);
export const alphaDropout = dropping(false, true);
export const featureDropout = dropping(true, false);
export const featureAlphaDropout = dropping(true, true);

/** Without a batch axis, one is put in front meanwhile. */
const batched =
  (rank: number): Dropout =>
  (x, options, draw) =>
    x.node.shape.length === rank
      ? featureDropout(x, options, draw)
      : squeeze(featureDropout(unsqueeze(x, 0), options, draw), 0);

const channelsOfVectors = batched(3);

export function dropout1d(x: Value, options: Options, draw: () => Draw): Value {
  const rank = x.node.shape.length;
  if (rank !== 2 && rank !== 3) {
    fail("dropout1d", `Expected 2D or 3D input, but received a ${rank}D input`);
  }
  return channelsOfVectors(x, options, draw);
}

/** Three axes are taken for batch, channel and one of space, as PyTorch does. */
export const dropout2d = featureDropout;
export const dropout3d = batched(5);
