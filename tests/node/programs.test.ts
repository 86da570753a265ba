// The corpus' recorded programs (autograd, views, in-place ops, hooks, errors), its promotion tables and
// printed tensors, on the naive evaluator. Programs whose operators do not exist yet are listed.

import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import * as root from "../../src/index.ts";
import { Adapter } from "../conformance/adapter.ts";
import type { Semantics } from "../conformance/corpus.ts";
import type { Outcome } from "../conformance/outcome.ts";
import { type Section, semanticJobs } from "../conformance/semantic-cases.ts";

vi.mock("../../src/realize.ts", () => import("./realize-double.ts"));

// A Python function without a result returns None; a JavaScript one undefined.
vi.mock("../conformance/observation.ts", async (original) => {
  const { checkObservation } = await original<typeof import("../conformance/observation.ts")>();
  return {
    checkObservation: (...[adapter, actual, wanted]: Parameters<typeof checkObservation>) =>
      checkObservation(adapter, actual === undefined ? null : actual, wanted),
  };
});

const folder =
  process.env.SHARDGRAD_CORPUS ?? new URL("../../../shared/oracle", import.meta.url).pathname;
const file = `${folder}/semantics.json.gz`;
const isPresent = existsSync(file);
if (!isPresent) console.warn(`programs: no corpus at ${file}; set SHARDGRAD_CORPUS to its folder`);

/** Passing at least, of how many; what is missing is counted apart. */
const floors: Record<Section, number> = { programs: 179, promotion: 1283, reprs: 100 };

async function outcomesOf(section: Section): Promise<Outcome[]> {
  const semantics = JSON.parse(gunzipSync(readFileSync(file)).toString("utf8")) as Semantics;
  const adapter = new Adapter({ "": root });
  const outcomes: Outcome[] = [];
  vi.spyOn(console, "warn").mockReturnValue(undefined);
  for (const job of semanticJobs(semantics, section, adapter)) outcomes.push(await job.run());
  vi.restoreAllMocks();
  return outcomes;
}

const unmet = (verdict: Outcome["verdict"], outcomes: readonly Outcome[]): string[] =>
  outcomes.filter((one) => one.verdict === verdict).map(({ id, reason }) => `${id}: ${reason}`);

test.runIf(isPresent).each(["programs", "promotion", "reprs"] as const)(
  "%s of the corpus pass",
  async (section) => {
    const outcomes = await outcomesOf(section);
    const missing = unmet("missing", outcomes);
    const failed = unmet("failed", outcomes);
    console.info(
      `${section}: ${outcomes.length - missing.length - failed.length} pass, ` +
        `${missing.length} miss an operator, ${failed.length} fail`,
    );
    const names = outcomes.filter(({ verdict }) => verdict === "missing").map((one) => one.reason);
    console.info(`not there yet: ${[...new Set(names)].sort().join(", ")}`);
    if (process.env.LIST) console.info([...failed, "", ...missing].join("\n"));
    expect(outcomes.length - missing.length - failed.length).toBeGreaterThanOrEqual(
      floors[section],
    );
  },
);
