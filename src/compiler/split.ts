// split: Kernel → RunnableKernel[]. A reduction is cut into chunks by its shape alone, so that its
// value has the same bits for any number of workers; the chunks' states are merged by a second kernel.

import { invariant } from "../base/errors.ts";
import { sizeOf } from "../base/shapes.ts";
import { chunkElements } from "./flatten.ts";
import type {
  Axis,
  Chunks,
  Kernel,
  KernelValue,
  LoopKernel,
  MapKernel,
  Pass,
  RunnableKernel,
  Span,
  Store,
  Stream,
} from "./kernel.ts";
import { onKept, stateBuffers, withStates } from "./partials.ts";
import { splitScan } from "./split-scan.ts";
import { splitScatter } from "./split-scatter.ts";
import { splitSort } from "./split-sort.ts";

/** Kept elements from which on there is work enough without cutting sums; rows are then whole. */
const enoughOutputs = 256;
/** Rows folded into one partial state when lanes are neighbouring sums. */
const chunkRows = 256;

/** `nextTemp` numbers new temporary buffers. */
export function split(kernel: Kernel, nextTemp: () => number): RunnableKernel[] {
  if (kernel.kind === "scatter") return splitScatter(kernel, nextTemp);
  if (kernel.kind === "scan") return splitScan(kernel, nextTemp);
  if (kernel.kind === "sort") return splitSort(kernel, nextTemp);
  if (kernel.kind !== "loop") return [kernel];
  const [pass, ...others] = kernel.passes as [Pass, ...Pass[]];
  if (others.length === 0 && pass.reductions.length === 0) return [mapOrTiles(kernel, pass)];
  const isAcross = kernel.axes.at(-1)?.isReduced === false;
  const chunks = isAcross ? chunksAcross(kernel.axes) : chunksAlong(kernel);
  if (!isAcross && chunks.count === 1) return [{ ...kernel, kind: "rows", chunks, partials: null }];
  invariant(others.length === 0, `split: several passes of ${kernel.label} cannot be cut`);
  return splitInTwo(kernel, pass, chunks, isAcross, nextTemp);
}

/** Loads of one buffer that go the same way behind the first of them, as those of a window do. */
function sharingPointers({ streams, stores, values }: MapKernel): readonly Stream[] {
  const stored = new Set(stores.map(({ stream }) => stream));
  const isLoaded = (at: number): boolean => !stored.has(at) && streams[at]?.steps === null;
  if (values.some(({ kind }) => kind === "gather")) return streams;
  const wayOf = ({ buffer, dtype, strides }: Stream): string =>
    `${buffer.kind} ${buffer.index} ${dtype} ${strides}`;
  const first = new Map<string, number>();
  streams.forEach((stream, at) => {
    if (!isLoaded(at)) return;
    const known = first.get(wayOf(stream));
    if (known === undefined || stream.offset < (streams[known] as Stream).offset)
      first.set(wayOf(stream), at);
  });
  return streams.map((stream, at) => {
    const front = isLoaded(at) ? (first.get(wayOf(stream)) as number) : at;
    if (front === at) return stream;
    const ahead = stream.offset - (streams[front] as Stream).offset;
    return { ...stream, behind: { stream: front, ahead } };
  });
}

/** Rows and columns from which on turning blocks in registers pays. */
const leastTurned = 8;

function mapOrTiles(
  { label, axes, streams, values, size }: LoopKernel,
  { stores }: Pass,
): RunnableKernel {
  const map: MapKernel = { kind: "map", label, axes, streams, values, stores, size };
  const rowAxis = turningAxis(map);
  if (rowAxis === null) return { ...map, streams: sharingPointers(map) };
  const order = axes.map((_, axis) => axis).filter((axis) => axis !== rowAxis);
  order.splice(-1, 0, rowAxis);
  const inOrder = <Walk extends { readonly strides: readonly number[] }>(walk: Walk): Walk => ({
    ...walk,
    strides: order.map((axis) => walk.strides[axis] as number),
  });
  return {
    ...map,
    kind: "tiles",
    axes: order.map((axis) => axes[axis] as Axis),
    streams: streams.map(inOrder),
    values: values.map((value) => (value.kind === "index" ? inOrder(value) : value)),
  };
}

/** The axis along which most of the loads that leap along the inner one run on, or null. */
function turningAxis({ axes, streams, values }: MapKernel): number | null {
  if (values.some(({ kind }) => kind === "gather")) return null;
  if ((axes.at(-1)?.size ?? 1) < leastTurned) return null;
  const counts = axes.map(() => 0);
  for (const value of values) {
    if (value.kind !== "load") continue;
    const { strides, steps } = streams[value.stream] as Stream;
    if (steps || Math.abs(strides.at(-1) ?? 0) <= 1) continue;
    axes.forEach(({ size }, axis) => {
      if (size >= leastTurned && strides[axis] === 1) (counts[axis] as number)++;
    });
  }
  const most = Math.max(...counts);
  return most > 0 ? counts.indexOf(most) : null;
}

const sizes = (axes: readonly Axis[]): number[] => axes.map(({ size }) => size);

/** Whether each of so many folds, of so many elements, is one chunk. */
export const isFoldedWhole = (outputs: number, elements: number): boolean =>
  outputs >= enoughOutputs || elements <= 2 * chunkElements;

function chunksAlong({ axes, blockElements }: LoopKernel): Chunks {
  const outputs = sizeOf(sizes(axes.filter(({ isReduced }) => !isReduced)));
  const inner = axes.at(-1)?.size ?? 1;
  const total = sizeOf(sizes(axes.slice(0, -1).filter(({ isReduced }) => isReduced)));
  const run = sizeOf(sizes(axes.slice(axes.findLastIndex(({ isReduced }) => !isReduced) + 1)));
  const whole = { count: 1, unitRows: total, blocks: 1, rows: total, elements: null };
  if (isFoldedWhole(outputs, total * inner)) return whole;
  const runRows = run / inner;
  if (run <= chunkElements) {
    const rows = runRows * Math.floor(chunkElements / run);
    return { count: Math.ceil(total / rows), unitRows: rows, blocks: 1, rows, elements: null };
  }
  const blocks = Math.ceil(run / blockElements);
  const count = (total / runRows) * blocks;
  if (runRows === 1) return { count, unitRows: 1, blocks, rows: 1, elements: blockElements };
  return { count, unitRows: runRows, blocks, rows: blockElements / inner, elements: null };
}

function chunksAcross(axes: readonly Axis[]): Chunks {
  const total = sizeOf(sizes(axes.filter(({ isReduced }) => isReduced)));
  const rows = Math.min(total, chunkRows);
  return { count: Math.ceil(total / rows), unitRows: rows, blocks: 1, rows, elements: null };
}

/** Two kernels with the partial states between them. */
function splitInTwo(
  kernel: LoopKernel,
  pass: Pass,
  chunks: Chunks,
  isAcross: boolean,
  nextTemp: () => number,
): RunnableKernel[] {
  const { label, axes, size, blockElements } = kernel;
  const { reductions } = pass;
  const states = stateBuffers(
    axes,
    reductions.map(({ reducer }) => reducer.state),
    nextTemp,
  );
  const { values, stores, ...body } = trim(kernel, pass.body, pass.stores);
  const folding = {
    ...{ label, axes, chunks, size, values },
    ...withStates(states, body.streams, axes),
  };
  const after = trim(kernel, pass.after, pass.epilogue);
  const kept = axes.filter(({ isReduced }) => !isReduced);
  const merging: RunnableKernel = {
    kind: "merge",
    label,
    axes: kept,
    values: after.values.map((value) => (value.kind === "index" ? onKept(value, axes) : value)),
    reductions,
    epilogue: after.stores,
    chunkCount: chunks.count,
    size: sizeOf(sizes(kept)) * chunks.count,
    ...withStates(
      states,
      after.streams.map((stream) => onKept(stream, axes)),
      kept,
    ),
  };
  if (isAcross) return [{ kind: "columns", stores, reductions, ...folding }, merging];
  const end = { from: values.length, to: values.length };
  const folded = { body: { from: 0, to: end.to }, stores, reductions, after: end, epilogue: [] };
  return [{ kind: "rows", passes: [folded], blockElements, ...folding }, merging];
}

/** The values of a range with only the streams they and the stores use, renumbered. */
function trim(
  { values, streams }: LoopKernel,
  range: Span,
  stores: readonly Store[],
): Pick<MapKernel, "values" | "streams" | "stores"> {
  const kept: Stream[] = [];
  const renumbered = new Map<number, number>();
  const renumber = (stream: number): number => {
    let number = renumbered.get(stream);
    if (number === undefined) {
      number = kept.push(streams[stream] as Stream) - 1;
      renumbered.set(stream, number);
    }
    return number;
  };
  const trimmed = values.slice(range.from, range.to).map((value): KernelValue => {
    if (value.kind === "load") return { ...value, stream: renumber(value.stream) };
    if (value.kind === "gather") {
      return { ...value, stream: renumber(value.stream), index: value.index - range.from };
    }
    if (value.kind === "apply")
      return { ...value, args: value.args.map((arg) => arg - range.from) };
    return value;
  });
  const trimmedStores = stores.map(({ value, stream }) => ({
    value: value - range.from,
    stream: renumber(stream),
  }));
  return { values: trimmed, streams: kept, stores: trimmedStores };
}
