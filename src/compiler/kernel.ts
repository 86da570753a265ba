// Kernel: one loop nest over merged axes, with what it reads, computes and writes. What `fuse` makes,
// `plan` places and `emit` turns into code. Values are in SSA order: each names earlier ones.
//
//   pass after pass, for every index of the kept axes:
//     for every index of the reduced axes:  values → stores, values → reductions
//     reductions → epilogue values → epilogue stores; later passes may use them

import type { DType } from "../base/dtypes.ts";
import type { LaneBody, LaneType } from "../base/lanes.ts";
import type { Reducer } from "../base/reducers.ts";
import type { Scanner } from "../base/scanners.ts";
import type { SubAxis } from "./access.ts";
import type { Sides } from "./step.ts";

/**
 * A buffer of the program. A temp is named by the step whose value it holds, or a partial result; what
 * is kept of a row from pass to pass lies in the worker's scratch, and is named by its first byte there.
 */
export interface Buffer {
  readonly kind: "input" | "output" | "temp" | "scratch";
  readonly index: number;
}

export interface Axis {
  readonly size: number;
  readonly isReduced: boolean;
}

/** A buffer walked along the kernel's axes: element offset + Σ i[axis]·strides[axis]. */
export interface Stream {
  readonly buffer: Buffer;
  readonly dtype: DType;
  readonly strides: readonly number[];
  readonly offset: number;
  /**
   * Set where the inner axis was flattened over this stream's own steps: the index is divided, lane by
   * lane. Slow, and rare: a reduction's order is a matter of its shape, not of what it is fused with.
   */
  readonly steps: readonly SubAxis[] | null;
  /** Elements behind the walk's own that may be touched besides. No part of the code. */
  readonly reach?: number;
  /** Set where the walk is that of another stream, so many elements ahead: they share a pointer. */
  readonly behind?: { readonly stream: number; readonly ahead: number };
}

export type KernelValue =
  | { readonly kind: "load"; readonly stream: number }
  | { readonly kind: "scalar"; readonly index: number; readonly type: LaneType }
  | { readonly kind: "constant"; readonly value: number; readonly type: LaneType }
  /** The element's position: offset + Σ i[axis]·strides[axis], as i32. */
  | {
      readonly kind: "index";
      readonly strides: readonly number[];
      readonly offset: number;
      readonly steps: readonly SubAxis[] | null;
    }
  /** stream[… + stride·index], the index checked to lie in 0 … extent − 1. */
  | {
      readonly kind: "gather";
      readonly stream: number;
      readonly index: number;
      readonly stride: number;
      readonly extent: number;
    }
  | { readonly kind: "apply"; readonly body: LaneBody; readonly args: readonly number[] }
  /** A finished sum of products. */
  | { readonly kind: "product" }
  /** A finished reduction of its pass; only behind the pass. */
  | { readonly kind: "reduced"; readonly reduction: number };

export interface Store {
  readonly value: number;
  readonly stream: number;
}

export interface Reduction {
  readonly value: number;
  readonly reducer: Reducer;
}

/** What every kernel has. */
interface AnyKernel {
  readonly label: string;
  readonly axes: readonly Axis[];
  readonly streams: readonly Stream[];
  readonly values: readonly KernelValue[];
  /** Elements of the whole space, for cost. */
  readonly size: number;
}

/** Values from … to − 1. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One walk over the reduced axes, and what follows when its folds are finished. */
export interface Pass {
  /** Computed for every index. */
  readonly body: Span;
  readonly stores: readonly Store[];
  readonly reductions: readonly Reduction[];
  /** Computed once behind the walk; its stores are the epilogue. */
  readonly after: Span;
  readonly epilogue: readonly Store[];
}

export interface LoopKernel extends AnyKernel {
  readonly kind: "loop";
  /** A map has one pass without reductions; several passes go over the same rows. */
  readonly passes: readonly Pass[];
  /** Elements of a block into which a long reduced row is cut: a matter of the space's shape alone. */
  readonly blockElements: number;
}

/** Combines values into a target, an index at a time along one axis, in order. */
export interface ScatterKernel extends AnyKernel {
  readonly kind: "scatter";
  /** The scattered axis is the only reduced one: it is walked in order, the others are free. */
  readonly axes: readonly Axis[];
  readonly index: number;
  readonly value: number;
  readonly target: number;
  readonly stride: number;
  readonly extent: number;
  readonly combine: LaneBody;
  /** What the target is to be filled with before; null: it holds what it needs. */
  readonly fill: Fill | null;
}

/** A value that is the same for every element, and what it is made of. */
export interface Fill {
  readonly values: readonly KernelValue[];
  readonly value: number;
}

/** Folds its inputs along the reduced axes, in order, and stores every prefix. */
export interface ScanKernel extends AnyKernel {
  readonly kind: "scan";
  /** The values that are folded. */
  readonly inputs: readonly number[];
  readonly scanner: Scanner;
  /** Where prefixes go; the last stream. */
  readonly store: number;
  /** Elements of the space before, along and behind the scanned axis. */
  readonly extent: { readonly before: number; readonly along: number; readonly behind: number };
}

/** Lays the rows of a value out in panels. Its axes are the batch's, then the rows', then the depth's. */
export interface PackKernel extends AnyKernel {
  readonly kind: "pack";
  /** How many axes batch and rows have; each part has one at least. */
  readonly batchAxes: number;
  readonly rowAxes: number;
  readonly value: number;
  readonly target: number;
  readonly width: number;
}

/** Rows of panels with rows of panels; what follows a product is computed while it is in registers. */
export interface ContractKernel extends AnyKernel {
  readonly kind: "contract";
  /** The batch's axes, rows of a, rows of b. */
  readonly axes: readonly Axis[];
  /** Streams of panels. */
  readonly a: number;
  readonly b: number;
  readonly dtype: DType;
  /** Rows of a panel. */
  readonly widths: Sides;
  readonly depth: number;
  readonly stores: readonly Store[];
  /** Panels of a unit of work. */
  readonly block: Sides;
  /** What each unit packs for itself, into scratch. */
  readonly own: readonly OwnPack[];
}

export interface OwnPack {
  readonly side: "a" | "b";
  readonly pack: PackKernel;
}

/** Writes the values where the mask holds one after another, each block from where it starts. */
export interface CompactKernel extends AnyKernel {
  readonly kind: "compact";
  /** One axis, or none. */
  readonly axes: readonly Axis[];
  readonly value: number;
  readonly mask: number;
  readonly starts: number;
  readonly target: number;
  readonly block: number;
}

/** Sorts keys along the reduced axes, and gives their positions. */
export interface SortKernel extends AnyKernel {
  readonly kind: "sort";
  /** The keys, int32. */
  readonly value: number;
  readonly target: number;
  /** Rows, and the elements of each. */
  readonly extent: { readonly rows: number; readonly along: number };
}

export type Kernel =
  | LoopKernel
  | ScatterKernel
  | ScanKernel
  | SortKernel
  | CompactKernel
  | PackKernel
  | ContractKernel;

/**
 * How the reduced elements are cut into chunks, by shape alone: the virtual width of a reduction.
 * Rows (indices of the reduced axes but a reduced inner one) come in units; a unit has `blocks` chunks
 * of `rows` rows. Where a single row is cut, a unit is that row and a chunk has `elements` of it.
 */
export interface Chunks {
  readonly count: number;
  readonly unitRows: number;
  readonly blocks: number;
  readonly rows: number;
  readonly elements: number | null;
}

/** Streams of partial states: [reduction][state] → stream; rows of kept indices, chunk by chunk. */
export interface Partials {
  readonly streams: readonly (readonly number[])[];
  /** Elements between the states of neighbouring chunks. */
  readonly chunkStride: number;
}

export interface MapKernel extends AnyKernel {
  readonly kind: "map";
  readonly stores: readonly Store[];
}

/** A map whose rows, the last axis but one, are walked four at a time: some stream runs on along them. */
export interface TilesKernel extends Omit<MapKernel, "kind"> {
  readonly kind: "tiles";
}

/**
 * Reduces along the inner axis: four lanes are neighbours of one sum, and are merged at the end. Several
 * passes take a row, which stays in the nearest cache, from one to the next.
 */
export interface RowsKernel extends Omit<LoopKernel, "kind"> {
  readonly kind: "rows";
  readonly chunks: Chunks;
  /** Where states go when there are several chunks; else the epilogue follows at once. */
  readonly partials: Partials | null;
}

/** Reduces across rows: four lanes are neighbours of four sums, kept in the partial buffer. */
export interface ColumnsKernel extends AnyKernel {
  readonly kind: "columns";
  readonly stores: readonly Store[];
  readonly reductions: readonly Reduction[];
  readonly chunks: Chunks;
  readonly partials: Partials;
}

/** Merges the chunks' states and runs the epilogue; its axes are the kept ones. */
export interface MergeKernel extends AnyKernel {
  readonly kind: "merge";
  readonly reductions: readonly Reduction[];
  readonly epilogue: readonly Store[];
  readonly chunkCount: number;
  readonly partials: Partials;
}

type ScanLoop = Pick<
  ScanKernel,
  "label" | "axes" | "streams" | "values" | "inputs" | "scanner" | "size"
>;

/**
 * A scan along the inner axis: four lanes are neighbours of one row. "totals" keeps what a chunk comes
 * to, "results" starts each chunk from what is before it: both in the partial buffer.
 */
export interface ScanRowsKernel extends ScanLoop {
  readonly kind: "scanRows";
  readonly phase: "whole" | "totals" | "results";
  readonly store: number | null;
  readonly chunks: Chunks;
  readonly partials: Partials | null;
}

/** A scan across rows: four lanes are neighbours of four scans, their states in the partial buffer. */
export interface ScanColumnsKernel extends Omit<ScanRowsKernel, "kind" | "partials"> {
  readonly kind: "scanColumns";
  readonly partials: Partials;
}

/** Puts in the place of each chunk's total what all chunks before it come to; axes are the kept ones. */
export interface CarryKernel
  extends Pick<ScanKernel, "label" | "axes" | "streams" | "values" | "scanner" | "size"> {
  readonly kind: "carry";
  readonly chunkCount: number;
  readonly partials: Partials;
}

/** Sorts runs of the inner axis: each row's keys become pairs of key and position, or positions. */
export interface SortRunsKernel extends Omit<SortKernel, "kind" | "extent"> {
  readonly kind: "sortRuns";
  /** Elements of a run, a multiple of 4 where a row has several, and how many runs a row has. */
  readonly runElements: number;
  readonly count: number;
  readonly givesPairs: boolean;
}

/** Merges every two neighbouring runs of pairs of each row, all row-major; a unit is a part of the result. */
export interface MergeRunsKernel extends AnyKernel {
  readonly kind: "mergeRuns";
  readonly from: number;
  readonly target: number;
  /** Elements of a row, of a run, and of a unit, which is never of two merges. */
  readonly along: number;
  readonly runElements: number;
  readonly unitElements: number;
  readonly givesPairs: boolean;
}

/** How rows of a target are sorted into buckets by the indices that name them, and where that lies. */
export interface Buckets {
  readonly count: number;
  /** Row r is of bucket r >> shift. */
  readonly shift: number;
  readonly chunks: number;
  readonly chunkElements: number;
  /** Stream of i32: a row of counts per chunk, and one of where each bucket's list goes on. */
  readonly counts: number;
  readonly rowElements: number;
  /** Stream of the lists, one after another: pairs of an index' position and the row that it names. */
  readonly lists: number;
}

type BucketLoop = Pick<MapKernel, "label" | "axes" | "streams" | "values" | "size"> & {
  readonly buckets: Buckets;
};

/** Counts the indices of each chunk by bucket, or puts them in their places; the axis is theirs. */
export interface BucketIndexKernel extends BucketLoop {
  readonly kind: "bucketCount" | "bucketPlace";
  readonly index: number;
  readonly extent: number;
}

/** Puts in the place of each count where its part of the list starts: bucket by bucket, chunk by chunk. */
export interface BucketStartsKernel extends BucketLoop {
  readonly kind: "bucketStarts";
}

/** Combines `listMost` more of each bucket's list into the target, in order. */
export interface BucketScatterKernel
  extends BucketLoop,
    Pick<ScatterKernel, "value" | "target" | "stride" | "extent" | "combine"> {
  readonly kind: "bucketScatter";
  /** The value that the bucket's rows are filled with before, if any. */
  readonly fill: number | null;
  readonly listMost: number;
}

/** What `emit` writes code for. */
export type RunnableKernel =
  | MapKernel
  | TilesKernel
  | RowsKernel
  | ColumnsKernel
  | MergeKernel
  | ScatterKernel
  | BucketIndexKernel
  | BucketStartsKernel
  | BucketScatterKernel
  | CompactKernel
  | PackKernel
  | ContractKernel
  | ScanRowsKernel
  | ScanColumnsKernel
  | CarryKernel
  | SortRunsKernel
  | MergeRunsKernel;

/** A kernel and what runs within it, each with streams of its own. */
export const partsOf = (kernel: RunnableKernel): readonly RunnableKernel[] =>
  kernel.kind === "contract" ? [kernel, ...kernel.own.map(({ pack }) => pack)] : [kernel];
