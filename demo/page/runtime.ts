// The one runtime of the page, opened anew only where the settings differ. What lay in the memory of the
// one before is gone: who keeps tensors compares the runtime that holds them with the open one.

import { configure } from "../../src/index.ts";
import type { Mode } from "./frame-gaps.ts";

export interface Runtime {
  readonly workers: number;
  readonly mode: Mode;
}

let current: Runtime | null = null;

export async function openRuntime({ workers, mode }: Runtime): Promise<Runtime> {
  if (current?.workers === workers && current.mode === mode) return current;
  current = null;
  await configure(mode === "main" ? { inline: "blocking" } : { workers });
  current = { workers, mode };
  return current;
}

export const isOpen = (runtime: Runtime | null): boolean => runtime !== null && runtime === current;
