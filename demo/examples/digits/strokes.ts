// Strokes: lines of points, and what a hand does to them.

import type { Chance } from "../chance.ts";

export type Point = readonly [x: number, y: number];
export type Stroke = readonly Point[];

/** Points between two that were given. */
const between = 6;

/** A smooth line through the points (Catmull–Rom). */
export function smooth(stroke: Stroke): Stroke {
  if (stroke.length < 3) return stroke;
  const points: Point[] = [stroke[0]!];
  for (let at = 0; at + 1 < stroke.length; at++) {
    const [a, b] = [stroke[Math.max(at - 1, 0)]!, stroke[at]!];
    const [c, d] = [stroke[at + 1]!, stroke[Math.min(at + 2, stroke.length - 1)]!];
    for (let step = 1; step <= between; step++) {
      const t = step / between;
      const mixed = (axis: 0 | 1): number =>
        b[axis] +
        0.5 * t * (c[axis] - a[axis]) +
        t * t * (a[axis] - 2.5 * b[axis] + 2 * c[axis] - 0.5 * d[axis]) +
        t * t * t * (1.5 * (b[axis] - c[axis]) + 0.5 * (d[axis] - a[axis]));
      points.push([mixed(0), mixed(1)]);
    }
  }
  return points;
}

/** As another hand would write it: shaken points, leaning, turned, narrower or wider, and bent. */
export function handwritten(strokes: readonly Stroke[], chance: Chance): Stroke[] {
  const shake = chance.between(0.005, 0.035);
  const shaken = strokes.map((stroke) => {
    let last: Point | null = null;
    let moved: Point = [0, 0];
    return stroke.map((point): Point => {
      // A corner is one point said twice: it stays one.
      if (last?.[0] !== point[0] || last[1] !== point[1]) {
        moved = [point[0] + shake * chance.normal(), point[1] + shake * chance.normal()];
      }
      last = point;
      return moved;
    });
  });
  const [angle, lean] = [0.13 * chance.normal(), 0.18 * chance.normal()];
  const [wide, high] = [chance.between(0.6, 1.15), chance.between(0.85, 1.1)];
  const [bend, phase] = [chance.between(0, 0.045), chance.between(0, 2 * Math.PI)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const written = ([px, py]: Point): Point => {
    const y = (py - 0.5) * high;
    const x = (px - 0.5) * wide - lean * y;
    const bent = x + bend * Math.sin(5 * y + phase);
    const lifted = y + bend * Math.sin(5 * x + 2 * phase);
    return [cos * bent - sin * lifted, sin * bent + cos * lifted];
  };
  return shaken.map((stroke) => smooth(stroke).map(written));
}
