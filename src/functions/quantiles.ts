// Quantiles: between the elements that stand around a rank, in the order along an axis.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxis, type Shape, sizeOf } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { gather } from "../ops/indexing.ts";
import { expand, permute, reshape, slice, sum, wholeSlice } from "../ops/linear.ts";
import { argsort } from "../ops/sort.ts";
import { full } from "../ops/source.ts";
import { lerp } from "./combined.ts";

export const interpolations = ["linear", "lower", "higher", "midpoint", "nearest"] as const;
export type Interpolation = (typeof interpolations)[number];

export interface QuantileOptions {
  readonly dim: number | null;
  readonly keepdim: boolean;
  readonly interpolation: Interpolation;
}

interface Quantile {
  /** null: of all elements. */
  readonly axis: number | null;
  readonly keepdim: boolean;
  readonly interpolation: Interpolation;
  /** NaNs count as if they were not there; else one makes the result NaN. */
  readonly ignoresNaN: boolean;
}

/** The elements in order along the last axis, of two: rows and what is ranked. */
function inOrder(x: Value, axis: number | null): Value {
  const { shape, size } = x.node;
  const kept = axis === null ? [] : shape.toSpliced(axis, 1);
  const order = shape.map((_, at) => at).filter((at) => at !== axis);
  const moved = axis === null || shape.length === 0 ? x : permute(x, [...order, axis]);
  const rows = sizeOf(kept);
  const table = reshape(moved, [rows, size / rows]);
  return gather(table, 1, argsort(constantValue(table.node), 1));
}

/** q·(n - 1) for every row and every q, n the elements that count. */
function ranksOf(sorted: Value, q: Value, ignoresNaN: boolean): Value {
  const { shape, dtype } = sorted.node;
  const [rows, length] = shape as readonly [number, number];
  const wide = [rows, q.node.size];
  const each = expand(reshape(q, [1, q.node.size]), wide);
  const isShare = ops.and(ops.ge(each, 0), ops.le(each, 1));
  // Of any other q there is no such rank: the gather reports it.
  const checked = (ranks: Value): Value => ops.where(isShare, ranks, length);
  if (ignoresNaN) {
    const known = sum(ops.cast(ops.eq(sorted, sorted), dtype), [1]);
    const last = expand(reshape(ops.sub(known, 1), [rows, 1]), wide);
    const ranks = ops.mul(each, last);
    return checked(ops.where(ops.lt(ranks, 0), 0, ranks));
  }
  const last = slice(sorted, [wholeSlice(rows), { start: length - 1, size: 1, step: 1 }]);
  // NaN comes last: its rank makes the result NaN.
  const isUnknown = expand(ops.ne(last, last), wide);
  return checked(ops.where(isUnknown, length - 1, ops.mul(each, length - 1)));
}

const rounded = {
  linear: (ranks: Value) => ranks,
  midpoint: (ranks: Value) => ranks,
  lower: (ranks: Value) => ops.floor(ranks),
  higher: (ranks: Value) => ops.ceil(ranks),
  nearest: (ranks: Value) => ops.round(ranks),
} satisfies Record<Interpolation, (ranks: Value) => Value>;

function quantilesOf(sorted: Value, q: Value, attrs: Quantile): Value {
  const { interpolation, ignoresNaN } = attrs;
  const ranks = rounded[interpolation](ranksOf(sorted, q, ignoresNaN));
  const at = (rank: Value): Value => gather(sorted, 1, ops.cast(constantValue(rank.node), "int64"));
  const below = at(ops.floor(ranks));
  if (interpolation !== "linear" && interpolation !== "midpoint") return below;
  const weight =
    interpolation === "midpoint"
      ? full(ranks.node.dtype, ranks.node.shape, 0.5)
      : ops.sub(ranks, constantValue(ops.floor(ranks).node));
  return lerp(below, at(ops.ceil(ranks)), weight);
}

/** What is left of x's shape. */
function keptShape({ shape }: Value["node"], { axis, keepdim }: Quantile): Shape {
  if (axis === null) return keepdim ? shape.map(() => 1) : [];
  if (shape.length === 0) return [];
  return keepdim ? shape.with(axis, 1) : shape.toSpliced(axis, 1);
}

const quantileSpec: Composite<Quantile> = {
  name: "SqueezeBackward4",
  body: ([x, q], attrs) => {
    const found = quantilesOf(inOrder(x, attrs.axis), q, attrs);
    const kept = keptShape(x.node, attrs);
    return reshape(permute(found, [1, 0]), [...q.node.shape, ...kept]);
  },
};

const ofKind =
  (op: string, ignoresNaN: boolean) =>
  (x: Value, given: Value | number, { dim, keepdim, interpolation }: QuantileOptions): Value => {
    const { dtype, size, shape } = x.node;
    if (size === 0) fail(op, "input tensor must be non-empty");
    if (dtype !== "float32" && dtype !== "float64") {
      fail(op, `input tensor must be either float or double dtype, got ${dtype}`);
    }
    const q = typeof given === "number" ? scalarOf(op, given, x) : given;
    if (q.node.shape.length > 1) {
      fail(op, `q must be a scalar or 1D tensor, got one of ${q.node.shape.length} dimensions`);
    }
    if (q.node.dtype !== dtype) {
      fail(op, `q tensor must be same dtype as the input tensor, got ${q.node.dtype} and ${dtype}`);
    }
    const axis = dim === null ? null : normalizeAxis(op, dim, shape.length);
    return composite(quantileSpec, [x, q], { axis, keepdim, interpolation, ignoresNaN });
  };

function scalarOf(op: string, q: number, x: Value): Value {
  if (q >= 0 && q <= 1) return full(x.node.dtype, [], q);
  return fail(op, `q must be in the range [0, 1] but got ${q}`);
}

/** The values below which shares q of the elements lie. */
export const quantile = ofKind("quantile", false);

export const nanquantile = ofKind("nanquantile", true);
