// plan: Kernel[] → Placed. Every temporary gets an offset in one arena; two that are never alive at the
// same time may share bytes, and a map may write its result over an operand that dies with it.

import { dtypes } from "../base/dtypes.ts";
import { vectorSlack } from "../base/program.ts";
import { withFills } from "./fills.ts";
import { type Buffer, type Kernel, partsOf, type RunnableKernel, type Stream } from "./kernel.ts";
import { withOwnPacks } from "./own-packs.ts";
import { withProductParts } from "./product-parts.ts";
import { split } from "./split.ts";

export interface Placed {
  readonly kernels: readonly RunnableKernel[];
  /** Offset of each temp in the arena. */
  readonly offsets: ReadonlyMap<number, number>;
  /** Bytes of each temp. */
  readonly sizes: ReadonlyMap<number, number>;
  readonly arenaBytes: number;
}

export function plan(kernels: readonly Kernel[], stepCount: number): Placed {
  let temps = stepCount;
  const parted = withProductParts(withOwnPacks(withFills(kernels)));
  const runnable = parted.flatMap((kernel) => split(kernel, () => temps++));
  const lives = livesOf(runnable);
  shareDying(runnable, lives);
  const { offsets, arenaBytes } = pack(lives);
  const sizes = new Map([...lives].map(([temp, { bytes }]) => [temp, bytes]));
  return { kernels: runnable, offsets, sizes, arenaBytes };
}

/** A temp's bytes and the launches between which it is alive; `over`: it lies where that one lay. */
interface Life {
  bytes: number;
  from: number;
  to: number;
  over: number | null;
}

function livesOf(kernels: readonly RunnableKernel[]): Map<number, Life> {
  const lives = new Map<number, Life>();
  kernels.forEach((kernel, at) => {
    for (const part of partsOf(kernel)) {
      for (const stream of part.streams) addLife(lives, stream, reach(part, stream), at);
    }
  });
  return lives;
}

function addLife(lives: Map<number, Life>, { buffer }: Stream, reach: number, at: number): void {
  if (buffer.kind !== "temp") return;
  const bytes = reach + vectorSlack;
  const life = lives.get(buffer.index);
  if (life) {
    life.to = at;
    life.bytes = Math.max(life.bytes, bytes);
  } else lives.set(buffer.index, { bytes, from: at, to: at, over: null });
}

/** Bytes up to the end of what the stream may touch. */
function reach(kernel: RunnableKernel, stream: Stream): number {
  let last = stream.offset + (stream.reach ?? 0);
  stream.strides.forEach((stride, axis) => {
    last += Math.max(0, stride) * ((kernel.axes[axis]?.size ?? 1) - 1);
  });
  for (const { size, stride } of stream.steps ?? []) last += Math.max(0, stride) * (size - 1);
  last += chunkReach(kernel, stream) + gatherReach(kernel, stream);
  return (last + 1) * dtypes[stream.dtype].bytes;
}

function chunkReach(kernel: RunnableKernel, stream: Stream): number {
  if (!("partials" in kernel) || !kernel.partials) return 0;
  const isPartial = kernel.partials.streams.flat().some((at) => kernel.streams[at] === stream);
  const count = "chunkCount" in kernel ? kernel.chunkCount : kernel.chunks.count;
  return isPartial ? count * kernel.partials.chunkStride : 0;
}

function gatherReach(kernel: RunnableKernel, stream: Stream): number {
  if (kernel.kind === "scatter" || kernel.kind === "bucketScatter") {
    return kernel.streams[kernel.target] === stream ? kernel.stride * (kernel.extent - 1) : 0;
  }
  for (const value of kernel.values) {
    if (value.kind !== "gather" || kernel.streams[value.stream] !== stream) continue;
    return value.stride * (value.extent - 1);
  }
  return 0;
}

/** Lets a map's result lie where an operand lay that is read there for the last time, step by step. */
function shareDying(kernels: readonly RunnableKernel[], lives: Map<number, Life>): void {
  const taken = new Set<number>();
  kernels.forEach((kernel, at) => {
    if (kernel.kind !== "map" && kernel.kind !== "tiles") return;
    for (const { stream } of kernel.stores) {
      const store = kernel.streams[stream] as Stream;
      const life = store.buffer.kind === "temp" ? lives.get(store.buffer.index) : undefined;
      if (!life || life.from !== at || life.over !== null) continue;
      const dying = kernel.streams.find(
        (load) => !taken.has(load.buffer.index) && canLieOver(kernel, store, load, at, lives),
      );
      if (!dying) continue;
      life.over = dying.buffer.index;
      taken.add(dying.buffer.index);
    }
  });
}

function canLieOver(
  kernel: RunnableKernel,
  store: Stream,
  load: Stream,
  at: number,
  lives: Map<number, Life>,
): boolean {
  const life = load.buffer.kind === "temp" ? lives.get(load.buffer.index) : undefined;
  if (!life || life.to !== at || life.from === at) return false;
  const uses = kernel.streams.filter(({ buffer }) => isSame(buffer, load.buffer));
  return (
    uses.length === 1 &&
    load.steps === null &&
    store.steps === null &&
    load.dtype === store.dtype &&
    load.offset === store.offset &&
    String(load.strides) === String(store.strides) &&
    !kernel.values?.some(
      (value) => value.kind === "gather" && kernel.streams[value.stream] === load,
    )
  );
}

const isSame = (a: Buffer, b: Buffer): boolean => a.kind === b.kind && a.index === b.index;

/** First fit, large ones first: each at the lowest offset free during its whole life. */
function pack(lives: Map<number, Life>): { offsets: Map<number, number>; arenaBytes: number } {
  const offsets = new Map<number, number>();
  const groups = sharedGroups(lives).sort((a, b) => b.bytes - a.bytes || a.from - b.from);
  const placed: { offset: number; group: SharedGroup }[] = [];
  let arenaBytes = 0;
  for (const group of groups) {
    const rivals = placed
      .filter(({ group: other }) => other.from <= group.to && group.from <= other.to)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (rival.offset - offset >= group.bytes) break;
      offset = Math.max(offset, rival.offset + rival.group.bytes);
    }
    placed.push({ offset, group });
    arenaBytes = Math.max(arenaBytes, offset + group.bytes);
    for (const temp of group.temps) offsets.set(temp, offset);
  }
  return { offsets, arenaBytes };
}

interface SharedGroup {
  readonly temps: number[];
  bytes: number;
  from: number;
  to: number;
}

const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** Temps that lie over each other count as one, alive from the first to the last. */
function sharedGroups(lives: Map<number, Life>): SharedGroup[] {
  const groups = new Map<number, SharedGroup>();
  for (const [temp, life] of lives) {
    const under = life.over === null ? undefined : groups.get(life.over);
    if (under) {
      under.temps.push(temp);
      under.bytes = Math.max(under.bytes, align(life.bytes));
      under.to = Math.max(under.to, life.to);
      groups.set(temp, under);
    } else {
      const { from, to, bytes } = life;
      groups.set(temp, { temps: [temp], bytes: align(bytes), from, to });
    }
  }
  return [...new Set(groups.values())];
}
