// Short folds: what is folded across rows over few elements, as a window's are, is written out in the loop of
// its results, operand after operand. So it is a map like any other, and what follows joins it.

import { type Shape, sizeOf } from "../base/shapes.ts";
import type { SubAxis } from "./access.ts";
import type { Operand } from "./step.ts";

/** Elements of a fold across rows that are written out one after the other, as a window's are. */
const mostWrittenOut = 64;
/** Folds from which on that leaves work enough. */
const leastFolds = 256;

export function isShort(space: Shape, axes: readonly number[]): boolean {
  const elements = sizeOf(axes.map((axis) => space[axis] as number));
  const isAcross = !axes.includes(space.findLastIndex((size) => size > 1));
  return isAcross && elements <= mostWrittenOut && sizeOf(space) >= leastFolds * elements;
}

/** The operand at each index of the axes, row-major, as operands without them. */
export function elementsAlong({ source, access }: Operand, axes: readonly number[]): Operand[] {
  const kept = access.axes.filter((_, axis) => !axes.includes(axis));
  let offsets = [access.offset];
  for (const { size, stride } of axes.flatMap((axis) => access.axes[axis] as SubAxis[])) {
    offsets = offsets.flatMap((offset) =>
      Array.from({ length: size }, (_, at) => offset + at * stride),
    );
  }
  return offsets.map((offset) => ({ source, access: { axes: kept, offset } }));
}
