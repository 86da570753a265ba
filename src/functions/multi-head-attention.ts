// Attention of several heads: query, key and value projected, attended head by head, projected again, as
// one entry of the Tape. Heads are axes and never copied together:
//
//   [length, batch, heads · width] → [batch, heads, length, width]

import { type CompositeOfMany, compositeOfMany } from "../autograd/composite.ts";
import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, sameShape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { linearLayer } from "./added-products.ts";
import { add, mul } from "./arithmetic.ts";
import { scaledDotProductAttention } from "./attention.ts";
import { where } from "./comparison.ts";
import { zeros } from "./creation.ts";
import { dropout } from "./dropout.ts";
import { cat } from "./joins.ts";
import { matmul } from "./products.ts";
import type { Draw } from "./random.ts";
import { mean } from "./reductions.ts";
import { expand, narrow, permute, reshape, squeeze, transpose, unsqueeze } from "./shapes.ts";
import { softmax } from "./softmax.ts";

type Optional = Value | null;

/** What takes part beside query, key and value, in the order of the public parameters. */
const besides = [
  "inWeight",
  "inBias",
  "biasK",
  "biasV",
  "outWeight",
  "outBias",
  "keyPaddingMask",
  "attnMask",
  "qWeight",
  "kWeight",
  "vWeight",
  "staticK",
  "staticV",
] as const;

/** One weight for all three inputs, or one for each; null where something is absent. */
export type Besides = Readonly<Record<(typeof besides)[number], Optional>> & {
  readonly outWeight: Value;
};

export interface Ways {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly addZeroAttn: boolean;
  /** Of the attention's weights while training. */
  readonly dropoutP: number;
  readonly needWeights: boolean;
  readonly averageAttnWeights: boolean;
  readonly isCausal: boolean;
}

type MultiHead = Besides & Ways;

export interface Attended {
  readonly attnOutput: Value;
  /** Null where they are not needed. */
  readonly attnOutputWeights: Optional;
}

interface Sizes {
  readonly target: number;
  readonly source: number;
  readonly batch: number;
  readonly heads: number;
  readonly width: number;
}

const op = "multiHeadAttentionForward";
const shapeOf = (x: Value): Shape => x.node.shape;
const rankOf = (x: Value): number => x.node.shape.length;
const isSame = (x: Value, y: Value): boolean => x.node === y.node && x.edge === y.edge;

// Checks, with PyTorch's words

function requireRank(query: Value, what: string, mask: Optional, ranks: readonly number[]): void {
  if (!mask || ranks.includes(rankOf(mask))) return;
  const [kind, wanted] = [
    rankOf(query) === 3 ? "batched (3-D)" : "unbatched (2-D)",
    ranks.map((rank) => `${rank}-D`).join(" or "),
  ];
  fail(
    op,
    `For ${kind} \`query\`, expected \`${what}\` to be null or ${wanted} but found ` +
      `${rankOf(mask)}-D tensor instead`,
  );
}

function requireShapes([query, key, value]: readonly Value[], options: MultiHead): void {
  const rank = rankOf(query as Value);
  if (rank !== 2 && rank !== 3) {
    fail(
      op,
      `query should be unbatched 2D or batched 3D tensor but received ${rank}-D query tensor`,
    );
  }
  if (rankOf(key as Value) !== rank || rankOf(value as Value) !== rank) {
    const kind = rank === 3 ? "batched (3-D)" : "unbatched (2-D)";
    const found = [key, value].map((x) => `${rankOf(x as Value)}-D`).join(" and ");
    fail(
      op,
      `For ${kind} \`query\`, expected \`key\` and \`value\` to be ${rank}-D but found ` +
        `${found} tensors respectively`,
    );
  }
  const { keyPaddingMask, attnMask, numHeads } = options;
  requireRank(query as Value, "keyPaddingMask", keyPaddingMask, [rank - 1]);
  requireRank(query as Value, "attnMask", attnMask, [2, 3]);
  if (rank === 2 && attnMask && rankOf(attnMask) === 3) {
    const wanted = [numHeads, shapeOf(query as Value)[0], shapeOf(key as Value)[0]] as number[];
    if (sameShape(shapeOf(attnMask), wanted)) return;
    const found = showShape(shapeOf(attnMask));
    fail(op, `Expected \`attnMask\` shape to be ${showShape(wanted)} but got ${found}`);
  }
}

function requireSizes([query, key, value]: readonly Value[], options: MultiHead): void {
  const { embedDim, numHeads, inWeight } = options;
  const [ofKey, ofValue] = [shapeOf(key as Value), shapeOf(value as Value)];
  const given = shapeOf(query as Value)[2];
  if (given !== embedDim) {
    fail(op, `was expecting embedding dimension of ${embedDim}, but got ${given}`);
  }
  if (embedDim % numHeads !== 0) {
    fail(op, `embed_dim ${embedDim} not divisible by num_heads ${numHeads}`);
  }
  if (!inWeight) {
    const [own, other] = [ofKey.slice(0, 2), ofValue.slice(0, 2)];
    if (sameShape(own, other)) return;
    fail(
      op,
      `key's sequence and batch dims ${showShape(own)} do not match value's ${showShape(other)}`,
    );
  }
  if (sameShape(ofKey, ofValue)) return;
  fail(op, `key shape ${showShape(ofKey)} does not match value shape ${showShape(ofValue)}`);
}

// Masks

/** What is added to the scores: -∞ where a mask of bools holds. */
function addition(what: string, mask: Optional, target: Value): Optional {
  if (!mask) return null;
  const { dtype, shape } = mask.node;
  if (isFloat(dtype)) return mask;
  if (dtype !== "bool") fail(op, `only bool and floating types of ${what} are supported`);
  return where(mask, -Infinity, zeros(shape, target.node.dtype));
}

/** [batch, heads, length, sources], or 1 for what they share. */
function overHeads(mask: Value, { target, source, batch, heads }: Sizes): Value {
  const wanted = rankOf(mask) === 2 ? [target, source] : [batch * heads, target, source];
  if (!sameShape(shapeOf(mask), wanted)) {
    fail(
      op,
      `The shape of the ${rankOf(mask)}D attn_mask is ${showShape(shapeOf(mask))}, but should be ` +
        `${showShape(wanted)}.`,
    );
  }
  return rankOf(mask) === 2
    ? reshape(mask, [1, 1, target, source])
    : reshape(mask, [batch, heads, target, source]);
}

/** One more source that everyone sees. */
const seenBesides = (mask: Optional): Optional =>
  mask && cat([mask, zeros([...shapeOf(mask).slice(0, -1), 1], mask.node.dtype)], -1);

function merged(attn: Optional, padding: Optional, { batch, source }: Sizes): Optional {
  if (!padding) return attn;
  if (!sameShape(shapeOf(padding), [batch, source])) {
    fail(
      op,
      `expecting key_padding_mask shape of ${showShape([batch, source])}, but got ` +
        showShape(shapeOf(padding)),
    );
  }
  const ofKeys = reshape(padding, [batch, 1, 1, source]);
  return attn ? add(attn, ofKeys) : ofKeys;
}

// Projections

const third = (x: Value, from: number, count: number): Value => {
  const size = (shapeOf(x)[0] as number) / 3;
  return narrow(x, 0, from * size, count * size);
};

/** Rows of the packed weight that start at a third, applied to x and split again. */
function projectedBy(x: Value, packed: Value, bias: Optional, from: number, count: number) {
  const [weight, own] =
    count === 3 ? [packed, bias] : [third(packed, from, count), bias && third(bias, from, count)];
  const all = linearLayer(x, weight, own);
  const size = (shapeOf(all).at(-1) as number) / count;
  if (count === 1) return [all];
  return Array.from({ length: count }, (_, at) => narrow(all, -1, at * size, size));
}

/** Where inputs are one and the same, they are projected by one product. */
function projected([q, k, v]: readonly [Value, Value, Value], by: Besides): readonly Value[] {
  const { inWeight, inBias, qWeight, kWeight, vWeight } = by;
  if (!inWeight) {
    const each = [qWeight, kWeight, vWeight] as const;
    return [q, k, v].map((x, at) =>
      linearLayer(x, each[at] as Value, inBias && third(inBias, at, 1)),
    );
  }
  if (k !== v) return [q, k, v].flatMap((x, at) => projectedBy(x, inWeight, inBias, at, 1));
  if (q === k) return projectedBy(q, inWeight, inBias, 0, 3);
  return [...projectedBy(q, inWeight, inBias, 0, 1), ...projectedBy(k, inWeight, inBias, 1, 2)];
}

/** [length, batch, heads · width] → [batch, heads, length, width] */
const byHead = (x: Value, { batch, heads, width }: Sizes): Value =>
  permute(reshape(x, [shapeOf(x)[0] as number, batch, heads, width]), [1, 2, 0, 3]);

function givenHeads(what: string, x: Value, { batch, heads, width }: Sizes): Value {
  const shape = shapeOf(x);
  if (shape.length !== 3 || shape[0] !== batch * heads || shape[2] !== width) {
    fail(
      op,
      `expecting ${what} of [${batch * heads}, length, ${width}], but got ${showShape(shape)}`,
    );
  }
  return reshape(x, [batch, heads, shape[1] as number, width]);
}

interface Heads {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly mask: Optional;
}

/** Queries, and keys and values with all that is added to them. */
function headsOf(inputs: readonly [Value, Value, Value], options: MultiHead, sizes: Sizes): Heads {
  const [q, ...others] = projected(inputs, options) as [Value, Value, Value];
  const { biasK, biasV, staticK, staticV, addZeroAttn } = options;
  const { batch, heads, width } = sizes;
  let attn = options.attnMask && overHeads(options.attnMask, sizes);
  let padding = options.keyPaddingMask;
  let [k, v] = others as [Value, Value];
  if ((biasK === null) !== (biasV === null)) fail(op, "biasK and biasV come together");
  if (biasK && biasV) {
    if (staticK) fail(op, "bias cannot be added to static key.");
    if (staticV) fail(op, "bias cannot be added to static value.");
    const repeated = (bias: Value): Value => expand(bias, [1, batch, heads * width]);
    [k, v] = [cat([k, repeated(biasK)]), cat([v, repeated(biasV)])];
    [attn, padding] = [seenBesides(attn), seenBesides(padding)];
  }
  k = staticK ? givenHeads("staticK", staticK, sizes) : byHead(k, sizes);
  v = staticV ? givenHeads("staticV", staticV, sizes) : byHead(v, sizes);
  if (addZeroAttn) {
    const nothing = zeros([batch, heads, 1, width], k.node.dtype);
    [k, v] = [cat([k, nothing], 2), cat([v, nothing], 2)];
    [attn, padding] = [seenBesides(attn), seenBesides(padding)];
  }
  const mask = merged(attn, padding, { ...sizes, source: shapeOf(k)[2] as number });
  return { q: byHead(q, sizes), k, v, mask };
}

/** The scores' softmax, and what it weighs. */
function weighed({ q, k, v, mask }: Heads, dropoutP: number, draw: () => Draw): [Value, Value] {
  const scaled = mul(q, Math.sqrt(1 / (shapeOf(q)[3] as number)));
  const scores = matmul(scaled, transpose(k, -2, -1));
  const weights = softmax(mask ? add(mask, scores) : scores, -1);
  const kept = dropoutP > 0 ? dropout(weights, { p: dropoutP, training: true }, draw) : weights;
  return [matmul(kept, v), kept];
}

/** [batch, heads, length, width] → [length, batch, embedding], projected. */
function joined(x: Value, { batch, target, heads, width }: Sizes, options: MultiHead): Value {
  const rows = reshape(permute(x, [2, 0, 1, 3]), [target * batch, heads * width]);
  const out = linearLayer(rows, options.outWeight, options.outBias);
  return reshape(out, [target, batch, shapeOf(out)[1] as number]);
}

function attended(
  inputs: readonly [Value, Value, Value],
  options: MultiHead,
  draw: () => Draw,
): Attended {
  const { embedDim, numHeads: heads, dropoutP, needWeights } = options;
  requireSizes(inputs, options);
  const [target, batch] = shapeOf(inputs[0]) as [number, number];
  const source = shapeOf(inputs[1])[0] as number;
  const sizes = { target, source, batch, heads, width: embedDim / heads };
  const parts = headsOf(inputs, options, sizes);
  if (!needWeights) {
    const { q, k, v, mask } = parts;
    const isCausal = options.isCausal && !mask;
    const attention = { mask, dropoutP, isCausal, scale: null, enableGqa: false };
    const found = scaledDotProductAttention([q, k, v], attention, draw);
    return { attnOutput: joined(found, sizes, options), attnOutputWeights: null };
  }
  const [found, weights] = weighed(parts, dropoutP, draw);
  return {
    attnOutput: joined(found, sizes, options),
    attnOutputWeights: options.averageAttnWeights ? mean(weights, 1) : weights,
  };
}

interface Call extends Ways {
  /** Which of the rest are there. */
  readonly names: readonly (keyof Besides)[];
  readonly isKeyQuery: boolean;
  readonly isValueKey: boolean;
  readonly draw: Draw | null;
}

/** The call's inputs as they were: what was one and the same is so again. */
function partsOf(given: readonly Value[], call: Call): [[Value, Value, Value], Besides] {
  const q = given[0] as Value;
  const k = call.isKeyQuery ? q : (given[1] as Value);
  const v = call.isValueKey ? k : (given[2] as Value);
  const found = new Map(call.names.map((name, at) => [name, given[at + 3] as Value]));
  const rest = Object.fromEntries(besides.map((name) => [name, found.get(name) ?? null]));
  return [[q, k, v], rest as unknown as Besides];
}

/** Without a batch axis, there is one of a single element meanwhile. */
function batched([q, k, v]: readonly [Value, Value, Value]): [Value, Value, Value] {
  if (rankOf(q) === 3) return [q, k, v];
  const query = unsqueeze(q, 1);
  const key = k === q ? query : unsqueeze(k, 1);
  return [query, key, v === k ? key : unsqueeze(v, 1)];
}

function body(given: readonly Value[], call: Call): readonly Value[] {
  const [inputs, rest] = partsOf(given, call);
  const [query] = inputs;
  const isBatched = rankOf(query) === 3;
  const padding = addition("keyPaddingMask", rest.keyPaddingMask, query);
  const isHintEnough = call.isCausal && !padding && !call.needWeights;
  const options = {
    ...rest,
    ...call,
    keyPaddingMask: padding && (isBatched ? padding : unsqueeze(padding, 0)),
    attnMask: isHintEnough ? null : addition("attnMask", rest.attnMask, query),
    isCausal: isHintEnough,
  };
  const found = attended(batched(inputs), options, () => call.draw as Draw);
  const { attnOutput, attnOutputWeights } = found;
  const results = attnOutputWeights ? [attnOutput, attnOutputWeights] : [attnOutput];
  return isBatched ? results : results.map((result, at) => squeeze(result, at === 0 ? 1 : 0));
}

const specs = new Map<string, CompositeOfMany<Call>>();

/** The entry's name is the output's in PyTorch. */
const tapeName = ([query]: readonly Value[]): string =>
  rankOf(query as Value) === 3 ? "ViewBackward0" : "SqueezeBackward1";

/** What a derivative reads is kept with a spec: calls that read other inputs have their own. */
function specOf(inputs: readonly Value[], call: Call): CompositeOfMany<Call> {
  const { names, isKeyQuery, isValueKey, needWeights, isCausal, addZeroAttn, draw } = call;
  const sizes = inputs.map(({ node }) => `${node.dtype} ${Math.min(node.size, 2)}`);
  const ways = [isKeyQuery, isValueKey, needWeights, isCausal, addZeroAttn, draw !== null];
  const key = [tapeName(inputs), ...names, ...sizes, ...ways].join(" ");
  let spec = specs.get(key);
  if (!spec) {
    spec = { name: tapeName(inputs), body };
    specs.set(key, spec);
  }
  return spec;
}

/** [length, batch, embedding], or without a batch; keys and values have lengths of their own. */
export function multiHeadAttention(
  inputs: readonly [query: Value, key: Value, value: Value],
  rest: Besides,
  ways: Ways,
  draw: () => Draw,
): Attended {
  requireShapes(inputs, { ...rest, ...ways });
  if (ways.isCausal && !rest.attnMask) {
    fail(op, "Need attnMask if specifying the isCausal hint.");
  }
  const [q, k, v] = inputs;
  const names = besides.filter((name) => rest[name] !== null);
  const given = [...inputs, ...names.map((name) => rest[name] as Value)];
  const call = {
    ...ways,
    names,
    isKeyQuery: isSame(q, k),
    isValueKey: isSame(k, v),
    draw: ways.dropoutP > 0 ? draw() : null,
  };
  const [attnOutput, attnOutputWeights = null] = compositeOfMany(specOf(given, call), given, call);
  return { attnOutput: attnOutput as Value, attnOutputWeights };
}
