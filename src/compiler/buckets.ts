// A scatter of many rows into a large target, sorted first by where they go, so that what is combined lies
// near at hand. A bucket is so many rows of the target as the second cache holds; its list keeps the order
// of the indices, so that bits are those of one walk. All of it is cut by shapes alone.
//
//   bucketCount    how many indices of each chunk go to each bucket
//   bucketStarts   where each chunk's part of each bucket's list starts
//   bucketPlace    the indices into the lists
//   bucketScatter  bucket by bucket, each list in order

import { dtypes } from "../base/dtypes.ts";
import { levelsOf } from "./emit/levels.ts";
import type {
  Axis,
  BucketIndexKernel,
  BucketScatterKernel,
  Buckets,
  Fill,
  KernelValue,
  RunnableKernel,
  ScatterKernel,
  Stream,
} from "./kernel.ts";

/** Indices from which on sorting pays, and bytes of a target that no cache holds. */
const enoughIndices = 1 << 16;
const largeTarget = 1 << 22;
/** Bytes of rows that are waited for; longer ones are streams themselves. */
const longRow = 1024;
/** Bytes of a bucket's rows at least, and how many buckets there are at most: each is a line being written. */
const leastOfBucket = 1 << 18;
const mostBuckets = 4096;
/** Indices of a chunk at least, and how many chunks there are at most: their sums are made by one worker. */
const leastOfChunk = 1 << 14;
const mostChunks = 256;
/** Elements that a launch combines into a bucket at most: some milliseconds, if all go to one. */
const mostElements = 1 << 21;

type Layout = Pick<Buckets, "count" | "shift" | "chunks" | "chunkElements">;

/** The scatter by buckets, or null where rows are few, long or near at hand. */
export function byBuckets(kernel: ScatterKernel, nextTemp: () => number): RunnableKernel[] | null {
  if (!isSortable(kernel)) return null;
  const { axes, label, extent } = kernel;
  const [{ size: count }, { size: columns }] = axes as [Axis, Axis];
  const layout = layoutOf(kernel, count);
  const streams = bucketStreams(layout, count, nextTemp);
  const along = {
    label,
    size: count,
    extent,
    ...withBuckets(layout, streams, alongIndices(kernel)),
  };
  const starts: RunnableKernel = {
    kind: "bucketStarts",
    label,
    axes: [],
    values: [],
    size: layout.chunks * layout.count,
    ...withBuckets(layout, streams, { streams: [] }),
  };
  const listMost = Math.ceil(mostElements / columns);
  const parts = Math.ceil(count / listMost);
  const scatter = scatterOf(kernel, { layout, streams, listMost, parts });
  const first = kernel.fill ? filled(scatter, kernel.fill) : scatter;
  return [
    { kind: "bucketCount", ...along } satisfies BucketIndexKernel,
    starts,
    { kind: "bucketPlace", ...along } satisfies BucketIndexKernel,
    ...Array.from({ length: parts }, (_, part) => (part === 0 ? first : scatter)),
  ];
}

/** Whether it is rows of [index, column], the index the same along a row, and sorting pays. */
export function isSortable(kernel: ScatterKernel): boolean {
  const { axes, streams, stride, extent } = kernel;
  const [rows, columns] = axes;
  const { dtype, strides } = streams[kernel.target] as Stream;
  const { bytes } = dtypes[dtype];
  return (
    axes.length === 2 &&
    rows?.isReduced === true &&
    columns?.isReduced === false &&
    levelsOf(kernel)[kernel.index] !== "vector" &&
    streams.every(({ steps }) => steps === null) &&
    kernel.values.every((value) => value.kind !== "index" || value.steps === null) &&
    strides.at(-1) === 1 &&
    rows.size >= enoughIndices &&
    stride * bytes <= longRow &&
    stride * extent * bytes >= largeTarget
  );
}

function layoutOf({ streams, target, stride, extent }: ScatterKernel, indices: number): Layout {
  const { bytes } = dtypes[(streams[target] as Stream).dtype];
  const rows = Math.max(1, extent / mostBuckets, leastOfBucket / (stride * bytes));
  const shift = Math.ceil(Math.log2(rows));
  const chunkElements = 4 * Math.ceil(Math.max(leastOfChunk, indices / mostChunks) / 4);
  return {
    count: Math.ceil(extent / 2 ** shift),
    shift,
    chunks: Math.ceil(indices / chunkElements),
    chunkElements,
  };
}

interface BucketStreams {
  readonly counts: Stream;
  readonly lists: Stream;
}

function bucketStreams(
  { count, chunks }: Layout,
  indices: number,
  nextTemp: () => number,
): BucketStreams {
  const words = (elements: number): Stream => ({
    buffer: { kind: "temp", index: nextTemp() },
    dtype: "int32",
    strides: [],
    offset: 0,
    steps: null,
    reach: elements - 1,
  });
  return { counts: words((chunks + 1) * rowElements(count)), lists: words(2 * indices) };
}

/** Counts of a chunk, in whole vectors. */
const rowElements = (count: number): number => 4 * Math.ceil(count / 4);

/** A kernel's parts with the buckets' streams behind its own. */
function withBuckets<Parts extends { readonly streams: readonly Stream[]; axes?: readonly Axis[] }>(
  layout: Layout,
  { counts, lists }: BucketStreams,
  parts: Parts,
): Parts & { readonly buckets: Buckets } {
  const still = (parts.axes ?? []).map(() => 0);
  const own = [counts, lists].map((stream) => ({ ...stream, strides: still }));
  const at = parts.streams.length;
  const places = { rowElements: rowElements(layout.count), counts: at, lists: at + 1 };
  return { ...parts, streams: [...parts.streams, ...own], buckets: { ...layout, ...places } };
}

/** The index alone, along the indices. */
function alongIndices(kernel: ScatterKernel) {
  const { values, streams, at } = neededFor(kernel, [kernel.index], []);
  const along = <Walk extends Pick<Stream, "strides">>(walk: Walk): Walk => ({
    ...walk,
    strides: walk.strides.slice(0, 1),
  });
  return {
    axes: kernel.axes.slice(0, 1).map((axis) => ({ ...axis, isReduced: false })),
    streams: streams.map(along),
    values: values.map((value) => (value.kind === "index" ? along(value) : value)),
    index: at(kernel.index),
  };
}

interface Cut {
  readonly layout: Layout;
  readonly streams: BucketStreams;
  readonly listMost: number;
  readonly parts: number;
}

function scatterOf(
  kernel: ScatterKernel,
  { layout, streams: lists, listMost, parts }: Cut,
): BucketScatterKernel {
  const { label, axes, stride, extent, combine, size } = kernel;
  const target = kernel.streams[kernel.target] as Stream;
  const { values, streams, at } = neededFor(kernel, [kernel.value], [target]);
  return {
    kind: "bucketScatter",
    label,
    value: at(kernel.value),
    target: 0,
    stride,
    extent,
    combine,
    fill: null,
    size: size / parts,
    listMost,
    ...withBuckets(layout, lists, { axes, streams, values }),
  };
}

/** The kernel with the fill's values before its own. */
function filled(kernel: BucketScatterKernel, fill: Fill): BucketScatterKernel {
  const ahead = fill.values.length;
  const own = kernel.values.map((value): KernelValue => {
    if (value.kind === "apply") return { ...value, args: value.args.map((arg) => arg + ahead) };
    return value.kind === "gather" ? { ...value, index: value.index + ahead } : value;
  });
  const values = [...fill.values, ...own];
  const size = kernel.size + kernel.stride * kernel.extent;
  return { ...kernel, values, value: kernel.value + ahead, fill: fill.value, size };
}

/** What of a kernel some values need, behind the streams of `first`; `at` tells a value's new number. */
function neededFor(
  { values, streams }: ScatterKernel,
  wanted: readonly number[],
  first: readonly Stream[],
) {
  const needed = new Set(wanted);
  for (let at = values.length - 1; at >= 0; at--) {
    const value = values[at] as KernelValue;
    if (!needed.has(at)) continue;
    if (value.kind === "apply") for (const arg of value.args) needed.add(arg);
    if (value.kind === "gather") needed.add(value.index);
  }
  const order = [...needed].sort((a, b) => a - b);
  const at = (value: number): number => order.indexOf(value);
  const kept = [...first];
  const keep = (stream: number): number => {
    const known = kept.indexOf(streams[stream] as Stream, first.length);
    return known >= 0 ? known : kept.push(streams[stream] as Stream) - 1;
  };
  const renumbered = order.map((old): KernelValue => {
    const value = values[old] as KernelValue;
    if (value.kind === "load") return { ...value, stream: keep(value.stream) };
    if (value.kind === "apply") return { ...value, args: value.args.map(at) };
    if (value.kind !== "gather") return value;
    return { ...value, stream: keep(value.stream), index: at(value.index) };
  });
  return { values: renumbered, streams: kept, at };
}
