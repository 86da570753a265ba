// explain(): what computing tensors will cost, told before it is done. Nothing runs.

import type { Explanation, KernelExplanation } from "../base/explanation.ts";
import { explainNodes } from "../realize.ts";
import { listOf } from "./backward.ts";
import { inspectSymbol } from "./printed.ts";
import type { Tensor } from "./tensor.ts";

/** An explanation that prints as a table. */
export class ExplainedProgram implements Explanation {
  readonly kernels: readonly KernelExplanation[];
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly barriers: number;
  readonly arenaBytes: number;
  readonly outputBytes: number;
  readonly peakBytes: number;

  constructor(explanation: Explanation) {
    this.kernels = explanation.kernels;
    this.flops = explanation.flops;
    this.bytesRead = explanation.bytesRead;
    this.bytesWritten = explanation.bytesWritten;
    this.barriers = explanation.barriers;
    this.arenaBytes = explanation.arenaBytes;
    this.outputBytes = explanation.outputBytes;
    this.peakBytes = explanation.peakBytes;
  }

  toString(): string {
    const { kernels, barriers, peakBytes, arenaBytes, outputBytes } = this;
    const rows = kernels.map(rowOf);
    const totals = [
      "",
      "",
      "",
      amount(this.flops),
      bytes(this.bytesRead),
      bytes(this.bytesWritten),
    ];
    const table = aligned([titles, ...rows, totals]);
    return [
      `${counted(kernels.length, "kernel")}, ${counted(barriers, "barrier")}, ` +
        `peak ${bytes(peakBytes)} (intermediates ${bytes(arenaBytes)}, results ${bytes(outputBytes)})`,
      ...table,
    ].join("\n");
  }

  [inspectSymbol](): string {
    return this.toString();
  }
}

const titles = ["stage", "kind", "ops", "flops", "reads", "writes"];

const rowOf = (kernel: KernelExplanation): string[] => [
  String(kernel.stage),
  kernel.kind,
  kernel.label,
  amount(kernel.flops),
  bytes(kernel.bytesRead),
  bytes(kernel.bytesWritten),
];

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : "s"}`;

/** Three digits and a unit. */
function scaled(value: number, units: readonly string[], step: number): string {
  let rest = value;
  let unit = 0;
  while (rest >= step && unit < units.length - 1) {
    rest /= step;
    unit++;
  }
  const digits = unit === 0 || rest >= 100 ? 0 : rest >= 10 ? 1 : 2;
  return `${rest.toFixed(digits)}${units[unit]}`;
}

const amount = (value: number): string => scaled(value, ["", " k", " M", " G", " T"], 1000);
const bytes = (value: number): string => scaled(value, [" B", " KB", " MB", " GB"], 1024);

/** Columns of one width: words to the left, amounts to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = titles.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return column > 0 && column < 3 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

/**
 * What a request of these tensors, with all that this tick has asked for (a backward, a step), will
 * become. Does not run it.
 */
export async function explain(tensors: Tensor | readonly Tensor[]): Promise<ExplainedProgram> {
  const nodes = listOf<Tensor>(tensors).map(({ value }) => value.node);
  return new ExplainedProgram(await explainNodes(nodes));
}
