// jax-js on its Wasm backend. It makes as many workers as the page has cores and offers no choice;
// `--workers` is said to the whole page as `navigator.hardwareConcurrency` before anything loads.

import * as jax from "@jax-js/jax";
import type { Jax } from "../contract.ts";

export async function loadJax(workers: number): Promise<Jax> {
  if (navigator.hardwareConcurrency !== workers) {
    throw new Error(`jax: would use ${navigator.hardwareConcurrency} workers, not ${workers}`);
  }
  const devices = await jax.init("wasm");
  if (!devices.includes("wasm")) throw new Error("jax: its wasm backend did not start");
  jax.defaultDevice("wasm");
  return jax;
}
