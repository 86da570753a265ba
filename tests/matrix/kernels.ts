// Which kinds of kernels a record becomes: seen in the programs its samples are compiled to.

import { configure, lastProgram, type Tensor } from "../../src/index.ts";
import { families } from "../samples/all.ts";
import { leavesOf, samplesOf } from "../samples/leaves.ts";

/** Record, with its namespace → kinds, in the order of running. */
export async function kernelKinds(): Promise<ReadonlyMap<string, string>> {
  await configure({ inline: "blocking" });
  const kinds = new Map<string, string>();
  for (const [family, rows] of Object.entries(families)) {
    for (const [name, row] of Object.entries(rows)) {
      const found = new Set<string>();
      for (const { call, inputs } of samplesOf(row)) {
        for (const kind of await kindsOf(call(...(await realized(leavesOf(inputs)))))) {
          found.add(kind);
        }
      }
      if (found.size > 0) kinds.set(keyOf(family, name), [...found].join(" "));
    }
  }
  return kinds;
}

const keyOf = (family: string, name: string): string =>
  family === "root" ? name : family === "fills" ? `${name}_` : `${family}.${name}`;

const realized = (leaves: readonly Tensor[]): Promise<Tensor[]> =>
  Promise.all(leaves.map((leaf) => leaf.realize()));

async function kindsOf(result: Tensor | readonly Tensor[]): Promise<string[]> {
  const before = lastProgram();
  await Promise.all([result].flat().map((tensor) => (tensor as Tensor).realize()));
  const program = lastProgram();
  if (!program || program === before) return ["view"];
  return program.kernels.map(({ exportName }) => exportName.split(" ")[0] as string);
}
