// How long the main thread cannot answer. A timer that re-arms itself every 4 ms stands for the
// page's own work (a click, a frame); a gap is the time between two of its ticks, so about 4–5 ms is
// a free thread. Ticks leave the processor alone between them, as a message loop would not.

import type { MainGap } from "./contract.ts";

const TICK_MS = 4;

export interface GapReading {
  maxMs: number;
  p99Ms: number;
  longTasks: number;
}

class Ticker {
  readonly #gaps: number[] = [];
  #last = performance.now();
  #timer = setTimeout(() => this.#tick(), TICK_MS);

  #tick(): void {
    const now = performance.now();
    this.#gaps.push(now - this.#last);
    this.#last = now;
    this.#timer = setTimeout(() => this.#tick(), TICK_MS);
  }

  /** Waits for the tick that ends the last gap. */
  async stop(): Promise<number[]> {
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    clearTimeout(this.#timer);
    return this.#gaps.toSorted((x, y) => x - y);
  }
}

export async function readGaps(work: () => Promise<void>): Promise<GapReading> {
  let longTasks = 0;
  const count = (entries: PerformanceEntryList) => {
    longTasks += entries.length;
  };
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ type: "longtask" });
  const ticker = new Ticker();
  await work();
  const gaps = await ticker.stop();
  count(observer.takeRecords());
  observer.disconnect();
  const p99 = gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * 0.99))];
  return { maxMs: gaps.at(-1) ?? 0, p99Ms: p99 ?? 0, longTasks };
}

export function joinGaps(reading: GapReading, baseline: GapReading): MainGap {
  return { ...reading, baselineMaxMs: baseline.maxMs, baselineP99Ms: baseline.p99Ms };
}
