// Fills: a target that holds one value everywhere before rows are combined into it is not written first and
// read again: who combines bucket by bucket fills the bucket too, while its rows are near at hand.

import { isSortable } from "./buckets.ts";
import { levelsOf } from "./emit/levels.ts";
import type { Buffer, Kernel, LoopKernel, Pass, ScatterKernel, Stream } from "./kernel.ts";

/** The kernels, those left out that only fill what a scatter by buckets can fill itself. */
export function withFills(kernels: readonly Kernel[]): Kernel[] {
  const kept: Kernel[] = [];
  for (const kernel of kernels) {
    const at = kernel.kind === "scatter" && isSortable(kernel) ? fillOf(kernel, kept) : -1;
    if (at < 0) {
      kept.push(kernel);
      continue;
    }
    const [{ values, passes }] = kept.splice(at, 1) as [LoopKernel];
    const fill = { values, value: passes[0]?.stores[0]?.value as number };
    kept.push({ ...(kernel as ScatterKernel), fill });
  }
  return kept;
}

/** Where the kernel stands that fills the target and alone touches it so far, or -1. */
function fillOf(kernel: ScatterKernel, before: readonly Kernel[]): number {
  const { buffer } = kernel.streams[kernel.target] as Stream;
  const uses = before.flatMap(({ streams }, at) => (touches(streams, buffer) > 0 ? [at] : []));
  const [at = -1] = uses;
  const isOnly = uses.length === 1 && touches(kernel.streams, buffer) === 1;
  return isOnly && isFill(before[at] as Kernel, kernel) ? at : -1;
}

const touches = (streams: readonly Stream[], buffer: Buffer): number =>
  streams.filter(
    (stream) => stream.buffer.kind === buffer.kind && stream.buffer.index === buffer.index,
  ).length;

function isFill(kernel: Kernel, { streams, target, stride, extent }: ScatterKernel): boolean {
  if (kernel.kind !== "loop" || kernel.passes.length > 1) return false;
  const [{ stores, reductions }] = kernel.passes as [Pass];
  const [store] = stores;
  if (!store || stores.length > 1 || reductions.length > 0) return false;
  const { strides, offset } = kernel.streams[store.stream] as Stream;
  return (
    kernel.axes.length === 1 &&
    kernel.axes[0]?.size === stride * extent &&
    strides[0] === 1 &&
    offset === 0 &&
    streams[target]?.offset === 0 &&
    levelsOf(kernel)[store.value] === "function"
  );
}
