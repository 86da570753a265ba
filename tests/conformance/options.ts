// Command line of the runner.

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Selection } from "./read-corpus.ts";
import { type Section, sections } from "./semantic-cases.ts";

export interface Options {
  readonly corpus: string;
  readonly api: string;
  readonly json: string | null;
  /** File of what the run is held to, or null: then nothing may fail. */
  readonly expect: string | null;
  readonly verbose: boolean;
  readonly workers: number | null;
  readonly batch: number;
  readonly selection: Selection;
}

export class UsageError extends Error {}

const usage = `usage: npm run conformance -- [--corpus DIR] [--only op,…] [--group g,…] [--tier N]
    [--semantics ${sections.join(",")}] [--json FILE] [--expect FILE] [--verbose] [--workers N] [--batch N] [--api FILE]`;

const flags = {
  corpus: { type: "string", default: "../shared/oracle" },
  only: { type: "string" },
  group: { type: "string" },
  tier: { type: "string" },
  semantics: { type: "string" },
  json: { type: "string" },
  expect: { type: "string" },
  verbose: { type: "boolean", default: false },
  workers: { type: "string" },
  batch: { type: "string", default: "32" },
  api: { type: "string", default: "/src/index.ts" },
} as const;

/** Without a choice everything is run; a choice of operators leaves the semantics out, and the other way. */
export function readOptions(argv: readonly string[]): Options {
  const values = parsed(argv);
  const { only, group, tier, semantics } = values;
  const choosesOperators = only !== undefined || group !== undefined || tier !== undefined;
  return {
    corpus: resolve(values.corpus),
    api: values.api,
    json: values.json ?? null,
    expect: values.expect ?? null,
    verbose: values.verbose,
    workers: values.workers === undefined ? null : naturalNumber("workers", values.workers),
    batch: naturalNumber("batch", values.batch),
    selection: {
      only: only?.split(",") ?? null,
      groups: group?.split(",") ?? null,
      tier: tier === undefined ? null : naturalNumber("tier", tier),
      sections:
        semantics !== undefined ? chosenSections(semantics) : choosesOperators ? [] : sections,
      operators: choosesOperators || semantics === undefined,
    },
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

function naturalNumber(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new UsageError(`--${flag} wants a number above zero, got "${text}"\n${usage}`);
}

function chosenSections(list: string): Section[] {
  return list.split(",").map((name) => {
    const found = sections.find((section) => section === name);
    if (!found) throw new UsageError(`--semantics: no section ${name}\n${usage}`);
    return found;
  });
}
