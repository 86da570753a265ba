// A reduction's order is a matter of its own shape: element q of a run of reduced axes goes to running
// lane q mod 16 of chunk q / block, whatever it is fused with. Where a stream keeps the run from merging
// into one axis, rows of whole 16s keep that order; else the run is flattened and indices are divided.

import type { Shape } from "../base/shapes.ts";
import { type Access, commonCuts, type SubAxis } from "./access.ts";
import type { Axis } from "./kernel.ts";

/** Elements folded before a merge: 64 kB of float32, about 3 µs of memory time. */
export const chunkElements = 16384;
/** Running lanes of a reduction: four accumulators of four. */
const runningLanes = 16;

/** Elements of a block of a long run: whole rows of the space where they are whole 16s. */
export function blockElementsOf(space: Shape): number {
  const row = space.findLast((size) => size > 1) ?? 1;
  const fits = row % runningLanes === 0 && row <= chunkElements;
  return fits ? row * Math.floor(chunkElements / row) : chunkElements;
}

export interface Cut {
  readonly axes: readonly Axis[];
  /** Of each walk, on the axes. */
  readonly strides: readonly (readonly number[])[];
  /** Of each walk, set where the inner axis was flattened over it. */
  readonly steps: readonly (readonly SubAxis[] | null)[];
}

export function keepReductionOrder(
  axes: readonly Axis[],
  strides: readonly (readonly number[])[],
  blockElements: number,
): Cut {
  const asTheyAre = { axes, strides, steps: strides.map(() => null) };
  if (!axes.at(-1)?.isReduced) return asTheyAre;
  const start = axes.findLastIndex(({ isReduced }) => !isReduced) + 1;
  const run = axes.slice(start);
  const inner = run.at(-1)?.size ?? 1;
  const elements = run.reduce((product, { size }) => product * size, 1);
  const isUncut = elements <= chunkElements || blockElements % inner === 0;
  return inner % runningLanes === 0 && isUncut ? asTheyAre : inOneRun(axes, strides);
}

/**
 * Whether a fold in one loop with these walks would have one divided: who computes what is folded then had
 * better do so in a loop of its own. Divided, an element costs some 25 cycles.
 */
export function wouldDivide(
  space: Shape,
  axes: readonly number[],
  walks: readonly Access[],
): boolean {
  const start = space.findLastIndex((size, axis) => size > 1 && !axes.includes(axis)) + 1;
  const cuts = commonCuts(space, walks)?.slice(start) ?? [];
  const inner = cuts.flat().findLast((size) => size > 1) ?? 1;
  const isWhole = ({ axes: own }: Access): boolean =>
    linearStride(
      own
        .slice(start)
        .flat()
        .filter(({ size }) => size > 1),
    ) !== null;
  return inner % runningLanes !== 0 && !walks.every(isWhole);
}

/** The run of reduced axes at the end as one axis, divided by those walks that do not run on. */
export function inOneRun(axes: readonly Axis[], strides: readonly (readonly number[])[]): Cut {
  const start = axes.findLastIndex(({ isReduced }) => !isReduced) + 1;
  const run = axes.slice(start);
  if (run.length <= 1) return { axes, strides, steps: strides.map(() => null) };
  const elements = run.reduce((product, { size }) => product * size, 1);
  const flat: Axis = { size: elements, isReduced: true };
  const steps = strides.map((list) =>
    run.map(({ size }, at): SubAxis => ({ size, stride: list[start + at] as number })),
  );
  const runsOn = steps.map((list) => linearStride(list));
  return {
    axes: [...axes.slice(0, start), flat],
    strides: strides.map((list, walk) => [...list.slice(0, start), runsOn[walk] ?? 0]),
    steps: steps.map((list, walk) => (runsOn[walk] === null ? list : null)),
  };
}

/** The one stride of sub-axes that run on into each other, or null. */
function linearStride(steps: readonly SubAxis[]): number | null {
  const inner = steps.at(-1)?.stride ?? 0;
  let expected = inner;
  for (const { size, stride } of [...steps].reverse()) {
    if (stride !== expected) return null;
    expected *= size;
  }
  return inner;
}
