// repeatInterleave, each slice as often as a list says.

import { fail } from "../../base/errors.ts";
import { normalizeAxis } from "../../base/shapes.ts";
import { indexSelect } from "../../functions/indexing.ts";
import * as rearrangements from "../../functions/rearrangements.ts";
import { flatten, reshape } from "../../functions/shapes.ts";
import { constantValue, type Value } from "../../graph/tape.ts";
import { upload } from "../../realize.ts";

/** [2, 0, 1] → [0, 0, 2] */
export function repeatedPositions(repeats: readonly number[], outputSize: number | null): Value {
  if (repeats.some((times) => times < 0)) {
    fail("repeatInterleave", `repeats can not be negative, got [${repeats}]`);
  }
  const size = repeats.reduce((sum, times) => sum + times, 0);
  if (outputSize !== null && outputSize !== size) {
    fail("repeatInterleave", `outputSize is ${outputSize}, but the repeats sum to ${size}`);
  }
  const positions = new Int32Array(size);
  let end = 0;
  repeats.forEach((times, at) => {
    positions.fill(at, end, end + times);
    end += times;
  });
  return constantValue(upload("int64", [size], positions));
}

/** One number stands for all slices. */
export function repeatInterleave(
  x: Value,
  repeats: number | readonly number[],
  dim: number | null,
  outputSize: number | null,
): Value {
  const list = typeof repeats === "number" ? [repeats] : repeats;
  if (list.length === 1) {
    const times = list[0] as number;
    const result = rearrangements.repeatInterleave(x, times, dim);
    const size = result.node.shape[axisOf(result, dim)];
    if (outputSize === null || outputSize === size) return result;
    fail("repeatInterleave", `outputSize is ${outputSize}, but the repeats sum to ${size}`);
  }
  const own = dim === null ? flatten(x) : x.node.shape.length > 0 ? x : reshape(x, [1]);
  const axis = axisOf(own, dim);
  const size = own.node.shape[axis];
  if (list.length !== size) {
    fail(
      "repeatInterleave",
      "repeats must have the same size as input along dim, but got repeats.size(0) = " +
        `${list.length} and input.size(${axis}) = ${size}`,
    );
  }
  return indexSelect(own, axis, repeatedPositions(list, outputSize));
}

const axisOf = (x: Value, dim: number | null): number =>
  normalizeAxis("repeatInterleave", dim ?? 0, x.node.shape.length);
