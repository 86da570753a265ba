// Strided views: a window on a flat, row-major base. Element i of the view (i a multi-index) is
// element offset + Σ i[axis]·strides[axis] of the base. Everything here is arithmetic on geometry.

import type { Shape } from "./shapes.ts";
import { contiguousStrides, sizeOf } from "./shapes.ts";

export interface View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

export const contiguousView = (shape: Shape): View => ({
  shape,
  strides: contiguousStrides(shape),
  offset: 0,
});

/** Whether the view lists its elements in row-major order without gaps, from `offset` on. */
export function isContiguous(view: View): boolean {
  let expected = 1;
  for (let axis = view.shape.length - 1; axis >= 0; axis--) {
    const n = view.shape[axis] as number;
    if (n === 0) return true;
    if (n !== 1 && view.strides[axis] !== expected) return false;
    expected *= n;
  }
  return true;
}

export const permuteView = (view: View, axes: readonly number[]): View => ({
  shape: axes.map((axis) => view.shape[axis] as number),
  strides: axes.map((axis) => view.strides[axis] as number),
  offset: view.offset,
});

/** Broadcast to `shape` (right-aligned); the caller has checked that it fits. */
export function expandView(view: View, shape: Shape): View {
  const lead = shape.length - view.shape.length;
  const strides = shape.map((n, axis) =>
    axis < lead || (view.shape[axis - lead] === 1 && n !== 1)
      ? 0
      : (view.strides[axis - lead] as number),
  );
  return { shape, strides, offset: view.offset };
}

export interface Slice {
  readonly start: number;
  readonly size: number;
  /** Not 0; negative walks backwards (flip). */
  readonly step: number;
}

/** One slice an axis. */
export function sliceView(view: View, slices: readonly Slice[]): View {
  let offset = view.offset;
  const strides = slices.map((slice, axis) => {
    const stride = view.strides[axis] as number;
    if (slice.size > 0) offset += slice.start * stride;
    return stride * slice.step;
  });
  return { shape: slices.map((slice) => slice.size), strides, offset };
}

/** The same elements under another shape, or null where strides cannot say it (a copy is needed). */
export function reshapeView(view: View, shape: Shape): View | null {
  if (sizeOf(view.shape) === 0) return { ...contiguousView(shape), offset: view.offset };
  const strides = new Array<number>(shape.length).fill(0);
  const old = mergeAxes(view);
  let axis = shape.length - 1;
  for (let group = old.length - 1; group >= 0; group--) {
    let [remaining, stride] = old[group] as [number, number];
    while (axis >= 0 && (remaining > 1 || shape[axis] === 1)) {
      const n = shape[axis] as number;
      if (remaining % n !== 0) return null;
      strides[axis] = stride;
      stride *= n;
      remaining /= n;
      axis--;
    }
    if (remaining !== 1) return null;
  }
  for (; axis >= 0; axis--) if (shape[axis] !== 1) return null;
  return { shape, strides, offset: view.offset };
}

/** Axes of size > 1, neighbours that run on into each other merged: [size, stride] from outside in. */
function mergeAxes(view: View): [number, number][] {
  const groups: [number, number][] = [];
  view.shape.forEach((n, axis) => {
    if (n === 1) return;
    const stride = view.strides[axis] as number;
    const last = groups.at(-1);
    if (last && last[1] === stride * n) {
      last[0] *= n;
      last[1] = stride;
    } else {
      groups.push([n, stride]);
    }
  });
  return groups;
}

/** Whether two indices of the view may name the same element (an expanded axis, overlapping windows). */
export function mayOverlap(view: View): boolean {
  if (sizeOf(view.shape) === 0) return false;
  const axes = view.shape
    .map((n, axis) => [n, Math.abs(view.strides[axis] as number)] as const)
    .filter(([n]) => n > 1)
    .sort((a, b) => a[1] - b[1]);
  let reach = 0;
  for (const [n, stride] of axes) {
    if (stride <= reach) return true;
    reach += (n - 1) * stride;
  }
  return false;
}

/** Lowest and highest base element that the view touches; null when it is empty. */
export function viewBounds(view: View): { low: number; high: number } | null {
  if (sizeOf(view.shape) === 0) return null;
  let low = view.offset;
  let high = view.offset;
  view.shape.forEach((n, axis) => {
    const reach = (n - 1) * (view.strides[axis] as number);
    if (reach < 0) low += reach;
    else high += reach;
  });
  return { low, high };
}
