// Shapes and strides, in elements. A shape's strides are row-major unless said otherwise.

import { fail } from "./errors.ts";

export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
};

export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= Math.max(shape[axis] as number, 1);
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Printed as PyTorch prints sizes: `[2, 3]`. */
export const showShape = (shape: Shape): string => `[${shape.join(", ")}]`;

/** PyTorch's broadcast of two shapes; throws with PyTorch's words when they do not fit. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let axis = rank - 1; axis >= 0; axis--) {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      fail(
        op,
        `The size of tensor a (${x}) must match the size of tensor b (${y}) at non-singleton ` +
          `dimension ${axis}; got ${showShape(a)} and ${showShape(b)}`,
      );
    }
    shape[axis] = x === 1 ? y : x;
  }
  return shape;
}

/** An axis counted from either end, checked: -1 is the last. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const bound = Math.max(rank, 1);
  if (!Number.isInteger(axis) || axis < -bound || axis >= bound) {
    fail(
      op,
      `Dimension out of range (expected to be in range of [${-bound}, ${bound - 1}], but got ${axis})`,
    );
  }
  return axis < 0 ? axis + bound : axis;
}

/** Several axes, normalized, ascending; throws on a repeated one. `null` and `[]` mean all. */
export function normalizeAxes(
  op: string,
  axes: number | readonly number[] | null | undefined,
  rank: number,
): number[] {
  const list = axes == null ? [] : typeof axes === "number" ? [axes] : axes;
  if (list.length === 0) return Array.from({ length: rank }, (_, axis) => axis);
  const normal = list.map((axis) => normalizeAxis(op, axis, rank));
  const sorted = [...new Set(normal)].sort((a, b) => a - b);
  if (sorted.length !== normal.length) {
    fail(
      op,
      `dim ${normal.find((d, i) => normal.indexOf(d) !== i)} appears multiple times in the list of dims`,
    );
  }
  return rank === 0 ? [] : sorted;
}
