// Sampling of positions: permutations, and categories by their weights.

import type { DType } from "../base/dtypes.ts";
import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { gather } from "../ops/indexing.ts";
import { expand, reshape, slice, sum, wholeSlice } from "../ops/linear.ts";
import { type Draw, rand, randOpen, shuffled } from "../ops/random.ts";
import { argmax } from "../ops/reduce.ts";
import { cumsum } from "../ops/scan.ts";
import { argsort } from "../ops/sort.ts";
import { full, iota } from "../ops/source.ts";
import { log } from "../ops/transcendental.ts";
import { limitsOf } from "./random.ts";

/** Up to this many positions are ranked by random keys, which takes their number squared of steps. */
const rankedMost = 1024;

/**
 * 0 … n - 1 in random order. Few are ranked by random keys: every order is equally likely. For many
 * that would be a sort; they go through a keyed bijection, each element on its own, of which only some
 * of the n! orders can come, but more than could be told apart.
 */
export function randperm(n: number, dtype: DType, draw: Draw): Value {
  if (n < 0) fail("randperm", `n must be non-negative, got ${n}`);
  if (n - 1 > limitsOf(dtype)[1]) fail("randperm", `n is too large for ${dtype}: ${n}`);
  return ops.cast(n <= rankedMost ? ranked(n, draw) : shuffledBelow(n, draw), dtype);
}

/** How many keys come before each: of equal keys the earlier one. */
function ranked(n: number, draw: Draw): Value {
  const keys = rand("float64", n, draw);
  const [own, other] = [(x: Value) => spread(x, n, 1), (x: Value) => spread(x, n, 0)];
  const isEarlier = ops.lt(other(iota(n)), own(iota(n)));
  const isSame = ops.eq(other(keys), own(keys));
  const isBefore = ops.or(ops.lt(other(keys), own(keys)), ops.and(isSame, isEarlier));
  return sum(ops.cast(isBefore, "int32"), [1]);
}

/** A vector as the rows, or the columns, of a square; `axis` is the one it is repeated along. */
const spread = (x: Value, n: number, axis: number): Value =>
  expand(reshape(x, axis === 1 ? [n, 1] : [1, n]), [n, n]);

/**
 * The bijection is one of rows × columns positions, a few more than n. From below n it leads below n,
 * or to a place of the rest, and from there on until it does (cycle walking). The rest is less than √n,
 * and doubling its steps answers for all of its places in log₂ √n turns.
 */
function shuffledBelow(n: number, draw: Draw): Value {
  const rows = Math.ceil(Math.sqrt(n));
  const columns = Math.ceil(n / rows);
  const rest = rows * columns - n;
  const next = shuffled(rows, columns, draw);
  const below = slice(next, [{ start: 0, size: n, step: 1 }]);
  if (rest === 0) return below;
  let after = slice(next, [{ start: n, size: rest, step: 1 }]);
  const follow = (x: Value): Value => {
    const isOutside = ops.ge(x, n);
    const at = ops.where(isOutside, ops.sub(x, n), 0);
    return ops.where(isOutside, gather(after, 0, at), x);
  };
  for (let steps = 1; steps < rest; steps *= 2) after = follow(after);
  return follow(below);
}

/** Categories drawn by the weights in x's rows; positions, as int64. */
export function multinomial(x: Value, count: number, replacement: boolean, draw: Draw): Value {
  const { shape, dtype } = x.node;
  if (shape.length !== 1 && shape.length !== 2) {
    fail("multinomial", `prob_dist must be 1 or 2 dim, got ${shape.length} dimensions`);
  }
  if (!isFloat(dtype)) {
    fail("multinomial", `only supports floating-point dtypes for input, got: ${dtype}`);
  }
  if (count <= 0) fail("multinomial", "cannot sample n_sample <= 0 samples");
  const categories = shape.at(-1) as number;
  if (!replacement && count > categories) {
    fail("multinomial", "cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  }
  if (categories === 0) fail("multinomial", "cannot sample from 0 categories");
  if (categories > 2 ** 24) fail("multinomial", "number of categories cannot exceed 2^24");
  const rows = shape.length === 2 ? (shape[0] as number) : 1;
  const weights = ops.cast(constantValue(x.node), "float64");
  const table = reshape(weights, [rows, categories]);
  const picked = replacement ? byShares(table, count, draw) : byRace(table, count, draw);
  return reshape(ops.cast(picked, "int64"), [...shape.slice(0, -1), count]);
}

/** The first category whose running sum is above u·total, found by halving. */
function byShares(weights: Value, count: number, draw: Draw): Value {
  const [rows, categories] = weights.node.shape as readonly [number, number];
  const sums = cumsum(weights, 1);
  const total = slice(sums, [wholeSlice(rows), { start: categories - 1, size: 1, step: 1 }]);
  const share = reshape(rand("float64", rows * count, draw), [rows, count]);
  const wanted = ops.mul(share, expand(total, [rows, count]));
  let found = full("int32", [rows, count], 0);
  const largest = 2 ** Math.floor(Math.log2(categories));
  for (let step = largest; step >= 1; step /= 2) {
    const last = ops.add(found, step - 1);
    const sum = gather(sums, 1, ops.minimum(last, categories - 1));
    const isPassed = ops.and(ops.lt(last, categories), ops.le(sum, wanted));
    found = ops.where(isPassed, ops.add(found, step), found);
  }
  return ops.minimum(found, categories - 1);
}

/**
 * Categories arrive after exponential times, each at the rate of its weight: the order of arrival is
 * that of drawing without replacement. The key is the inverse of the time, weight/e.
 */
function byRace(weights: Value, count: number, draw: Draw): Value {
  const { shape, size } = weights.node;
  const rows = shape[0] as number;
  const times = ops.neg(log(reshape(randOpen("float64", size, draw), shape)));
  const keys = ops.div(weights, times);
  if (count === 1) return reshape(argmax(keys, [1]), [rows, 1]);
  return slice(argsort(keys, 1, true), [wholeSlice(rows), { start: 0, size: count, step: 1 }]);
}
