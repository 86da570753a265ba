// nn.functional.pad. What lies beyond an end, at position s counted from the input's first element:
//
//   reflect    x[-s], behind x[2·(n - 1) - s]      replicate  the end itself
//   circular   what comes in from the other end    constant   a number
//
// Each axis is put together of up to three parts, so that the gradient is slices and sums.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { type Scalar, scalarValue } from "../base/scalars.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import type { Slice } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import { expand, slice, wholeSlice } from "../ops/linear.ts";
import { resized } from "./index-operands.ts";
import { cat } from "./joins.ts";
import { reaching } from "./reaching.ts";
import { constantPadNd } from "./rearrangements.ts";

export const padModes = ["constant", "reflect", "replicate", "circular"] as const;

export type PadMode = (typeof padModes)[number];

type Around = Exclude<PadMode, "constant">;

/** Positions s from `low` up to `high`, and what the input has along the axis. */
interface Range {
  readonly axis: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

const along = (x: Value, axis: number, part: Slice): Value =>
  slice(
    x,
    x.node.shape.map((n, other) => (other === axis ? part : wholeSlice(n))),
  );

/** One slice `size` times. */
function repeated(x: Value, axis: number, start: number, size: number): Value {
  const one = along(x, axis, { start, size: 1, step: 1 });
  return expand(one, resized(x.node.shape, axis, size));
}

/** The part in front of the input, or behind it. */
const parts: Record<Around, (x: Value, range: Range, isFront: boolean) => Value> = {
  reflect: (x, { axis, low, high, n }, isFront) => {
    const start = isFront ? -low : 2 * (n - 1) - low;
    return along(x, axis, { start, size: high - low, step: -1 });
  },
  replicate: (x, { axis, low, high, n }, isFront) =>
    repeated(x, axis, isFront ? 0 : n - 1, high - low),
  circular: (x, { axis, low, high, n }, isFront) =>
    along(x, axis, { start: isFront ? low + n : low - n, size: high - low, step: 1 }),
};

function paddedAlong(x: Value, mode: Around, { axis, low, high, n }: Range): Value {
  const pieces: Value[] = [];
  const front = Math.min(high, 0);
  const end = Math.max(low, n);
  const [first, last] = [Math.max(low, 0), Math.min(high, n)];
  if (low < front) pieces.push(parts[mode](x, { axis, low, high: front, n }, true));
  if (first < last) pieces.push(along(x, axis, { start: first, size: last - first, step: 1 }));
  if (end < high) pieces.push(parts[mode](x, { axis, low: end, high, n }, false));
  return pieces.length === 1 ? pieces[0] : cat(pieces, axis);
}

/** Circular padding goes round what negative padding leaves. */
function circularAlong(x: Value, axis: number, [front, back]: Ends): Value {
  const n = x.node.shape[axis];
  const [cutFront, cutBack] = [Math.max(-front, 0), Math.max(-back, 0)];
  const left = n - cutFront - cutBack;
  const kept = left === n ? x : along(x, axis, { start: cutFront, size: left, step: 1 });
  const high = left + Math.max(back, 0);
  return paddedAlong(kept, "circular", { axis, low: Math.min(-front, 0), high, n: left });
}

type Ends = readonly [front: number, back: number];

interface Padding {
  readonly mode: Around;
  /** Of the last axis first. */
  readonly ends: readonly Ends[];
}

const paddingOf = (name: string): Composite<Padding> => ({
  name,
  body: ([x], { mode, ends }) => {
    const result = ends.reduce((padded, [front, back], at) => {
      const axis = x.node.shape.length - 1 - at;
      const n = x.node.shape[axis];
      if (front === 0 && back === 0) return padded;
      if (mode === "circular") return circularAlong(padded, axis, [front, back]);
      return paddedAlong(padded, mode, { axis, low: -front, high: n + back, n });
    }, x);
    return mode === "circular" ? result : reaching(result, x);
  },
});

const specs: Record<Around, readonly Composite<Padding>[]> = {
  reflect: [1, 2, 3].map((rank) => paddingOf(`ReflectionPad${rank}DBackward0`)),
  replicate: [1, 2, 3].map((rank) => paddingOf(`ReplicationPad${rank}DBackward0`)),
  circular: [1, 2, 3].map(() => paddingOf("CopySlices")),
};

/** `pad` has two numbers for each axis, the last axis first; negative ones cut. */
export function pad(
  x: Value,
  sizes: readonly number[],
  mode: PadMode,
  value: Scalar | null,
): Value {
  const { shape } = x.node;
  if (sizes.length % 2 !== 0) {
    fail("pad", `Padding length must be divisible by 2, got ${sizes.length}`);
  }
  if (sizes.length > shape.length * 2) {
    fail(
      "pad",
      "Padding length should be less than or equal to two times the input dimension but got " +
        `padding length ${sizes.length} and input of dimension ${shape.length}`,
    );
  }
  if (mode === "constant") return constantPadNd(x, sizes, value ?? 0);
  if (value !== null && scalarValue(value) !== 0) {
    fail("pad", `Padding mode "${mode}" doesn't take in value argument`);
  }
  const rank = sizes.length / 2;
  const ends = Array.from({ length: rank }, (_, at): Ends => [sizes[2 * at], sizes[2 * at + 1]]);
  requireAround(shape, mode, ends);
  return composite(specs[mode][rank - 1], [x], { mode, ends });
}

function requireAround(shape: Shape, mode: Around, ends: readonly Ends[]): void {
  const rank = ends.length;
  if (rank < 1 || rank > 3 || (shape.length !== rank + 1 && shape.length !== rank + 2)) {
    fail(
      "pad",
      "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now; got " +
        `${shape.length}D and ${rank} padded axes`,
    );
  }
  const own = shape.slice(shape.length - rank - (mode === "circular" ? 0 : 1));
  if (mode !== "circular" && own.includes(0)) {
    fail(
      "pad",
      `Expected ${rank + 1}D or ${rank + 2}D (batch mode) tensor with possibly 0 batch size and ` +
        `other non-zero dimensions for input, but got: ${showShape(shape)}`,
    );
  }
  ends.forEach(([front, back], at) => {
    const n = shape[shape.length - 1 - at];
    const isTooLong = mode === "reflect" ? front >= n || back >= n : front > n || back > n;
    if (mode !== "replicate" && isTooLong) {
      const why =
        mode === "reflect"
          ? "Padding size should be less than the corresponding input dimension"
          : "Padding value causes wrapping around more than once.";
      fail("pad", `${why}: padding (${front}, ${back}) of ${n} in ${showShape(shape)}`);
    }
    const least = mode === "circular" ? 0 : 1;
    if (n + front + back >= least) return;
    fail("pad", `input of size ${n} is too small. Calculated output size: ${n + front + back}`);
  });
}
