// Histograms: each element falls into a bin between two edges, the last of which is in its bin too, or
// into none; NaN into none. Sums are in the order of the elements.

import { accumulated, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { scatterAdd } from "../ops/indexing.ts";
import { expand, reshape, slice, sum, wholeSlice } from "../ops/linear.ts";
import { amax, amin } from "../ops/reduce.ts";
import { full } from "../ops/source.ts";
import { linspace } from "./ranges.ts";
import { bucketize } from "./searching.ts";

const flat = ({ node }: Value): Value => reshape(constantValue(node), [node.size]);

interface Ends {
  readonly low: Value;
  readonly high: Value;
}

/** The least and the greatest element, moved apart where they are equal. */
function endsOf(x: Value, apart: number): Ends {
  const [low, high] = [amin(x, [0]), amax(x, [0])];
  const isOne = ops.eq(low, high);
  return {
    low: ops.where(isOne, ops.sub(low, apart), low),
    high: ops.where(isOne, ops.add(high, apart), high),
  };
}

/** Of each element which place it falls into, if any. */
interface Fallen {
  readonly place: Value;
  readonly isInside: Value;
}

/** What falls into each of `count` places: elements, or their weights. */
function totals({ place, isInside }: Fallen, weights: Value, count: number): Value {
  const none = full(weights.node.dtype, weights.node.shape, 0);
  const zeros = full(weights.node.dtype, [count], 0);
  if (place.node.size === 0) return zeros;
  const index = ops.where(isInside, place, 0);
  return scatterAdd(zeros, 0, index, ops.where(isInside, weights, none));
}

const throughout = (x: Value, shape: Shape): Value =>
  expand(
    reshape(
      x,
      shape.map(() => 1),
    ),
    shape,
  );

/** Counts between `min` and `max` in bins of one width; where these are equal, between the extrema. */
export function histc(given: Value, bins: number, min: number, max: number): Value {
  const { dtype } = given.node;
  if (!isFloat(dtype)) fail("histc", `not implemented for ${dtype}. Cast it: x.to("float32")`);
  if (bins <= 0) fail("histc", `bins must be > 0, got ${bins}`);
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    fail("histc", `range of [${min}, ${max}] is not finite`);
  }
  if (max < min) fail("histc", `max must be larger than min, got ${min} and ${max}`);
  const own = accumulated(dtype);
  const x = ops.cast(flat(given), own);
  if (x.node.size === 0) return full(dtype, [bins], 0);
  const { shape } = x.node;
  const [low, high] = endsOrGiven(x, min, max).map((end) => throughout(end, shape));
  const isInside = ops.and(ops.ge(x, low), ops.le(x, high));
  const share = ops.div(ops.mul(ops.sub(x, low), bins), ops.sub(high, low));
  const place = ops.minimum(ops.cast(share, "int32"), bins - 1);
  return ops.cast(totals({ place, isInside }, full(own, shape, 1), bins), dtype);
}

function endsOrGiven(x: Value, min: number, max: number): readonly Value[] {
  if (min !== max) return [min, max].map((end) => full(x.node.dtype, [], end));
  const { low, high } = endsOf(x, 1);
  return [low, high];
}

export interface HistogramOptions {
  /** Two ends for each dimension, or null: the extrema of the elements. */
  readonly range: readonly number[] | null;
  readonly weight: Value | null;
  /** Shares of the total by width, not totals. */
  readonly density: boolean;
}

/** Numbers of bins, or their edges. */
type Bins = readonly number[] | readonly Value[];

function edgesOf(op: string, x: Value, bins: number, range: readonly number[] | null): Value {
  const { dtype, size } = x.node;
  if (bins <= 0) fail(op, `bins must be > 0, got ${bins}`);
  if (range) {
    const [low = 0, high = 0] = range;
    if (!Number.isFinite(low) || !Number.isFinite(high)) {
      fail(op, `range [${low}, ${high}] is not finite`);
    }
    if (low > high) fail(op, `min should not exceed max, but got min ${low} max ${high}`);
    const apart = low === high ? 0.5 : 0;
    return linspace(low - apart, high + apart, bins + 1, dtype);
  }
  if (size === 0) return linspace(0, 1, bins + 1, dtype);
  const { low, high } = endsOf(x, 0.5);
  return linspace(low, high, bins + 1, dtype);
}

function requireEdges(op: string, edges: Value, x: Value): Value {
  const { shape, dtype } = edges.node;
  if (shape.length !== 1 || shape[0] === 0) {
    fail(
      op,
      `bins tensor should have one dimension and one edge at least, got ${showShape(shape)}`,
    );
  }
  if (dtype !== x.node.dtype) {
    fail(
      op,
      `input tensor and bins tensors should have the same dtype, but got input with dtype ` +
        `${x.node.dtype} and bins with dtype ${dtype}`,
    );
  }
  return constantValue(edges.node);
}

/** The bin of each element: behind the last edge that is not above it. */
function fallen(x: Value, edges: Value): Fallen {
  const [count] = edges.node.shape as readonly [number];
  const behind = bucketize(x, edges, { right: true, outInt32: true });
  const end = slice(edges, [{ start: count - 1, size: 1, step: 1 }]);
  const isLast = ops.eq(x, expand(end, x.node.shape));
  const place = ops.sub(ops.where(isLast, count - 1, behind), 1);
  return { place, isInside: ops.and(ops.ge(place, 0), ops.lt(place, count - 1)) };
}

/** Bins of several dimensions as one, row-major. */
function together(parts: readonly Fallen[], sizes: readonly number[]): Fallen {
  return parts.reduce(({ place, isInside }, next, at) => ({
    place: ops.add(ops.mul(place, sizes[at]), next.place),
    isInside: ops.and(isInside, next.isInside),
  }));
}

function densityOf(hist: Value, edges: readonly Value[]): Value {
  const { shape } = hist.node;
  const axes = shape.map((_, axis) => axis);
  const share = ops.div(hist, throughout(sum(hist, axes), shape));
  return edges.reduce((left, own, axis) => {
    const count = shape[axis];
    const from = (start: number) => slice(own, [{ start, size: count, step: 1 }]);
    const widths = reshape(
      ops.sub(from(1), from(0)),
      shape.map((_, at) => (at === axis ? count : 1)),
    );
    return ops.div(left, expand(widths, shape));
  }, share);
}

function weightsOf(op: string, x: Value, weight: Value | null, shape: Shape): Value {
  const { dtype } = x.node;
  if (!weight) return full(dtype, [sizeOf(shape)], 1);
  if (!sameShape(weight.node.shape, shape)) {
    fail(
      op,
      "if weight tensor is provided it should have the same shape as the input tensor excluding its " +
        `innermost dimension, but got input ${showShape(shape)} and weight ${showShape(weight.node.shape)}`,
    );
  }
  if (weight.node.dtype !== dtype) {
    fail(
      op,
      `if weight tensor is provided, input tensor and weight tensor should have the same dtype, but got ` +
        `${dtype} and ${weight.node.dtype}`,
    );
  }
  return flat(weight);
}

function requireHistogram(op: string, x: Value): void {
  const { dtype } = x.node;
  if (dtype === "float32" || dtype === "float64") return;
  fail(op, `not implemented for ${dtype}. Cast it: x.to("float32")`);
}

interface Binned {
  readonly hist: Value;
  readonly edges: readonly Value[];
}

/** Columns, each with its bins. */
function binned(
  op: string,
  columns: readonly Value[],
  bins: Bins,
  { range, weights, density }: Omit<HistogramOptions, "weight"> & { readonly weights: Value },
): Binned {
  if (range && range.length !== 2 * columns.length) {
    fail(op, `range should have ${2 * columns.length} elements, but got ${range.length}`);
  }
  const edges = columns.map((x, at) => {
    const own = bins[at] as number | Value;
    if (typeof own !== "number") return requireEdges(op, own, x);
    return edgesOf(op, x, own, range?.slice(2 * at, 2 * at + 2) ?? null);
  });
  const sizes = edges.map(({ node }) => node.size - 1);
  const parts = columns.map((x, at) => fallen(x, edges[at]));
  const flatHist = totals(together(parts, sizes), weights, sizeOf(sizes));
  const hist = reshape(flatHist, sizes);
  return { hist: density ? densityOf(hist, edges) : hist, edges };
}

export interface Histogram {
  readonly hist: Value;
  readonly binEdges: Value;
}

/** What falls into each bin, and the edges between them. */
export function histogram(x: Value, bins: number | Value, options: HistogramOptions): Histogram {
  requireHistogram("histogram", x);
  const { weight, ...rest } = options;
  const weights = weightsOf("histogram", x, weight, x.node.shape);
  const { hist, edges } = binned("histogram", [flat(x)], [bins] as Bins, { ...rest, weights });
  return { hist, binEdges: edges[0] };
}

export interface HistogramOfMany {
  readonly hist: Value;
  readonly binEdges: readonly Value[];
}

/** The last dimension holds the coordinates of points; a bin is a box. */
export function histogramdd(
  x: Value,
  given: number | Bins,
  options: HistogramOptions,
): HistogramOfMany {
  const op = "histogramdd";
  requireHistogram(op, x);
  const { shape, size } = x.node;
  if (shape.length < 2) {
    fail(op, `input tensor should have at least 2 dimensions, but got ${shape.length}`);
  }
  const width = shape.at(-1) as number;
  const bins = typeof given === "number" ? Array.from({ length: width }, () => given) : given;
  if (bins.length !== width) {
    fail(op, "The size of bins must be equal to the innermost dimension of the input.");
  }
  const count = size / Math.max(width, 1);
  const points = reshape(constantValue(x.node), [count, width]);
  const columns = Array.from({ length: width }, (_, at) =>
    reshape(slice(points, [wholeSlice(count), { start: at, size: 1, step: 1 }]), [count]),
  );
  const { weight, ...rest } = options;
  const weights = weightsOf(op, x, weight, shape.slice(0, -1));
  const { hist, edges } = binned(op, columns, bins, { ...rest, weights });
  return { hist, binEdges: edges };
}

// Counts of whole numbers

/** Refuses what no bin can be for. */
export function requireCountable(x: Value, weights: Value | null, minlength: number): void {
  const { shape, dtype } = x.node;
  if (shape.length !== 1 || isFloat(dtype) || dtype === "bool") {
    fail(
      "bincount",
      `only supports 1-d non-negative integral inputs, got ${dtype} ${showShape(shape)}`,
    );
  }
  if (minlength < 0) fail("bincount", `minlength should be >= 0, got ${minlength}`);
  if (weights && !sameShape(weights.node.shape, shape)) {
    fail("bincount", "weights should be 1-d and have the same length as input");
  }
}

/** How often each number below `count` is there, or what the weights of it add up to. */
export function countsOf(x: Value, weights: Value | null, count: number): Value {
  const place = constantValue(x.node);
  const isInside = full("bool", x.node.shape, 1);
  if (!weights) return totals({ place, isInside }, full("int64", x.node.shape, 1), count);
  const dtype = weights.node.dtype === "float32" ? "float32" : "float64";
  return totals({ place, isInside }, ops.cast(constantValue(weights.node), dtype), count);
}
