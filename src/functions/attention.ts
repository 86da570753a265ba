// Attention: softmax(q·kᵀ·scale + mask)·v.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { broadcastShapes, type Shape, sameShape, showShape, sizeOf } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, reshape } from "../ops/linear.ts";
import { amax } from "../ops/reduce.ts";
import { add, mul } from "./arithmetic.ts";
import { attendInBlocks, isLong } from "./attention-blocks.ts";
import { where } from "./comparison.ts";
import { ones, tril } from "./creation.ts";
import { dropout } from "./dropout.ts";
import { matmul } from "./products.ts";
import type { Draw } from "./random.ts";
import { spread } from "./reductions.ts";
import { transpose } from "./shapes.ts";
import { softmax } from "./softmax.ts";

export interface Attention {
  readonly mask: Value | null;
  readonly dropoutP: number;
  /** The query at i sees the keys up to i. */
  readonly isCausal: boolean;
  /** By default 1/√(size of a query). */
  readonly scale: number | null;
  /** Each head of keys and values serves several of queries. */
  readonly enableGqa: boolean;
}

interface Prepared {
  readonly isCausal: boolean;
  readonly scale: number;
  readonly isGrouped: boolean;
  readonly dropoutP: number;
  readonly drawn: Draw | null;
}

/** Heads (axis -3) repeated one by one until there are `count`. */
function repeatHeads(x: Value, count: number): Value {
  const { shape } = x.node;
  const axis = shape.length - 3;
  const own = shape[axis] as number;
  if (own === count) return x;
  const [lead, tail] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const apart = expand(reshape(x, [...lead, own, 1, ...tail]), [
    ...lead,
    own,
    count / own,
    ...tail,
  ]);
  return reshape(apart, [...lead, count, ...tail]);
}

const masked = (scores: Value, mask: Value): Value =>
  mask.node.dtype === "bool" ? where(mask, scores, -Infinity) : add(scores, mask);

/** A row that sees nothing gives 0, where softmax alone gives NaN. */
function weightsOf(scores: Value): Value {
  const { shape } = scores.node;
  const axis = shape.length - 1;
  if (scores.node.size === 0) return scores;
  const isBlind = spread(ops.eq(amax(scores, [axis]), -Infinity), shape, [axis]);
  const weights = softmax(ops.where(isBlind, 0, scores), axis);
  return ops.where(isBlind, 0, weights);
}

function attend([query, ...others]: readonly Value[], attrs: Prepared): Value {
  const { dtype, shape } = query.node;
  const wide = accumulated(dtype);
  const heads = shape.at(-3) as number;
  const q = ops.cast(query, wide);
  const [k, v] = others
    .slice(0, 2)
    .map((x) => ops.cast(attrs.isGrouped ? repeatHeads(x, heads) : x, wide)) as [Value, Value];
  const mask =
    others[2] && (others[2].node.dtype === "bool" ? others[2] : ops.cast(others[2], wide));
  const isWhole = attrs.drawn !== null || mask?.edge;
  const out = (!isWhole && inBlocks([q, k, v], mask, attrs)) || whole([q, k, v], mask, attrs);
  return ops.cast(out, dtype);
}

type Operands = readonly [q: Value, k: Value, v: Value];

function whole([q, k, v]: Operands, mask: Value | undefined, attrs: Prepared): Value {
  const scores = mul(matmul(q, transpose(k, -2, -1)), attrs.scale);
  const [rows, columns] = scores.node.shape.slice(-2) as [number, number];
  const causal = attrs.isCausal ? masked(scores, tril(ones([rows, columns], "bool"))) : scores;
  const { drawn, dropoutP } = attrs;
  const weights = mask ? weightsOf(masked(causal, mask)) : softmax(causal, -1);
  const kept = drawn ? dropout(weights, { p: dropoutP, training: true }, () => drawn) : weights;
  return matmul(kept, v);
}

/** Where there are so many scores that they are never all in memory; else null. */
function inBlocks(operands: Operands, mask: Value | undefined, attrs: Prepared): Value | null {
  const leads = operands.map(({ node }) => node.shape.slice(0, -2));
  const lead = leads[0] as Shape;
  const heads = sizeOf(lead);
  const [q, k] = operands;
  const [rows, keys] = [q.node.shape.at(-2) as number, k.node.shape.at(-2) as number];
  if (!leads.every((other) => sameShape(other, lead)) || !isLong(heads, rows, keys)) return null;
  const flat = (x: Value): Value => reshape(x, [heads, ...x.node.shape.slice(-2)]);
  const spreadMask = mask && flat(expand(mask, [...lead, rows, keys]));
  const given = spreadMask ? [...operands.map(flat), spreadMask] : operands.map(flat);
  const out = attendInBlocks(given, attrs);
  return reshape(out, [...lead, ...out.node.shape.slice(1)]);
}

const specs: Record<"flash" | "plain", Composite<Prepared>> = {
  flash: { name: "ScaledDotProductFlashAttentionForCpuBackward0", body: attend },
  plain: { name: "UnsafeViewBackward0", body: attend },
};

const op = "scaledDotProductAttention";

function checkOperands(query: Value, key: Value, value: Value): void {
  const all = [query, key, value];
  const { dtype } = query.node;
  if (!isFloat(dtype) || all.some((x) => x.node.dtype !== dtype)) {
    const found = all.map((x) => x.node.dtype).join(", ");
    fail(op, `Expected query, key, and value to have the same floating dtype, but got ${found}`);
  }
  if (all.some((x) => x.node.shape.length < 2)) {
    const found = all.map((x) => x.node.shape.length).join(", ");
    fail(op, `Expected query, key, and value to all be at least 2 dimensional, but got ${found}`);
  }
  const [q, k, v] = all.map((x) => x.node.shape) as [Shape, Shape, Shape];
  if (q.at(-1) !== k.at(-1) || k.at(-2) !== v.at(-2)) {
    fail(
      op,
      `sizes do not match: query ${showShape(q)}, key ${showShape(k)}, value ${showShape(v)}`,
    );
  }
}

function checkMask(query: Value, key: Value, { mask, isCausal }: Attention): void {
  if (!mask) return;
  const { dtype } = mask.node;
  if (isCausal) fail(op, "Explicit attnMask should not be set when isCausal=true");
  if (dtype !== "bool" && dtype !== query.node.dtype && dtype !== "float32") {
    fail(op, `Expected attnMask dtype to be bool, float or the query's, but got ${dtype}`);
  }
  const [rows, columns] = [query.node.shape.at(-2) as number, key.node.shape.at(-2) as number];
  broadcastShapes(op, mask.node.shape.slice(-2), [rows, columns]);
}

function checkHeads(query: Value, others: readonly Value[]): void {
  const heads = query.node.shape.at(-3);
  for (const { node } of others) {
    const own = node.shape.at(-3);
    if (heads !== undefined && own && heads % own === 0) continue;
    fail(
      op,
      "Number of heads in key and value must divide the number of heads in query, but got " +
        `${own} and ${heads}`,
    );
  }
}

/** PyTorch's kernel for four axes of one batch, which is seen only by its name. */
function isFlash(query: Value, key: Value, value: Value, { mask, dropoutP }: Attention): boolean {
  const [q, k, v] = [query, key, value].map((x) => x.node.shape) as [Shape, Shape, Shape];
  return (
    [q, k, v].every((shape) => shape.length === 4 && !shape.includes(0)) &&
    q[0] === k[0] &&
    k[0] === v[0] &&
    k[1] === v[1] &&
    q[3] === v[3] &&
    dropoutP === 0 &&
    (!mask || (!mask.edge && (mask.node.shape.length === 2 || mask.node.shape.length === 4)))
  );
}

export function scaledDotProductAttention(
  [query, key, value]: readonly [Value, Value, Value],
  options: Attention,
  draw: () => Draw,
): Value {
  const { mask, dropoutP, isCausal, scale, enableGqa } = options;
  checkOperands(query, key, value);
  checkMask(query, key, options);
  if (enableGqa) checkHeads(query, [key, value]);
  if (!(dropoutP >= 0 && dropoutP <= 1)) {
    fail(op, `dropout probability has to be between 0 and 1, but got ${dropoutP}`);
  }
  const spec = isFlash(query, key, value, options) ? specs.flash : specs.plain;
  return composite(spec, mask ? [query, key, value, mask] : [query, key, value], {
    isCausal,
    scale: scale ?? 1 / Math.sqrt(query.node.shape.at(-1) as number),
    isGrouped: enableGqa,
    dropoutP,
    drawn: dropoutP > 0 ? draw() : null,
  });
}
