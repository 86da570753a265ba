// What the parts of one run in the page share.

import type { Shardgrad, WorkloadReport } from "./contract.ts";
import type { LimitMeter } from "./limits/limits.ts";
import type { PeerDoors } from "./peers/peers.ts";

export interface Session {
  sg: Shardgrad | null;
  meter: LimitMeter;
  doors: PeerDoors;
  workers: number;
  reps: number | null;
  say(text: string): void;
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

export const emptyReport = (): WorkloadReport => ({ peers: {}, notes: [], failures: [] });
