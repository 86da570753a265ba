// View functions as geometry: a window on a storage in, the window the function names out. No node is
// built. What can be the user's mistake throws here, with PyTorch's meaning; a null says that strides
// cannot express the result and the caller must copy.

import { fail } from "../base/errors.ts";
import { normalizeAxes, normalizeAxis, type Shape, showShape, sizeOf } from "../base/shapes.ts";
import {
  expandView,
  isContiguous,
  permuteView,
  reshapeView,
  type View,
  viewBounds,
} from "../base/views.ts";

const at = (list: readonly number[], axis: number): number => list[axis] as number;

/** `view` with one axis of another size and stride, starting `offset` elements later. */
function withAxis(view: View, axis: number, size: number, stride: number, offset: number): View {
  const shape = view.shape.slice();
  const strides = view.strides.slice();
  shape[axis] = size;
  strides[axis] = stride;
  return { shape, strides, offset: view.offset + offset };
}

function withoutAxis(view: View, axis: number, offset = 0): View {
  return {
    shape: view.shape.filter((_, one) => one !== axis),
    strides: view.strides.filter((_, one) => one !== axis),
    offset: view.offset + offset,
  };
}

export function permute(view: View, dims: readonly number[]): View {
  const rank = view.shape.length;
  if (dims.length !== rank) {
    fail(
      "permute",
      `number of dimensions in the tensor input does not match the length of the desired ordering ` +
        `of dimensions i.e. input.dim() = ${rank} is not equal to len(dims) = ${dims.length}`,
    );
  }
  const axes = dims.map((dim) => normalizeAxis("permute", dim, rank));
  if (new Set(axes).size !== rank)
    fail("permute", `duplicate dims are not allowed, got ${showShape(dims)}`);
  return permuteView(view, axes);
}

export function transpose(view: View, dim0: number, dim1: number): View {
  const rank = view.shape.length;
  const a = normalizeAxis("transpose", dim0, rank);
  const b = normalizeAxis("transpose", dim1, rank);
  if (a === b) return view;
  const axes = view.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis));
  return permuteView(view, axes);
}

export function t(view: View): View {
  const rank = view.shape.length;
  if (rank > 2) fail("t", `expects a tensor with <= 2 dimensions, but self is ${rank}D`);
  return rank < 2 ? view : permuteView(view, [1, 0]);
}

/** -1 keeps a size; sizes may be put in front. */
export function expand(view: View, sizes: readonly number[]): View {
  return expandView(view, expandedShape("expand", view.shape, sizes));
}

export function expandedShape(op: string, shape: Shape, sizes: readonly number[]): Shape {
  const lead = sizes.length - shape.length;
  if (lead < 0) {
    fail(
      op,
      `the number of sizes provided (${sizes.length}) must be greater or equal to the number of ` +
        `dimensions in the tensor (${shape.length}); wanted ${showShape(sizes)}, got ${showShape(shape)}`,
    );
  }
  return sizes.map((size, axis) => {
    const own = axis < lead ? 1 : at(shape, axis - lead);
    if (size === -1) {
      if (axis < lead) {
        fail(
          op,
          `the expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ${axis}`,
        );
      }
      return own;
    }
    if (!Number.isInteger(size) || size < 0 || (own !== 1 && own !== size)) {
      fail(
        op,
        `The expanded size of the tensor (${size}) must match the existing size (${own}) at ` +
          `non-singleton dimension ${axis}. Target sizes: ${showShape(sizes)}. Tensor sizes: ${showShape(shape)}`,
      );
    }
    return size;
  });
}

export function narrow(view: View, dim: number, start: number, length: number): View {
  const rank = view.shape.length;
  if (rank === 0) fail("narrow", "cannot be applied to a 0-dim tensor");
  const axis = normalizeAxis("narrow", dim, rank);
  const size = at(view.shape, axis);
  if (length < 0) fail("narrow", `length must be non-negative, got ${length}`);
  if (start < -size || start > size) {
    fail(
      "narrow",
      `start out of range (expected to be in range of [${-size}, ${size}], but got ${start})`,
    );
  }
  const begin = start < 0 ? start + size : start;
  if (begin + length > size) {
    fail("narrow", `start (${begin}) + length (${length}) exceeds dimension size (${size})`);
  }
  const stride = at(view.strides, axis);
  return withAxis(view, axis, length, stride, begin * stride);
}

export function select(view: View, dim: number, index: number): View {
  const rank = view.shape.length;
  if (rank === 0) fail("select", "cannot be applied to a 0-dim tensor");
  const axis = normalizeAxis("select", dim, rank);
  const size = at(view.shape, axis);
  if (!Number.isInteger(index) || index < -size || index >= size) {
    fail(
      "select",
      `index ${index} out of range for tensor of size ${showShape(view.shape)} at dimension ${axis}`,
    );
  }
  return withoutAxis(view, axis, (index < 0 ? index + size : index) * at(view.strides, axis));
}

/** As Python's `start:end:step`: ends are clamped, never out of range. */
export function slice(
  view: View,
  dim: number,
  start: number | null = null,
  end: number | null = null,
  step = 1,
): View {
  const rank = view.shape.length;
  if (rank === 0) fail("slice", "cannot be applied to a 0-dim tensor");
  const axis = normalizeAxis("slice", dim, rank);
  if (!Number.isInteger(step) || step <= 0)
    fail("slice", `step must be greater than zero, got ${step}`);
  const size = at(view.shape, axis);
  const clamp = (n: number): number => Math.min(Math.max(n < 0 ? n + size : n, 0), size);
  const begin = clamp(start ?? 0);
  const length = Math.max(Math.ceil((clamp(end ?? size) - begin) / step), 0);
  const stride = at(view.strides, axis);
  return withAxis(view, axis, length, stride * step, begin * stride);
}

/** Drops axes of size 1: all of them, or those named that have size 1. */
export function squeeze(view: View, dim?: number | readonly number[] | null): View {
  const rank = view.shape.length;
  const named = dim == null ? null : typeof dim === "number" ? [dim] : dim;
  const axes = named?.map((one) => normalizeAxis("squeeze", one, rank));
  if (axes && new Set(axes).size !== axes.length) {
    fail(
      "squeeze",
      `dim appears multiple times in the list of dims ${showShape(named as number[])}`,
    );
  }
  const keeps = (_: number, axis: number): boolean =>
    at(view.shape, axis) !== 1 || (axes !== undefined && !axes.includes(axis));
  return {
    shape: view.shape.filter(keeps),
    strides: view.strides.filter(keeps),
    offset: view.offset,
  };
}

export function unsqueeze(view: View, dim: number): View {
  const axis = normalizeAxis("unsqueeze", dim, view.shape.length + 1);
  const shape = view.shape.slice();
  const strides = view.strides.slice();
  const stride = axis < shape.length ? at(shape, axis) * at(strides, axis) : 1;
  shape.splice(axis, 0, 1);
  strides.splice(axis, 0, stride);
  return { shape, strides, offset: view.offset };
}

/** Sizes with at most one -1, which is worked out. */
export function inferredShape(op: string, size: number, sizes: readonly number[]): Shape {
  const open = sizes.indexOf(-1);
  for (const n of sizes) {
    if (!Number.isInteger(n) || n < -1)
      fail(op, `invalid shape dimension ${n} in ${showShape(sizes)}`);
  }
  if (open !== sizes.lastIndexOf(-1))
    fail(op, `only one dimension can be inferred, got ${showShape(sizes)}`);
  if (open < 0) {
    if (sizeOf(sizes) !== size)
      fail(op, `shape '${showShape(sizes)}' is invalid for input of size ${size}`);
    return sizes;
  }
  let known = 1;
  for (const n of sizes) if (n !== -1) known *= n;
  if (known === 0) {
    fail(
      op,
      `cannot reshape tensor of ${size} elements into shape ${showShape(sizes)} because the ` +
        `unspecified dimension size -1 can be any value and is ambiguous`,
    );
  }
  if (size % known !== 0)
    fail(op, `shape '${showShape(sizes)}' is invalid for input of size ${size}`);
  return sizes.map((n) => (n === -1 ? size / known : n));
}

export function view(of: View, sizes: readonly number[]): View {
  const shape = inferredShape("view", sizeOf(of.shape), sizes);
  const result = reshapeView(of, shape);
  if (!result) {
    fail(
      "view",
      `view size is not compatible with input tensor's size and stride (at least one dimension ` +
        `spans across two contiguous subspaces): ${showShape(of.shape)} with strides ` +
        `${showShape(of.strides)} as ${showShape(shape)}. Use .reshape(...) instead.`,
    );
  }
  return result;
}

export const reshape = (of: View, sizes: readonly number[]): View | null =>
  reshapeView(of, inferredShape("reshape", sizeOf(of.shape), sizes));

export function flattenedShape(shape: Shape, startDim = 0, endDim = -1): Shape {
  const rank = shape.length;
  const start = normalizeAxis("flatten", startDim, rank);
  const end = normalizeAxis("flatten", endDim, rank);
  if (start > end) fail("flatten", "start_dim cannot come after end_dim");
  if (rank === 0) return [1];
  return [...shape.slice(0, start), sizeOf(shape.slice(start, end + 1)), ...shape.slice(end + 1)];
}

export const flatten = (of: View, startDim = 0, endDim = -1): View | null =>
  reshapeView(of, flattenedShape(of.shape, startDim, endDim));

export function unflattenedShape(shape: Shape, dim: number, sizes: readonly number[]): Shape {
  const axis = normalizeAxis("unflatten", dim, shape.length);
  if (sizes.length === 0) fail("unflatten", "sizes must be non-empty");
  const inner = inferredShape("unflatten", at(shape, axis), sizes);
  return [...shape.slice(0, axis), ...inner, ...shape.slice(axis + 1)];
}

export const unflatten = (of: View, dim: number, sizes: readonly number[]): View =>
  view(of, unflattenedShape(of.shape, dim, sizes));

export const ravel = (of: View): View | null => (isContiguous(of) ? view(of, [-1]) : null);

/** The last two axes exchanged. */
export function adjoint(of: View): View {
  const rank = of.shape.length;
  if (rank < 2) {
    fail(
      "adjoint",
      `tensor.adjoint() is only supported on matrices or batches of matrices. Got ${rank}-D tensor.`,
    );
  }
  return transpose(of, -2, -1);
}

/** With new axes so that it has one to three: a vector is a row, a matrix one of depth 1. */
export function atLeast(of: View, rank: 1 | 2 | 3): View {
  const own = of.shape.length;
  if (own >= rank) return of;
  if (own === 0) return view(of, new Array<number>(rank).fill(1));
  const matrix = own === 1 ? unsqueeze(of, 0) : of;
  return rank === 3 ? unsqueeze(matrix, -1) : matrix;
}

/** Where each axis of the result comes from. */
export function movedAxes(
  rank: number,
  source: number | readonly number[],
  destination: number | readonly number[],
): number[] {
  const from = (typeof source === "number" ? [source] : source).map((d) =>
    normalizeAxis("movedim", d, rank),
  );
  const to = (typeof destination === "number" ? [destination] : destination).map((d) =>
    normalizeAxis("movedim", d, rank),
  );
  if (from.length !== to.length) {
    fail(
      "movedim",
      `Invalid source or destination dims: source (${showShape(from)} dims) should contain the same ` +
        `number of dims as destination (${showShape(to)} dims)`,
    );
  }
  if (new Set(from).size !== from.length)
    fail("movedim", `repeated dim in \`source\` (${showShape(from)})`);
  if (new Set(to).size !== to.length)
    fail("movedim", `repeated dim in \`destination\` (${showShape(to)})`);
  const rest = Array.from({ length: rank }, (_, axis) => axis).filter(
    (axis) => !from.includes(axis),
  );
  return Array.from({ length: rank }, (_, axis) => {
    const moved = to.indexOf(axis);
    return moved >= 0 ? at(from, moved) : (rest.shift() as number);
  });
}

export const movedim = (
  of: View,
  source: number | readonly number[],
  destination: number | readonly number[],
): View => permuteView(of, movedAxes(of.shape.length, source, destination));

export function diagonal(of: View, offset = 0, dim1 = 0, dim2 = 1): View {
  const rank = of.shape.length;
  const a = normalizeAxis("diagonal", dim1, rank);
  const b = normalizeAxis("diagonal", dim2, rank);
  if (a === b) fail("diagonal", `diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
  const [n, m] = [at(of.shape, a), at(of.shape, b)];
  const [down, right] = [at(of.strides, a), at(of.strides, b)];
  const length = Math.max(offset >= 0 ? Math.min(n, m - offset) : Math.min(n + offset, m), 0);
  const start = length === 0 ? 0 : offset >= 0 ? offset * right : -offset * down;
  const rest = (_: number, axis: number): boolean => axis !== a && axis !== b;
  return {
    shape: [...of.shape.filter(rest), length],
    strides: [...of.strides.filter(rest), down + right],
    offset: of.offset + start,
  };
}

/** Every window of `size` elements along an axis, `step` apart, as a new last axis. */
export function unfold(of: View, dimension: number, size: number, step: number): View {
  const rank = of.shape.length;
  const axis = normalizeAxis("unfold", dimension, rank);
  const [n, stride] = rank === 0 ? [1, 1] : [at(of.shape, axis), at(of.strides, axis)];
  if (size < 0) fail("unfold", `size is ${size} but must be >= 0`);
  if (size > n)
    fail("unfold", `maximum size for tensor at dimension ${axis} is ${n} but size is ${size}`);
  if (step <= 0) fail("unfold", `step is ${step} but must be > 0`);
  if (rank === 0) return { shape: [size], strides: [stride], offset: of.offset };
  const windows = withAxis(of, axis, Math.floor((n - size) / step) + 1, stride * step, 0);
  return { ...windows, shape: [...windows.shape, size], strides: [...windows.strides, stride] };
}

/** Strides and offset count in the storage, whose size bounds them. */
export function asStrided(
  sizes: readonly number[],
  strides: readonly number[],
  offset: number,
  storageSize: number,
): View {
  if (sizes.length !== strides.length) {
    fail(
      "asStrided",
      `mismatch in length of strides and shape: ${showShape(sizes)}, ${showShape(strides)}`,
    );
  }
  const result = { shape: sizes, strides, offset };
  if (strides.some((stride) => stride < 0)) {
    fail("asStrided", `Negative strides are not supported, got strides: ${showShape(strides)}`);
  }
  const bounds = viewBounds(result);
  if (offset < 0 || (bounds && bounds.high >= storageSize)) {
    fail(
      "asStrided",
      `setStorage: sizes ${showShape(sizes)}, strides ${showShape(strides)}, storage offset ${offset} ` +
        `are out of bounds for storage of ${storageSize} elements`,
    );
  }
  return result;
}

/** The axes of a reduction or a flip, checked. */
export const flippedAxes = (rank: number, dims: readonly number[]): number[] =>
  dims.length === 0 ? [] : normalizeAxes("flip", dims, rank);
