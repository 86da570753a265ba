// Totals of a run: for reading (a table) and for programs (the JSON of `--json`).

import type { Kind, Note, Outcome, Stage } from "./outcome.ts";
import type { Counters } from "./page.ts";
import type { Chosen, OperatorCase } from "./read-corpus.ts";

export interface Totals {
  passed: number;
  failed: number;
  missing: number;
}

export interface Failure {
  readonly id: string;
  readonly kind: Kind;
  readonly stage: Stage;
  readonly reason: string;
}

/** How many cases hold, by what they check; of a case whose gradient fails, the value holds. */
export interface Facets {
  readonly group: string;
  readonly value: Share;
  readonly gradient: Share;
  readonly secondOrder: Share;
  readonly error: Share;
  /** In which values hold. */
  readonly dtypes: string[];
}

export interface Share {
  passed: number;
  total: number;
}

interface Remark {
  readonly id: string;
  readonly text: string;
}

export interface Report {
  readonly tiers: Record<string, Totals>;
  /** By "tier/group", or by group where there are no tiers. */
  readonly groups: Record<string, Totals>;
  readonly operators: Record<string, Totals>;
  readonly facets: Record<string, Facets>;
  /** Of the operators' cases; the semantics keep their own. */
  readonly failures: Failure[];
  readonly semantics: Record<string, Totals & { failures: Failure[] }>;
  /** Name that the public API lacks → cases that need it. */
  readonly missingNames: Record<string, number>;
  readonly notes: Record<Note["about"], Remark[]>;
  /** The library's own, one record for each page that was needed. */
  readonly counters: readonly Counters[];
  readonly complaints: readonly string[];
  readonly seconds: number;
}

export interface Run {
  readonly chosen: readonly Chosen[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly counters: readonly Counters[];
  readonly complaints: readonly string[];
  readonly seconds: number;
}

const noTotals = (): Totals => ({ passed: 0, failed: 0, missing: 0 });

export function reportOf({ chosen, outcomes, ...rest }: Run): Report {
  const report: Report = {
    tiers: {},
    groups: {},
    operators: {},
    facets: {},
    failures: [],
    semantics: {},
    missingNames: {},
    notes: { illConditioned: [], undetermined: [], gradFn: [], company: [] },
    ...rest,
  };
  for (const { id, counts } of chosen) {
    const outcome = outcomes.get(id);
    if (!outcome) throw new Error(`conformance: ${id} was never run`);
    const { verdict, kind, stage, reason, notes } = outcome;
    for (const { about, text } of notes) report.notes[about].push({ id, text });
    if (verdict === "missing") {
      report.missingNames[reason] = (report.missingNames[reason] ?? 0) + 1;
    }
    const isOperator = typeof counts === "object";
    for (const totals of isOperator ? operatorTotals(report, counts) : [section(report, counts)]) {
      totals[verdict]++;
    }
    if (isOperator && counts.tier !== null) addFacets(report, counts, outcome);
    if (verdict !== "failed") continue;
    const failures = isOperator ? report.failures : section(report, counts).failures;
    failures.push({ id, kind, stage, reason });
  }
  return report;
}

function operatorTotals(
  { tiers, groups, operators }: Report,
  { tier, group, op }: OperatorCase,
): Totals[] {
  const own = [
    entryOf(groups, tier === null ? group : `${tier}/${group}`, noTotals),
    entryOf(operators, op, noTotals),
  ];
  return tier === null ? own : [...own, entryOf(tiers, String(tier), noTotals)];
}

const noShare = (): Share => ({ passed: 0, total: 0 });

function addFacets({ facets }: Report, one: OperatorCase, outcome: Outcome): void {
  const { value, gradient, secondOrder, error, dtypes } = entryOf(facets, one.op, () => ({
    group: `${one.tier}/${one.group}`,
    value: noShare(),
    gradient: noShare(),
    secondOrder: noShare(),
    error: noShare(),
    dtypes: [],
  }));
  const count = (share: Share, holds: boolean): void => {
    share.total++;
    if (holds) share.passed++;
  };
  const isPassed = outcome.verdict === "passed";
  const reached = (...stages: Stage[]): boolean =>
    isPassed || (outcome.verdict === "failed" && stages.includes(outcome.stage));
  if (one.dtype === null) {
    count(error, isPassed);
    return;
  }
  count(value, reached("grad", "second_order"));
  if (one.hasGradient) count(gradient, reached("second_order"));
  if (one.hasSecondOrder) count(secondOrder, isPassed);
  if (reached("grad", "second_order") && !dtypes.includes(one.dtype)) dtypes.push(one.dtype);
}

const section = ({ semantics }: Report, name: string): Totals & { failures: Failure[] } =>
  entryOf(semantics, name, () => ({ ...noTotals(), failures: [] }));

/** The entry of that name, made when there is none. */
export function entryOf<T>(record: Record<string, T>, name: string, make: () => T): T {
  const found = record[name] ?? make();
  record[name] = found;
  return found;
}

/** Nothing failed, something passed, and the workers' path was the path. */
export function isGood(report: Report): boolean {
  const all = [...Object.values(report.groups), ...Object.values(report.semantics)];
  const { passed, failed } = sumOf(all);
  return failed === 0 && passed > 0 && hasNoFallback(report);
}

/** Every program ran on the workers; an unknown count is not good. */
export const hasNoFallback = (report: Report): boolean => sumOfCounter(report, "fallbacks") === 0;

function sumOf(all: readonly Totals[]): Totals {
  const sum = noTotals();
  for (const { passed, failed, missing } of all) {
    sum.passed += passed;
    sum.failed += failed;
    sum.missing += missing;
  }
  return sum;
}

/** Over all pages; null when the library does not say. */
function sumOfCounter({ counters }: Report, name: string): number | null {
  const numbers = counters.map((page) => page[name]);
  if (numbers.length === 0 || numbers.some((one) => typeof one !== "number")) return null;
  return numbers.reduce((sum: number, one) => sum + Number(one), 0);
}

export function tableOf(report: Report): string {
  const rows: string[] = [row("", "passed", "failed", "missing", "total")];
  for (const [tier, totals] of sorted(report.tiers)) {
    rows.push(totalsRow(`tier ${tier}`, totals));
    for (const [name, group] of sorted(report.groups)) {
      if (name.startsWith(`${tier}/`)) rows.push(totalsRow(`  ${name}`, group));
    }
  }
  const { tiers, semantics } = report;
  if (Object.keys(tiers).length > 1) {
    rows.push(totalsRow("all operators", sumOf(Object.values(tiers))));
  }
  for (const [name, totals] of sorted(report.groups)) {
    if (!name.includes("/")) rows.push(totalsRow(name, totals));
  }
  for (const [name, totals] of Object.entries(semantics)) {
    rows.push(totalsRow(`semantics: ${name}`, totals));
  }
  return rows.join("\n");
}

const sorted = (totals: Record<string, Totals>): [string, Totals][] =>
  Object.entries(totals).sort(([a], [b]) => (a < b ? -1 : 1));

function row(name: string, ...cells: (string | number)[]): string {
  return name.padEnd(24) + cells.map((cell) => String(cell).padStart(9)).join("");
}

const totalsRow = (name: string, { passed, failed, missing }: Totals): string =>
  row(name, passed, failed, missing, passed + failed + missing);

const shownLines = 30;

/** Failures, missing names, remarks and counters; all of them when `isVerbose`. */
export function detailsOf(report: Report, isVerbose: boolean): string {
  const { failures, semantics, missingNames, notes, complaints } = report;
  const spelled = ({ id, stage, reason }: Failure) => `${id} [${stage}] ${firstLine(reason)}`;
  const remarks = (list: readonly Remark[]) =>
    list.map(({ id, text }) => `${id} ${firstLine(text)}`);
  const missing = Object.entries(missingNames).sort(([, a], [, b]) => b - a);
  const limit = isVerbose ? Number.POSITIVE_INFINITY : shownLines;
  const lists: [string, readonly string[], number][] = [
    ["failed", failures.map(spelled), limit],
    ...Object.entries(semantics).map(([name, found]): [string, string[], number] => [
      `failed, semantics: ${name}`,
      found.failures.map(spelled),
      limit,
    ]),
    ["missing names", missing.map(([name, cases]) => `${name} (${cases})`), limit],
    ["different, but ill conditioned", remarks(notes.illConditioned), limit],
    ["passed alone, but their batch was rejected", remarks(notes.company), limit],
    ["passed up to what PyTorch leaves open", remarks(notes.undetermined), isVerbose ? limit : 0],
    ["gradFn named otherwise", remarks(notes.gradFn), isVerbose ? limit : 0],
    ["errors nobody caught", complaints, limit],
  ];
  const texts = lists.flatMap(([title, lines, most]) =>
    lines.length === 0 ? [] : [listOf(title, lines, most)],
  );
  return [...texts, countersLine(report)].join("\n\n");
}

function listOf(title: string, lines: readonly string[], most: number): string {
  const shown = lines.slice(0, most).map((line) => `  ${line}`);
  const rest = lines.length - shown.length;
  const tail = rest > 0 && most > 0 ? [`  … ${rest} more (--verbose shows all)`] : [];
  return [`${title}: ${lines.length}`, ...shown, ...tail].join("\n");
}

const firstLine = (text: string): string => text.split("\n")[0]!.slice(0, 300);

function countersLine(report: Report): string {
  const [fallbacks, requests, programs] = ["fallbacks", "requests", "programs"].map((name) =>
    sumOfCounter(report, name),
  );
  const ratio = requests && programs !== null ? (programs! / requests).toFixed(3) : "unknown";
  const line = `fallbacks ${fallbacks ?? "unknown"}, programs per request ${ratio}`;
  const raw = report.counters.map((page) => `  stats() ${JSON.stringify(page)}`);
  return [`${line}, ${report.seconds.toFixed(1)} s`, ...raw].join("\n");
}
