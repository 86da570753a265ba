// Our library running again and again while the main thread's gaps are recorded, then the baseline:
// as many workers that only spin, for as long.

import type { MainGap } from "./contract.ts";
import { joinGaps, readGaps } from "./gap.ts";
import { rest } from "./measure.ts";
import type { Session } from "./session.ts";

const DEFAULT_MS = 2000;
const QUIET_MS = 300;

/** The benchmark's own garbage must not be collected while gaps are read. */
export async function collectGarbage(): Promise<void> {
  (globalThis as { gc?: () => void }).gc?.();
  await rest(QUIET_MS);
}

export interface Watched {
  gap: MainGap;
  firstRunMs: number;
}

export async function watchMainThread(
  again: () => Promise<void>,
  { meter }: Session,
  ms = DEFAULT_MS,
): Promise<Watched> {
  await collectGarbage();
  let firstRunMs = 0;
  const reading = await readGaps(async () => {
    const begin = performance.now();
    await again();
    firstRunMs = performance.now() - begin;
    while (performance.now() - begin < ms) await again();
  });
  await collectGarbage();
  const baseline = await readGaps(() => meter.spin(ms));
  return { gap: joinGaps(reading, baseline), firstRunMs };
}
