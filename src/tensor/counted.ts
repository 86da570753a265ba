// Counts of whole numbers: the largest is read, and says how many counts there are.

import { fail } from "../base/errors.ts";
import { countsOf, requireCountable } from "../functions/histograms.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { amax, amin } from "../ops/reduce.ts";
import { full } from "../ops/source.ts";
import { read } from "../realize.ts";

/** How often each number from 0 on is there, at least `minlength` of them. */
export async function bincount(x: Value, weights: Value | null, minlength: number): Promise<Value> {
  requireCountable(x, weights, minlength);
  if (x.node.size === 0) return full("int64", [minlength], 0);
  const numbers = constantValue(x.node);
  const [[least = 0], [most = 0]] = await Promise.all(
    [amin, amax].map((extremum) => read(extremum(numbers, [0]).node)),
  );
  if (least < 0) {
    fail("bincount", `only supports 1-d non-negative integral inputs, got ${least} among them`);
  }
  return countsOf(numbers, weights, Math.max(most + 1, minlength));
}
