// Writer: goes on with a text, one character after the other, each drawn by what the network expects.

import { type Tensor, tensor } from "../../../src/index.ts";
import { time } from "../../models/text.ts";
import type { Chance } from "../chance.ts";
import type { Corpus } from "./corpus.ts";

/** Below 1, likely characters become likelier. */
const temperature = 0.7;

export class Writer {
  private readonly corpus: Corpus;
  private readonly scores: (text: Tensor) => Promise<Tensor>;

  constructor(corpus: Corpus, scores: (text: Tensor) => Promise<Tensor>) {
    this.corpus = corpus;
    this.scores = scores;
  }

  /** Tells of each character as it is written. */
  async write(
    beginning: string,
    { length, chance, onText }: { length: number; chance: Chance; onText(text: string): void },
  ): Promise<string> {
    const numbers = [...this.corpus.encode(beginning)];
    let text = beginning;
    for (let written = 0; written < length; written++) {
      const number = await this.next(numbers, chance);
      numbers.push(number);
      text += this.corpus.characters[number] ?? "";
      onText(text);
    }
    return text;
  }

  /** The window is as long as in training; what lies behind its last character is not looked at. */
  private async next(numbers: readonly number[], chance: Chance): Promise<number> {
    const recent = numbers.slice(-time);
    const window = new Int32Array(time);
    window.set(recent);
    const given = tensor(window, { dtype: "int64" }).reshape([1, time]);
    const scores = (await (await this.scores(given)).data()) as Float32Array;
    const vocabulary = this.corpus.characters.length;
    const begin = (recent.length - 1) * vocabulary;
    return drawn(scores.subarray(begin, begin + vocabulary), chance);
  }
}

function drawn(scores: Float32Array, chance: Chance): number {
  const highest = scores.reduce((a, b) => Math.max(a, b));
  const weights = scores.map((score) => Math.exp((score - highest) / temperature));
  let left = chance.next() * weights.reduce((sum, weight) => sum + weight, 0);
  const found = weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
  return found < 0 ? weights.length - 1 : found;
}
