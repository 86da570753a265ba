// Faults: why an input cannot be had, or a run has failed, in words for the user.

import type { Program } from "../base/program.ts";
import type { Node } from "../graph/node.ts";
import type { RunResult } from "../runtime/executor.ts";
import { type Collected, sitesOf } from "./collect.ts";
import type { OwnedMemory } from "./memory.ts";

/** What a run computes, and from what. */
export interface Started {
  readonly program: Program;
  readonly collected: Collected;
}

/** The memory of a value that is there, or says why it is not. */
export function usable(node: Node, heap: OwnedMemory["heap"]): OwnedMemory {
  if (node.failure) throw node.failure;
  const memory = node.memory as OwnedMemory | null;
  if (!memory) throw new Error(`internal: realize: input ${node.name} has neither memory nor data`);
  if (memory.heap !== heap) {
    throw new Error("realize: this tensor's memory ended when configure() opened another runtime");
  }
  if (memory.isFreed) {
    throw new Error(
      "realize: this tensor was computed from a value that was changed in place some requests ago and " +
        "is gone. Await its realize() before the change, or clone() and realize what it was made from.",
    );
  }
  return memory;
}

/** Bad data that a kernel met, told with the ops that were at work and the lines that recorded them. */
export function faultError({ program, collected }: Started, { fault }: RunResult): Error {
  const { launch, value } = fault as NonNullable<RunResult["fault"]>;
  const label = program.launches[launch]?.label ?? "?";
  const sites = sitesOf(collected).filter(({ name }) => label.includes(name));
  const noted = [...new Set(sites.map(({ line }) => line))];
  const where = noted.map((line) => `\n    recorded ${line}`).join("");
  return new Error(`${label}: index ${value} is out of bounds${where}`);
}
