// What a run over the public corpus is held to: so many cases passed, and nothing failed but what is
// listed with its reason. A listed case that passes has to be taken off the list.

import { readFileSync } from "node:fs";
import type { Report } from "./report.ts";

export interface Expected {
  /** Fewest passed cases, by "tier/group" and by section of the semantics. */
  readonly passed: Readonly<Record<string, number>>;
  /** Reason → cases that fail for it. */
  readonly known: Readonly<Record<string, readonly string[]>>;
}

export const readExpected = (path: string): Expected => JSON.parse(readFileSync(path, "utf8"));

/** Where the report falls short of what is expected; empty: nowhere. */
export function shortfalls(report: Report, { passed, known }: Expected): string[] {
  const totals = { ...report.groups, ...report.semantics };
  const listed = new Set(Object.values(known).flat());
  const failures = [
    ...report.failures,
    ...Object.values(report.semantics).flatMap((section) => section.failures),
  ];
  const failed = new Set(failures.map(({ id }) => id));
  return [
    ...Object.entries(passed)
      .filter(([name, least]) => (totals[name]?.passed ?? 0) < least)
      .map(([name, least]) => `${name}: ${totals[name]?.passed ?? 0} passed, wanted ${least}`),
    ...[...failed].filter((id) => !listed.has(id)).map((id) => `${id} failed`),
    ...[...listed].filter((id) => !failed.has(id)).map((id) => `${id} is listed but passes`),
  ];
}
