// The GPT's loss in plain JavaScript, in float64.

import { crossEntropy, type Numbers, product } from "../reference.ts";
import { gptSizes } from "./gpt-sizes.ts";

const { batch: B, time: T, channels: C, heads: H, layers, vocabulary } = gptSizes;
const TOKENS = B * T;
const HEAD = C / H;
const EPSILON = 1e-5;
const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

const gelu = (x: number): number => 0.5 * x * (1 + Math.tanh(SCALE * (x + CUBIC * x ** 3)));

function added(x: Numbers, y: Numbers): Numbers {
  return x.map((value, at) => value + Number(y[at]));
}

function normed(x: Numbers): Numbers {
  const out = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += C) {
    const row = x.subarray(start, start + C);
    const mean = row.reduce((sum, value) => sum + value, 0) / C;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / C;
    const scale = 1 / Math.sqrt(variance + EPSILON);
    for (let at = 0; at < C; at += 1) out[start + at] = (Number(row[at]) - mean) * scale;
  }
  return out;
}

/** One query's attention to the keys before it, added to `out`: rows of qkv are q, k and v of all heads. */
function attend(
  out: Numbers,
  qkv: Numbers,
  { query, head }: { query: number; head: number },
): void {
  const first = query - (query % T);
  const start = (token: number, part: 0 | 1 | 2) => token * 3 * C + part * C + head * HEAD;
  const scores = Array.from({ length: query - first + 1 }, (_, at) => {
    const [q, k] = [start(query, 0), start(first + at, 1)];
    let score = 0;
    for (let d = 0; d < HEAD; d += 1) score += Number(qkv[q + d]) * Number(qkv[k + d]);
    return score / Math.sqrt(HEAD);
  });
  const most = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - most));
  const sum = weights.reduce((total, weight) => total + weight);
  for (const [at, weight] of weights.entries()) {
    const v = start(first + at, 2);
    for (let d = 0; d < HEAD; d += 1) {
      const place = query * C + head * HEAD + d;
      out[place] = Number(out[place]) + (weight / sum) * Number(qkv[v + d]);
    }
  }
}

function attention(qkv: Numbers): Numbers {
  const out = new Float64Array(TOKENS * C);
  for (let query = 0; query < TOKENS; query += 1) {
    for (let head = 0; head < H; head += 1) attend(out, qkv, { query, head });
  }
  return out;
}

function embedded(weights: Record<string, Numbers>, tokens: ArrayLike<number>): Numbers {
  const { embeddings, positions } = weights;
  return Float64Array.from({ length: TOKENS * C }, (_, at) => {
    const [token, channel] = [Math.floor(at / C), at % C];
    const position = token % T;
    return (
      Number(embeddings?.[Number(tokens[token]) * C + channel]) +
      Number(positions?.[position * C + channel])
    );
  });
}

export function gptReference(
  weights: Record<string, Numbers>,
  tokens: ArrayLike<number>,
  targets: ArrayLike<number>,
): number {
  const times = (x: Numbers, name: string, inner: number, columns: number): Numbers =>
    product(x, weights[name] as Numbers, [TOKENS, inner, columns]);
  let x = embedded(weights, tokens);
  for (let layer = 0; layer < layers; layer += 1) {
    const seen = attention(times(normed(x), `qkv${layer}`, C, 3 * C));
    x = added(x, times(seen, `proj${layer}`, C, C));
    const inner = times(normed(x), `up${layer}`, C, 4 * C).map(gelu);
    x = added(x, times(inner, `down${layer}`, 4 * C, C));
  }
  return crossEntropy(times(normed(x), "head", C, vocabulary), targets);
}
