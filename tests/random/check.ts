// Runs a program on the library and compares what is wanted with the model.

import type { TypedArray } from "../../src/base/dtypes.ts";
import { type Built } from "./arbitrary.ts";
import { itemsOf, type Model } from "./model.ts";
import { printed, Run } from "./program.ts";

/** Base seed of all runs; SEED in the environment gives another. */
export const baseSeed = (): number => Number(globalThis.process?.env?.SEED ?? 20240817);

/** The data of all that is wanted, asked for together. */
export async function run({ program }: Built): Promise<Map<number, TypedArray>> {
  const running = new Run();
  await running.all(program);
  const { wanted } = program;
  for (const id of wanted) {
    const { shape, dtype } = running.of(id);
    void shape;
    void dtype;
  }
  const data = await Promise.all(wanted.map((id) => running.of(id).data()));
  await running.settled();
  return new Map(wanted.map((id, at) => [id, data[at]]));
}

export async function check(built: Built): Promise<void> {
  const { program, builder } = built;
  let data: Map<number, TypedArray>;
  try {
    data = await run(built);
  } catch (cause) {
    throw new Error(`${printed(program)}\n// throws: ${(cause as Error).stack}`);
  }
  for (const [id, values] of data) {
    const difference = differenceOf(values, builder.model(id));
    if (difference) throw new Error(`${printed(program)}\n// t${id}${difference}`);
  }
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
