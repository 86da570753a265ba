import { arange, capture, noGrad, type Tensor } from "../../src/index.ts";
import * as nn from "../../src/nn.ts";
import { AdamW } from "../../src/optim.ts";

export const [time, channels, heads, layers] = [64, 64, 4, 2];

class Block extends nn.Module {
  norm1 = new nn.LayerNorm(channels);
  queriesKeysValues = new nn.Linear(channels, 3 * channels);
  attended = new nn.Linear(channels, channels);
  norm2 = new nn.LayerNorm(channels);
  thought = new nn.Sequential(
    new nn.Linear(channels, 4 * channels),
    new nn.GELU(),
    new nn.Linear(4 * channels, channels),
  );

  override forward(x: Tensor): Tensor {
    const seen = x.add(this.attention(this.norm1.call(x)));
    return seen.add(this.thought.call(this.norm2.call(seen)));
  }

  attention(x: Tensor): Tensor {
    const parts = this.queriesKeysValues.call(x).unflatten(-1, [3, heads, channels / heads]);
    const [q, k, v] = parts.transpose(1, 3).unbind(2) as [Tensor, Tensor, Tensor];
    const seen = nn.functional.scaledDotProductAttention(q, k, v, { isCausal: true });
    return this.attended.call(seen.transpose(1, 2).flatten(2));
  }
}

class Gpt extends nn.Module {
  characters: nn.Embedding;
  positions = new nn.Embedding(time, channels);
  blocks = new nn.Sequential(...Array.from({ length: layers }, () => new Block()));
  norm = new nn.LayerNorm(channels);
  next: nn.Linear;

  constructor(vocabulary: number) {
    super();
    this.characters = new nn.Embedding(vocabulary, channels);
    this.next = new nn.Linear(channels, vocabulary);
  }

  override forward(text: Tensor): Tensor {
    const x = this.characters.call(text).add(this.positions.call(arange(time)));
    return this.next.call(this.norm.call(this.blocks.call(x)));
  }
}

export function textModel(vocabulary: number) {
  const gpt = new Gpt(vocabulary);
  const optimizer = new AdamW(gpt.parameters(), { lr: 0.003, weightDecay: 0.1 });
  const lossOf = (text: Tensor, next: Tensor): Tensor =>
    nn.functional.crossEntropy(gpt.call(text).flatten(0, 1), next.flatten());

  const step = capture((text: Tensor, next: Tensor) => {
    optimizer.zeroGrad();
    const loss = lossOf(text, next);
    void loss.backward();
    void optimizer.step();
    return loss;
  });

  const loss = capture((text: Tensor, next: Tensor) => noGrad(() => lossOf(text, next)));
  const scores = capture((text: Tensor) => noGrad(() => gpt.call(text)));

  return { step, loss, scores };
}
