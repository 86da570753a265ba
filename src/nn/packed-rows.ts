// Packed sequences as rows: where their elements lie among [times, batch], and the way there.

import { tensor } from "../tensor/from-data.ts";
import { cat, full } from "../tensor/functions.ts";
import type { Tensor } from "../tensor/tensor.ts";

interface Packed {
  readonly data: Tensor;
  /** How many sequences are that long, for each time. */
  readonly sizes: readonly number[];
}

/** Rows of [times · batch, …], of the batch where a packed sequence has its elements. */
export function rowsOfPacked(sizes: readonly number[]): number[] {
  const batch = sizes[0] ?? 0;
  return sizes.flatMap((size, time) => Array.from({ length: size }, (_, at) => time * batch + at));
}

/** [times, batch]: whether a sequence has an element there; the longest first. */
export function maskOfPacked(sizes: readonly number[]): Tensor {
  const batch = sizes[0] ?? 0;
  return tensor(sizes.map((size) => Array.from({ length: batch }, (_, at) => at < size)));
}

/** [times, batch, …] of a packed sequence, in its order; `order` puts the sequences in another. */
export function spreadOut(
  { data, sizes }: Packed,
  { steps, value, order }: { steps: number; value: number; order: readonly number[] | null },
): Tensor {
  const batch = sizes[0] ?? 0;
  const starts = sizes.map((_, time) => sizes.slice(0, time).reduce((sum, size) => sum + size, 0));
  const rest = data.shape.slice(1);
  const padding = full([1, ...rest], value, { dtype: data.dtype });
  const isPadded = steps > sizes.length || sizes.some((size) => size < batch);
  const rows = Array.from({ length: steps * batch }, (_, cell) => {
    const [time, at] = [Math.floor(cell / batch), cell % batch];
    const place = order ? (order[at] as number) : at;
    return place < (sizes[time] ?? 0)
      ? (starts[time] as number) + place
      : (data.shape[0] as number);
  });
  const table = isPadded ? cat([data, padding]) : data;
  return table.indexSelect(0, tensor(rows, { dtype: "int64" })).reshape([steps, batch, ...rest]);
}
