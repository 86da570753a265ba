// The networks of the training curves that are more than a row of layers.

import type { Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn.ts";

export const gptSizes = { batch: 4, time: 32, channels: 48, heads: 4, layers: 2, vocabulary: 29 };

const { channels, heads, layers, time, vocabulary } = gptSizes;

/** x + o(attention(ln₁ x)), then x + f₂(gelu(f₁(ln₂ x))). */
class Block extends nn.Module {
  ln1 = new nn.LayerNorm(channels);
  qkv = new nn.Linear(channels, 3 * channels);
  o = new nn.Linear(channels, channels);
  ln2 = new nn.LayerNorm(channels);
  f1 = new nn.Linear(channels, 4 * channels);
  gelu = new nn.GELU("tanh");
  f2 = new nn.Linear(4 * channels, channels);

  override forward(x: Tensor): Tensor {
    const seen = x.add(this.o.call(this.attention(this.ln1.call(x))));
    return seen.add(this.f2.call(this.gelu.call(this.f1.call(this.ln2.call(seen)))));
  }

  private attention(x: Tensor): Tensor {
    const [batch, time] = x.shape as [number, number];
    const parts = this.qkv.call(x).view(batch, time, 3, heads, channels / heads);
    const [q, k, v] = parts.transpose(1, 3).unbind(2) as [Tensor, Tensor, Tensor];
    const seen = nn.functional.scaledDotProductAttention(q, k, v, { isCausal: true });
    return seen.transpose(1, 2).reshape(batch, time, channels);
  }
}

/** Its head is its table of tokens. */
export class CharacterGpt extends nn.Module {
  tokens = new nn.Embedding(vocabulary, channels);
  positions = new nn.Embedding(time, channels);
  blocks = new nn.Sequential(...Array.from({ length: layers }, () => new Block()));
  norm = new nn.LayerNorm(channels);

  override forward(tokens: Tensor): Tensor {
    const x = this.tokens.call(tokens).add(this.positions.weight);
    return nn.functional.linear(this.norm.call(this.blocks.call(x)), this.tokens.weight);
  }
}

/** A number for each point in time. */
export class Signal extends nn.Module {
  lstm = new nn.LSTM(6, 16, { batchFirst: true });
  head = new nn.Linear(16, 1);

  override forward(x: Tensor): Tensor {
    const { output } = this.lstm.call(x);
    return this.head.call(output);
  }
}
