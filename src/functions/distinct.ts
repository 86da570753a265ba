// Distinct elements, or slices: runs of equals, among neighbours or once they are sorted. How many there
// are only the data tells; what each run becomes is recorded when it has.

import { fail } from "../base/errors.ts";
import { normalizeAxis, type Shape } from "../base/shapes.ts";
import { contiguousView, sliceView } from "../base/views.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { cast, sub } from "../ops/arithmetic.ts";
import { gather, scatter } from "../ops/indexing.ts";
import { permute, place, reshape, slice, wholeSlice } from "../ops/linear.ts";
import { amax } from "../ops/reduce.ts";
import { cumsum } from "../ops/scan.ts";
import { compact } from "../ops/selection.ts";
import { argsort } from "../ops/sort.ts";
import { full, iota } from "../ops/source.ts";
import { alongAxis } from "./index-operands.ts";
import { startsRun } from "./order-statistics.ts";
import type { Chosen } from "./selection.ts";

export interface Runs {
  /** The slices in the order of the runs, as rows. */
  readonly rows: Value;
  /** Where each of them stood, or null: where it stands. */
  readonly order: Value | null;
  /** Whether a row is the first of a run. */
  readonly isFirst: Value;
  /** Of the result's slices as rows, how it is turned and cut again. */
  readonly layout: Layout;
}

interface Layout {
  /** null: all elements, flat. */
  readonly axis: number | null;
  readonly shape: Shape;
}

/** Rows one after another of what lies along an axis; or elements as rows of one. */
function asRows(x: Value, axis: number | null): Value {
  const { shape, size } = x.node;
  if (axis === null) return reshape(x, [size, 1]);
  const order = [axis, ...shape.flatMap((_, at) => (at === axis ? [] : [at]))];
  const count = shape[axis] as number;
  return reshape(permute(x, order), [count, size / count]);
}

/** Rows by their first elements, those of equals by their next ones, and so on: the last decide first. */
function rowOrder(rows: Value): Value {
  const [count, width] = rows.node.shape as readonly [number, number];
  const column = (at: number): Value =>
    reshape(slice(rows, [wholeSlice(count), { start: at, size: 1, step: 1 }]), [count]);
  let order = argsort(column(width - 1), 0);
  for (let at = width - 2; at >= 0; at--) {
    order = gather(order, 0, argsort(gather(column(at), 0, order), 0));
  }
  return order;
}

interface RunOptions {
  readonly op: string;
  readonly dim: number | null;
  readonly isSorted: boolean;
}

/** Null where there is nothing to look at. */
export function runsOf(given: Value, { op, dim, isSorted }: RunOptions): Runs | null {
  const x = constantValue(given.node);
  const { shape, size } = x.node;
  const axis = dim === null ? null : normalizeAxis(op, dim, shape.length);
  requireSlices(op, shape, axis);
  if (size === 0) return null;
  const layout = { axis: shape.length === 0 ? null : axis, shape };
  const own = asRows(x, layout.axis);
  const order = isSorted ? rowOrder(own) : null;
  const rows = order ? gather(own, 0, alongAxis(order, own.node.shape, 0)) : own;
  const [count, width] = rows.node.shape as readonly [number, number];
  const differs = startsRun(rows, 0);
  const isFirst = width === 1 ? reshape(differs, [count]) : amax(differs, [1]);
  return { rows, order, isFirst, layout };
}

function requireSlices(op: string, shape: Shape, axis: number | null): void {
  if (axis === null || !shape.includes(0)) return;
  if (shape[axis] !== 0) {
    fail(op, "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied");
  }
  if (shape.filter((n) => n === 0).length > 1) {
    fail(op, "Number of zero sized dimensions is more than one, so unique cannot be applied");
  }
}

export interface Distinct {
  /** The first slice of each run. */
  readonly output: Value;
  /** Of each slice of the input which run it is of. */
  readonly inverse: () => Value;
  /** Of each run how many slices it has. */
  readonly counts: () => Value;
}

/** What the runs become; `chosen` are the first of each. */
export function distinctOf(runs: Runs, chosen: Chosen): Distinct {
  const { rows, isFirst, order, layout } = runs;
  const total = isFirst.node.size;
  const first = compact(iota(total), chosen.mask, chosen.starts, chosen.count);
  return {
    output: laidOut(gather(rows, 0, alongAxis(first, rows.node.shape, 0)), layout),
    inverse: () => {
      const run = cast(sub(cumsum(cast(isFirst, "int32"), 0), 1), "int64");
      const inPlace = order ? scatter(full("int64", [total], 0), 0, order, run) : run;
      return layout.axis === null ? reshape(inPlace, layout.shape) : inPlace;
    },
    counts: () => {
      const ends = full("int32", [chosen.count], total);
      const next = chosen.count === 1 ? ends : place(ends, ...behind(first));
      return cast(sub(next, first), "int64");
    },
  };
}

/** All but the first element, and the window of all but the last. */
function behind(x: Value): [Value, ReturnType<typeof sliceView>] {
  const size = x.node.size - 1;
  const part = [{ start: 0, size, step: 1 }];
  const rest = slice(x, [{ start: 1, size, step: 1 }]);
  return [rest, sliceView(contiguousView(x.node.shape), part)];
}

function laidOut(rows: Value, { axis, shape }: Layout): Value {
  const count = rows.node.shape[0] as number;
  if (axis === null) return reshape(rows, [count]);
  const others = shape.toSpliced(axis, 1);
  const order = others.map((_, at) => at + 1).toSpliced(axis, 0, 0);
  return permute(reshape(rows, [count, ...others]), order);
}

/** What is distinct of nothing. */
export function distinctOfNothing(x: Value, dim: number | null): Distinct {
  const { dtype, shape } = x.node;
  return {
    output: full(dtype, dim === null ? [0] : shape, 0),
    inverse: () => full("int64", dim === null ? shape : [0], 0),
    counts: () => full("int64", [0], 0),
  };
}
