// Copies that lay elements out anew: repeated, rolled, turned, padded, multiplied block by block.

import { type Composite, composite } from "../autograd/composite.ts";
import { isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Scalar, scalarValue } from "../base/scalars.ts";
import { normalizeAxis, type Shape, showShape } from "../base/shapes.ts";
import { contiguousView, sliceView, type View } from "../base/views.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import { cast } from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { full, iota, zerosLike } from "../ops/source.ts";
import { add, mul } from "./arithmetic.ts";
import { clone } from "./casts.ts";
import { lt, where } from "./comparison.ts";
import { indexSelect } from "./indexing.ts";
import { atLeast, expand, flatten, reshape, unsqueeze } from "./shapes.ts";

type Sizes = readonly number[];

const shapeOf = (x: Value): Shape => x.node.shape;

const repeatSpec: Composite<Sizes> = {
  name: "RepeatBackward0",
  // [3] twice, as [2, 3] → [6]: each axis is a new outer one and its own.
  body: ([x], repeats) => {
    const own = shapeOf(x);
    const lead = repeats.length - own.length;
    const size = (axis: number): number => (axis < lead ? 1 : own[axis - lead]);
    const apart = repeats.flatMap((_, axis) => [1, size(axis)]);
    const wide = repeats.flatMap((times, axis) => [times, size(axis)]);
    const merged = repeats.map((times, axis) => times * size(axis));
    return linear.reshape(linear.expand(linear.reshape(x, apart), wide), merged);
  },
};

/** x laid out `repeats` times along each axis. */
export function repeat(x: Value, repeats: Sizes): Value {
  if (repeats.length < shapeOf(x).length) {
    fail(
      "repeat",
      `Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: ` +
        `${showShape(repeats)} for ${showShape(shapeOf(x))}`,
    );
  }
  if (repeats.some((times) => times < 0))
    fail("repeat", `negative repeats in ${showShape(repeats)}`);
  return composite(repeatSpec, [x], repeats);
}

/** As repeat; missing repeats are 1. */
export function tile(x: Value, dims: Sizes): Value {
  const lacking = Math.max(shapeOf(x).length - dims.length, 0);
  return repeat(x, [...new Array<number>(lacking).fill(1), ...dims]);
}

/** Each slice along `dim` (or each element) `times` times, next to each other. */
export function repeatInterleave(x: Value, times: number, dim: number | null): Value {
  if (times < 0) fail("repeatInterleave", `repeats can not be negative, got ${times}`);
  const own = dim === null ? flatten(x) : atLeast(x, 1);
  const shape = shapeOf(own);
  const axis = normalizeAxis("repeatInterleave", dim ?? 0, shape.length);
  // [a, b] → [a, a, b, b]: each slice is a row of copies.
  const [before, n, after] = [shape.slice(0, axis), shape[axis], shape.slice(axis + 1)];
  const wide = expand(unsqueeze(own, axis + 1), [...before, n, times, ...after]);
  return reshape(clone(wide), [...before, n * times, ...after]);
}

// narrow from where a tensor says

const narrowSpec: Composite<{ axis: number; length: number }> = {
  name: "SliceBackward0",
  body: ([x, start], { axis, length }) => {
    const first = where(lt(start, 0), add(start, shapeOf(x)[axis]), start);
    return indexSelect(x, axis, add(linear.reshape(first, [1]), iota(length)));
  },
};

/**
 * As narrow, from a position that only the data tells: a copy therefore, where PyTorch, which reads
 * the position at once, gives a view. A range that does not fit is a fault of the index.
 */
export function narrowAt(x: Value, dim: number, start: Value, length: number): Value {
  const own = shapeOf(x);
  const { dtype, shape } = start.node;
  if (shape.length > 0 || !isInteger(dtype)) {
    fail("narrow", `start must be an 0-dim integral Tensor, got ${showShape(shape)} ${dtype}`);
  }
  if (own.length === 0) fail("narrow", "cannot be applied to a 0-dim tensor");
  const axis = normalizeAxis("narrow", dim, own.length);
  if (length < 0) fail("narrow", `length must be non-negative, got ${length}`);
  if (length > own[axis]) {
    fail("narrow", `length (${length}) exceeds dimension size (${own[axis]})`);
  }
  const position = cast({ node: start.node, edge: null }, "int64");
  return composite(narrowSpec, [x, position], { axis, length });
}

// roll, rot90

interface Roll {
  readonly shifts: Sizes;
  /** Null: all elements are one row. */
  readonly axes: Sizes | null;
}

/** x along `axis` from element `start` on, what stood before it behind. */
function rolled(x: Value, axis: number, start: number): Value {
  const shape = shapeOf(x);
  const part = (from: number, size: number) =>
    shape.map((n, other) =>
      other === axis ? { start: from, size, step: 1 } : linear.wholeSlice(n),
    );
  const n = shape[axis];
  const whole = contiguousView(shape);
  const tail = linear.slice(x, part(start, n - start));
  const head = linear.slice(x, part(0, start));
  const front = linear.place(zerosLike(x), tail, sliceView(whole, part(0, n - start)));
  return linear.place(front, head, sliceView(whole, part(n - start, start)));
}

const rollSpec: Composite<Roll> = {
  name: "RollBackward0",
  body: ([x], { shifts, axes }) => {
    const straight = axes ? x : linear.reshape(x, [x.node.size]);
    const end = (axes ?? [0]).reduce((turned, axis, at) => {
      const n = shapeOf(turned)[axis];
      const start = n === 0 ? 0 : ((-shifts[at] % n) + n) % n;
      return start === 0 ? turned : rolled(turned, axis, start);
    }, straight);
    return axes ? end : linear.reshape(end, shapeOf(x));
  },
  // The chain rule would carry zeros through every place: rolling back is the adjoint.
  gradient: (g, _, __, { shifts, axes }) => [
    composite(rollSpec, [g], { shifts: shifts.map((shift) => -shift), axes }),
  ],
};

/** Shifted along axes, what falls off one end coming in at the other; without axes as one row. */
export function roll(x: Value, shifts: number | Sizes, dims: number | Sizes): Value {
  const by = typeof shifts === "number" ? [shifts] : shifts;
  const along = typeof dims === "number" ? [dims] : dims;
  if (by.length === 0) fail("roll", "`shifts` required");
  if (along.length === 0 && by.length === 1) {
    return composite(rollSpec, [x], { shifts: by, axes: null });
  }
  if (by.length !== along.length) {
    fail("roll", `shifts and dimensions must align. shifts: ${by.length}, dims:${along.length}`);
  }
  const rank = shapeOf(x).length;
  if (rank === 0) fail("roll", "Dimension specified as 0 but tensor has no dimensions");
  const axes = along.map((dim) => normalizeAxis("roll", dim, rank));
  return composite(rollSpec, [x], { shifts: by, axes });
}

const rot90Spec: Composite<{ turns: number; axes: readonly [number, number] }> = {
  name: "Rot90Backward0",
  body: ([x], { turns, axes: [a, b] }) => {
    const exchange = shapeOf(x).map((_, axis) => (axis === a ? b : axis === b ? a : axis));
    if (turns === 1) return linear.permute(linear.flip(x, [b]), exchange);
    if (turns === 2) return linear.flip(x, [a, b]);
    return linear.permute(linear.flip(x, [a]), exchange);
  },
};

/** Turned by 90 degrees `k` times, from the first axis towards the second. */
export function rot90(x: Value, k: number, dims: Sizes): Value {
  const rank = shapeOf(x).length;
  if (dims.length !== 2) {
    fail("rot90", `expected total rotation dims == 2, but got dims = ${dims.length}`);
  }
  if (rank < 2) fail("rot90", `expected total dims >= 2, but got total dims = ${rank}`);
  const [a, b] = dims.map((dim) => normalizeAxis("rot90", dim, rank));
  if (a === b) {
    fail(
      "rot90",
      `expected rotation dims to be different, but got dim0 = ${dims[0]} and dim1 = ${dims[1]}`,
    );
  }
  const turns = ((k % 4) + 4) % 4;
  return turns === 0 ? clone(x) : composite(rot90Spec, [x], { turns, axes: [a, b] });
}

// pad, kron

interface Padding {
  readonly value: number;
  readonly shape: Shape;
  /** What of x is kept, and where that lies in the result. */
  readonly kept: View;
  readonly target: View;
}

const padSpec: Composite<Padding> = {
  name: "ConstantPadNdBackward0",
  body: ([x], { value, shape, kept, target }) =>
    linear.place(full(x.node.dtype, shape, value), linear.window(x, kept), target),
  // The chain rule would carry zeros through the place.
  gradient: (g, [x], _, { kept, target }): Gradient[] => [
    linear.place(zerosLike(x), linear.window(g, target), kept),
  ],
};

/** The padding before and behind each axis; negative ones cut. */
type Ends = readonly (readonly [front: number, back: number])[];

function endsOf(own: Shape, pad: Sizes): Ends {
  if (pad.length % 2 !== 0) {
    fail("constantPadNd", `Length of pad must be even but instead it equals ${pad.length}`);
  }
  if (pad.length > own.length * 2) {
    fail(
      "constantPadNd",
      "Length of pad should be no more than twice the number of dimensions of the input. Pad " +
        `length is ${pad.length} while the input has ${own.length} dimensions.`,
    );
  }
  return own.map((_, axis) => {
    const at = (own.length - 1 - axis) * 2;
    return [pad[at] ?? 0, pad[at + 1] ?? 0];
  });
}

/** `pad` has two numbers for each axis, the last axis first. */
export function constantPadNd(x: Value, pad: Sizes, value: Scalar): Value {
  const own = shapeOf(x);
  const ends = endsOf(own, pad);
  const shape = own.map((n, axis) => n + ends[axis][0] + ends[axis][1]);
  if (shape.some((n) => n < 0)) {
    fail(
      "constantPadNd",
      `The input size ${showShape(own)}, plus padding ${showShape(pad)}, resulted in a negative ` +
        `output size, which is invalid: ${showShape(shape)}`,
    );
  }
  const part = (of: Shape, side: 1 | -1): View =>
    sliceView(
      contiguousView(of),
      own.map((n, axis) => {
        const [front, back] = ends[axis];
        const size = Math.max(n + Math.min(front, 0) + Math.min(back, 0), 0);
        return { start: Math.max(front * side, 0), size, step: 1 };
      }),
    );
  const [kept, target] = [part(own, -1), part(shape, 1)];
  return composite(padSpec, [x], { value: scalarValue(value), shape, kept, target });
}

/** Kronecker's product: a block x[i]·y for each element of x. */
export function kron(x: Value, y: Value): Value {
  const rank = Math.max(shapeOf(x).length, shapeOf(y).length);
  const filled = (value: Value): number[] => [
    ...new Array<number>(rank - shapeOf(value).length).fill(1),
    ...shapeOf(value),
  ];
  const [a, b] = [filled(x), filled(y)];
  const blocks = mul(
    linear.reshape(
      x,
      a.flatMap((n) => [n, 1]),
    ),
    linear.reshape(
      y,
      b.flatMap((n) => [1, n]),
    ),
  );
  return linear.reshape(
    blocks,
    a.map((n, axis) => n * b[axis]),
    "UnsafeViewBackward0",
  );
}
