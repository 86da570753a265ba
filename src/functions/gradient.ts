// gradient: the derivative of samples, by differences of second order inside and of first or second
// order at the edges. Samples are evenly spaced, or at given coordinates.

import { fail } from "../base/errors.ts";
import { type Scalar, scalarValue } from "../base/scalars.ts";
import { normalizeAxis } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { add, div, mul, neg, sub } from "./arithmetic.ts";
import { diff, inFloats } from "./integration.ts";
import { cat } from "./joins.ts";
import { isValue } from "./operands.ts";
import { narrow, reshape } from "./shapes.ts";

/** One distance for all axes, one for each, or the coordinates along each. */
export type Spacing = Scalar | readonly Scalar[] | readonly Value[] | null;

export function gradient(
  x: Value,
  spacing: Spacing = null,
  dim: number | readonly number[] | null = null,
  edgeOrder = 1,
): Value[] {
  const { shape } = x.node;
  if (edgeOrder !== 1 && edgeOrder !== 2) {
    fail("gradient", "torch.gradient only supports edge_order=1 and edge_order=2.");
  }
  const dims = dim === null ? shape.map((_, axis) => axis) : typeof dim === "number" ? [dim] : dim;
  const axes = dims.map((one) => normalizeAxis("gradient", one, shape.length));
  requireDistinct(axes);
  const spacings = spacingOfEach(spacing, axes.length);
  for (const axis of axes) {
    if ((shape[axis] ?? 0) > edgeOrder) continue;
    fail("gradient", "torch.gradient expected each dimension size to be at least edge_order+1");
  }
  const samples = inFloats(x);
  return axes.map((axis, at) => {
    const own = spacings[at] as Value | number;
    if (typeof own === "number") return evenly(samples, { axis, edgeOrder }, own);
    requireCoordinates(own, shape[axis]);
    return atCoordinates(samples, { axis, edgeOrder }, own);
  });
}

function requireDistinct(axes: readonly number[]): void {
  const twice = axes.find((axis, at) => axes.indexOf(axis) !== at);
  if (twice === undefined) return;
  fail("gradient", `dim ${twice} appears multiple times in the list of dims`);
}

function spacingOfEach(spacing: Spacing, count: number): (Value | number)[] {
  if (!Array.isArray(spacing)) {
    return new Array<number>(count).fill(spacing === null ? 1 : scalarValue(spacing as Scalar));
  }
  if (spacing.length !== count) {
    fail(
      "gradient",
      "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim " +
        `arguments to have the same length, but got a spacing argument of length ` +
        `${spacing.length} and a dim argument of length ${count}.`,
    );
  }
  return spacing.map((one: Scalar | Value) => (isValue(one) ? one : scalarValue(one)));
}

function requireCoordinates({ node }: Value, wanted: number): void {
  if (node.shape.length === 1 && node.size === wanted) return;
  fail(
    "gradient",
    `torch.gradient expected each element of spacing to have one dimension of size ${wanted}, ` +
      `but got an element with ${node.shape.length} dimensions and ${node.size} elements`,
  );
}

interface Along {
  readonly axis: number;
  readonly edgeOrder: number;
}

/** `count` elements from `start`, which may count from the end. */
function part(x: Value, axis: number, start: number, count = 1): Value {
  return narrow(x, axis, start < 0 ? start + x.node.shape[axis] : start, count);
}

type Term = readonly [weight: Value | number, part: Value];

const weighted = (terms: readonly Term[]): Value =>
  terms.map(([weight, x]) => mul(x, weight)).reduce((total, term) => add(total, term));

function evenly(f: Value, { axis, edgeOrder }: Along, step: number): Value {
  const inside = f.node.shape[axis] - 2;
  const at = (i: number): Value => part(f, axis, i);
  const center = div(sub(part(f, axis, 2, inside), part(f, axis, 0, inside)), 2 * step);
  if (edgeOrder === 1) {
    const [first, last] = [sub(at(1), at(0)), sub(at(-1), at(-2))];
    return cat([div(first, step), center, div(last, step)], axis);
  }
  // Through three points: (-3f₀ + 4f₁ - f₂)/2h
  const edge = (i: number, j: number, k: number): Value =>
    weighted([
      [-1.5, at(i)],
      [2, at(j)],
      [-0.5, at(k)],
    ]);
  const [first, last] = [edge(0, 1, 2), neg(edge(-1, -2, -3))];
  return cat([div(first, step), center, div(last, step)], axis);
}

function atCoordinates(f: Value, { axis, edgeOrder }: Along, coordinates: Value): Value {
  const steps = inFloats(diff(coordinates));
  const rank = f.node.shape.length;
  const along = (x: Value): Value =>
    reshape(
      x,
      Array.from({ length: rank }, (_, at) => (at === axis ? x.node.size : 1)),
    );
  const inside = f.node.shape[axis] - 2;
  const step = (i: number, count = 1): Value => along(part(steps, 0, i, count));
  const at = (i: number, count = 1): Value => part(f, axis, i, count);
  const center = slopeAtMiddle(
    [step(0, inside), step(1, inside)],
    [at(0, inside), at(1, inside), at(2, inside)],
  );
  if (edgeOrder === 1) {
    const [first, last] = [sub(at(1), at(0)), sub(at(-1), at(-2))];
    return cat([div(first, step(0)), center, div(last, step(-1))], axis);
  }
  const first = slopeAtStart([step(0), step(1)], [at(0), at(1), at(2)]);
  const last = slopeAtStart([neg(step(-1)), neg(step(-2))], [at(-1), at(-2), at(-3)]);
  return cat([first, center, last], axis);
}

type Steps = readonly [Value, Value];
type Points = readonly [Value, Value, Value];

/** f'(x₁) of the parabola through three points, h = x₁ - x₀, k = x₂ - x₁. */
function slopeAtMiddle([h, k]: Steps, [f0, f1, f2]: Points): Value {
  const both = add(h, k);
  return weighted([
    [neg(div(k, mul(h, both))), f0],
    [div(sub(k, h), mul(h, k)), f1],
    [div(h, mul(k, both)), f2],
  ]);
}

/** f'(x₀) of the same; from the other end with negative steps. */
function slopeAtStart([h, k]: Steps, [f0, f1, f2]: Points): Value {
  const both = add(h, k);
  return weighted([
    [neg(div(add(mul(h, 2), k), mul(h, both))), f0],
    [div(both, mul(h, k)), f1],
    [neg(div(h, mul(k, both))), f2],
  ]);
}
