// Runs a program on the library and compares what is wanted with the model.

import type { TypedArray } from "../../src/base/dtypes.ts";
import type { Built } from "./arbitrary.ts";
import { itemsOf, type Model } from "./model.ts";
import { type Program, printed, Run } from "./program.ts";

/** Base seed of all runs; SEED in the environment gives another. */
export const baseSeed = (): number => Number(globalThis.process?.env?.SEED ?? 20240817);

export interface Outcome {
  /** What was read on the way. */
  readonly reads: readonly TypedArray[];
  /** The data of all that is wanted, asked for together. */
  readonly wanted: ReadonlyMap<number, TypedArray>;
}

/** Runs a program; what it throws names it. */
export async function run(program: Program): Promise<Outcome> {
  try {
    const running = new Run();
    await running.all(program);
    const { wanted } = program;
    const data = await Promise.all(wanted.map((id) => running.of(id).data()));
    await running.settled();
    const reads = await Promise.all(running.reads);
    return { reads, wanted: new Map(wanted.map((id, at) => [id, data[at]])) };
  } catch (cause) {
    throw new Error(`${printed(program)}\n// throws: ${(cause as Error).stack}`);
  }
}

export async function check(built: Built): Promise<void> {
  const { program, builder } = built;
  const { reads, wanted } = await run(program);
  const refuse = (what: string, difference: string | null): void => {
    if (difference) throw new Error(`${printed(program)}\n// ${what}${difference}`);
  };
  for (const [at, values] of reads.entries()) {
    refuse(`read${at}`, differenceOf(values, builder.reads[at]));
  }
  for (const [id, values] of wanted) refuse(`t${id}`, differenceOf(values, builder.model(id)));
}

/** What differs first, in words; null where all is as expected. */
export function differenceOf(actual: TypedArray, expected: Model): string | null {
  const { values, errors } = itemsOf(expected);
  if (actual.length !== values.length) {
    return ` has ${actual.length} elements, wanted ${values.length}: [${expected.shape}]`;
  }
  for (let at = 0; at < values.length; at++) {
    const [got, wanted, error] = [actual[at], values[at], errors[at]];
    if (error === Number.POSITIVE_INFINITY || Number.isNaN(error)) continue;
    const isSame = got === wanted || (Number.isNaN(got) && Number.isNaN(wanted));
    if (!isSame && !(Math.abs(got - wanted) <= error)) {
      const { dtype } = expected.storage;
      return `[${at}] of [${expected.shape}] ${dtype} is ${got}, wanted ${wanted} ± ${error}`;
    }
  }
  return null;
}
