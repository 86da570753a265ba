// split: Kernel → RunnableKernel[]. A reduction is cut into chunks by its shape alone, so that its
// value has the same bits for any number of workers; the chunks' states are merged by a second kernel.

import type { DType } from "../base/dtypes.ts";
import { sizeOf } from "../base/shapes.ts";
import { partialDType } from "./emit/register.ts";
import { chunkElements } from "./flatten.ts";
import type {
  Axis,
  Chunks,
  Kernel,
  KernelValue,
  LoopKernel,
  Partials,
  RunnableKernel,
  Stream,
} from "./kernel.ts";

/** Kept elements from which on there is work enough without cutting sums; rows are then whole. */
const enoughOutputs = 256;
/** Rows folded into one partial state when lanes are neighbouring sums. */
const chunkRows = 256;

/** `nextTemp` numbers new temporary buffers. */
export function split(kernel: Kernel, nextTemp: () => number): RunnableKernel[] {
  if (kernel.kind === "scatter") return [kernel];
  if (kernel.reductions.length === 0) {
    const { label, axes, streams, values, stores, size } = kernel;
    return [{ kind: "map", label, axes, streams, values, stores, size }];
  }
  const isAcross = kernel.axes.at(-1)?.isReduced === false;
  const chunks = isAcross ? chunksAcross(kernel.axes) : chunksAlong(kernel);
  if (!isAcross && chunks.count === 1) return [{ ...kernel, kind: "rows", chunks, partials: null }];
  return splitInTwo(kernel, chunks, isAcross, nextTemp);
}

const sizes = (axes: readonly Axis[]): number[] => axes.map(({ size }) => size);

function chunksAlong({ axes, blockElements }: LoopKernel): Chunks {
  const outputs = sizeOf(sizes(axes.filter(({ isReduced }) => !isReduced)));
  const inner = axes.at(-1)?.size ?? 1;
  const total = sizeOf(sizes(axes.slice(0, -1).filter(({ isReduced }) => isReduced)));
  const run = sizeOf(sizes(axes.slice(axes.findLastIndex(({ isReduced }) => !isReduced) + 1)));
  const whole = { count: 1, unitRows: total, blocks: 1, rows: total, elements: null };
  if (outputs >= enoughOutputs || total * inner <= 2 * chunkElements) return whole;
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
  chunks: Chunks,
  isAcross: boolean,
  nextTemp: () => number,
): RunnableKernel[] {
  const { label, axes, values, bodyCount, stores, reductions, size, blockElements } = kernel;
  const states = stateBuffers(kernel, nextTemp);
  const body = trim(kernel, { from: 0, to: bodyCount }, stores);
  const first = withStates(states, body.streams, axes);
  const common = { label, axes, bodyCount, reductions, chunks, size, blockElements };
  const folding = { ...common, values: body.values, stores: body.stores, ...first };
  const after = trim(kernel, { from: bodyCount, to: values.length }, kernel.epilogue);
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
  const partial: RunnableKernel = isAcross
    ? { kind: "columns", ...folding }
    : { kind: "rows", epilogue: [], ...folding };
  return [partial, merging];
}

/** The buffers of all states, and how the kept elements lie in each. */
interface StateBuffers {
  readonly temps: readonly (readonly { readonly index: number; readonly dtype: DType }[])[];
  readonly strides: readonly number[];
  readonly elements: number;
}

function stateBuffers({ axes, reductions }: LoopKernel, nextTemp: () => number): StateBuffers {
  const temps = reductions.map(({ reducer }) =>
    reducer.state.map(({ type }) => ({ index: nextTemp(), dtype: partialDType[type] })),
  );
  return { temps, ...partialLayout(axes.filter(({ isReduced }) => !isReduced)) };
}

/** The streams with those of the states behind them, walked along `axes`. */
function withStates(
  { temps, strides, elements }: StateBuffers,
  streams: readonly Stream[],
  axes: readonly Axis[],
): { streams: readonly Stream[]; partials: Partials } {
  const made: Stream[] = [];
  const ids = temps.map((states) =>
    states.map(({ index, dtype }) => {
      const buffer = { kind: "temp", index } as const;
      made.push({ buffer, dtype, strides: spreadKept(axes, strides), offset: 0, steps: null });
      return streams.length + made.length - 1;
    }),
  );
  return { streams: [...streams, ...made], partials: { streams: ids, chunkStride: elements } };
}

/** A walk of all axes as one of the kept axes. */
const onKept = <Walk extends { readonly strides: readonly number[] }>(
  walk: Walk,
  axes: readonly Axis[],
): Walk => ({ ...walk, strides: walk.strides.filter((_, axis) => !axes[axis]?.isReduced) });

/** Rows of the last kept axis are padded to whole vectors: a tail's store touches no neighbour. */
function partialLayout(kept: readonly Axis[]): { strides: number[]; elements: number } {
  const padded = Math.ceil((kept.at(-1)?.size ?? 1) / 4) * 4;
  const strides: number[] = [];
  let stride = padded;
  kept.forEach((_, at) => {
    const axis = kept.length - 1 - at;
    strides[axis] = at === 0 ? 1 : stride;
    if (at > 0) stride *= kept[axis]?.size ?? 1;
  });
  return { strides, elements: stride };
}

/** Strides of kept axes set among all axes; reduced ones stand still. */
function spreadKept(axes: readonly Axis[], strides: readonly number[]): number[] {
  let next = 0;
  return axes.map(({ isReduced }) => (isReduced ? 0 : (strides[next++] as number)));
}

/** The values of a range with only the streams they and the stores use, renumbered. */
function trim(
  { values, streams }: LoopKernel,
  range: { from: number; to: number },
  stores: LoopKernel["stores"],
): Pick<LoopKernel, "values" | "streams" | "stores"> {
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
