// Random generators: a seed and a counter. Every random op takes the next number of the counter, and
// an element's value depends on (seed, counter, position) alone.

import { fail } from "../base/errors.ts";
import { generatorBrand } from "../base/parameters.ts";
import type { Draw } from "../functions/creation.ts";

/** PyTorch's seed where none was given. */
const DEFAULT_SEED = 67280421310721;

export class Generator {
  readonly [generatorBrand] = true;
  #seed = DEFAULT_SEED;
  #counter = 0;

  /** Starts the sequence of `seed` anew. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed)) fail("manualSeed", `wants an integer, got ${String(seed)}`);
    this.#seed = seed;
    this.#counter = 0;
    return this;
  }

  initialSeed(): number {
    return this.#seed;
  }

  /** Where the sequence stands; `setState` returns to it. */
  getState(): { readonly seed: number; readonly counter: number } {
    return { seed: this.#seed, counter: this.#counter };
  }

  setState({ seed, counter }: { readonly seed: number; readonly counter: number }): this {
    this.manualSeed(seed);
    this.#counter = counter;
    return this;
  }

  /** What one random op is computed from. */
  draw(): Draw {
    const counter = this.#counter++;
    return {
      seed0: this.#seed | 0,
      seed1: Math.floor(this.#seed / 2 ** 32) | 0,
      counter: counter | 0,
    };
  }
}

export const defaultGenerator = new Generator();

/** Seeds the generator that random ops use when they are given none. */
export const manualSeed = (seed: number): Generator => defaultGenerator.manualSeed(seed);
