// Programs by key: the words of a graph's structure, hashed and compared word by word. A bounded LRU.

import type { Program } from "../base/program.ts";

/** Programs kept: a training step has one, a page with varying shapes some dozens. */
const capacity = 256;

export interface KnownProgram {
  readonly words: readonly number[];
  readonly hash: number;
  readonly program: Promise<Program>;
  /** The program once it is there, so that a hit need not wait for a promise. */
  ready: Program | null;
}

export interface ProgramCounts {
  readonly hits: number;
  readonly evictions: number;
  readonly size: number;
  readonly capacity: number;
}

export class ProgramTable {
  private readonly known = new Map<number, KnownProgram[]>();
  /** Oldest use first. */
  private readonly uses = new Map<KnownProgram, null>();
  private hits = 0;
  private evictions = 0;

  get counts(): ProgramCounts {
    return { hits: this.hits, evictions: this.evictions, size: this.uses.size, capacity };
  }

  find(words: readonly number[]): KnownProgram | null {
    const found = this.known.get(hashOf(words))?.find((known) => isEqual(known.words, words));
    if (!found) return null;
    this.hits++;
    this.uses.delete(found);
    this.uses.set(found, null);
    return found;
  }

  add(words: readonly number[], program: Promise<Program>): KnownProgram {
    const hash = hashOf(words);
    const known: KnownProgram = { words, hash, program, ready: null };
    const bucket = this.known.get(hash);
    if (bucket) bucket.push(known);
    else this.known.set(hash, [known]);
    this.uses.set(known, null);
    program.then(
      (ready) => {
        known.ready = ready;
      },
      () => this.remove(known),
    );
    if (this.uses.size > capacity) {
      this.evictions++;
      this.remove(this.uses.keys().next().value as KnownProgram);
    }
    return known;
  }

  private remove(known: KnownProgram): void {
    this.uses.delete(known);
    const bucket = this.known.get(known.hash)?.filter((other) => other !== known);
    if (bucket && bucket.length > 0) this.known.set(known.hash, bucket);
    else this.known.delete(known.hash);
  }
}

/** FNV-1a over words. */
function hashOf(words: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < words.length; at++) {
    hash = Math.imul(hash ^ (words[at] as number), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash;
}

function isEqual(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
