// Panels: how the operands of a contraction lie, and how its result is cut. A tile in registers fills the
// 15 vectors that V8 leaves:
//
//   fused multiply-add:      12 sums, 2 of b, 1 of a                     6 rows of a by 2 vectors of b
//   product, then addition:   8 sums, 2 of b, 1 of a, the product        4 rows of a by 2 vectors of b
//
// With 12 sums, the second spills in each step, and ran at half the speed.

import { type DType, dtypes } from "../base/dtypes.ts";
import type { Axis, ContractKernel } from "./kernel.ts";
import type { Sides } from "./step.ts";

/** `hasFusedMadd`: of floats; integers have none. */
export function widthsOf(dtype: DType, hasFusedMadd: boolean): Sides {
  const { lane } = dtypes[dtype];
  return { a: hasFusedMadd && lane !== "i32" ? 6 : 4, b: lane === "f64" ? 4 : 8 };
}

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

/** Bytes of one side's panels that the second-nearest cache keeps while the other side's pass by. */
const keptBytes = 400 << 10;
/** Bytes of a tile's sums. */
const tileBytes = 192;

/** A product as a unit sees it: panels of both sides, bytes of a panel, and whether sums are put aside. */
export interface Tiling {
  readonly batch: number;
  readonly panels: Sides;
  readonly panelBytes: Sides;
  readonly isInPieces: boolean;
}

export function tilingOf(
  axes: readonly Axis[],
  { widths, dtype, depth }: Pick<ContractKernel, "widths" | "dtype" | "depth">,
): Tiling {
  const [rows = 1, columns = 1] = axes.slice(-2).map(({ size }) => size);
  const column = depth * dtypes[dtype].bytes;
  return {
    batch: axes.slice(0, -2).reduce((product, { size }) => product * size, 1),
    panels: { a: panelCount(rows, widths.a), b: panelCount(columns, widths.b) },
    panelBytes: { a: column * widths.a, b: column * widths.b },
    isInPieces: depthPieces(depth).count > 1,
  };
}

/** Bytes of scratch for the sums of a block's tiles. */
export const sumBytes = ({ isInPieces }: Tiling, { a, b }: Sides): number =>
  isInPieces ? a * b * tileBytes : 0;

/**
 * Panels of a unit that packs its part of b into scratch: all of a, so that nothing is packed twice; null
 * where a is too long for that, or too few units would be left. Then b is never written to memory as a
 * whole, which for a convolution is its input as often as its filter has elements.
 */
export function ownBlock(tiling: Tiling, room: number): Sides | null {
  const { batch, panels, panelBytes } = tiling;
  if (panels.a * panelBytes.a > keptBytes) return null;
  const each = panelBytes.b + sumBytes(tiling, { a: panels.a, b: 1 });
  let b = Math.min(largestBlock.b, panels.b, Math.floor(room / each));
  const units = () => batch * Math.ceil(panels.b / b);
  while (b > 1 && units() < enoughUnits) b = Math.ceil(b / 2);
  return b > 0 && units() >= leastUnits ? { a: panels.a, b } : null;
}

/**
 * All panels of one product of a batch, where scratch has room for both sides, and there are products
 * enough or they are too small to be cut; else null.
 */
export function wholeBlock(tiling: Tiling, room: number): Sides | null {
  const { batch, panels, panelBytes } = tiling;
  const bytes = panels.a * panelBytes.a + panels.b * panelBytes.b + sumBytes(tiling, panels);
  const isUncut = batch >= leastUnits || batch * panels.a * panels.b * panelBytes.b <= smallBytes;
  return isUncut && bytes <= room ? panels : null;
}

const largestBlock: Sides = { a: 12, b: 8 };
/** Units from which on all workers have enough to do. */
const enoughUnits = 64;
/** Bytes of b that a small product reads, some 10 µs: two kernels and a barrier before it cost as much. */
const smallBytes = 256 << 10;
/** Units below which some workers would have nothing to do. */
const leastUnits = 16;

export function blockOf(axes: readonly Axis[], widths: Sides): Sides {
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
