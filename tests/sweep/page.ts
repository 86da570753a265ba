// The page of the sweep: shares the patterns out to workers of its own, each of which runs the library
// inline (there is nothing to share in a worker that is kept busy anyway) and compares.

import type { Share } from "./worker.ts";

export interface SweepOptions {
  readonly name: string;
  readonly stride: number;
  readonly simd: "auto" | "fixed";
}

export interface SweepResult {
  readonly count: number;
  /** Largest error in ulps, and the input it was met at. */
  readonly worst: number;
  readonly at: number;
}

declare global {
  interface Window {
    sweep(options: SweepOptions): Promise<SweepResult>;
  }
}

window.sweep = async (options) => {
  const total = navigator.hardwareConcurrency;
  const shares = Array.from({ length: total }, (_, part) => sweepPart({ ...options, part, total }));
  const results = await Promise.all(shares);
  const worst = results.reduce((a, b) => (b.worst > a.worst ? b : a));
  return { ...worst, count: results.reduce((sum, { count }) => sum + count, 0) };
};

function sweepPart(share: Share): Promise<SweepResult> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      worker.terminate();
      if ("error" in data) reject(new Error(data.error));
      else resolve(data);
    };
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(share);
  });
}
