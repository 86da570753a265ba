// What is distinct: the workers sort and count, the counts are read, and from then on every shape is
// known. What was sorted is kept for what follows.

import {
  type Distinct,
  distinctOf,
  distinctOfNothing,
  type Runs,
  runsOf,
} from "../functions/distinct.ts";
import type { Value } from "../graph/tape.ts";
import { request } from "../realize.ts";
import { whenChosen } from "./chosen.ts";

export interface DistinctOptions {
  readonly op: string;
  readonly dim: number | null;
  /** False: only neighbours are compared. */
  readonly isSorted: boolean;
}

/** Runs `record` on what is distinct. */
export async function whenDistinct<T>(
  x: Value,
  options: DistinctOptions,
  record: (distinct: Distinct) => T,
): Promise<T> {
  const runs = runsOf(x, options);
  if (!runs) return record(distinctOfNothing(x, options.dim));
  const [, result] = await Promise.all([
    request(keptOf(runs)),
    whenChosen(runs.isFirst, (chosen) => record(distinctOf(runs, chosen))),
  ]);
  return result;
}

const keptOf = ({ rows, order, isFirst }: Runs) =>
  (order ? [rows, order, isFirst] : [rows, isFirst]).map(({ node }) => node);
