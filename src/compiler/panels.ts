// Panels: how the operands of a contraction lie, and how its result is cut. Of a tile in registers, twelve
// vectors are sums; with two of b and one of a, that fills what a machine has.
//
//   a: 6 rows (of float64: 3) by b: 8 rows  →  12 sums of 4 (2) lanes

import { type DType, dtypes } from "../base/dtypes.ts";
import type { Axis } from "./kernel.ts";

export interface Widths {
  readonly a: number;
  readonly b: number;
}

export const widthsOf = (dtype: DType): Widths =>
  dtypes[dtype].lane === "f64" ? { a: 3, b: 8 } : { a: 6, b: 8 };

export const panelCount = (rows: number, width: number): number => Math.ceil(rows / width);

/** Elements of a packed operand. */
export const packedSize = (
  [batch = 1, rows = 1, depth = 1]: readonly number[],
  width: number,
): number => batch * panelCount(rows, width) * depth * width;

/** Depth in one piece: a panel of b then fills two thirds of the nearest cache. */
const mostDepth = 1024;

/** Lengths of the pieces, all but the last the same: by shape alone, for sums are split there. */
export function depthPieces(depth: number): { readonly count: number; readonly length: number } {
  const count = Math.ceil(depth / mostDepth);
  const length = Math.ceil(depth / count / 4) * 4;
  return { count: Math.ceil(depth / length), length };
}

/** Panels of a unit of work. */
export interface Block {
  readonly a: number;
  readonly b: number;
}

const largestBlock: Block = { a: 12, b: 8 };
/** Units from which on all workers have enough to do. */
const enoughUnits = 64;

export function blockOf(axes: readonly Axis[], widths: Widths): Block {
  const [rows = 1, columns = 1] = axes.slice(-2).map(({ size }) => size);
  const batch = axes.slice(0, -2).reduce((product, { size }) => product * size, 1);
  const panels = { a: panelCount(rows, widths.a), b: panelCount(columns, widths.b) };
  let { a, b } = largestBlock;
  const units = () => batch * Math.ceil(panels.a / a) * Math.ceil(panels.b / b);
  while (units() < enoughUnits && (a > 1 || b > 1)) {
    if (a >= b) a = Math.ceil(a / 2);
    else b = Math.ceil(b / 2);
  }
  return { a, b };
}
