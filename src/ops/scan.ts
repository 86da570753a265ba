// Scans: running sums, products, extrema and their positions, and the linear recurrence through which
// the gradients of products and of logcumsumexp come back. Adjoint pairs: a scan and the one from the
// other end.

import { type DType, dtypes } from "../base/dtypes.ts";
import type { LaneType } from "../base/lanes.ts";
import type { Scanner } from "../base/scanners.ts";
import { type Lane, type LaneWriter, traceLanes } from "../base/trace-lanes.ts";
import { contiguousView, type Slice, sliceView } from "../base/views.ts";
import { scanNode } from "../graph/build.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { exp as expLanes } from "./approximations/exponential.ts";
import { log as logLanes } from "./approximations/logarithm.ts";
import { abs, eq, mul, sub, where } from "./arithmetic.ts";
import { scatterAdd } from "./indexing.ts";
import { place, slice, wholeSlice } from "./linear.ts";
import { apply, type Primitive, type Vjp } from "./primitive.ts";
import { countable, limits, type Side } from "./reduce.ts";
import { fullLike, zerosLike } from "./source.ts";
import { exp } from "./transcendental.ts";

export interface ScanAttrs {
  readonly axis: number;
  /** From the axis' end. */
  readonly reverse: boolean;
}

interface ScanRule {
  readonly name: string;
  readonly scanner: (lane: LaneType) => Scanner;
  readonly dtype?: DType;
  readonly vjp: Vjp<ScanAttrs> | "none";
}

/** Inputs have one shape, of rank 1 at least, and one dtype. */
function scan({ name, scanner, dtype, vjp }: ScanRule): Primitive<ScanAttrs> {
  const scanners = new Map<LaneType, Scanner>();
  return {
    name,
    build: (inputs, attrs) => {
      const own = inputs[0].dtype;
      const { lane } = dtypes[own];
      let known = scanners.get(lane);
      if (!known) {
        known = scanner(lane);
        scanners.set(lane, known);
      }
      return scanNode({ name, dtype: dtype ?? own, inputs, scanner: known, ...attrs });
    },
    vjp,
  };
}

const caller =
  (primitive: Primitive<ScanAttrs>) =>
  (x: Value, axis: number, reverse = false, tapeName?: string): Value =>
    apply(primitive, [x], { axis, reverse }, tapeName);

/** One state that elements are themselves. */
const folding = (
  lane: LaneType,
  initial: number,
  merge: (k: LaneWriter, a: Lane, b: Lane) => Lane,
): Scanner => ({
  inputs: [lane],
  state: [{ type: lane, initial }],
  lift: traceLanes([lane, "i32"], (_, x) => x),
  merge: traceLanes([lane, lane], merge),
  finish: traceLanes([lane], (_, total) => total),
});

export const cumsumPrimitive = scan({
  name: "cumsum",
  scanner: (lane) => folding(lane, 0, (k, a, b) => k.add(a, b)),
  vjp: (g, _, __, { axis, reverse }) => [cumsum(g, axis, !reverse)],
});

export const cumsum = caller(cumsumPrimitive);

// Linear recurrences

/**
 * Inputs (a, b): y[i] = a[i]·y[i-1] + b[i], y[-1] = 0. The state of a stretch is the map y → A·y + B.
 * h[i] = g[i] + a[i+1]·h[i+1];  ∂/∂b = h,  ∂/∂a = h·y[i-1]
 */
export const recurrencePrimitive = scan({
  name: "recurrence",
  scanner: (lane) => ({
    inputs: [lane, lane],
    state: [
      { type: lane, initial: 1 },
      { type: lane, initial: 0 },
    ],
    lift: traceLanes([lane, lane, "i32"], (_, a, b) => [a, b]),
    merge: traceLanes([lane, lane, lane, lane], (k, a0, b0, a1, b1) => [
      k.mul(a0, a1),
      k.add(k.mul(a1, b0), b1),
    ]),
    finish: traceLanes([lane, lane], (_, _a, b) => b),
  }),
  vjp: (g, [a, b], out, attrs) => {
    const { axis, reverse } = attrs;
    const back = recurrence(following(a, attrs, fullLike(a, 1)), g, axis, !reverse);
    return [a.edge && mul(back, preceding(out, attrs, zerosLike(out))), b.edge && back];
  },
});

export const recurrence = (a: Value, b: Value, axis: number, reverse = false): Value =>
  apply(recurrencePrimitive, [a, b], { axis, reverse });

/** x[i-1] in the order of the scan; where it starts, what `base` has there. */
const preceding = (x: Value, { axis, reverse }: ScanAttrs, base: Value): Value =>
  shifted(x, { axis, forward: !reverse, base });

/** x[i+1] in the order of the scan; where it ends, what `base` has there. */
const following = (x: Value, { axis, reverse }: ScanAttrs, base: Value): Value =>
  shifted(x, { axis, forward: reverse, base });

interface Shift {
  readonly axis: number;
  /** Towards higher indices. */
  readonly forward: boolean;
  readonly base: Value;
}

function shifted(x: Value, { axis, forward, base }: Shift): Value {
  const { shape } = x.node;
  if (x.node.size === 0 || shape[axis] === 1) return base;
  const part = (start: number): Slice[] =>
    shape.map((n, at) => (at === axis ? { start, size: n - 1, step: 1 } : wholeSlice(n)));
  const [from, to] = forward ? [0, 1] : [1, 0];
  return place(base, slice(x, part(from)), sliceView(contiguousView(shape), part(to)));
}

// Products

/**
 * ∂/∂x[i] = Π[k<i] x[k] · Σ[j≥i] g[j]·Π[i<k≤j] x[k]: the product before, and a recurrence from the
 * end. No quotient, so that zeros are right, in the derivative's derivative too.
 */
export const cumprodPrimitive = scan({
  name: "cumprod",
  scanner: (lane) => folding(lane, 1, (k, a, b) => k.mul(a, b)),
  vjp: (g, [x], out, attrs) => {
    const ones = fullLike(x, 1);
    const back = recurrence(following(x, attrs, ones), g, attrs.axis, !attrs.reverse);
    return [mul(preceding(out, attrs, ones), back)];
  },
});

export const cumprod = caller(cumprodPrimitive);

// Logarithms of running sums of exponentials

/** The state is (m, s) for s·eᵐ, m the largest exponent so far. */
function logcumsumexpScanner(lane: LaneType): Scanner {
  return {
    inputs: [lane],
    state: [
      { type: lane, initial: -Infinity },
      { type: lane, initial: 0 },
    ],
    lift: traceLanes([lane, "i32"], (k, x) => [x, k.const(lane, 1)]),
    merge: traceLanes([lane, lane, lane, lane], (k, m0, s0, m1, s1) => {
      const less = expLanes(k, k.neg(k.abs(k.sub(m1, m0))));
      // Where both are the same infinity their difference is none.
      const factor = k.select(k.eq(m0, m1), k.const(lane, 1), less);
      const isLower = k.le(m1, m0);
      const low = k.mul(k.select(isLower, s1, s0), factor);
      return [k.max(m0, m1), k.add(k.select(isLower, s0, s1), low)];
    }),
    finish: traceLanes([lane, lane], (k, m, s) => k.add(m, logLanes(k, s))),
  };
}

/**
 * ∂/∂x[i] = e^(x[i]-y[i])·r[i],  r[i] = Σ[j≥i] g[j]·e^(y[i]-y[j]) = g[i] + e^(y[i]-y[i+1])·r[i+1].
 * No exponent is above 0: nothing overflows that the result does not.
 */
export const logcumsumexpPrimitive = scan({
  name: "logcumsumexp",
  scanner: logcumsumexpScanner,
  vjp: (g, [x], out, attrs) => {
    const level = where(eq(abs(out), Infinity), 0, out);
    const factors = exp(sub(level, following(level, attrs, level)));
    const back = recurrence(factors, g, attrs.axis, !attrs.reverse);
    return [mul(exp(sub(x, level)), back)];
  },
});

export const logcumsumexp = caller(logcumsumexpPrimitive);

// Extrema: NaN stays; of equals the last is meant.

function extremumScanner(input: LaneType, side: Side): Scanner {
  const type = input === "mask" ? "i32" : input;
  const initial = limits[input][side === "max" ? 0 : 1];
  return {
    inputs: [input],
    state: [{ type, initial }],
    lift: traceLanes([input, "i32"], (k, x) => countable(k, x)),
    merge: traceLanes([type, type], (k, a, b) => k[side](a, b)),
    finish: traceLanes([type], (k, best) => (input === "mask" ? k.ne(best, 0) : best)),
  };
}

/** The gradient goes to where the extremum was last. */
const extremum = (name: string, side: Side, position: typeof argcummax) =>
  scan({
    name,
    scanner: (lane) => extremumScanner(lane, side),
    vjp: (g, [x], _, { axis, reverse }) => {
      const index = position(constantValue(x.node), axis, reverse);
      return [scatterAdd(zerosLike(x), axis, index, g)];
    },
  });

function positionScanner(input: LaneType, side: Side): Scanner {
  const type = input === "mask" ? "i32" : input;
  return {
    inputs: [input],
    state: [
      { type, initial: limits[input][side === "max" ? 0 : 1] },
      { type: "i32", initial: 0 },
    ],
    lift: traceLanes([input, "i32"], (k, x, index) => [countable(k, x), index]),
    merge: traceLanes([type, "i32", type, "i32"], (k, best, at, x, index) => {
      const isBest = side === "max" ? k.ge(x, best) : k.le(x, best);
      const wins = type === "i32" ? isBest : k.or(isBest, k.ne(x, x));
      return [k.select(wins, x, best), k.select(wins, index, at)];
    }),
    finish: traceLanes([type, "i32"], (_, _best, at) => at),
  };
}

const position = (name: string, side: Side): Primitive<ScanAttrs> =>
  scan({ name, scanner: (lane) => positionScanner(lane, side), dtype: "int64", vjp: "none" });

export const argcummaxPrimitive = position("argcummax", "max");
export const argcumminPrimitive = position("argcummin", "min");

export const argcummax = caller(argcummaxPrimitive);
export const argcummin = caller(argcumminPrimitive);

export const cummaxPrimitive = extremum("cummax", "max", argcummax);
export const cumminPrimitive = extremum("cummin", "min", argcummin);

export const cummax = caller(cummaxPrimitive);
export const cummin = caller(cumminPrimitive);
