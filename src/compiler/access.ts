// Access: how a kernel walks a buffer. For each axis of the iteration space a list of sub-axes
// (outer to inner) with element strides: an axis of 12 over a transposed [3, 4] is (4, 1)(3, 4).
// So any chain of views is followed by strides alone; no kernel divides an index.

import type { Shape } from "../base/shapes.ts";
import { contiguousStrides, sizeOf } from "../base/shapes.ts";
import type { View } from "../base/views.ts";

export interface SubAxis {
  readonly size: number;
  readonly stride: number;
}

export interface Access {
  /** One list per iteration axis; sizes of a list multiply to the axis' size. */
  readonly axes: readonly (readonly SubAxis[])[];
  readonly offset: number;
}

export function accessOf(view: View): Access {
  const axes = view.shape.map((size, axis) => [{ size, stride: view.strides[axis] as number }]);
  return { axes, offset: view.offset };
}

export const identityAccess = (shape: Shape): Access =>
  accessOf({ shape, strides: contiguousStrides(shape), offset: 0 });

/** All of a space at one element. */
export const stillAccess = (space: Shape, offset = 0): Access =>
  accessOf({ shape: space, strides: space.map(() => 0), offset });

/** How a space walks a row-major value beside `axis`, along which an index says the place. */
export function accessBeside(axis: number, shape: Shape, space: Shape) {
  const strides = contiguousStrides(shape);
  const others = space.map((_, at) => (at === axis ? 0 : (strides[at] ?? 0)));
  const access = accessOf({ shape: space, strides: others, offset: 0 });
  return { access, stride: strides[axis] ?? 0, extent: shape[axis] ?? 1 };
}

/** The same walk with `axis` from its end. */
export function flippedAccess(access: Access, axis: number): Access {
  let { offset } = access;
  for (const { size, stride } of access.axes[axis] ?? []) offset += stride * (size - 1);
  const axes = access.axes.map((subAxes, at) =>
    at === axis ? subAxes.map(({ size, stride }) => ({ size, stride: -stride })) : subAxes,
  );
  return { axes, offset };
}

/** Whether the access lists a buffer's elements one after the other from 0. */
export function isIdentity(access: Access): boolean {
  if (access.offset !== 0) return false;
  let expected = 1;
  for (const subAxes of [...access.axes].reverse()) {
    for (const { size, stride } of [...subAxes].reverse()) {
      if (size !== 1 && stride !== expected) return false;
      expected *= size;
    }
  }
  return true;
}

/**
 * The same walk with axes joined to those of `shape`, which has as many elements; null where an axis would
 * have to be cut.
 */
export function joinedAccess(access: Access, shape: Shape): Access | null {
  const rest = [...access.axes];
  const axes: SubAxis[][] = [];
  for (const size of shape) {
    let parts: readonly SubAxis[] = [];
    while (extentOf(parts) < size) {
      const next = rest.shift();
      if (!next) return null;
      parts = [...parts, ...next];
    }
    if (extentOf(parts) !== size) return null;
    axes.push(runningOn(parts));
  }
  return rest.every((parts) => extentOf(parts) === 1) ? { axes, offset: access.offset } : null;
}

/** Which axes of `joined` the given ones of `shape` make up; null where they are only a part of one. */
export function joinedAxes(shape: Shape, joined: Shape, axes: readonly number[]): number[] | null {
  const own: number[] = [];
  let at = 0;
  for (const [axis, size] of joined.entries()) {
    let elements = 1;
    const isReduced = new Set<boolean>();
    for (; at < shape.length && (elements < size || shape[at] === 1); at++) {
      elements *= shape[at] as number;
      if (shape[at] !== 1) isReduced.add(axes.includes(at));
    }
    if (isReduced.size > 1) return null;
    if (isReduced.has(true)) own.push(axis);
  }
  return own.length > 0 ? own : null;
}

const extentOf = (parts: readonly SubAxis[]): number =>
  parts.reduce((product, { size }) => product * size, 1);

/** Sub-axes that run on into each other as one; none of one element, unless there is no other. */
function runningOn(parts: readonly SubAxis[]): SubAxis[] {
  const joined: SubAxis[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.size === 1) continue;
    if (last && last.stride === part.stride * part.size) {
      joined[joined.length - 1] = { size: last.size * part.size, stride: part.stride };
    } else joined.push(part);
  }
  return joined.length > 0 ? joined : [{ size: 1, stride: 0 }];
}

/** Whether each axis is walked by one stride. */
export const isPlain = (access: Access): boolean =>
  access.axes.every((subAxes) => subAxes.filter(({ size }) => size !== 1).length <= 1);

/** The one stride of each axis. */
export const plainStrides = (access: Access): number[] =>
  access.axes.map((subAxes) => subAxes.find(({ size }) => size !== 1)?.stride ?? 0);

/** Whether every element is read at most once. */
export const isInjective = (access: Access): boolean =>
  access.axes.every((subAxes) => subAxes.every(({ size, stride }) => size === 1 || stride !== 0));

/**
 * `outer` walks the row-major elements of a value of `inner.shape`, which is itself the window `inner`
 * on a base: the walk on the base, or null where strides cannot say it.
 */
export function composeAccess(inner: View, outer: Access): Access | null {
  const { shape } = inner;
  const isEmpty = outer.axes.some((subAxes) => subAxes.some(({ size }) => size === 0));
  if (isEmpty || sizeOf(shape) === 0) return { axes: outer.axes, offset: inner.offset };
  const flat = contiguousStrides(shape);
  const digits = flat.map(
    (stride, axis) => Math.floor(outer.offset / stride) % (shape[axis] as number),
  );
  const low = [...digits];
  const high = [...digits];
  const axes: SubAxis[][] = [];
  for (const subAxes of outer.axes) {
    const parts = subAxes.map((subAxis) => spread(inner, flat, digits, subAxis));
    if (parts.some((part) => part === null)) return null;
    for (const part of parts.flat() as Part[]) {
      const reach = part.count * (part.size - 1);
      if (reach < 0) (low[part.axis] as number) += reach;
      else (high[part.axis] as number) += reach;
    }
    axes.push((parts.flat() as Part[]).map(({ size, stride }) => ({ size, stride })));
  }
  if (low.some((digit) => digit < 0)) return null;
  if (high.some((digit, axis) => digit >= (shape[axis] as number))) return null;
  const start = digits.reduce(
    (total, digit, axis) => total + digit * (inner.strides[axis] as number),
    0,
  );
  return { axes, offset: inner.offset + start };
}

interface Part extends SubAxis {
  /** Axis of the inner value that this part moves along, by `count` a step. */
  readonly axis: number;
  readonly count: number;
}

/** One sub-axis of a flat walk, spread over the inner value's axes; outer to inner. */
function spread(
  inner: View,
  flat: readonly number[],
  digits: readonly number[],
  { size, stride }: SubAxis,
): Part[] | null {
  if (size === 1 || stride === 0) return [{ size, stride: 0, axis: 0, count: 0 }];
  const axis = flat.findIndex(
    (step, at) =>
      (inner.shape[at] as number) > 1 && step <= Math.abs(stride) && stride % step === 0,
  );
  if (axis < 0) return null;
  const extent = inner.shape[axis] as number;
  const count = stride / (flat[axis] as number);
  const along = (n: number): Part => ({
    size: n,
    stride: count * (inner.strides[axis] as number),
    axis,
    count,
  });
  const last = (digits[axis] as number) + count * (size - 1);
  if (last >= 0 && last < extent) return [along(size)];
  if (count <= 0 || extent % count !== 0 || digits[axis] !== 0) return null;
  const inside = extent / count;
  if (size % inside !== 0) return null;
  const rest = spread(inner, flat, digits, { size: size / inside, stride: stride * inside });
  return rest && [...rest, along(inside)];
}

/** A common cut of iteration axes that every access can follow, or null. Sizes outer to inner. */
export function commonCuts(shape: Shape, accesses: readonly Access[]): number[][] | null {
  const cuts: number[][] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const marks = new Set<number>([1, shape[axis] as number]);
    for (const access of accesses) {
      let inside = 1;
      for (const { size } of [...(access.axes[axis] as SubAxis[])].reverse()) {
        inside *= size;
        marks.add(inside);
      }
    }
    const sorted = [...marks].sort((a, b) => a - b);
    const sizes: number[] = [];
    for (let at = 1; at < sorted.length; at++) {
      const [below, above] = [sorted[at - 1] as number, sorted[at] as number];
      if (above % below !== 0) return null;
      sizes.unshift(above / below);
    }
    cuts.push(sizes.length > 0 ? sizes : [1]);
  }
  return cuts;
}

/** The strides of `access` on axes cut as `cuts` says, all axes in one list. */
export function cutStrides(access: Access, cuts: readonly (readonly number[])[]): number[] {
  return cuts.flatMap((sizes, axis) => {
    const subAxes = [...(access.axes[axis] as SubAxis[])].reverse();
    const strides: number[] = [];
    let at = 0;
    let inside = 1;
    for (const size of [...sizes].reverse()) {
      while (at < subAxes.length - 1 && inside >= (subAxes[at] as SubAxis).size) {
        inside /= (subAxes[at] as SubAxis).size;
        at++;
      }
      strides.unshift(((subAxes[at] as SubAxis)?.stride ?? 0) * inside);
      inside *= size;
    }
    return strides;
  });
}

/** Whether it walks all of a row-major buffer of this shape, in order. */
export function isWhole(access: Access, shape: Shape): boolean {
  const own = identityAccess(shape);
  return (
    access.offset === 0 &&
    access.axes.every((subAxes, axis) => {
      const [only] = subAxes;
      const [mine] = own.axes[axis] as [{ size: number; stride: number }];
      return subAxes.length === 1 && (mine.size === 1 || only?.stride === mine.stride);
    })
  );
}

/** Composition when the base is itself read through sub-axes: its cut axes count as its shape. */
export function composeLocated(base: Access, shape: Shape, outer: Access): Access | null {
  if (sizeOf(shape) === 0) return outer;
  const cut = base.axes.flat();
  return composeAccess(
    {
      shape: cut.map(({ size }) => size),
      strides: cut.map(({ stride }) => stride),
      offset: base.offset,
    },
    outer,
  );
}
