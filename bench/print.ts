// The report as text: limits, times with ratios, gaps of the main thread, notes.

import {
  type PeerName,
  peerNames,
  type Report,
  type Timing,
  type WorkloadReport,
} from "./contract.ts";

const NONE = "–";

/** Three significant digits, more for whole numbers beyond them. */
function number(value: number | undefined): string {
  if (value === undefined) return NONE;
  if (!Number.isFinite(value)) return String(value);
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.max(0, Math.min(6, 2 - digits)));
}

const pair = (timing: Timing | undefined): string =>
  timing === undefined ? NONE : `${number(timing.minMs)} / ${number(timing.medianMs)}`;

const ratio = (ours: Timing | undefined, otherMs: number | undefined): string =>
  ours === undefined || otherMs === undefined ? NONE : number(ours.minMs / otherMs);

function rate(timing: Timing | undefined): string {
  if (timing?.gflops !== undefined) return `${number(timing.gflops)} GFLOP/s`;
  return timing?.gbs === undefined ? NONE : `${number(timing.gbs)} GB/s`;
}

/** First column to the left, the others to the right. */
function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ");
  const [head = [], ...body] = rows;
  const rule = "─".repeat(widths.reduce((sum, width) => sum + width + 2, -2));
  return `${[line(head), rule, ...body.map(line)].join("\n")}\n`;
}

function limitsTable({ limits, workers }: Report): string {
  return table([
    [`limits (${workers} workers)`, "FMA one", "FMA all", "mul, add", "copy", "in place", "read"],
    [
      "GFLOP/s, GB/s",
      number(limits.fmaGflopsOne),
      number(limits.fmaGflopsAll),
      number(limits.mulAddGflopsAll),
      number(limits.copyGBsAll),
      number(limits.inPlaceGBsAll),
      number(limits.readGBsAll),
    ],
  ]);
}

function timesTable(entries: [string, WorkloadReport][]): string {
  const shown = peerNames.filter((peer) => entries.some(([, { peers }]) => peers[peer]));
  const peerHead = shown.flatMap((peer) => [peer, `ours/${peer}`]);
  const peerCells = ({ ours, peers }: WorkloadReport, peer: PeerName) => [
    pair(peers[peer]),
    ratio(ours, peers[peer]?.minMs),
  ];
  return table([
    ["ms: min / median", "ours", "first run", "rate", "limit", "ours/limit", ...peerHead],
    ...entries.map(([name, report]) => [
      name,
      pair(report.ours),
      number(report.ours?.firstRunMs),
      rate(report.ours),
      number(report.limitMs),
      ratio(report.ours, report.limitMs),
      ...shown.flatMap((peer) => peerCells(report, peer)),
    ]),
  ]);
}

function gapsTable(entries: [string, WorkloadReport][]): string {
  const rows = entries.flatMap(([name, { mainGap: gap }]) =>
    gap === undefined
      ? []
      : [[name, gap.maxMs, gap.p99Ms, gap.longTasks, gap.baselineMaxMs, gap.baselineP99Ms]],
  );
  if (rows.length === 0) return "";
  const head = ["main thread gaps, ms", "max", "p99", "long tasks", "spin max", "spin p99"];
  const cells = rows.map((row) =>
    row.map((cell) => (typeof cell === "number" ? number(cell) : cell)),
  );
  return `\n${table([head, ...cells])}`;
}

export function printReport(report: Report): string {
  const entries = Object.entries(report.workloads);
  const remarks = entries.flatMap(([name, { notes, failures }]) => [
    ...notes.map((note) => `${name}: ${note}`),
    ...failures.map((failure) => `${name}: FAILED: ${failure}`),
  ]);
  const lines = remarks.map((remark) => `${remark}\n`).join("");
  const tables = [limitsTable(report), timesTable(entries)].join("\n");
  return `\n${tables}${gapsTable(entries)}${lines === "" ? "" : `\n${lines}`}`;
}
