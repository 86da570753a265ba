// A small GPT: B 8, T 128, C 256, 8 heads, 4 layers, vocabulary 512. Embedding + position; per layer
// x += proj(attention(ln x)), x += W2·gelu(W1·ln x); layer norm without affine, no biases, causal; a head;
// cross-entropy over all tokens; one step of gradient descent.

import type { Tensor } from "../../src/index.ts";
import type { Jax, TimedWorkload, Trial } from "../contract.ts";
import type { JaxArray } from "../trials/jax-trial.ts";
import { gptReference } from "./gpt-reference.ts";
import { gptSizes } from "./gpt-sizes.ts";
import {
  jaxStep,
  type Model,
  ourStep,
  type Seeded,
  seededClasses,
  seededWeights,
  stepError,
} from "./training.ts";

const { batch: B, time: T, channels: C, heads: H, layers, vocabulary } = gptSizes;
const TOKENS = B * T;
const HEAD = C / H;

const tokens = seededClasses(81, [B, T], vocabulary);
const targets = seededClasses(82, [TOKENS], vocabulary);

const layerWeights = (layer: number): [string, [number[], number]][] => [
  [`qkv${layer}`, [[C, 3 * C], C]],
  [`proj${layer}`, [[C, C], C]],
  [`up${layer}`, [[C, 4 * C], C]],
  [`down${layer}`, [[4 * C, C], 4 * C]],
];
const weights: Record<string, Seeded> = seededWeights(83, {
  embeddings: [[vocabulary, C], 1],
  positions: [[T, C], 1],
  ...Object.fromEntries(Array.from({ length: layers }, (_, layer) => layerWeights(layer)).flat()),
  head: [[C, vocabulary], C],
});

export const gptModel: Model = {
  name: "gpt",
  rate: 0.1,
  weights,
  batch: { tokens, targets },
  loss(sg, given, batch) {
    const { embedding, layerNorm, scaledDotProductAttention, gelu } = sg.nn.functional;
    const weight = (name: string): Tensor => given[name] as Tensor;
    const apart = (x: Tensor): Tensor => x.reshape(B, T, H, HEAD).transpose(1, 2);
    let x = embedding(batch.tokens as Tensor, weight("embeddings")).add(weight("positions"));
    for (let layer = 0; layer < layers; layer += 1) {
      const qkv = layerNorm(x, [C]).matmul(weight(`qkv${layer}`));
      const [q, k, v] = qkv.split(C, 2).map(apart) as [Tensor, Tensor, Tensor];
      const seen = scaledDotProductAttention(q, k, v, { isCausal: true });
      x = x.add(
        seen
          .transpose(1, 2)
          .reshape(B, T, C)
          .matmul(weight(`proj${layer}`)),
      );
      const inner = layerNorm(x, [C]).matmul(weight(`up${layer}`));
      x = x.add(gelu(inner, { approximate: "tanh" }).matmul(weight(`down${layer}`)));
    }
    const logits = layerNorm(x, [C]).matmul(weight("head"));
    return sg.nn.functional.crossEntropy(
      logits.reshape(TOKENS, vocabulary),
      batch.targets as Tensor,
    );
  },
  reference: (given) => gptReference(given, tokens.values, targets.values),
};

function jax(jax: Jax): Trial {
  const { numpy: np, nn } = jax;
  const loss = (given: Record<string, JaxArray>, batch: Record<string, JaxArray>): JaxArray => {
    const weight = (name: string): JaxArray => given[name] as JaxArray;
    const normed = (x: JaxArray): JaxArray => nn.standardize(x, -1);
    const apart = (x: JaxArray): JaxArray => x.reshape([B, T, H, HEAD]);
    let x = np.take(weight("embeddings"), batch.tokens as JaxArray, 0).add(weight("positions"));
    for (let layer = 0; layer < layers; layer += 1) {
      const qkv = np.matmul(normed(x.ref), weight(`qkv${layer}`));
      const [q, k, v] = np.split(qkv, 3, -1).map(apart) as [JaxArray, JaxArray, JaxArray];
      const seen = nn.dotProductAttention(q, k, v, { isCausal: true });
      x = x.add(np.matmul(seen.reshape([B, T, C]), weight(`proj${layer}`)));
      const inner = np.matmul(normed(x.ref), weight(`up${layer}`));
      x = x.add(np.matmul(nn.gelu(inner, { approximate: true }), weight(`down${layer}`)));
    }
    const logits = np.matmul(normed(x), weight("head")).reshape([TOKENS, vocabulary]);
    const isTarget = nn.oneHot(batch.targets as JaxArray, vocabulary);
    return nn
      .logSoftmax(logits)
      .mul(isTarget)
      .sum()
      .mul(-1 / TOKENS);
  };
  return jaxStep(jax, { model: gptModel, loss });
}

/** Products with weights; q·kᵀ and weights·v over all T × T, as a product without a mask has them. */
const ofWeights = 2 * TOKENS * (layers * 12 * C * C + C * vocabulary);
const ofAttention = layers * 2 * 2 * TOKENS * T * C;
/** Forward, and for every product the gradients of both of its operands. */
const flops = 3 * (ofWeights + ofAttention);

export const gpt: TimedWorkload = {
  kind: "timed",
  name: "gpt",
  about: "one SGD step of a GPT: batch 8 × 128 tokens, 256 channels, 8 heads, 4 layers",
  flops,
  limitFlops: flops,
  tolerance: 5e-3,
  ours: ourStep(gptModel),
  jax,
  worstError: stepError(gptModel),
};
