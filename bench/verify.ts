// Numbers held against a plain JavaScript reference in float64. Errors are relative to the value,
// with a floor, so that results near zero are judged by their absolute error.

export interface Sampling {
  /** Every `stride`-th element; prime, so that no axis length hides a column. */
  stride?: number;
  /** Magnitude below which errors count as absolute ones. */
  floor?: number;
}

export function errorOf(actual: number | undefined, expected: number, floor = 1e-3): number {
  if (actual === undefined || Number.isNaN(actual)) return Number.POSITIVE_INFINITY;
  return Math.abs(actual - expected) / (Math.abs(expected) + floor);
}

export function worstOf(
  actual: ArrayLike<number> | undefined,
  length: number,
  expected: (index: number) => number,
  { stride = 1, floor = 1e-3 }: Sampling = {},
): number {
  if (actual?.length !== length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let index = 0; index < length; index += stride) {
    worst = Math.max(worst, errorOf(actual[index], expected(index), floor));
  }
  return worst;
}
