// The order of keys from the largest on, by a network of exchanges (bitonic, after Batcher): its steps do
// not depend on the keys, so it is written with recorded ops, n·log² n of them.

import { contiguousView, sliceView } from "../base/views.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, flip, place, reshape, slice, wholeSlice } from "../ops/linear.ts";
import { full, iota } from "../ops/source.ts";

interface Line {
  readonly keys: Value;
  /** Where each key stood at first. */
  readonly places: Value;
}

/** For keys of shape [rows, n]: [rows, n] positions along the second axis. Of equal keys the first leads. */
export function descending(keys: Value): Value {
  const [rows, count] = keys.node.shape as readonly [number, number];
  const length = 2 ** Math.ceil(Math.log2(Math.max(count, 1)));
  const own = sliceView(contiguousView([rows, length]), [rows, count].map(wholeSlice));
  let line: Line = {
    keys: place(full(keys.node.dtype, [rows, length], -Infinity), constantValue(keys.node), own),
    places: expand(reshape(iota(length), [1, length]), [rows, length]),
  };
  for (let size = 2; size <= length; size *= 2) {
    line = exchanged(line, size / 2, true);
    for (let half = size / 4; half >= 1; half /= 2) line = exchanged(line, half, false);
  }
  return slice(reshape(line.places, [rows, length]), [rows, count].map(wholeSlice));
}

/**
 * Of each pair the larger key goes to the front. Pairs are `half` apart; mirrored, the first of a block
 * of 2·half meets its last.
 */
function exchanged({ keys, places }: Line, half: number, isMirrored: boolean): Line {
  const blocks = keys.node.size / (2 * half);
  const turned = (x: Value): Value => (isMirrored ? flip(x, [1]) : x);
  const side = (x: Value, start: number): Value => {
    const one = slice(reshape(x, [blocks, 2, half]), [
      wholeSlice(blocks),
      { start, size: 1, step: 1 },
      wholeSlice(half),
    ]);
    return reshape(one, [blocks, half]);
  };
  const [key, place] = [side(keys, 0), side(places, 0)];
  const [otherKey, otherPlace] = [turned(side(keys, 1)), turned(side(places, 1))];
  const isTied = ops.and(ops.eq(key, otherKey), ops.lt(place, otherPlace));
  const leads = ops.or(ops.gt(key, otherKey), isTied);
  const joined = (x: Value, y: Value): Value =>
    beside(ops.where(leads, x, y), turned(ops.where(leads, y, x)));
  return { keys: joined(key, otherKey), places: joined(place, otherPlace) };
}

/** [blocks, half] twice, as [blocks, 2·half]. */
function beside(x: Value, y: Value): Value {
  const [blocks, half] = x.node.shape as readonly [number, number];
  const shape = [blocks, 2 * half];
  const window = (start: number) =>
    sliceView(contiguousView(shape), [wholeSlice(blocks), { start, size: half, step: 1 }]);
  return place(place(full(x.node.dtype, shape, 0), x, window(0)), y, window(half));
}
