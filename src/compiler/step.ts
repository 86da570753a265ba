// Step: one computed value, its operands read through views. What `schedule` makes and `fuse` groups.

import type { DType } from "../base/dtypes.ts";
import type { LaneBody } from "../base/lanes.ts";
import type { Reducer } from "../base/reducers.ts";
import type { Scanner } from "../base/scanners.ts";
import type { Shape } from "../base/shapes.ts";
import type { Access } from "./access.ts";

/** Where an operand's elements come from. */
export type Source =
  | { readonly kind: "input"; readonly index: number; readonly dtype: DType }
  | { readonly kind: "scalar"; readonly index: number; readonly dtype: DType }
  | { readonly kind: "constant"; readonly value: number; readonly dtype: DType }
  | { readonly kind: "iota"; readonly dtype: DType }
  | Step;

export interface Operand {
  readonly source: Source;
  /** From the step's space to the source's row-major elements. */
  readonly access: Access;
}

interface StepBase {
  readonly position: number;
  /** The op, for labels only. */
  readonly label: string;
  readonly dtype: DType;
  /** What the step's loop runs over. */
  readonly space: Shape;
  /** The value's shape; its elements lie row-major in its buffer. */
  readonly shape: Shape;
  readonly operands: readonly Operand[];
  /** Which output of the program this value is, or null. */
  readonly output: number | null;
}

export interface PointwiseStep extends StepBase {
  readonly kind: "pointwise";
  readonly body: LaneBody;
  /** Set where the operands are folded first, one after the other: the body then finishes the states. */
  readonly fold?: Pick<Reducer, "state" | "step">;
}

/** Lane instructions of one element. */
export function instructionsOf({ body, fold, operands }: PointwiseStep): number {
  const folding = fold ? fold.step.instructions.length * operands.length : 0;
  return body.instructions.length + folding;
}

export interface ReduceStep extends StepBase {
  readonly kind: "reduce";
  readonly axes: readonly number[];
  readonly reducer: Reducer;
}

/** Folds its operands along the axis and writes every prefix where the window says. */
export interface ScanStep extends StepBase {
  readonly kind: "scan";
  readonly axis: number;
  readonly scanner: Scanner;
  readonly window: Access;
}

/**
 * Lays the rows of its operand, [batch, rows, depth], out in panels of `width` rows, depth by depth:
 * what lies at [batch, panel, depth, row within]. Rows beyond the last hold anything.
 */
export interface PackStep extends StepBase {
  readonly kind: "pack";
  readonly width: number;
}

/** One number for either operand of a product. */
export interface Sides {
  readonly a: number;
  readonly b: number;
}

/** Operands (a, b), whole buffers of panels: out[…, i, j] = Σ_k a[…, i, k]·b[…, j, k]. */
export interface ContractStep extends StepBase {
  readonly kind: "contract";
  /** Rows of a panel. */
  readonly widths: Sides;
  readonly depth: number;
}

/** out[i] = x[i with axis := index[i]]: operands (x: a whole buffer, index). */
export interface GatherStep extends StepBase {
  readonly kind: "gather";
  /** Elements of x between neighbours along the axis, and how many there are. */
  readonly stride: number;
  readonly extent: number;
}

/** A buffer of which the places that take it over write everything. */
export interface BlankStep extends StepBase {
  readonly kind: "blank";
}

/** Writes its operand into a window of the buffer of `target`, which it thereby takes over. */
export interface PlaceStep extends StepBase {
  readonly kind: "place";
  readonly target: Step;
  readonly window: Access;
}

/** Combines operands (index, value) into the buffer of `target`, in the order of the space. */
export interface ScatterStep extends StepBase {
  readonly kind: "scatter";
  readonly target: Step;
  readonly axis: number;
  readonly combine: LaneBody;
  /** Where in the target an element of the space lies, its axis left out. */
  readonly window: Access;
  readonly stride: number;
  readonly extent: number;
}

/** Operands (value, mask, starts: a whole buffer): the values where the mask holds, block by block. */
export interface CompactStep extends StepBase {
  readonly kind: "compact";
  readonly block: number;
}

/** Positions of its operand's elements, int32 keys, along the last axis in ascending order, stably. */
export interface SortStep extends StepBase {
  readonly kind: "sort";
}

export type Step =
  | PointwiseStep
  | ReduceStep
  | PackStep
  | ContractStep
  | ScanStep
  | GatherStep
  | BlankStep
  | PlaceStep
  | ScatterStep
  | CompactStep
  | SortStep;

const stepKinds = new Set<string>([
  "pointwise",
  "reduce",
  "pack",
  "contract",
  "scan",
  "gather",
  "blank",
  "place",
  "scatter",
  "compact",
  "sort",
]);

export const isStep = (source: Source): source is Step => stepKinds.has(source.kind);
