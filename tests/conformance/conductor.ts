// Hands out the cases, and finds out which one it was when a page was lost.

import { chunksOf, lost, type Pace } from "./batches.ts";
import type { Host, Reply } from "./browser.ts";
import type { Outcome } from "./outcome.ts";
import type { Chosen } from "./read-corpus.ts";
import { entryOf } from "./report.ts";

/** Cases handed to the page at a time. */
const portion = 512;
/** A case by itself needs no more than this; a batch of them may. */
const aloneMilliseconds = 10_000;
/** So many cases in a row without an answer are not the cases' fault. */
const hopeless = 25;

export class Conductor {
  readonly #host: Pick<Host, "run">;
  readonly #pace: Pace;
  readonly #outcomes = new Map<string, Outcome>();
  #said = 0;
  #lostInARow = 0;

  constructor(host: Pick<Host, "run">, pace: Pace) {
    this.#host = host;
    this.#pace = pace;
  }

  async run(chosen: readonly Chosen[]): Promise<Map<string, Outcome>> {
    for (const cases of chunksOf(chosen, portion)) await this.#runAll(cases);
    return this.#outcomes;
  }

  async #runAll(cases: readonly Chosen[]): Promise<void> {
    let rest = cases;
    while (rest.length > 0) {
      const reply = await this.#ask(rest, this.#pace);
      if (reply.trouble !== null) {
        const suspects = rest.filter(({ id }) => reply.suspects.includes(id));
        // Nobody was under way: it is not a case's fault, and asking again would not end.
        if (suspects.length === 0) throw new Error(`conformance: ${reply.trouble}`);
        for (const one of suspects) await this.#runAlone(one);
      }
      rest = rest.filter((one) => !this.#outcomes.has(one.id));
    }
    this.#say(cases.length);
  }

  async #runAlone(one: Chosen): Promise<void> {
    const caseMilliseconds = Math.min(aloneMilliseconds, this.#pace.caseMilliseconds);
    const { trouble } = await this.#ask([one], { batch: 1, lanes: 1, caseMilliseconds });
    this.#lostInARow = trouble === null ? 0 : this.#lostInARow + 1;
    if (trouble === null) return;
    if (this.#lostInARow === hopeless) {
      throw new Error(`conformance: ${hopeless} cases in a row gave no answer: ${trouble}`);
    }
    this.#outcomes.set(one.id, lost(one.id, one.kind, trouble));
  }

  async #ask(cases: readonly Chosen[], pace: Pace): Promise<Reply> {
    const parts: Record<string, string[]> = {};
    for (const { part, id } of cases) entryOf(parts, part, (): string[] => []).push(id);
    const reply = await this.#host.run({ parts, pace });
    for (const outcome of reply.outcomes) this.#outcomes.set(outcome.id, outcome);
    return reply;
  }

  #say(count: number): void {
    this.#said += count;
    if (process.stderr.isTTY) process.stderr.write(`\r${this.#said} cases`);
  }
}
