// A scatter of many rows into a large target goes by buckets. Another long one is several, one after the
// other: a unit must walk all indices in order, so that without them a tile of a million rows would run for
// as long as those take, and nothing could stop it.

import { byBuckets } from "./buckets.ts";
import { scatterUnits } from "./emit/scatter-code.ts";
import type { Axis, KernelValue, RunnableKernel, ScatterKernel, Stream } from "./kernel.ts";

/** Elements that a unit combines in some milliseconds. */
const enoughForUnit = 1 << 22;

export const splitScatter = (kernel: ScatterKernel, nextTemp: () => number): RunnableKernel[] =>
  byBuckets(kernel, nextTemp) ?? inParts(kernel);

function inParts(kernel: ScatterKernel): ScatterKernel[] {
  const { axes, size, streams } = kernel;
  const axis = axes.findIndex(({ isReduced }) => isReduced);
  const count = axes[axis]?.size ?? 1;
  const isFlattened = streams.some(({ steps }) => steps !== null);
  const parts = Math.min(count, Math.ceil(size / scatterUnits(kernel) / enoughForUnit));
  if (parts <= 1 || isFlattened) return [kernel];
  const length = Math.ceil(count / parts);
  return Array.from({ length: Math.ceil(count / length) }, (_, part) =>
    partOf(kernel, axis, part * length, Math.min(length, count - part * length)),
  );
}

/** The indices from `start` on along an axis, `length` of them. */
function partOf(kernel: ScatterKernel, axis: number, start: number, length: number): ScatterKernel {
  const { axes, size, streams, values } = kernel;
  const own = axes[axis] as Axis;
  const moved = <Walk extends Pick<Stream, "strides" | "offset">>(walk: Walk): Walk => ({
    ...walk,
    offset: walk.offset + start * (walk.strides[axis] ?? 0),
  });
  return {
    ...kernel,
    axes: axes.map((one, at) => (at === axis ? { ...one, size: length } : one)),
    streams: streams.map(moved),
    values: values.map((value): KernelValue => (value.kind === "index" ? moved(value) : value)),
    size: (size / own.size) * length,
  };
}
