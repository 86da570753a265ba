// Borders: what a window leaves of a row-major value, as boxes that do not meet. Padding writes these and
// the window, instead of everything first and the window again.
//
//   axis by axis, outer first:  before │ window │ behind      on earlier axes the window's part alone

import { contiguousStrides, type Shape } from "../base/shapes.ts";
import type { View } from "../base/views.ts";

/** The boxes as views; null where the window is no box. */
export function bordersOf(shape: Shape, window: View): View[] | null {
  const strides = contiguousStrides(shape);
  const isBox =
    window.shape.length === shape.length &&
    window.shape.every((size, axis) => size === 1 || window.strides[axis] === strides[axis]);
  if (!isBox) return null;
  const starts = strides.map(
    (stride, axis) => Math.floor(window.offset / stride) % (shape[axis] as number),
  );
  const boxes: View[] = [];
  const [from, sizes] = [shape.map(() => 0), [...shape]];
  starts.forEach((start, axis) => {
    const [whole, own] = [shape[axis] as number, window.shape[axis] as number];
    for (const [first, size] of [
      [0, start],
      [start + own, whole - start - own],
    ] as const) {
      if (size === 0) continue;
      const box = sizes.with(axis, size);
      const offset = from
        .with(axis, first)
        .reduce((total, at, each) => total + at * (strides[each] as number), 0);
      boxes.push({ shape: box, strides, offset });
    }
    from[axis] = start;
    sizes[axis] = own;
  });
  return boxes;
}
