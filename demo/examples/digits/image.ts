// Images of strokes as the MNIST digits are made: the digit fits a box of 20 × 20, and its centre of mass
// is the centre of 28 × 28. One function for those that are learned from and those that are drawn by hand.

import type { Point, Stroke } from "./strokes.ts";

export const side = 28;
export const pixels = side * side;
const box = 20;

/** Ink from 0 to 1, row by row; `radius` is half of the line's width in pixels. */
export function drawImage(into: Float32Array, strokes: readonly Stroke[], radius: number): void {
  into.fill(0);
  for (const stroke of fitted(strokes, radius)) {
    for (let at = 0; at < Math.max(stroke.length - 1, 1); at++) {
      drawLine(into, { from: stroke[at]!, to: stroke[at + 1] ?? stroke[at]!, radius });
    }
  }
}

/** Lines have no width yet: the box is smaller by the ink's. */
function fitted(strokes: readonly Stroke[], radius: number): Stroke[] {
  const points = strokes.flat();
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const size = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  const scale = (box - 2 * radius) / Math.max(size, 1e-6);
  const [x, y] = centreOfMass(strokes);
  return strokes.map((stroke) =>
    stroke.map(
      (point): Point => [side / 2 + (point[0] - x) * scale, side / 2 + (point[1] - y) * scale],
    ),
  );
}

/** Ink is spread evenly along the lines. */
function centreOfMass(strokes: readonly Stroke[]): Point {
  let [mass, x, y] = [0, 0, 0];
  for (const stroke of strokes) {
    for (let at = 0; at < Math.max(stroke.length - 1, 1); at++) {
      const [from, to] = [stroke[at]!, stroke[at + 1] ?? stroke[at]!];
      const length = Math.sqrt((to[0] - from[0]) ** 2 + (to[1] - from[1]) ** 2) + 1e-9;
      mass += length;
      x += (length * (from[0] + to[0])) / 2;
      y += (length * (from[1] + to[1])) / 2;
    }
  }
  return [x / mass, y / mass];
}

interface Line {
  readonly from: Point;
  readonly to: Point;
  readonly radius: number;
}

/** Pixels within the radius of the line are black, and fade over one more. */
function drawLine(into: Float32Array, { from, to, radius }: Line): void {
  const reach = radius + 0.5;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const squared = dx * dx + dy * dy;
  const range = (axis: 0 | 1): [number, number] => [
    Math.max(0, Math.floor(Math.min(from[axis], to[axis]) - reach)),
    Math.min(side - 1, Math.ceil(Math.max(from[axis], to[axis]) + reach)),
  ];
  const [[left, right], [top, bottom]] = [range(0), range(1)];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const [x, y] = [column + 0.5 - from[0], row + 0.5 - from[1]];
      const along = squared > 0 ? Math.min(1, Math.max(0, (x * dx + y * dy) / squared)) : 0;
      // Not Math.hypot, which is many times slower.
      const ink = reach - Math.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2);
      const at = row * side + column;
      if (ink > into[at]!) into[at] = Math.min(1, ink);
    }
  }
}
