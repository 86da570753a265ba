// What plain JavaScript needs to follow a model in float64: products, and how well gradients agree with
// the loss itself. A whole gradient is judged by one number, its slope along a random direction d:
//
//   ⟨∇loss(w), d⟩ = (loss(w + d) − loss(w − d)) / 2 + O(d³)

import { normal } from "./seeded.ts";

export type Numbers = Float64Array<ArrayBuffer>;
export type Named = Record<string, ArrayLike<number>>;

/** a[rows, inner] · b[inner, columns], row-major; four rows of b at a time. */
export function product(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  [rows, inner, columns]: readonly [number, number, number],
): Numbers {
  if (inner % 4 !== 0) throw new Error(`reference: wanted a multiple of 4, got ${inner}`);
  const out = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const own = out.subarray(row * columns, (row + 1) * columns);
    for (let k = 0; k < inner; k += 4) {
      const factors = [0, 1, 2, 3].map((step) => Number(a[row * inner + k + step]));
      addRows(own, factors as [number, number, number, number], b, k * columns);
    }
  }
  return out;
}

/** out += f₀·b₀ + f₁·b₁ + f₂·b₂ + f₃·b₃ for the four rows of b from `start` on. */
function addRows(
  out: Numbers,
  [f0, f1, f2, f3]: readonly [number, number, number, number],
  b: ArrayLike<number>,
  start: number,
): void {
  const columns = out.length;
  for (let j = 0, at = start; j < columns; j += 1, at += 1) {
    out[j] =
      (out[j] as number) +
      f0 * (b[at] as number) +
      f1 * (b[at + columns] as number) +
      f2 * (b[at + 2 * columns] as number) +
      f3 * (b[at + 3 * columns] as number);
  }
}

/** Mean over the rows of −log softmax(logits)[class]. */
export function crossEntropy(logits: Numbers, classes: ArrayLike<number>): number {
  const rows = classes.length;
  const columns = logits.length / rows;
  let total = 0;
  for (let row = 0; row < rows; row += 1) {
    const own = logits.subarray(row * columns, (row + 1) * columns);
    const most = own.reduce((x, y) => Math.max(x, y));
    const sum = own.reduce((x, y) => x + Math.exp(y - most), 0);
    total += Math.log(sum) + most - Number(own[Number(classes[row])]);
  }
  return total / rows;
}

/** Small enough for the O(d³), large enough for float64. */
const STEP = 1e-4;

const deviation = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0) / values.length);

function moved(values: ArrayLike<number>, by: Numbers, sign: 1 | -1): Numbers {
  return Float64Array.from(values, (x, at) => x + sign * Number(by[at]));
}

export interface Slope {
  readonly loss: number;
  readonly slope: number;
  readonly direction: Record<string, Numbers>;
}

/** Loss at `at`, and its slope along a direction whose parts are in proportion to the values. */
export function slopeOf(loss: (at: Record<string, Numbers>) => number, at: Named): Slope {
  const entries = Object.entries(at);
  const direction = Object.fromEntries(
    entries.map(([name, values], index) => {
      const scale = STEP * (deviation(values) || 1);
      const part = Float64Array.from(normal(900 + index, values.length), (x) => x * scale);
      return [name, part] as const;
    }),
  );
  const ends = ([1, -1] as const).map((sign) =>
    loss(
      Object.fromEntries(
        entries.map(([name, values]) => [name, moved(values, direction[name] as Numbers, sign)]),
      ),
    ),
  ) as [number, number];
  return { loss: (ends[0] + ends[1]) / 2, slope: (ends[0] - ends[1]) / 2, direction };
}

/** How far gradients are from a slope, against the size such a slope has by chance. */
export function slopeError({ slope, direction }: Slope, gradients: Named): number {
  let [along, squares] = [0, 0];
  for (const [name, part] of Object.entries(direction)) {
    const gradient = gradients[name];
    if (gradient?.length !== part.length) return Number.POSITIVE_INFINITY;
    for (let at = 0; at < part.length; at += 1) {
      const term = Number(gradient[at]) * Number(part[at]);
      along += term;
      squares += term * term;
    }
  }
  const error = Math.abs(along - slope) / (Math.abs(slope) + Math.sqrt(squares));
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}
