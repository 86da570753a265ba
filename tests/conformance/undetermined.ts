// Results that are only defined up to something (a variant's `compare` note): the sign of a singular
// vector, the position of one among several equal elements. Asked only after a plain comparison failed.

import { type Actual, agrees, describeMismatch } from "./compare.ts";
import { elementsOf, type StoredTensor, sizeOf } from "./corpus.ts";

/** Do `outputs` differ from `wanted` only in what the note leaves open? */
export function agreesUpTo(
  note: string,
  outputs: readonly Actual[],
  wanted: readonly StoredTensor[],
  input: StoredTensor | undefined,
): boolean {
  const plain = wanted.map((want, i) => describeMismatch(outputs[i]!, want));
  const open = wanted.flatMap((_, i) => (plain[i] === null ? [] : [i]));
  if (open.some((i) => !plain[i]?.onlyValues)) return false;
  if (note.includes("sign")) return agreesUpToSigns(outputs, wanted, open);
  if (!note.includes("equal elements") || input === undefined) return false;
  return open.every(
    (i) => wanted[i]!.dtype === "int64" && samePicks(outputs[i]!, wanted[i]!, input),
  );
}

/**
 * U·S·Vᴴ is unchanged when column k of U and of V are negated together: some signs per vector, the same
 * for every matrix that differs, turn `actual` into `want`. Vectors are columns or rows.
 */
function agreesUpToSigns(
  outputs: readonly Actual[],
  wanted: readonly StoredTensor[],
  open: readonly number[],
): boolean {
  const candidates = wanted.flatMap((want, i) =>
    want.shape.length < 2
      ? []
      : [[signs(outputs[i]!, want, "columns"), signs(outputs[i]!, want, "rows")]],
  );
  if (open.some((i) => wanted[i]!.shape.length < 2)) return false;
  const [first = [], ...others] = candidates;
  return first.some(
    (one) => one !== null && others.every((other) => other.some((found) => found === one)),
  );
}

/** "+-+" per vector and batch, or null when no signs fit. */
function signs(actual: Actual, want: StoredTensor, vectors: "columns" | "rows"): string | null {
  const [rows, columns] = want.shape.slice(-2) as [number, number];
  const expected = elementsOf(want);
  const length = vectors === "columns" ? rows : columns;
  const count = vectors === "columns" ? columns : rows;
  let found = "";
  for (let matrix = 0; matrix < expected.length; matrix += rows * columns) {
    for (let k = 0; k < count; k++) {
      const places = Array.from({ length }, (_, i) =>
        vectors === "columns" ? matrix + i * columns + k : matrix + k * columns + i,
      );
      const fits = (sign: 1 | -1) =>
        places.every((at) => agrees(sign * Number(actual.values[at]), expected[at]!, want));
      if (!fits(1) && !fits(-1)) return null;
      found += fits(1) ? "+" : "-";
    }
  }
  return found;
}

/**
 * Along some axis of `input`, both index tensors pick equal elements, and none twice that the recorded
 * one picks once.
 */
function samePicks(actual: Actual, want: StoredTensor, input: StoredTensor): boolean {
  const axes = input.shape.length === 0 ? [0] : input.shape.keys();
  return [...axes].some((axis) => samePicksAlong(axis, actual, want, input));
}

function samePicksAlong(
  axis: number,
  actual: Actual,
  want: StoredTensor,
  input: StoredTensor,
): boolean {
  const length = input.shape[axis] ?? 1;
  const inner = sizeOf(input.shape.slice(axis + 1));
  const outer = sizeOf(input.shape.slice(0, axis));
  const expected = elementsOf(want);
  const picks = expected.length / (outer * inner);
  const kept = want.shape.length === input.shape.length;
  if (!Number.isInteger(picks) || (!kept && picks !== 1)) return false;
  const values = elementsOf(input);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const seen = { actual: new Set<number>(), expected: new Set<number>() };
      for (let p = 0; p < picks; p++) {
        const at = (o * picks + p) * inner + i;
        const [x, y] = [Number(actual.values[at]), Number(expected[at])];
        const pick = (index: number) => values[(o * length + index) * inner + i];
        if (!(x >= 0 && x < length) || !Object.is(pick(x), pick(y))) return false;
        seen.actual.add(x);
        seen.expected.add(y);
      }
      if (seen.actual.size !== seen.expected.size) return false;
    }
  }
  return true;
}
