// explain: Placed → Explanation. What emit would make, counted instead of written.

import { dtypes } from "../base/dtypes.ts";
import type { Explanation, KernelExplanation } from "../base/explanation.ts";
import type { LaneBody } from "../base/lanes.ts";
import { type Frame, touchesOf, writtenBy } from "./emit.ts";
import { type Axis, partsOf, type RunnableKernel, type Span, type Stream } from "./kernel.ts";
import type { Placed } from "./plan.ts";
import { printKernel } from "./print.ts";
import { sharingOf, stagesOf } from "./stages.ts";

export function explain(placed: Placed, frame: Frame): Explanation {
  const touches = placed.kernels.map((kernel) => touchesOf(kernel, placed));
  const stages = stagesOf(placed.kernels.map(sharingOf), touches);
  const stageAt = stages.flatMap(({ count }, stage) => new Array<number>(count).fill(stage));
  const kernels = placed.kernels.map((kernel, at) => explainKernel(kernel, stageAt[at] as number));
  const outputBytes = frame.outputs.reduce((all, bytes) => all + bytes, 0);
  return {
    kernels,
    flops: total(kernels, "flops"),
    bytesRead: total(kernels, "bytesRead"),
    bytesWritten: total(kernels, "bytesWritten"),
    barriers: Math.max(0, stages.length - 1),
    arenaBytes: placed.arenaBytes,
    outputBytes,
    peakBytes: placed.arenaBytes + outputBytes,
  };
}

const total = (
  kernels: readonly KernelExplanation[],
  field: "flops" | "bytesRead" | "bytesWritten",
): number => kernels.reduce((all, kernel) => all + kernel[field], 0);

function explainKernel(kernel: RunnableKernel, stage: number): KernelExplanation {
  const written = writtenBy(kernel);
  return {
    kind: kernel.kind,
    ops: (kernel.label.split(" [")[0] as string).split("·"),
    label: kernel.label,
    stage,
    flops: flopsOf(kernel),
    bytesRead: readBy(kernel),
    bytesWritten: bytesOf(kernel, (stream) => written.has(stream)),
    code: printKernel(kernel),
  };
}

const readBy = (kernel: RunnableKernel): number =>
  partsOf(kernel).reduce((all, part) => {
    const written = writtenBy(part);
    return all + bytesOf(part, (stream) => !written.has(stream));
  }, 0);

/** Of each buffer the most that one stream touches: its streams mostly walk the same elements. */
function bytesOf(kernel: RunnableKernel, isWanted: (stream: number) => boolean): number {
  const most = new Map<string, number>();
  kernel.streams.forEach((stream, at) => {
    const { kind, index } = stream.buffer;
    if (kind === "scratch" || !isWanted(at)) return;
    const key = `${kind} ${index}`;
    const bytes = elementsOf(stream, kernel.axes) * dtypes[stream.dtype].bytes;
    most.set(key, Math.max(most.get(key) ?? 0, bytes));
  });
  return [...most.values()].reduce((all, bytes) => all + bytes, 0);
}

function elementsOf({ strides, reach = 0 }: Stream, axes: readonly Axis[]): number {
  let elements = 1;
  strides.forEach((stride, axis) => {
    if (stride !== 0) elements *= axes[axis]?.size ?? 1;
  });
  return elements + reach;
}

/** A product and its addition are two; every other instruction that computes is one. */
function flopsOf(kernel: RunnableKernel): number {
  const { size } = kernel;
  const finished = finishedValues(kernel);
  const kept = kernel.axes.reduce((rows, axis) => rows * (axis.isReduced ? 1 : axis.size), 1);
  let flops = kernel.kind === "contract" ? 2 * size * kernel.depth : 0;
  kernel.values.forEach((value, at) => {
    if (value.kind !== "apply") return;
    flops += computing(value.body) * (finished.some((span) => isIn(at, span)) ? kept : size);
  });
  for (const { reducer } of reductionsOf(kernel)) flops += computing(reducer.step) * size;
  if ("scanner" in kernel) flops += computing(kernel.scanner.merge) * size;
  return flops;
}

const isIn = (at: number, { from, to }: Span): boolean => from <= at && at < to;

/** Values that are computed once a row. */
const finishedValues = (kernel: RunnableKernel): readonly Span[] =>
  "passes" in kernel ? kernel.passes.map(({ after }) => after) : [];

function reductionsOf(kernel: RunnableKernel) {
  if ("passes" in kernel) return kernel.passes.flatMap(({ reductions }) => reductions);
  return "reductions" in kernel && kernel.kind !== "merge" ? kernel.reductions : [];
}

const computing = ({ instructions }: LaneBody): number =>
  instructions.filter(({ op }) => op !== "const").length;
