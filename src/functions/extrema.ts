// Extrema. Over all or several axes the gradient is spread evenly among equals; along one axis it goes
// to the element whose position is returned, the first.

import { type Composite, composite, compositeOfMany } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxes, normalizeAxis, showShape } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { eq, where } from "../ops/arithmetic.ts";
import { expand, reshape } from "../ops/linear.ts";
import * as ops from "../ops/reduce.ts";
import { iota } from "../ops/source.ts";
import { type Dims, keeping, type Reduction, spread } from "./reductions.ts";

export function requireElements(op: string, { node }: Value, axes: readonly number[]): void {
  if (axes.every((axis) => node.shape[axis] !== 0)) return;
  fail(
    op,
    `Expected reduction dim to have non-zero size: there is nothing to choose from in a tensor of ` +
      `shape ${showShape(node.shape)}. Specify another dim.`,
  );
}

const extremum = (name: string, op: typeof ops.amax): Composite<Reduction> => ({
  name,
  body: ([x], reduction) => keeping(op(x, reduction.axes), x, reduction),
});

const amaxSpec = extremum("AmaxBackward0", ops.amax);
const aminSpec = extremum("AminBackward0", ops.amin);

function overAxes(
  op: string,
  spec: Composite<Reduction>,
  x: Value,
  reduction: [Dims, boolean],
): Value {
  const [dim, keepdim] = reduction;
  const axes = normalizeAxes(op, dim, x.node.shape.length);
  requireElements(op, x, axes);
  return composite(spec, [x], { axes, keepdim });
}

export const amax = (x: Value, dim?: Dims, keepdim = false): Value =>
  overAxes("amax", amaxSpec, x, [dim, keepdim]);

export const amin = (x: Value, dim?: Dims, keepdim = false): Value =>
  overAxes("amin", aminSpec, x, [dim, keepdim]);

const maxOfAll = extremum("MaxBackward1", ops.amax);
const minOfAll = extremum("MinBackward1", ops.amin);

/** The largest of all elements. */
export const maxAll = (x: Value): Value => overAxes("max", maxOfAll, x, [null, false]);

/** The smallest of all elements. */
export const minAll = (x: Value): Value => overAxes("min", minOfAll, x, [null, false]);

function position(op: string, find: typeof ops.argmax) {
  return (x: Value, dim?: number | null, keepdim = false): Value => {
    if (x.node.dtype === "bool") fail(op, "does not support bool input");
    const rank = x.node.shape.length;
    const axes =
      dim == null || rank === 0 ? normalizeAxes(op, null, rank) : [normalizeAxis(op, dim, rank)];
    requireElements(op, x, axes);
    return keeping(find(constantValue(x.node), axes), x, { axes, keepdim });
  };
}

/** The position of the first largest element: along one axis, or in the flat tensor. */
export const argmax = position("argmax", ops.argmax);

export const argmin = position("argmin", ops.argmin);

interface Side {
  readonly extremum: typeof ops.amax;
  readonly position: typeof ops.argmax;
}

const largest: Side = { extremum: ops.amax, position: ops.argmax };
const smallest: Side = { extremum: ops.amin, position: ops.argmin };

/** Inputs (x, index): the extremum; its gradient goes where the index points, by comparison. */
const chosen = ({ extremum: choose }: Side): Composite<Reduction> => ({
  name: "",
  body: ([x], { axes }) => choose(x, axes),
  // The chain rule would share among equals.
  gradient: (g, [x, index], _, { axes }) => {
    const { shape } = x.node;
    const along = shape.map((n, axis) => (axes.includes(axis) ? n : 1));
    const count = axes.length > 0 ? shape[axes[0]] : 1;
    const places = expand(reshape(iota(count), along), shape);
    return [where(eq(places, spread(index, shape, axes)), spread(g, shape, axes), 0), null];
  },
});

const alongAxis = (name: string, side: Side) => {
  const inside = chosen(side);
  return {
    name,
    body: ([x]: readonly Value[], reduction: Reduction): readonly Value[] => {
      const index = side.position(constantValue(x.node), reduction.axes);
      const value = composite(inside, [x, index], reduction);
      return [keeping(value, x, reduction), keeping(index, x, reduction)];
    },
  };
};

const maxOfAxis = alongAxis("MaxBackward0", largest);
const minOfAxis = alongAxis("MinBackward0", smallest);

export interface Extremes {
  readonly values: Value;
  readonly indices: Value;
}

function extremes(
  op: string,
  spec: typeof maxOfAxis,
  x: Value,
  along: [number, boolean],
): Extremes {
  const [dim, keepdim] = along;
  const rank = x.node.shape.length;
  const axis = normalizeAxis(op, dim, rank);
  const axes = rank === 0 ? [] : [axis];
  requireElements(op, x, axes);
  const [values, indices] = compositeOfMany(spec, [x], { axes, keepdim });
  return { values, indices };
}

/** The largest elements along an axis, and where they are. */
export const maxAlong = (x: Value, dim: number, keepdim = false): Extremes =>
  extremes("max", maxOfAxis, x, [dim, keepdim]);

export const minAlong = (x: Value, dim: number, keepdim = false): Extremes =>
  extremes("min", minOfAxis, x, [dim, keepdim]);

const aminmaxSpec = {
  name: "AminmaxBackward0",
  body: ([x]: readonly Value[], reduction: Reduction): readonly Value[] => [
    keeping(ops.amin(x, reduction.axes), x, reduction),
    keeping(ops.amax(x, reduction.axes), x, reduction),
  ],
};

/** The smallest and the largest element, of all or along one axis. */
export function aminmax(
  x: Value,
  dim?: number | null,
  keepdim = false,
): { readonly min: Value; readonly max: Value } {
  const rank = x.node.shape.length;
  const along = dim == null ? null : normalizeAxis("aminmax", dim, rank);
  const axes = normalizeAxes("aminmax", along, rank);
  requireElements("aminmax", x, axes);
  const [min, max] = compositeOfMany(aminmaxSpec, [x], { axes, keepdim });
  return { min, max };
}
