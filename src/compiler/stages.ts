// Stages: launches that touch none of each other's results run together; a run of launches too small
// to share is one tile of one worker, so that a hundred of them cross no barrier. One of a single tile
// that is worth a claim of its own runs beside others, as 64 small products do.

import { dtypes } from "../base/dtypes.ts";
import type { Stage } from "../base/program.ts";
import { unitsOf } from "./emit/kernel-code.ts";
import type { RunnableKernel } from "./kernel.ts";

/** Work of a tile in cycles, some 30 µs: shorter ones break up the stream of memory (2.4 → 2.2 ms at 64 MB). */
const tileCycles = 120_000;
/** Work from which a single tile is worth a claim and its share of a barrier, some 3 µs. */
const claimCycles = 12_000;
/** Bytes a core moves per cycle when both are busy (25 GB/s at 4 GHz). */
const bytesPerCycle = 6;

/** How a launch is shared out. A matter of cost alone: no kernel's result depends on it. */
export interface Sharing {
  readonly units: number;
  /** Units that make a tile. */
  readonly grain: number;
  /** Whether a single tile of it may be a worker's turn. */
  readonly isWorthClaim: boolean;
}

export function sharingOf(kernel: RunnableKernel): Sharing {
  const units = unitsOf(kernel);
  const cycles = cyclesOf(kernel);
  const tiles = Math.max(1, Math.round(cycles / tileCycles));
  const grain = Math.max(1, Math.ceil(units / tiles));
  return { units, grain, isWorthClaim: cycles >= claimCycles };
}

function cyclesOf(kernel: RunnableKernel): number {
  const bytes = kernel.streams.reduce((total, { dtype, strides }) => {
    return strides.some((stride) => stride !== 0) ? total + dtypes[dtype].bytes : total;
  }, 0);
  let instructions = 4;
  for (const value of kernel.values) {
    if (value.kind === "apply") instructions += value.body.instructions.length;
    if (value.kind === "gather") instructions += 24;
  }
  if (kernel.kind === "scatter") instructions += 40;
  if (kernel.kind === "bucketCount" || kernel.kind === "bucketPlace") instructions += 32;
  if (kernel.kind === "compact") instructions += 8;
  if (kernel.kind === "sortRuns") instructions += 128;
  if (kernel.kind === "mergeRuns") instructions += 64;
  if (kernel.kind === "contract") instructions += kernel.depth;
  if ("scanner" in kernel) instructions += 16 + 4 * kernel.scanner.merge.instructions.length;
  return kernel.size * Math.max(bytes / bytesPerCycle, instructions / 8);
}

/** Byte ranges a launch reads and writes, by buffer. */
export interface Touches {
  readonly reads: readonly Range[];
  readonly writes: readonly Range[];
}

export interface Range {
  /** "arena", or the kind and number of a buffer of its own. */
  readonly buffer: string;
  readonly from: number;
  readonly to: number;
}

const tilesOf = ({ units, grain }: Sharing): number => Math.ceil(units / grain);

export function stagesOf(launches: readonly Sharing[], touches: readonly Touches[]): Stage[] {
  const stages: { kind: Stage["kind"]; first: number; count: number; tiles: number }[] = [];
  launches.forEach((launch, at) => {
    const tiles = tilesOf(launch);
    const last = stages.at(-1);
    const members = last ? Array.from({ length: last.count }, (_, i) => last.first + i) : [];
    const isFree = members.every(
      (member) => !conflicts(touches[member] as Touches, touches[at] as Touches),
    );
    const canShare = last?.kind === "parallel" || last?.count === 1;
    const isBeside = canShare && isFree && launch.isWorthClaim;
    if (last && !isBeside && tiles === 1 && (last.kind === "serial" || last.tiles === 1)) {
      last.kind = "serial";
      last.count++;
    } else if (last && isFree && (last.kind === "parallel" || isBeside)) {
      last.kind = "parallel";
      last.count++;
      last.tiles += tiles;
    } else stages.push({ kind: tiles === 1 ? "serial" : "parallel", first: at, count: 1, tiles });
  });
  return stages;
}

function conflicts(a: Touches, b: Touches): boolean {
  const meet = (xs: readonly Range[], ys: readonly Range[]): boolean =>
    xs.some((x) => ys.some((y) => x.buffer === y.buffer && x.from < y.to && y.from < x.to));
  return meet(a.writes, b.writes) || meet(a.writes, b.reads) || meet(a.reads, b.writes);
}
