// Stages: launches that touch none of each other's results run together; a run of launches too small
// to share is one tile of one worker, so that a hundred of them cross no barrier.

import { dtypes } from "../base/dtypes.ts";
import type { Launch, Stage } from "../base/program.ts";
import { unitsOf } from "./emit/kernel-code.ts";
import type { RunnableKernel } from "./kernel.ts";

/** Work of a tile in cycles, some 30 µs: shorter ones break up the stream of memory (2.4 → 2.2 ms at 64 MB). */
const tileCycles = 120_000;
/** Bytes a core moves per cycle when both are busy (25 GB/s at 4 GHz). */
const bytesPerCycle = 6;

/** Units that make a tile. A matter of cost alone: no kernel's result depends on it. */
export function grainOf(kernel: RunnableKernel): number {
  const units = unitsOf(kernel);
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
  const cycles = kernel.size * Math.max(bytes / bytesPerCycle, instructions / 8);
  const tiles = Math.max(1, Math.round(cycles / tileCycles));
  return Math.max(1, Math.ceil(units / tiles));
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

type Sized = Pick<Launch, "units" | "grain">;

const tilesOf = ({ units, grain }: Sized): number => Math.ceil(units / grain);

export function stagesOf(launches: readonly Sized[], touches: readonly Touches[]): Stage[] {
  const stages: { kind: Stage["kind"]; first: number; count: number; tiles: number }[] = [];
  launches.forEach((launch, at) => {
    const tiles = tilesOf(launch);
    const last = stages.at(-1);
    const members = last ? Array.from({ length: last.count }, (_, i) => last.first + i) : [];
    const isFree = members.every(
      (member) => !conflicts(touches[member] as Touches, touches[at] as Touches),
    );
    if (last && tiles === 1 && (last.kind === "serial" || last.tiles === 1)) {
      last.kind = "serial";
      last.count++;
    } else if (last?.kind === "parallel" && isFree) {
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
