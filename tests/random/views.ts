// Statements that make views, and copies that rearrange.

import type { Builder, Draw } from "./builder.ts";
import {
  contiguous,
  expanded,
  filledBy,
  type Item,
  itemsOf,
  type Layout,
  type Model,
  positionsOf,
  reshaped,
  rowMajor,
  sizeOf,
} from "./model.ts";
import { Ref, SliceArg } from "./program.ts";

type Make = (builder: Builder, draw: Draw) => void;

const hasAxes = (x: Model): boolean => x.shape.length > 0;
const isFilled = (x: Model): boolean => x.shape.some((size) => size > 0);

function axisOf(draw: Draw, x: Model): number {
  return draw.below(x.shape.length);
}

const withAxis = (
  x: Layout,
  axis: number,
  size: number,
  stride: number,
  start: number,
): Layout => ({
  shape: x.shape.map((own, at) => (at === axis ? size : own)),
  strides: x.strides.map((own, at) => (at === axis ? stride : own)),
  offset: x.offset + start * x.strides[axis],
});

const permute: Make = (b, draw) => {
  const id = b.some(draw);
  const x = b.model(id);
  const left = x.shape.map((_, axis) => axis);
  const dims = x.shape.map(() => left.splice(left.length - 1 - draw.below(left.length), 1)[0]);
  const layout = {
    shape: dims.map((d) => x.shape[d]),
    strides: dims.map((d) => x.strides[d]),
    offset: x.offset,
  };
  b.view(id, layout, "permute", [dims]);
};

const slice: Make = (b, draw) => {
  const id = b.some(draw, hasAxes);
  const x = b.model(id);
  if (!hasAxes(x)) return;
  const axis = axisOf(draw, x);
  const size = x.shape[axis];
  const step = draw.of([1, 2, 1, 3]);
  const start = draw.below(size + 1);
  const stop = draw.oneIn(3) ? null : start + draw.below(size - start + 1);
  const length = Math.ceil(((stop ?? size) - start) / step);
  const layout = withAxis(x, axis, length, x.strides[axis] * step, start);
  const whole = Array.from({ length: axis }, () => new SliceArg(null, null, null));
  b.view(id, layout, "index", [...whole, new SliceArg(start, stop, step)]);
};

const narrow: Make = (b, draw) => {
  const id = b.some(draw, hasAxes);
  const x = b.model(id);
  if (!hasAxes(x)) return;
  const axis = axisOf(draw, x);
  const start = draw.below(x.shape[axis] + 1);
  const length = draw.below(x.shape[axis] - start + 1);
  b.view(id, withAxis(x, axis, length, x.strides[axis], start), "narrow", [axis, start, length]);
};

const select: Make = (b, draw) => {
  const id = b.some(draw, isFilled);
  const x = b.model(id);
  if (!hasAxes(x)) return;
  const axis = axisOf(draw, x);
  if (x.shape[axis] === 0) return;
  const index = draw.below(x.shape[axis]);
  const moved = withAxis(x, axis, 1, 0, index);
  const layout = {
    shape: moved.shape.filter((_, at) => at !== axis),
    strides: moved.strides.filter((_, at) => at !== axis),
    offset: moved.offset,
  };
  b.view(id, layout, "select", [axis, index]);
};

const unsqueeze: Make = (b, draw) => {
  const id = b.some(draw);
  const x = b.model(id);
  if (x.shape.length > 4) return;
  const axis = draw.below(x.shape.length + 1);
  const [shape, strides] = [[...x.shape], [...x.strides]];
  shape.splice(axis, 0, 1);
  strides.splice(axis, 0, 0);
  b.view(id, { shape, strides, offset: x.offset }, "unsqueeze", [axis]);
};

const expand: Make = (b, draw) => {
  const id = b.some(draw, (x) => sizeOf(x.shape) < 2000);
  const x = b.model(id);
  const lead = draw.oneIn(3) ? [draw.of([2, 3, 5])] : [];
  const own = x.shape.map((size) => (size === 1 && !draw.oneIn(3) ? draw.of([4, 7, 3]) : size));
  const shape = [...lead, ...own];
  if (shape.length > 4) return;
  b.view(id, expanded(x, shape), "expand", [shape]);
};

/** A shape of as many elements. */
function otherShape(draw: Draw, size: number): number[] {
  if (size === 0) return draw.of([[0], [0, 3], [2, 0]]);
  const shape: number[] = [];
  let rest = size;
  for (let axis = 0; axis < 3 && rest > 1; axis++) {
    const factors = [1, 2, 3, 4, 5, 7, 8, 11, 13, 16, 17].filter((n) => rest % n === 0);
    const factor = draw.of(factors);
    shape.push(factor);
    rest /= factor;
  }
  shape.push(rest);
  return shape;
}

function reshapeTo(b: Builder, id: number, shape: readonly number[], name: string): void {
  const x = b.model(id);
  const layout = reshaped(x, shape);
  if (layout) {
    b.view(id, layout, name, [shape]);
    return;
  }
  const copy = { ...contiguous(x), shape, strides: rowMajor(shape) };
  b.make(copy, { on: id, name, args: [shape] });
}

const reshape: Make = (b, draw) => {
  const id = b.some(draw);
  reshapeTo(b, id, otherShape(draw, sizeOf(b.model(id).shape)), "reshape");
};

const diagonal: Make = (b, draw) => {
  const id = b.some(draw, (x) => x.shape.length >= 2);
  const x = b.model(id);
  if (x.shape.length < 2) return;
  const offset = draw.below(4) - 1;
  const [n, m] = x.shape;
  const length = Math.max(offset >= 0 ? Math.min(n, m - offset) : Math.min(n + offset, m), 0);
  const [down, right] = x.strides;
  const start = length === 0 ? 0 : offset >= 0 ? offset * right : -offset * down;
  const layout = {
    shape: [...x.shape.slice(2), length],
    strides: [...x.strides.slice(2), down + right],
    offset: x.offset + start,
  };
  b.view(id, layout, "diagonal", [offset]);
};

const unfold: Make = (b, draw) => {
  const id = b.some(draw, (x) => x.shape.length > 0 && x.shape.length < 4);
  const x = b.model(id);
  if (!hasAxes(x)) return;
  const axis = axisOf(draw, x);
  const size = 1 + draw.below(Math.min(4, x.shape[axis]));
  const step = 1 + draw.below(3);
  if (size > x.shape[axis]) return;
  const count = Math.floor((x.shape[axis] - size) / step) + 1;
  const walked = withAxis(x, axis, count, x.strides[axis] * step, 0);
  const layout = {
    shape: [...walked.shape, size],
    strides: [...walked.strides, x.strides[axis]],
    offset: x.offset,
  };
  b.view(id, layout, "unfold", [axis, size, step]);
};

const chunk: Make = (b, draw) => {
  const id = b.some(draw, isFilled);
  const x = b.model(id);
  if (!hasAxes(x)) return;
  const axis = axisOf(draw, x);
  const size = 1 + draw.below(Math.max(x.shape[axis], 1));
  const count = Math.ceil(x.shape[axis] / size);
  if (count === 0) return;
  const at = draw.below(count);
  const length = Math.min(size, x.shape[axis] - at * size);
  const layout = withAxis(x, axis, length, x.strides[axis], at * size);
  const storage = b.model(id).storage;
  b.make({ ...layout, storage }, { on: id, name: "split", args: [size, axis], field: at });
};

const detach: Make = (b, draw) => {
  const id = b.some(draw);
  b.view(id, b.model(id), "detach", []);
};

/** Rearranged: element `at` of the result is element positions[at] of x. */
function copied(x: Model, shape: readonly number[], positions: ArrayLike<number>): Model {
  const { values, errors } = itemsOf(x);
  return filledBy(
    x.storage.dtype,
    shape,
    (at): Item => [values[positions[at]], errors[positions[at]]],
  );
}

const flip: Make = (b, draw) => {
  const id = b.some(draw, hasAxes);
  const x = b.model(id);
  if (!hasAxes(x)) return;
  const dims = x.shape.map((_, axis) => axis).filter(() => draw.below(2) === 0);
  const own = rowMajor(x.shape);
  const strides = own.map((stride, axis) => (dims.includes(axis) ? -stride : stride));
  const offset = dims.reduce((sum, d) => sum + own[d] * Math.max(x.shape[d] - 1, 0), 0);
  const positions = positionsOf({ shape: x.shape, strides, offset });
  b.make(copied(x, x.shape, positions), { on: id, name: "flip", args: [dims] });
};

const repeat: Make = (b, draw) => {
  const id = b.some(draw, (x) => sizeOf(x.shape) < 1000);
  const x = b.model(id);
  if (x.shape.length > 3) return;
  const repeats = x.shape.map(() => draw.of([1, 2, 3]));
  const own = rowMajor(x.shape);
  const shape = x.shape.map((size, axis) => size * repeats[axis]);
  const wide = shape.flatMap((_, axis) => [repeats[axis], x.shape[axis]]);
  const strides = shape.flatMap((_, axis) => [0, own[axis]]);
  const positions = positionsOf({ shape: wide, strides, offset: 0 });
  b.make(copied(x, shape, positions), { on: id, name: "repeat", args: [repeats] });
};

const clone: Make = (b, draw) => {
  const id = b.some(draw);
  b.make(contiguous(b.model(id)), { on: id, name: "clone", args: [] });
};

const triangle: Make = (b, draw) => {
  const id = b.some(draw, (x) => x.shape.length >= 2);
  const x = b.model(id);
  if (x.shape.length < 2) return;
  const isUpper = draw.oneIn(2);
  const diagonal = draw.below(5) - 2;
  const [n, m] = x.shape.slice(-2);
  const { values, errors } = itemsOf(x);
  const result = filledBy(x.storage.dtype, x.shape, (at): Item => {
    const below = (at % m) - (Math.floor(at / m) % n) - diagonal;
    return (isUpper ? below >= 0 : below <= 0) ? [values[at], errors[at]] : [0, 0];
  });
  b.make(result, { on: id, name: isUpper ? "triu" : "tril", args: [diagonal] });
};

const join: Make = (b, draw) => {
  const first = b.some(draw, (x) => x.shape.length > 0 && x.shape.length < 4);
  const x = b.model(first);
  if (!hasAxes(x)) return;
  const isStack = draw.oneIn(3);
  const axis = axisOf(draw, x);
  const fits = (y: Model): boolean =>
    y.storage.dtype === x.storage.dtype &&
    y.shape.length === x.shape.length &&
    y.shape.every((size, at) => (!isStack && at === axis) || size === x.shape[at]);
  const ids = [first, b.pick(draw, fits) ?? first, b.pick(draw, fits) ?? first];
  const parts = ids.map((id) => b.model(id));
  const lengths = parts.map((part) => (isStack ? 1 : part.shape[axis]));
  const total = lengths.reduce((a, c) => a + c, 0);
  const shape = isStack
    ? [...x.shape.slice(0, axis), total, ...x.shape.slice(axis)]
    : x.shape.map((size, at) => (at === axis ? total : size));
  const inside = sizeOf(shape.slice(axis + 1));
  const items = parts.map(itemsOf);
  const result = filledBy(x.storage.dtype, shape, (at): Item => {
    let along = Math.floor(at / inside) % total;
    let part = 0;
    while (along >= lengths[part]) along -= lengths[part++];
    const outer = Math.floor(at / (inside * total));
    const from = (outer * lengths[part] + along) * inside + (at % inside);
    return [items[part].values[from], items[part].errors[from]];
  });
  const args = [ids.map((id) => new Ref(id)), axis];
  b.make(result, { name: isStack ? "stack" : "cat", args });
};

export const viewStatements: readonly (readonly [weight: number, make: Make])[] = [
  [4, permute],
  [4, slice],
  [2, narrow],
  [2, select],
  [2, unsqueeze],
  [3, expand],
  [4, reshape],
  [1, diagonal],
  [1, unfold],
  [1, chunk],
  [1, detach],
];

export const copyStatements: readonly (readonly [weight: number, make: Make])[] = [
  [2, flip],
  [1, repeat],
  [1, clone],
  [1, triangle],
  [2, join],
];
