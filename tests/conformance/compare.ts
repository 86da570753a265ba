// Is a result what the corpus recorded? |actual − expected| ≤ atol + rtol·|expected|, NaN equals NaN,
// infinities agree, integers and bool exactly; dtype and shape always.

import { elementsOf, type StoredTensor } from "./corpus.ts";

/** A tensor of the library under test, read. */
export interface Actual {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: ArrayLike<number | bigint>;
}

export interface Mismatch {
  readonly reason: string;
  /** Shape and dtype are right, only elements differ. */
  readonly onlyValues: boolean;
}

/** PyTorch's tolerances for comparing tensors that were stored without any. */
export const defaultTolerances: Record<string, { rtol: number; atol: number }> = {
  float16: { rtol: 1e-3, atol: 1e-5 },
  bfloat16: { rtol: 1.6e-2, atol: 1e-5 },
  float32: { rtol: 1.3e-6, atol: 1e-5 },
  float64: { rtol: 1e-7, atol: 1e-7 },
};

export function withDefaultTolerance(want: StoredTensor): StoredTensor {
  return want.atol === undefined ? { ...want, ...defaultTolerances[want.dtype] } : want;
}

export function describeMismatch(actual: Actual, want: StoredTensor): Mismatch | null {
  if (actual.dtype !== want.dtype) return wrongForm(`dtype ${actual.dtype}`, want.dtype);
  if (!sameNumbers(actual.shape, want.shape)) {
    return wrongForm(`shape [${actual.shape}]`, `[${want.shape}]`);
  }
  const expected = elementsOf(want);
  if (actual.values.length !== expected.length) {
    return wrongForm(`${actual.values.length} elements`, String(expected.length));
  }
  const wrong: number[] = [];
  for (let i = 0; i < expected.length; i++) {
    if (!agrees(actual.values[i]!, expected[i]!, want)) wrong.push(i);
  }
  return wrong.length === 0 ? null : wrongValues(wrong, actual, expected, want);
}

/** One element; without a tolerance it must be exactly the same number. */
export function agrees(
  actual: number | bigint,
  expected: number | bigint,
  { atol, rtol = 0 }: Pick<StoredTensor, "atol" | "rtol">,
): boolean {
  if (atol === undefined) return sameInteger(actual, expected);
  const x = Number(actual);
  const y = Number(expected);
  if (Number.isNaN(y)) return Number.isNaN(x);
  return x === y || (Number.isFinite(y) && Math.abs(x - y) <= atol + rtol * Math.abs(y));
}

function sameInteger(actual: number | bigint, expected: number | bigint): boolean {
  if (typeof actual === typeof expected) return actual === expected;
  const x = typeof actual === "number" && Number.isInteger(actual) ? BigInt(actual) : actual;
  return x === (typeof expected === "number" ? BigInt(expected) : expected);
}

function wrongForm(actual: string, expected: string): Mismatch {
  return { reason: `${actual}, expected ${expected}`, onlyValues: false };
}

function wrongValues(
  wrong: readonly number[],
  actual: Actual,
  expected: ArrayLike<number | bigint>,
  { shape, atol, rtol = 0 }: StoredTensor,
): Mismatch {
  const at = wrong[0]!;
  const y = expected[at]!;
  const bound = (atol ?? 0) + rtol * Math.abs(Number(y));
  const allowed = atol === undefined || !Number.isFinite(bound) ? "" : ` ± ${bound.toPrecision(2)}`;
  const where = shape.length === 0 ? "" : ` at [${position(at, shape)}]`;
  const count = `${wrong.length} of ${expected.length} elements differ`;
  const reason = `${actual.values[at]}, expected ${y}${allowed}${where}; ${count}`;
  return { reason, onlyValues: true };
}

function position(flat: number, shape: readonly number[]): number[] {
  let rest = flat;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .toReversed();
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}
