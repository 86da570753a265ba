// Positions in lists, as Python counts them.

import { fail } from "../../base/errors.ts";
import type { Slice } from "../../tensor/slice.ts";

export function positionOf(op: string, index: number, length: number): number {
  const isThere = Number.isInteger(index) && index >= -length && index < length;
  if (!isThere) fail(op, `index ${index} is out of range, there are ${length}`);
  return index < 0 ? index + length : index;
}

/** What `start:stop:step` takes of a list. */
export function chosenBySlice<T>(items: readonly T[], { start, stop, step }: Slice): T[] {
  const stride = step ?? 1;
  if (stride === 0) fail("slice", "step cannot be zero");
  const { length } = items;
  const [least, most] = stride > 0 ? [0, length] : [-1, length - 1];
  const limited = (at: number | null, fallback: number): number => {
    if (at === null) return fallback;
    return Math.min(Math.max(at < 0 ? at + length : at, least), most);
  };
  const from = limited(start, stride > 0 ? least : most);
  const to = limited(stop, stride > 0 ? most : least);
  const count = Math.max(0, Math.ceil((to - from) / stride));
  return Array.from({ length: count }, (_, i) => items[from + i * stride] as T);
}
