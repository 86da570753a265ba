// The operator matrix as Markdown: what a run of the corpus says of each operator, and what is public
// besides.

import type { Facets, Share } from "../conformance/report.ts";
import type { PublicRecord } from "./records.ts";
import { spelledHere } from "./records.ts";

export interface Matrix {
  readonly facets: Readonly<Record<string, Facets>>;
  readonly records: readonly PublicRecord[];
  /** Record → kinds of its kernels. */
  readonly kernels: ReadonlyMap<string, string>;
  /** Reason → cases that fail for it. */
  readonly known: Readonly<Record<string, readonly string[]>>;
  /** Function → largest error in units in the last place, float32. */
  readonly ulps: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const header = [
  "operator",
  "forward",
  "backward",
  "second order",
  "refuses",
  "dtypes",
  "kernels",
  "called as",
];

export function matrixText({ facets, records, kernels, known, ulps }: Matrix): string {
  const uses = new Map(records.map(({ name, record }) => [name, usesOf(record)]));
  const groups = new Map<string, string[][]>();
  for (const [op, facet] of Object.entries(facets).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (facet.value.passed === 0) continue;
    const rows = groups.get(facet.group) ?? [];
    groups.set(facet.group, rows);
    rows.push(rowOf(op, facet, uses, kernels));
  }
  const covered = new Set(Object.keys(facets).map(spelledHere));
  const besides = records.filter(({ name }) => !covered.has(name));
  return [
    "# Operators",
    "Made by `npm run matrix` from the public records and a run of the conformance corpus; do not edit. " +
      "A share is cases passed of cases recorded from PyTorch; – means that there are none.",
    "Kernels of every kind are sharded over all workers: map and tiles by blocks of the result, rows and " +
      "columns by blocks of what is reduced (merge joins them), scans by blocks (carry joins them), " +
      "compact by blocks of the mask, sortRuns by runs of what is sorted (mergeRuns joins them by parts of the " +
      "result), scatter by strips across the axis along which it goes in order. " +
      "A view runs nothing.",
    ...[...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(groupText),
    "## Public besides",
    "Not in the public corpus under these names (aliases, or recorded elsewhere); gradients are checked " +
      "by finite differences.",
    table([
      ["operator", "kernels", "called as"],
      ...besides.map(({ name, record }) => [name, kernels.get(name) ?? "–", usesOf(record)]),
    ]),
    "## Exceptions",
    ...exceptionsText(known),
    "## Accuracy",
    "Largest error of float32 results, in units in the last place of the float64 truth, over bit " +
      "patterns of the whole promised range.",
    table([
      ["function", "madd rounds once", "madd rounds twice"],
      ...Object.entries(ulps).map(([name, { once = NaN, twice = NaN }]) => [
        name,
        once.toFixed(2),
        twice.toFixed(2),
      ]),
    ]),
  ].join("\n\n");
}

function groupText([group, rows]: [string, string[][]]): string[] {
  return [`## ${group}`, table([header, ...rows])];
}

function rowOf(
  op: string,
  facet: Facets,
  uses: ReadonlyMap<string, string>,
  kernels: ReadonlyMap<string, string>,
): string[] {
  const { value, gradient, secondOrder, error, dtypes } = facet;
  const shares = [value, gradient, secondOrder, error].map(shareText);
  const name = spelledHere(op);
  const own = (map: ReadonlyMap<string, string>): string | undefined =>
    map.get(name) ?? map.get(name.replace(/^.*\./, ""));
  const called = own(uses) ?? (op.startsWith("__") ? "operator" : "method or property");
  return [name, ...shares, dtypes.join(" "), own(kernels) ?? "–", called];
}

const shareText = ({ passed, total }: Share): string => (total === 0 ? "–" : `${passed}/${total}`);

function usesOf({ function: isFunction, method, inPlace }: PublicRecord["record"]): string {
  const uses = [isFunction && "function", method && "method", inPlace && "in place"];
  return uses.filter(Boolean).join(", ");
}

function exceptionsText(known: Matrix["known"]): string[] {
  const lines = Object.entries(known).map(
    ([reason, cases]) => `- ${reason}: ${cases.length} (${operatorsOf(cases)})`,
  );
  return lines.length === 0 ? ["None."] : [lines.join("\n")];
}

const operatorsOf = (cases: readonly string[]): string =>
  [...new Set(cases.map((id) => id.split("/")[0]))].join(", ");

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
