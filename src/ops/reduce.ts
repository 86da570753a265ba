// Reductions that are not linear: extrema, their positions, products. Sum stands with the linear ops.

import { type DType, dtypes } from "../base/dtypes.ts";
import { evaluateLanes } from "../base/evaluate-lanes.ts";
import type { LaneType } from "../base/lanes.ts";
import type { Reducer } from "../base/reducers.ts";
import { type Shape, sizeOf } from "../base/shapes.ts";
import { type Lane, type LaneWriter, traceLanes } from "../base/trace-lanes.ts";
import { contiguousView, sliceView } from "../base/views.ts";
import { fullNode, reduceNode } from "../graph/build.ts";
import type { Value } from "../graph/tape.ts";
import { and, div, eq, mul, ne, or, where } from "./arithmetic.ts";
import {
  expand,
  permute,
  place,
  reshape,
  reshapePrimitive,
  slice,
  sum,
  wholeSlice,
  withOnes,
} from "./linear.ts";
import { apply, type Primitive, type Vjp } from "./primitive.ts";
import { full, fullLike } from "./source.ts";

type Axes = readonly number[];

interface ReduceRule {
  readonly name: string;
  readonly reducer: (lane: LaneType) => Reducer;
  readonly dtype?: DType;
  readonly vjp: Vjp<Axes> | "none";
}

/** Axes are ascending and vanish from the shape. */
function reduction({ name, reducer, dtype, vjp }: ReduceRule): Primitive<Axes> {
  const reducers = new Map<LaneType, Reducer>();
  return {
    name,
    build: ([input], axes) => {
      const shape = input.shape.filter((_, axis) => !axes.includes(axis));
      // One element to choose from: the element itself, at position 0.
      if (sizeOf(shape) === input.size) {
        return dtype ? fullNode(dtype, shape, 0) : reshapePrimitive.build([input], shape);
      }
      const { lane } = dtypes[input.dtype];
      let known = reducers.get(lane);
      if (!known) {
        known = reducer(lane);
        reducers.set(lane, known);
      }
      const result = dtype ?? input.dtype;
      if (input.size === 0) return fullNode(result, shape, ofNothing(known));
      return reduceNode({ name, dtype: result, input, axes, reducer: known });
    },
    vjp,
  };
}

/** What a reduction gives of no element. */
function ofNothing({ state, finish }: Reducer): number {
  return Number(
    evaluateLanes(
      finish,
      state.map(({ initial }) => initial),
    )[0],
  );
}

// Extrema

/** The limits of a lane type, and of a mask as 0 and 1. */
export const limits: Record<LaneType, readonly [number, number]> = {
  f32: [-Infinity, Infinity],
  f64: [-Infinity, Infinity],
  i32: [-2147483648, 2147483647],
  i64: [-2147483648, 2147483647],
  mask: [0, 1],
};

export type Side = "max" | "min";

function extremumReducer(input: LaneType, side: Side): Reducer {
  const type = input === "mask" ? "i32" : input;
  const initial = limits[input][side === "max" ? 0 : 1];
  return {
    input,
    state: [{ type, initial }],
    step: traceLanes([type, input, "i32"], (k, best, x) => further(k, side, best, countable(k, x))),
    merge: traceLanes([type, type], (k, a, b) => further(k, side, a, b)),
    finish: traceLanes([type], (k, best) => (input === "mask" ? k.ne(best, 0) : best)),
  };
}

/**
 * The larger or smaller of two, the first of equals; the first NaN stays. (As one instruction that a machine
 * takes eight for, a row's maximum took four times as long as its sum.)
 */
function further(k: LaneWriter, side: Side, best: Lane, x: Lane): Lane {
  if (best.type !== "f32" && best.type !== "f64") return k[side](best, x);
  const isBehind = side === "max" ? k.le(x, best) : k.ge(x, best);
  return k.select(k.or(isBehind, k.ne(best, best)), best, x);
}

/** A mask as 0 or 1. */
export const countable = (k: LaneWriter, x: Lane): Lane =>
  x.type === "mask" ? k.select(x, k.const("i32", 1), k.const("i32", 0)) : x;

/** The gradient goes in equal parts to the elements that are the extremum. */
const sharedEvenly: Vjp<Axes> = (g, [x], out, axes) => {
  const { shape } = x.node;
  const kept = withOnes(shape, axes);
  const spread = (value: Value): Value => expand(reshape(value, kept), shape);
  const isBest = equalOrNaN(x, spread(out));
  const count = sum(where(isBest, fullLike(x, 1), 0), axes);
  return [where(isBest, spread(div(g, count)), 0)];
};

const equalOrNaN = (x: Value, y: Value): Value => or(eq(x, y), and(ne(x, x), ne(y, y)));

/** The largest element; on bool: any. */
export const amaxPrimitive = reduction({
  name: "amax",
  reducer: (lane) => extremumReducer(lane, "max"),
  vjp: sharedEvenly,
});

/** The smallest element; on bool: all. */
export const aminPrimitive = reduction({
  name: "amin",
  reducer: (lane) => extremumReducer(lane, "min"),
  vjp: sharedEvenly,
});

export const amax = (x: Value, axes: Axes, tapeName?: string): Value =>
  apply(amaxPrimitive, [x], axes, tapeName);

export const amin = (x: Value, axes: Axes, tapeName?: string): Value =>
  apply(aminPrimitive, [x], axes, tapeName);

// Positions of extrema: NaN beats everything, of equals the first wins.

function positionReducer(input: LaneType, side: Side): Reducer {
  const type = input === "mask" ? "i32" : input;
  const last = limits.i32[1];
  const keepBetter = (k: LaneWriter, state: readonly Lane[], other: readonly Lane[]): Lane[] => {
    const wins = beats(k, { side, state, other });
    return [k.select(wins, other[0], state[0]), k.select(wins, other[1], state[1])];
  };
  return {
    input,
    state: [
      { type, initial: limits[input][side === "max" ? 0 : 1] },
      { type: "i32", initial: last },
    ],
    step: traceLanes([type, "i32", input, "i32"], (k, best, at, x, index) =>
      keepBetter(k, [best, at], [countable(k, x), index]),
    ),
    merge: traceLanes([type, "i32", type, "i32"], (k, best, at, x, index) =>
      keepBetter(k, [best, at], [x, index]),
    ),
    finish: traceLanes([type, "i32"], (_, _best, at) => at),
  };
}

interface Contest {
  readonly side: Side;
  readonly state: readonly Lane[];
  readonly other: readonly Lane[];
}

function beats(k: LaneWriter, { side, state: [best, at], other: [x, index] }: Contest): Lane {
  const isBetter = side === "max" ? k.gt(x, best) : k.lt(x, best);
  const isEarlier = k.lt(index, at);
  const wins = k.or(isBetter, k.and(k.eq(x, best), isEarlier));
  if (x.type === "i32") return wins;
  const [isUnknown, wasUnknown] = [k.ne(x, x), k.ne(best, best)];
  return k.or(k.and(isUnknown, k.or(k.not(wasUnknown), isEarlier)), k.and(k.not(wasUnknown), wins));
}

export const argmaxPrimitive = reduction({
  name: "argmax",
  reducer: (lane) => positionReducer(lane, "max"),
  dtype: "int64",
  vjp: "none",
});

export const argminPrimitive = reduction({
  name: "argmin",
  reducer: (lane) => positionReducer(lane, "min"),
  dtype: "int64",
  vjp: "none",
});

export const argmax = (x: Value, axes: Axes): Value => apply(argmaxPrimitive, [x], axes);
export const argmin = (x: Value, axes: Axes): Value => apply(argminPrimitive, [x], axes);

// Products

/** On bool: all. */
function prodReducer(lane: LaneType): Reducer {
  if (lane === "mask") return extremumReducer(lane, "min");
  return {
    input: lane,
    state: [{ type: lane, initial: 1 }],
    step: traceLanes([lane, lane, "i32"], (k, total, x) => k.mul(total, x)),
    merge: traceLanes([lane, lane], (k, a, b) => k.mul(a, b)),
    finish: traceLanes([lane], (_, total) => total),
  };
}

export const prodPrimitive = reduction({
  name: "prod",
  reducer: prodReducer,
  vjp: (g, [x], _, axes) => {
    const { shape } = x.node;
    const kept = shape.flatMap((_n, axis) => (axes.includes(axis) ? [] : [axis]));
    const order = [...kept, ...axes];
    const front = permute(x, order);
    const count = sizeOf(axes.map((axis) => shape[axis]));
    const rows = count === 0 ? 0 : x.node.size / count;
    if (x.node.size === 0) return [fullLike(x, 0)];
    const flat = productGradient(reshape(g, [rows, 1]), reshape(front, [rows, count]));
    return [
      permute(
        reshape(flat, front.node.shape),
        order.map((_one, axis) => order.indexOf(axis)),
      ),
    ];
  },
});

export const prod = (x: Value, axes: Axes, tapeName?: string): Value =>
  apply(prodPrimitive, [x], axes, tapeName);

/**
 * d(Π x)/dx is the product of the others: out/x would be wrong at 0, and its derivative too. So the
 * rows are multiplied in halves, and the gradient comes back through the same tree.
 */
function productGradient(g: Value, x: Value): Value {
  const [rows, count] = x.node.shape;
  if (count === 1) return g;
  const half = Math.ceil(count / 2);
  const even = count === 2 * half ? x : padded(x, [rows, 2 * half]);
  const [left, right] = [columns(even, 0, half), columns(even, half, half)];
  const back = productGradient(g, mul(left, right));
  const window = (start: number) =>
    sliceView(contiguousView(even.node.shape), [wholeSlice(rows), { start, size: half, step: 1 }]);
  const zeros = fullLike(even, 0);
  const both = place(place(zeros, mul(back, right), window(0)), mul(back, left), window(half));
  return columns(both, 0, count);
}

const columns = (x: Value, start: number, size: number): Value =>
  slice(x, [wholeSlice(x.node.shape[0]), { start, size, step: 1 }]);

function padded(x: Value, shape: Shape): Value {
  const window = sliceView(contiguousView(shape), x.node.shape.map(wholeSlice));
  return place(full(x.node.dtype, shape, 1), x, window);
}
