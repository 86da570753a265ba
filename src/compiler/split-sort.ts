// Sorts in launches. Rows are cut into runs by their length alone; each run is sorted in a worker's own
// memory, then neighbouring runs are merged, twice as long each time. What lies between are pairs of a
// key and its position; no two are equal, so that the order is the same however a row is cut.
//
//   keys → [run][run][run][run] → [  run  ][  run  ] → positions

import type {
  MergeRunsKernel,
  RunnableKernel,
  SortKernel,
  SortRunsKernel,
  Stream,
} from "./kernel.ts";

/** Pairs of a run: two of it, with the counts of its digits, lie in a worker's own memory. */
const mostInRun = 15360;

export function splitSort(kernel: SortKernel, nextTemp: () => number): RunnableKernel[] {
  const { kind: _, extent, ...loop } = kernel;
  const { along, rows } = extent;
  if (along <= mostInRun) {
    return [{ ...loop, kind: "sortRuns", runElements: along, count: 1, givesPairs: false }];
  }
  const runElements = Math.ceil(along / Math.ceil(along / mostInRun) / 4) * 4;
  const count = Math.ceil(along / runElements);
  const positions = kernel.streams[kernel.target] as Stream;
  const buffers = [nextTemp(), nextTemp()];
  const pairs = (number: number): Stream => ({
    ...positions,
    buffer: { kind: "temp", index: buffers[number % 2] as number },
    dtype: "float64",
    offset: 0,
  });
  const streams = loop.streams.with(kernel.target, pairs(0));
  const sorting: SortRunsKernel = {
    ...loop,
    kind: "sortRuns",
    streams,
    runElements,
    count,
    givesPairs: true,
  };
  const levels = Math.ceil(Math.log2(count));
  const whole = (stream: Stream): Stream => ({ ...stream, strides: [1] });
  const merging = Array.from({ length: levels }, (_one, level): MergeRunsKernel => {
    const isLast = level === levels - 1;
    const size = rows * along;
    return {
      kind: "mergeRuns",
      label: kernel.label,
      axes: [{ size, isReduced: false }],
      streams: [pairs(level), isLast ? positions : pairs(level + 1)].map(whole),
      values: [],
      from: 0,
      target: 1,
      along,
      runElements: runElements * 2 ** level,
      unitElements: runElements,
      givesPairs: !isLast,
      size,
    };
  });
  return [sorting, ...merging];
}
