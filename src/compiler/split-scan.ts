// Scans in launches. One row too long for one worker is cut into chunks by its shape alone: each chunk's
// total, then what is before each chunk, then the results from there on.
//
//   totals [c0 c1 c2 …]  →  carry [0, c0, c0·c1, …]  →  results

import { sizeOf } from "../base/shapes.ts";
import { leastColumns } from "./emit/scan-columns-code.ts";
import { chunkElements } from "./flatten.ts";
import type {
  CarryKernel,
  Chunks,
  RunnableKernel,
  ScanColumnsKernel,
  ScanKernel,
  ScanRowsKernel,
} from "./kernel.ts";
import { onKept, type StateBuffers, stateBuffers, withStates } from "./partials.ts";

/** Rows, or units of columns, from which on there is work enough without cutting scans. */
const enoughRows = 64;
const enoughUnits = 4;
/** Elements of a chunk of rows, and how many rows it has at least. */
const chunkOfRows = 65536;
const leastRows = 256;

type Extent = ScanKernel["extent"];

export function splitScan(kernel: ScanKernel, nextTemp: () => number): RunnableKernel[] {
  const isAcross = kernel.axes.at(-1)?.isReduced === false;
  const chunks = isAcross ? chunksAcross(kernel.extent) : chunksAlong(kernel.extent);
  const { kind: _, store, extent: __, ...loop } = kernel;
  if (!isAcross && chunks.count === 1) {
    return [{ ...loop, kind: "scanRows", phase: "whole", store, chunks, partials: null }];
  }
  const states = stateBuffers(kernel.axes, [kernel.scanner.state], nextTemp);
  const kind = isAcross ? "scanColumns" : "scanRows";
  const results = { ...loop, kind, store, chunks, ...withStates(states, loop.streams, loop.axes) };
  if (chunks.count === 1) return [{ ...results, phase: "whole" } as ScanColumnsKernel];
  const read = loop.streams.slice(0, store);
  const totals = { ...loop, kind, store: null, chunks, ...withStates(states, read, loop.axes) };
  return [
    { ...totals, phase: "totals" } as ScanRowsKernel | ScanColumnsKernel,
    carryOf(kernel, states, chunks.count),
    { ...results, phase: "results" } as ScanRowsKernel | ScanColumnsKernel,
  ];
}

function carryOf(
  { label, axes, scanner }: ScanKernel,
  states: StateBuffers,
  chunkCount: number,
): CarryKernel {
  const kept = axes.filter(({ isReduced }) => !isReduced);
  const size = sizeOf(kept.map((axis) => axis.size)) * chunkCount;
  const { streams, partials } = withStates(states, [], axes);
  return {
    kind: "carry",
    label,
    axes: kept,
    streams: streams.map((stream) => onKept(stream, axes)),
    values: [],
    scanner,
    size,
    chunkCount,
    partials,
  };
}

function chunksAlong({ before, along }: Extent): Chunks {
  const isWhole = before >= enoughRows || along <= 2 * chunkElements;
  const elements = isWhole ? null : chunkElements;
  const count = isWhole ? 1 : Math.ceil(along / chunkElements);
  return { count, unitRows: 1, blocks: count, rows: 1, elements };
}

function chunksAcross({ before, along, behind }: Extent): Chunks {
  const units = before * Math.ceil(behind / leastColumns);
  const isWhole = units >= enoughUnits || along * behind <= 2 * chunkOfRows;
  const rows = isWhole ? along : Math.max(leastRows, Math.ceil(chunkOfRows / behind));
  return { count: Math.ceil(along / rows), unitRows: rows, blocks: 1, rows, elements: null };
}
