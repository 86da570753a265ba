// Choice by a mask. How many elements it chooses only the data knows; what is done with their ranks
// (their numbers among the chosen ones) has shapes that are known at once.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { broadcastShapes, type Shape, sizeOf } from "../base/shapes.ts";
import { contiguousView, sliceView } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import { add, and, cast, eq, lt, sub, where } from "../ops/arithmetic.ts";
import { floorDivide, remainder } from "../ops/division.ts";
import { gather, scatter } from "../ops/indexing.ts";
import { expand, place, reshape, slice, sum } from "../ops/linear.ts";
import { cumsum } from "../ops/scan.ts";
import { chosenBlock, compact } from "../ops/selection.ts";
import { full, iota } from "../ops/source.ts";
import { alongAxis, requireSameDType, resized } from "./index-operands.ts";

/** Out of any range: the index of what is not there, so that the gather reports it. */
export const nowhere = 2 ** 31 - 1;

const flat = (x: Value): Value => reshape(x, [x.node.size]);

export function requireMask(op: string, mask: Value): void {
  const { dtype } = mask.node;
  if (dtype !== "bool")
    fail(op, `expected a boolean mask, got dtype ${dtype}. Compare it: m.ne(0)`);
}

/** The elements that are not 0. */
export const nonzeroMask = (x: Value): Value => cast(x, "bool");

// The chosen elements, one after another

/** How many elements each block of a flat mask chooses; the last block may be shorter. */
export function chosenCounts(mask: Value): Value {
  const { size } = mask.node;
  const blocks = Math.ceil(size / chosenBlock);
  const shape = [blocks * chosenBlock];
  const ones = cast(mask, "int32");
  const window = sliceView(contiguousView(shape), [{ start: 0, size, step: 1 }]);
  const whole = size === shape[0] ? ones : place(full("int32", shape, 0), ones, window);
  return sum(reshape(whole, [blocks, chosenBlock]), [1]);
}

export interface Chosen {
  /** Flat. */
  readonly mask: Value;
  /** Where each block's chosen elements begin, and where those of the last end. */
  readonly starts: Value;
  readonly count: number;
}

/** The chosen elements' positions along each axis of the mask's `shape`. */
export function chosenPositions({ mask, starts, count }: Chosen, shape: Shape): Value[] {
  const positions = compact(iota(mask.node.size), mask, starts, count);
  return shape.map((_, axis) => cast(digit(positions, shape, axis), "int64"));
}

/** Flat positions in `shape` as indices along one axis. */
function digit(positions: Value, shape: Shape, axis: number): Value {
  const inside = sizeOf(shape.slice(axis + 1));
  const outer = inside === 1 ? positions : floorDivide(positions, inside);
  return axis === 0 ? outer : remainder(outer, shape[axis] as number);
}

interface Selected {
  readonly count: number;
  /** Of x and mask together. */
  readonly shape: Shape;
}

const selecting = (name: string): Composite<Selected> => ({
  name,
  body: ([x, mask, starts], { count, shape }) =>
    compact(flat(expand(x as Value, shape)), mask as Value, starts as Value, count),
});

const maskedSelectSpec = selecting("MaskedSelectBackward0");
const indexSpec = selecting("IndexBackward0");

/** The elements of x where the mask holds, which has the shape of both together. */
export function selected(x: Value, { mask, starts, count }: Chosen, shape: Shape): Value {
  return composite(maskedSelectSpec, [x, mask, starts], { count, shape });
}

/** As selected, under the name of an index. */
export function indexedByMask(x: Value, { mask, starts, count }: Chosen): Value {
  return composite(indexSpec, [x, mask, starts], { count, shape: x.node.shape });
}

// Ranks

/** A flat mask's chosen elements, counted with each one. */
const counted = (mask: Value): Value => cumsum(cast(mask, "int32"), 0);

/** The rank of each chosen element; of the others 0. */
const ranks = (mask: Value): Value => where(mask, sub(counted(mask), 1), 0);

/** Of each chosen element an index that is out of any range. */
const missing = (mask: Value): Value => where(mask, full("int32", mask.node.shape, nowhere), 0);

const maskedScatterSpec: Composite<Shape> = {
  name: "MaskedScatterBackward0",
  body: ([given, mask, source], shape) => {
    const x = expand(given as Value, shape);
    const isChosen = flat(expand(mask as Value, shape));
    const isEmpty = source?.node.size === 0;
    const table = isEmpty ? full(x.node.dtype, [1], 0) : flat(source as Value);
    const index = isEmpty ? missing(isChosen) : ranks(isChosen);
    return reshape(where(isChosen, gather(table, 0, index), flat(x)), shape);
  },
};

/** x with its chosen elements replaced by those of the source, one after another. */
export function maskedScatter(x: Value, mask: Value, source: Value): Value {
  requireMask("maskedScatter", mask);
  requireSameDType("maskedScatter", x, source);
  const shape = broadcastShapes("maskedScatter", x.node.shape, mask.node.shape);
  return composite(maskedScatterSpec, [x, mask, source], shape);
}

/** Positions of the elements that are not 0: the first `size`, rows of `fill` behind them. */
export function nonzeroStatic(x: Value, size: number, fill: number): Value {
  const { shape } = x.node;
  if (size < 0) fail("nonzeroStatic", `size must be non-negative, got ${size}`);
  const rows = [size, shape.length];
  if (size === 0 || shape.length === 0 || x.node.size === 0) return full("int64", rows, fill);
  const mask = flat(nonzeroMask(x));
  const found = counted(mask);
  // What has no row of its own goes to one behind them, which is cut off.
  const hasRow = and(mask, lt(sub(found, 1), size));
  const row = where(hasRow, sub(found, 1), size);
  const total = x.node.size;
  const flatRows = scatter(full("int32", [size + 1], -1), 0, row, iota(total));
  const positions = slice(flatRows, [{ start: 0, size, step: 1 }]);
  const isMissing = lt(positions, 0);
  return shape.reduce(
    (joined, _, axis) => {
      const column = where(isMissing, fill, digit(positions, shape, axis));
      const window = { shape: [size], strides: [shape.length], offset: axis };
      return place(joined, cast(column, "int64"), window);
    },
    full("int64", rows, fill),
  );
}

// Writing where a mask holds

export interface MaskedWrite {
  /** The mask's axes in x are `axis` … `axis + rank - 1`. */
  readonly axis: number;
  readonly rank: number;
  readonly accumulate: boolean;
}

const maskedWriteSpec: Composite<MaskedWrite> = {
  name: "IndexPutBackward0",
  body: ([x, mask, value], { axis, rank, accumulate }) => {
    const own = (x as Value).node.shape;
    const isChosen = flat(mask as Value);
    const merged = [...own.slice(0, axis), isChosen.node.size, ...own.slice(axis + rank)];
    const old = reshape(x as Value, merged);
    const one = valuesFor(isChosen, value as Value, merged, axis);
    const holds = alongAxis(isChosen, merged, axis);
    return reshape(where(holds, accumulate ? add(old, one) : one, old), own);
  },
};

/** The value as it comes to lie: one for all chosen elements, or one a rank. */
function valuesFor(isChosen: Value, value: Value, merged: Shape, axis: number): Value {
  const behind = merged.length - axis;
  const { shape } = value.node;
  const count = shape.at(-behind) ?? 1;
  if (shape.length < behind || count === 1) return expand(value, merged);
  const rows = expand(value, resized(merged, axis, count));
  // Of any other number of chosen elements none has a value: the gather reports it.
  const isCount = eq(sum(cast(isChosen, "int32"), [0]), count);
  const isFor = expand(reshape(isCount, [1]), isChosen.node.shape);
  const index = where(isFor, ranks(isChosen), missing(isChosen));
  return gather(rows, axis, alongAxis(index, merged, axis));
}

/** x with the value, broadcast to what the mask chooses, written or added there. */
export function writeWhere(x: Value, mask: Value, value: Value, attrs: MaskedWrite): Value {
  return composite(maskedWriteSpec, [x, mask, value], attrs);
}
