// Elements by index: gather | scatterAdd as an adjoint pair, and scatters that replace, multiply or keep
// the extremum. Of equal places the later element comes later, for any number of workers.

import { type DType, dtypes } from "../base/dtypes.ts";
import type { LaneBody, LaneType } from "../base/lanes.ts";
import { type Lane, type LaneWriter, traceLanes } from "../base/trace-lanes.ts";
import { gatherNode, scatterNode } from "../graph/build.ts";
import { noteLine } from "../graph/lines.ts";
import type { Node } from "../graph/node.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { and, cast, div, eq, mul, where } from "./arithmetic.ts";
import { apply, type Primitive, type Vjp } from "./primitive.ts";
import { fullLike, zerosLike } from "./source.ts";

/** Inputs (x, index): out[i] = x[i with i[axis] = index[i]]. */
export const gatherPrimitive: Primitive<number> = {
  name: "gather",
  build: ([x, index], axis) => noteLine(gatherNode(x, axis, index)),
  vjp: (g, [x, index], _, axis) => [scatterAdd(zerosLike(x), axis, index, g), null],
};

export const gather = (x: Value, axis: number, index: Value, tapeName?: string): Value =>
  apply(gatherPrimitive, [x, index], axis, tapeName);

/** Elements of a flat table that has no gradient; a fault tells by `name` what the index was. */
export const lookUp = (name: string, table: Value, index: Value): Value =>
  constantValue(noteLine(gatherNode(table.node, 0, index.node, name)));

/** How what lies at a place and what comes there are combined. */
type Combine = (k: LaneWriter, old: Lane, one: Lane) => Lane;

const combines = {
  scatter: (_, __, one) => one,
  scatterAdd: (k, old, one) => (old.type === "mask" ? k.or(old, one) : k.add(old, one)),
  prod: (k, old, one) => (old.type === "mask" ? k.and(old, one) : k.mul(old, one)),
  amax: (k, old, one) => (old.type === "mask" ? k.or(old, one) : k.max(old, one)),
  amin: (k, old, one) => (old.type === "mask" ? k.and(old, one) : k.min(old, one)),
} satisfies Record<string, Combine>;

const bodies = new Map<string, LaneBody>();

function combineBody(name: keyof typeof combines, lane: LaneType): LaneBody {
  const key = `${name} ${lane}`;
  let body = bodies.get(key);
  if (!body) {
    body = traceLanes([lane, lane], combines[name]);
    bodies.set(key, body);
  }
  return body;
}

function combinedNode(
  name: keyof typeof combines,
  [base, index, value]: readonly Node[],
  axis: number,
): Node {
  if (index.size === 0) return base;
  const combine = combineBody(name, dtypes[base.dtype].lane);
  return noteLine(scatterNode({ name, base, index, value, axis, combine }));
}

/** Inputs (base, index, value): value[i] is added to base[i with i[axis] = index[i]]. */
export const scatterAddPrimitive: Primitive<number> = {
  name: "scatterAdd",
  build: (inputs, axis) => combinedNode("scatterAdd", inputs, axis),
  vjp: (g, [, index], _, axis) => [g, null, gather(g, axis, index)],
};

/** `value` has the shape of `index`. */
export function scatterAdd(
  base: Value,
  axis: number,
  index: Value,
  value: Value,
  tapeName?: string,
): Value {
  return apply(scatterAddPrimitive, [base, index, value], axis, tapeName);
}

/** Inputs (base, index, value): value[i] replaces base[i with i[axis] = index[i]]; the last wins. */
export const scatterPrimitive: Primitive<number> = {
  name: "scatter",
  build: (inputs, axis) => combinedNode("scatter", inputs, axis),
  vjp: (g, [, index, value], _, axis) => [
    scatter(g, axis, index, zerosLike(value)),
    null,
    gather(g, axis, index),
  ],
};

export function scatter(
  base: Value,
  axis: number,
  index: Value,
  value: Value,
  tapeName?: string,
): Value {
  return apply(scatterPrimitive, [base, index, value], axis, tapeName);
}

export type ScatterReduction = "prod" | "amax" | "amin";

export interface ScatterReduced {
  readonly axis: number;
  readonly reduce: ScatterReduction;
}

/**
 * Inputs (base, index, value): base[i with i[axis] = index[i]] multiplied by value[i], or the larger or
 * smaller of both; NaN stays. Sums and means are scatterAdds.
 */
export const scatterReducePrimitive: Primitive<ScatterReduced> = {
  name: "scatterReduce",
  build: (inputs, { reduce, axis }) => combinedNode(reduce, inputs, axis),
  vjp: (g, inputs, out, attrs) =>
    (attrs.reduce === "prod" ? productGradients : sharedEvenly)(g, inputs, out, attrs),
};

/** `value` has the shape of `index`. */
export const scatterReduce = (
  base: Value,
  index: Value,
  value: Value,
  attrs: ScatterReduced,
): Value => apply(scatterReducePrimitive, [base, index, value], attrs);

/**
 * ∂/∂base = g·Π value;  ∂/∂value = g·out/value, but where the value is the only 0 of its place the
 * product of the others. Of several zeros at one place the second derivative is 0, not PyTorch's error.
 */
const productGradients: Vjp<ScatterReduced> = (g, [base, index, value], out, attrs) => {
  const { axis } = attrs;
  const products = scatterReduce(fullLike(base, 1), index, value, attrs);
  const isZero = eq(value, 0);
  const zeros = scatterAdd(zerosLike(base), axis, index, asNumbers(isZero, base.node.dtype));
  const isOnly = and(isZero, eq(gather(zeros, axis, index), 1));
  const others = scatterReduce(base, index, where(isOnly, 1, value), attrs);
  const quotient = div(gather(mul(g, out), axis, index), where(isZero, 1, value));
  return [mul(g, products), null, where(isOnly, gather(mul(g, others), axis, index), quotient)];
};

/** The gradient goes in equal parts to all that are the extremum. */
const sharedEvenly: Vjp<ScatterReduced> = (g, [base, index, value], out, { axis }) => {
  const { dtype } = base.node;
  const isBase = asNumbers(eq(base, out), dtype);
  const isValue = asNumbers(eq(value, gather(out, axis, index)), dtype);
  const share = div(g, scatterAdd(isBase, axis, index, isValue));
  return [mul(isBase, share), null, mul(isValue, gather(share, axis, index))];
};

const asNumbers = (mask: Value, dtype: DType): Value => cast(mask, dtype);
