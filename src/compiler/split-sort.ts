// Sorts in launches. Rows are cut into runs by their length alone; each run is sorted in a worker's own
// memory, then neighbouring runs are merged, twice as long each time. What lies between are pairs of a
// key and its position; no two are equal, so that the order is the same however a row is cut.
//
//   keys → [run][run][run][run] → [  run  ][  run  ] → positions

import { mostInRun } from "./emit/sort-runs-code.ts";
import type { MergeRunsKernel, RunnableKernel, SortKernel, Stream } from "./kernel.ts";

export function splitSort(kernel: SortKernel, nextTemp: () => number): RunnableKernel[] {
  const { kind: _, extent, ...loop } = kernel;
  const { along } = extent;
  if (along <= mostInRun) {
    return [{ ...loop, kind: "sortRuns", runElements: along, count: 1, givesPairs: false }];
  }
  const runElements = Math.ceil(along / Math.ceil(along / mostInRun) / 4) * 4;
  const count = Math.ceil(along / runElements);
  const buffers = [nextTemp(), nextTemp()];
  const levels = Math.ceil(Math.log2(count));
  const first = pairsOf(kernel, buffers[0] as number);
  const streams = loop.streams.with(kernel.target, first);
  return [
    { ...loop, kind: "sortRuns", streams, runElements, count, givesPairs: true },
    ...Array.from({ length: levels }, (_one, level) =>
      mergeOf(kernel, { buffers, runElements, level, isLast: level === levels - 1 }),
    ),
  ];
}

const targetOf = ({ streams, target }: SortKernel): Stream => streams[target] as Stream;

/** Pairs lie as the positions that they become; they are as wide as float64. */
const pairsOf = (kernel: SortKernel, index: number): Stream => ({
  ...targetOf(kernel),
  buffer: { kind: "temp", index },
  dtype: "float64",
  offset: 0,
});

interface Level {
  /** Two, read and written in turn. */
  readonly buffers: readonly number[];
  /** Of the first level. */
  readonly runElements: number;
  readonly level: number;
  readonly isLast: boolean;
}

function mergeOf(
  kernel: SortKernel,
  { buffers, runElements, level, isLast }: Level,
): MergeRunsKernel {
  const { rows, along } = kernel.extent;
  const size = rows * along;
  const pairs = (number: number): Stream => pairsOf(kernel, buffers[number % 2] as number);
  const streams = [pairs(level), isLast ? targetOf(kernel) : pairs(level + 1)];
  return {
    kind: "mergeRuns",
    label: kernel.label,
    axes: [{ size, isReduced: false }],
    streams: streams.map((stream) => ({ ...stream, strides: [1] })),
    values: [],
    from: 0,
    target: 1,
    along,
    runElements: runElements * 2 ** level,
    unitElements: runElements,
    givesPairs: !isLast,
    size,
  };
}
