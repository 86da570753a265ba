// The project's own text, without its tables: what the text example learns from, and as numbers.

import type { Chance } from "../chance.ts";

const files: Readonly<Record<string, string>> = import.meta.glob(
  ["../../../README.md", "../../../CONTRIBUTING.md"],
  { query: "?raw", import: "default", eager: true },
);

/** Share of the text, from its end, that is not learned from. */
const heldOut = 0.1;

export interface Batch {
  readonly text: Int32Array;
  readonly next: Int32Array;
}

export class Corpus {
  readonly characters: readonly string[];
  private readonly learned: Int32Array;
  private readonly unseen: Int32Array;
  private readonly numbers: ReadonlyMap<string, number>;

  constructor() {
    const text = Object.values(files).map(withoutTables).join("\n");
    const all = [...text];
    this.characters = [...new Set(all)].toSorted();
    this.numbers = new Map(this.characters.map((character, at) => [character, at]));
    const numbers = this.encode(text);
    const border = Math.floor(numbers.length * (1 - heldOut));
    this.learned = numbers.subarray(0, border);
    this.unseen = numbers.subarray(border);
  }

  get size(): number {
    return this.learned.length + this.unseen.length;
  }

  encode(text: string): Int32Array {
    return Int32Array.from([...text], (character) => {
      const number = this.numbers.get(character);
      if (number === undefined) throw new Error(`text: "${character}" is not in the corpus`);
      return number;
    });
  }

  /** Rows from anywhere in the text that is learned from. */
  batch(rows: number, time: number, chance: Chance): Batch {
    const begins = Array.from({ length: rows }, () => chance.below(this.learned.length - time));
    return batchAt(this.learned, begins, time);
  }

  /** So many rows, spread over the text that is not learned from. */
  unseenBatch(rows: number, time: number): Batch {
    const room = this.unseen.length - time - 1;
    const begins = Array.from({ length: rows }, (_, row) => Math.floor((room * row) / rows));
    return batchAt(this.unseen, begins, time);
  }

  /** What a guess by frequency alone would lose, in nats a character. */
  entropy(): number {
    const counts = new Float64Array(this.characters.length);
    for (const number of this.learned) counts[number]!++;
    const shares = [...counts].map((count) => count / this.learned.length);
    return -shares.reduce((sum, share) => sum + (share > 0 ? share * Math.log(share) : 0), 0);
  }
}

function batchAt(numbers: Int32Array, begins: readonly number[], time: number): Batch {
  const [text, next] = [new Int32Array(begins.length * time), new Int32Array(begins.length * time)];
  begins.forEach((begin, row) => {
    text.set(numbers.subarray(begin, begin + time), row * time);
    next.set(numbers.subarray(begin + 1, begin + time + 1), row * time);
  });
  return { text, next };
}

/** Rows of tables and lines of figures are no text. */
const withoutTables = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !line.startsWith("|"))
    .join("\n")
    .replace(/\n{3,}/g, "\n\n");
