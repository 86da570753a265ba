// Functions that change their first argument and give it back: `relu_(x)`.

import type { AsFunction } from "../base/arguments.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import { prepare } from "./dispatch.ts";
import type { Handle } from "./handle.ts";
import { changeInPlace } from "./in-place.ts";
import type { FunctionRecord } from "./records/record.ts";

type Records = Readonly<Record<string, FunctionRecord>>;

/** The functions of some records under their names with `_`. */
export type InPlaceFunctions<R extends Records, T> = {
  readonly [K in keyof R as `${K & string}_`]: AsFunction<R[K]["forms"], Value, T>;
};

export function inPlaceFunctionsOf<R extends Records, T extends Handle>(
  records: R,
): InPlaceFunctions<R, T> {
  const functions = Object.values(records).map((record) => [
    `${record.name}_`,
    (...args: unknown[]) => callOn(record, args),
  ]);
  return Object.fromEntries(functions) as InPlaceFunctions<R, T>;
}

function callOn(record: FunctionRecord, args: readonly unknown[]): Handle {
  const ready = prepare(record, undefined, args);
  const [target] = ready.handles;
  if (!target) fail(`${record.name}_`, "wants at least one tensor");
  return changeInPlace(record, target, ready);
}
