// Random generators: a seed and a counter. Every random op takes the next number of the counter, and
// an element's value depends on (seed, counter, position) alone. When a request fails, the counters of
// the draws it was to compute come back, so that what is done again gets the same numbers.

import { describe } from "../base/binding-errors.ts";
import { fail } from "../base/errors.ts";
import { generatorBrand } from "../base/parameters.ts";
import type { Draw } from "../functions/random.ts";
import { againAtReplay } from "../graph/live.ts";
import type { Ending } from "../realize/asked.ts";
import { observeRequests } from "../realize.ts";

/** PyTorch's seed where none was given. */
const DEFAULT_SEED = 67280421310721;

/** Draws that may still come back, per generator; of more the older ones stay spent. */
const openMost = 4096;

export interface GeneratorState {
  readonly seed: number;
  readonly counter: number;
}

/** While set, draws are added to it. */
let notedDraws: Draw[] | null = null;
/** While set, draws are taken from it as long as there are any. */
let repeated: Draw[] | null = null;

/** Runs `body`, and adds what it draws to `draws`. */
export function notingDraws<T>(draws: Draw[], body: () => T): T {
  const before = [notedDraws, repeated] as const;
  [notedDraws, repeated] = [draws, null];
  try {
    return body();
  } finally {
    [notedDraws, repeated] = before;
    notedDraws?.push(...draws);
  }
}

/** Runs `body`, and lets it draw the same numbers again. */
export function repeatingDraws<T>(draws: readonly Draw[], body: () => T): T {
  const before = [notedDraws, repeated] as const;
  [notedDraws, repeated] = [null, [...draws]];
  try {
    return body();
  } finally {
    [notedDraws, repeated] = before;
  }
}

/** Generators with draws that no finished request accounts for. */
const drawing = new Set<Generator>();

export class Generator {
  readonly [generatorBrand] = true;
  #seed = DEFAULT_SEED;
  #counter = 0;
  /** The draws since the last request that was done, in order. */
  #open: Draw[] = [];

  /** Starts the sequence of `seed` anew. */
  manualSeed(seed: number): this {
    return this.#start("manualSeed", seed, 0);
  }

  /** Starts the sequence of a seed that the host makes up, and says which. */
  seed(): number {
    const [high, low] = crypto.getRandomValues(new Uint32Array(2)) as unknown as [number, number];
    this.manualSeed((high >>> 11) * 2 ** 32 + low);
    return this.#seed;
  }

  initialSeed(): number {
    return this.#seed;
  }

  /** Where the sequence stands; `setState` returns to it. Plain numbers: it can be kept as JSON. */
  getState(): GeneratorState {
    return { seed: this.#seed, counter: this.#counter };
  }

  setState(state: GeneratorState): this {
    if (typeof state !== "object" || state === null) {
      fail("setState", `wants what getState() gave, got ${describe(state)}`);
    }
    const { seed, counter } = state;
    if (!Number.isSafeInteger(counter) || counter < 0) {
      fail("setState", `wants a counter from 0 on, got ${describe(counter)}`);
    }
    return this.#start("setState", seed, counter);
  }

  #start(op: string, seed: number, counter: number): this {
    if (!Number.isSafeInteger(seed)) fail(op, `wants an integer as seed, got ${describe(seed)}`);
    this.#seed = seed;
    this.#counter = counter;
    this.#open = [];
    drawing.delete(this);
    return this;
  }

  /** What one random op is computed from. In a captured step it is drawn anew at each replay. */
  draw(): Draw {
    return repeated?.shift() ?? this.#noted();
  }

  #noted(): Draw {
    const draw = this.#draw();
    notedDraws?.push(draw);
    againAtReplay(() => {
      const next = this.#draw();
      // No node of its own: its request is made at once.
      if (draw.node) next.node = draw.node;
      Object.assign(draw, next);
    });
    return draw;
  }

  #draw(): Draw {
    const draw: Draw = {
      seed0: this.#seed | 0,
      seed1: Math.floor(this.#seed / 2 ** 32) | 0,
      counter: this.#counter++ | 0,
    };
    if (this.#open.length === openMost) this.#open.splice(0, openMost / 2);
    this.#open.push(draw);
    drawing.add(this);
    return draw;
  }

  /** A request is made of what was drawn so far. */
  observe(): Ending {
    const at = this.#counter;
    const sequence = this.#open;
    // Another seed, or another state, is another sequence.
    const isCurrent = (): boolean => this.#open === sequence;
    return {
      done: () => {
        if (isCurrent()) this.#keep(at);
      },
      failed: () => {
        if (isCurrent() && this.#counter === at) this.#fallBack();
      },
    };
  }

  /** Draws before `at` are spent. */
  #keep(at: number): void {
    const spent = this.#open.length - (this.#counter - at);
    if (spent > 0) this.#open.splice(0, spent);
    if (this.#open.length === 0) drawing.delete(this);
  }

  /** The last draws come back, as far as a request has met them: others are lazy still, and may be had. */
  #fallBack(): void {
    while (this.#open.at(-1)?.node?.visit) {
      this.#open.pop();
      this.#counter--;
    }
    if (this.#open.length === 0) drawing.delete(this);
  }
}

observeRequests(() => Array.from(drawing, (generator) => generator.observe()));

export const defaultGenerator = new Generator();

/** What the next draw of a record is made from: of the generator it was given, or of the common one. */
export const drawFrom = (given: object | null): Draw =>
  ((given as Generator | null) ?? defaultGenerator).draw();

/** Seeds the generator that random ops use when they are given none. */
export const manualSeed = (seed: number): Generator => defaultGenerator.manualSeed(seed);

/** Seeds it with a number that the host makes up, and says which. */
export const seed = (): number => defaultGenerator.seed();

export const initialSeed = (): number => defaultGenerator.initialSeed();

/** Where the common generator stands. */
export const getRngState = (): GeneratorState => defaultGenerator.getState();

export function setRngState(state: GeneratorState): void {
  defaultGenerator.setState(state);
}
