// The golden-corpus runner:
//   npm run conformance -- --corpus DIR [--only op,…] [--group g,…] [--tier N] [--semantics [section,…]]
//                          [--json FILE] [--expect FILE] [--verbose] [--workers N] [--batch N] [--api FILE]
// Exit code 0: nothing failed; 1: something did; 2: it could not be run.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Host } from "./browser.ts";
import { Conductor } from "./conductor.ts";
import { readExpected, shortfalls } from "./expected.ts";
import { type Options, readOptions, UsageError } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import { CorpusError, chooseCases } from "./read-corpus.ts";
import { detailsOf, hasNoFallback, isGood, type Report, reportOf, tableOf } from "./report.ts";

const root = resolve(import.meta.dirname, "../..");
const caseMilliseconds = 20_000;
const lanes = 3;

export async function main(argv: string[]): Promise<number> {
  try {
    const options = readOptions(argv);
    const report = await runCorpus(options);
    console.log(`${tableOf(report)}\n\n${detailsOf(report, options.verbose)}`);
    if (options.json) {
      mkdirSync(dirname(resolve(options.json)), { recursive: true });
      writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
    }
    if (!options.expect) return isGood(report) ? 0 : 1;
    const short = shortfalls(report, readExpected(options.expect));
    console.log(
      `\n${short.length === 0 ? "as expected" : `not as expected:\n${short.join("\n")}`}`,
    );
    return short.length === 0 && hasNoFallback(report) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof CorpusError)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function runCorpus({ corpus, api, workers, batch, selection }: Options): Promise<Report> {
  const chosen = chooseCases(corpus, selection);
  const begin = performance.now();
  const host = await Host.open({ root, corpus, api, workers });
  let outcomes: Map<string, Outcome>;
  try {
    outcomes = await new Conductor(host, { batch, lanes, caseMilliseconds }).run(chosen);
  } finally {
    await host.close();
  }
  const { counters, complaints } = host;
  const seconds = (performance.now() - begin) / 1000;
  return reportOf({ chosen, outcomes, counters, complaints, seconds });
}
