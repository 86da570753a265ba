// What one pass of each limit does: `tiles` calls claimed by whoever is free, `amount` flops or bytes
// in total. Memory is two arrays side by side:  [ a: 64 MB | b: 64 MB ].

import { flopsPerIteration, type Kernels } from "./kernels.ts";

const PAGE_BYTES = 65536;
const ARRAY_BYTES = 64 * 2 ** 20;
const TILE_BYTES = 128 * 2 ** 10;
const TILES = ARRAY_BYTES / TILE_BYTES;
const B = ARRAY_BYTES;
/** 12 µs a call on a core of 65 GFLOP/s. */
const FMA_ITERATIONS = 2000;
const FMA_TILES = 256;

export const memoryPages = (2 * ARRAY_BYTES) / PAGE_BYTES;

export interface Job {
  tiles: number;
  amount: number;
  tile(kernels: Kernels, index: number): void;
}

export const jobs = {
  fill: {
    tiles: 2 * TILES,
    amount: 2 * ARRAY_BYTES,
    tile: (kernels, index) => kernels.fill(index * TILE_BYTES, TILE_BYTES),
  },
  fma: {
    tiles: FMA_TILES,
    amount: FMA_TILES * FMA_ITERATIONS * flopsPerIteration,
    tile: (kernels) => kernels.fma(FMA_ITERATIONS),
  },
  mulAdd: {
    tiles: FMA_TILES,
    amount: FMA_TILES * FMA_ITERATIONS * flopsPerIteration,
    tile: (kernels) => kernels.mulAdd(FMA_ITERATIONS),
  },
  copy: {
    tiles: TILES,
    amount: 2 * ARRAY_BYTES,
    tile: (kernels, index) => kernels.copy(index * TILE_BYTES, B + index * TILE_BYTES, TILE_BYTES),
  },
  read: {
    tiles: TILES,
    amount: ARRAY_BYTES,
    tile: (kernels, index) => kernels.read(index * TILE_BYTES, TILE_BYTES),
  },
  inPlace: {
    tiles: TILES,
    amount: 3 * ARRAY_BYTES,
    tile: (kernels, index) =>
      kernels.inPlace(index * TILE_BYTES, B + index * TILE_BYTES, TILE_BYTES),
  },
} satisfies Record<string, Job>;

export type JobName = keyof typeof jobs;

/** Words of the control array that the workers share. */
export const control = { arrived: 0, generation: 1, nextTile: 2, stop: 3 } as const;

export interface Setup {
  kind: "setup";
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  words: Int32Array;
}
/** Repeats passes of `job` with `participants` workers for `ms`; `index` 0 keeps the clock. */
export interface Passes {
  kind: "passes";
  job: JobName;
  index: number;
  participants: number;
  ms: number;
}
export interface Spin {
  kind: "spin";
  ms: number;
}
export type ToLimitWorker = Setup | Passes | Spin;

/** Milliseconds of the fastest pass; only the keeper of the clock knows it. */
export interface FromLimitWorker {
  bestMs: number | null;
}
