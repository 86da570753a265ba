// A line search: a step along a direction that satisfies the strong Wolfe conditions. It brackets such a
// step, then narrows the bracket by cubic interpolation.
//   f(t) ≤ f(0) + c₁·t·f'(0)      |f'(t)| ≤ c₂·|f'(0)|

import type { Tensor } from "../tensor/tensor.ts";

/** A step, and the loss, its gradient and its slope along the direction there. */
export interface Point {
  readonly t: number;
  readonly loss: number;
  readonly slope: number;
  readonly gradient: Tensor;
  /** The gradient's largest element. */
  readonly largest: number;
}

const sufficient = 1e-4;
const curvature = 0.9;
const mostSteps = 25;

/** The least point of the cubic through two points and their slopes, held within bounds. */
function interpolated(
  a: Point,
  b: Point,
  bounds: readonly [number, number] = ordered(a, b),
): number {
  const [least, most] = bounds;
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const d2 = Math.sqrt(square);
  const [near, far] = a.t <= b.t ? [a, b] : [b, a];
  const share = (far.slope + d2 - d1) / (far.slope - near.slope + 2 * d2);
  return Math.min(Math.max(far.t - (far.t - near.t) * share, least), most);
}

const ordered = (a: Point, b: Point): [number, number] => (a.t <= b.t ? [a.t, b.t] : [b.t, a.t]);

export interface Search {
  readonly evaluate: (t: number) => Promise<Point>;
  /** Where the search starts: t is 0. */
  readonly start: Point;
  /** The first step to try. */
  readonly t: number;
  /** The direction's largest element. */
  readonly steepest: number;
  readonly toleranceChange: number;
}

export interface Found {
  readonly point: Point;
  readonly evaluations: number;
}

interface Bracket {
  low: Point;
  high: Point;
  readonly steps: number;
  readonly evaluations: number;
  readonly isDone: boolean;
}

export async function strongWolfe(search: Search): Promise<Found> {
  const found = await bracketed(search);
  if (found.isDone) return { point: found.low, evaluations: found.evaluations };
  return narrowed(search, found);
}

const isTooHigh = ({ start }: Search, point: Point): boolean =>
  point.loss > start.loss + sufficient * point.t * start.slope;

const isFlat = ({ start }: Search, { slope }: Point): boolean =>
  Math.abs(slope) <= -curvature * start.slope;

/** Goes on with longer steps until one is good, or lies beyond one that is. */
async function bracketed(search: Search): Promise<Bracket> {
  let before = search.start;
  let point = await search.evaluate(search.t);
  for (let steps = 0; steps < mostSteps; steps++) {
    const counts = { steps, evaluations: steps + 1 };
    if (isTooHigh(search, point) || (steps > 1 && point.loss >= before.loss)) {
      return { ...between(before, point), ...counts, isDone: false };
    }
    if (isFlat(search, point)) return { low: point, high: point, ...counts, isDone: true };
    if (point.slope >= 0) return { ...between(before, point), ...counts, isDone: false };
    const bounds = [point.t + 0.01 * (point.t - before.t), point.t * 10] as const;
    const next = interpolated(before, point, bounds);
    before = point;
    point = await search.evaluate(next);
  }
  const counts = { steps: mostSteps, evaluations: mostSteps + 1 };
  return { ...between(search.start, point), ...counts, isDone: true };
}

const between = (a: Point, b: Point): { low: Point; high: Point } =>
  a.loss <= b.loss ? { low: a, high: b } : { low: b, high: a };

async function narrowed(search: Search, found: Bracket): Promise<Found> {
  let { low, high, steps, evaluations } = found;
  let isStuck = false;
  while (steps < mostSteps) {
    const length = Math.abs(high.t - low.t);
    if (length * search.steepest < search.toleranceChange) break;
    const trial = trialIn(low, high, isStuck);
    isStuck = trial.isStuck;
    const point = await search.evaluate(trial.t);
    evaluations++;
    steps++;
    if (isTooHigh(search, point) || point.loss >= low.loss) {
      ({ low, high } = between(low, point));
      continue;
    }
    if (isFlat(search, point)) return { point, evaluations };
    if (point.slope * (high.t - low.t) >= 0) high = low;
    low = point;
  }
  return { point: low, evaluations };
}

/** A step inside; one that comes too near to an end twice is put a tenth of the length away from it. */
function trialIn(low: Point, high: Point, wasStuck: boolean): { t: number; isStuck: boolean } {
  const [least, most] = ordered(low, high);
  const t = interpolated(low, high);
  const margin = 0.1 * (most - least);
  if (Math.min(most - t, t - least) >= margin) return { t, isStuck: false };
  if (!wasStuck && t < most && t > least) return { t, isStuck: true };
  const isNearMost = Math.abs(t - most) < Math.abs(t - least);
  return { t: isNearMost ? most - margin : least + margin, isStuck: false };
}
