// Attention over long sequences: the matrix of scores is never whole in memory. A block is some rows of
// some heads with all keys that they may see. Backwards its weights are computed again, from what the
// logarithms of its rows' sums come to (Dao et al., FlashAttention, 2022, algorithm 4).
//
//   s = scale·q·kᵀ + mask    m = max s    e = exp(s - m)    o = e·v / Σ e    λ = m + log Σ e
//   p = exp(s - λ)    dv = pᵀ·g    ds = p·(g·vᵀ - Σ g·o)·scale    dq = ds·k    dk = dsᵀ·q

import { type Composite, composite } from "../autograd/composite.ts";
import type { Shape } from "../base/shapes.ts";
import { contiguousView, type Slice, sliceView } from "../base/views.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { contract } from "../ops/contract.ts";
import { expand, permute, place, reshape, slice, sum, wholeSlice } from "../ops/linear.ts";
import { amax } from "../ops/reduce.ts";
import { full, iota } from "../ops/source.ts";
import { exp, log } from "../ops/transcendental.ts";
import { spread } from "./reductions.ts";

/** Scores of a block: 8 MB of float32, and some three of them are alive at a time. */
const blockScores = 1 << 21;
/** Rows of a block: from here on packing keys anew for each block is a small part. */
const blockRows = 512;

interface Blocked {
  readonly scale: number;
  readonly isCausal: boolean;
}

interface Block {
  /** On the axes of heads and queries, and the keys that they see. */
  readonly heads: Slice;
  readonly rows: Slice;
  readonly keys: Slice;
}

/** Whether so many scores are worth the blocks. */
export const isLong = (heads: number, rows: number, keys: number): boolean =>
  heads * rows * keys > 2 * blockScores;

const part = (start: number, size: number): Slice => ({ start, size, step: 1 });

/** Heads by heads; of each first the last rows, whose keys are all that any row sees. */
function blocksOf([q, k]: readonly Value[], { isCausal }: Blocked): Block[] {
  const [heads, count] = q.node.shape as [number, number];
  const keyCount = k.node.shape[1];
  const most = Math.min(blockRows, Math.max(1, Math.floor(blockScores / keyCount)), count);
  const together = Math.max(1, Math.floor(blockScores / (most * keyCount)));
  const blocks: Block[] = [];
  for (let head = 0; head < heads; head += together) {
    for (let end = count; end > 0; end -= most) {
      const start = Math.max(0, end - most);
      blocks.push({
        heads: part(head, Math.min(together, heads - head)),
        rows: part(start, end - start),
        keys: part(0, isCausal ? Math.min(keyCount, end) : keyCount),
      });
    }
  }
  return blocks;
}

const cut = (x: Value, ...slices: readonly [Slice, Slice]): Value =>
  slice(x, [...slices, ...x.node.shape.slice(2).map(wholeSlice)]);

const turned = (x: Value): Value => permute(x, [0, 2, 1]);

/** Scores where they are seen, else -∞; `order`: of the axes of heads, rows and keys. */
function seen(
  scores: Value,
  block: Block,
  { mask, isCausal, order }: { mask: Value | undefined; isCausal: boolean; order: Shape },
): Value {
  const own = mask && permute(slice(mask, [block.heads, block.rows, block.keys]), order);
  if (own)
    return own.node.dtype === "bool" ? ops.where(own, scores, -Infinity) : ops.add(scores, own);
  if (!isCausal) return scores;
  const along = ({ start, size }: Slice, axis: number): Value => {
    const shape = order.map((each) => (each === axis ? size : 1));
    return expand(reshape(ops.add(iota(size), start), shape), scores.node.shape);
  };
  return ops.where(ops.le(along(block.keys, 2), along(block.rows, 1)), scores, -Infinity);
}

const byRows = [0, 1, 2];
const byKeys = [0, 2, 1];

interface Outcome {
  /** [heads, rows, size of a value] */
  readonly out: Value;
  /** λ, [heads, rows]; +∞ of a row that sees nothing. */
  readonly logs: Value;
}

function forwards([q, k, v, mask]: readonly Value[], block: Block, attrs: Blocked): Outcome {
  const { heads, rows, keys } = block;
  const own = ops.mul(cut(q, heads, rows), attrs.scale);
  const how = { mask, isCausal: attrs.isCausal, order: byRows };
  const scores = seen(contract(own, cut(k, heads, keys)), block, how);
  const { shape } = scores.node;
  const most = amax(scores, [2]);
  const origin = mask ? ops.where(ops.eq(most, -Infinity), 0, most) : most;
  const grown = exp(ops.sub(scores, spread(origin, shape, [2])));
  const total = sum(grown, [2]);
  const summed = contract(grown, turned(cut(v, heads, keys)));
  if (!mask) {
    const out = ops.div(summed, spread(total, summed.node.shape, [2]));
    return { out, logs: ops.add(origin, log(total)) };
  }
  const isBlind = ops.eq(total, 0);
  const divisor = ops.where(isBlind, 1, total);
  return {
    out: ops.div(summed, spread(divisor, summed.node.shape, [2])),
    logs: ops.where(isBlind, Infinity, ops.add(origin, log(divisor))),
  };
}

/** Parts of [heads, rows, …] as one. */
function joined(shape: Shape, blocks: readonly Block[], parts: readonly Value[]): Value {
  const whole = contiguousView(shape);
  return parts.reduce(
    (all, own, at) => {
      const { heads, rows } = blocks[at] as Block;
      return place(all, own, sliceView(whole, [heads, rows, ...shape.slice(2).map(wholeSlice)]));
    },
    full((parts[0] as Value).node.dtype, shape, 0),
  );
}

/** What a block adds to the gradients, [heads, rows, …] of q and [heads, keys, …] of k and v. */
function backwards(
  g: Value,
  [q, k, v, mask]: readonly Value[],
  out: Value,
  { block, logs, attrs }: { block: Block; logs: Value; attrs: Blocked },
): { dq: Value; dk: Value; dv: Value } {
  const { heads, rows, keys } = block;
  const [own, gOwn] = [cut(q, heads, rows), cut(g, heads, rows)];
  const [seenKeys, seenValues] = [cut(k, heads, keys), cut(v, heads, keys)];
  const drop = sum(ops.mul(gOwn, cut(out, heads, rows)), [2]);
  // Keys by rows: in the order of the forward scores they would be the same nodes, and kept until here.
  const how = { mask, isCausal: attrs.isCausal, order: byKeys };
  const scores = seen(ops.mul(contract(seenKeys, own), attrs.scale), block, how);
  const { shape } = scores.node;
  const weights = exp(ops.sub(scores, spread(logs, shape, [1])));
  const dWeights = contract(seenValues, gOwn);
  const dScores = ops.mul(
    ops.mul(weights, ops.sub(dWeights, spread(drop, shape, [1]))),
    attrs.scale,
  );
  return {
    dq: contract(turned(dScores), turned(seenKeys)),
    dk: contract(dScores, turned(own)),
    dv: contract(weights, turned(gOwn)),
  };
}

/** `more`, of the first keys only, added to what the blocks before come to. */
function grownBy(total: Value, more: Value): Value {
  const { shape } = total.node;
  if (more.node.shape[1] === shape[1]) return ops.add(total, more);
  const slices = [wholeSlice(shape[0]), part(0, more.node.shape[1]), wholeSlice(shape[2])];
  return place(
    total,
    ops.add(slice(total, slices), more),
    sliceView(contiguousView(shape), slices),
  );
}

function gradient(g: Value, inputs: readonly Value[], out: Value, attrs: Blocked): Gradient[] {
  const [q, k, v, mask] = inputs;
  const blocks = blocksOf(inputs, attrs);
  const dq: Value[] = [];
  const ofKeys: { dk: Value; dv: Value; block: Block }[] = [];
  for (const block of blocks) {
    const { logs } = forwards(inputs, block, attrs);
    const own = backwards(g, inputs, out, { block, logs, attrs });
    dq.push(own.dq);
    const last = ofKeys.at(-1);
    if (last?.block.heads.start === block.heads.start) {
      last.dk = grownBy(last.dk, own.dk);
      last.dv = grownBy(last.dv, own.dv);
    } else ofKeys.push({ dk: own.dk, dv: own.dv, block: { ...block, rows: block.keys } });
  }
  const keyBlocks = ofKeys.map(({ block }) => block);
  return [
    joined(q.node.shape, blocks, dq),
    joined(
      k.node.shape,
      keyBlocks,
      ofKeys.map(({ dk }) => dk),
    ),
    joined(
      v.node.shape,
      keyBlocks,
      ofKeys.map(({ dv }) => dv),
    ),
    ...(mask ? [null] : []),
  ];
}

const spec: Composite<Blocked> = {
  name: "Attention",
  body: (inputs, attrs) => {
    const [q, , v] = inputs;
    const blocks = blocksOf(inputs, attrs);
    const parts = blocks.map((block) => forwards(inputs, block, attrs).out);
    return joined([...q.node.shape.slice(0, 2), v.node.shape[2]], blocks, parts);
  },
  gradient,
};

/**
 * q [n, i, e], k [n, j, e], v [n, j, d] of float32 or float64 → [n, i, d]. A mask [n, i, j], bool or to be
 * added, gets no gradient; it and `isCausal` exclude each other.
 */
export const attendInBlocks = (inputs: readonly Value[], attrs: Blocked): Value =>
  composite(spec, inputs, attrs);
