// map: every element of the space once. A unit is a block of one row of the inner axis.

import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { Axis, MapKernel } from "../kernel.ts";
import {
  blockElements,
  blockRange,
  outerAxes,
  overRow,
  splitBlock,
  unrollingOf,
} from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import type { Register } from "./register.ts";
import { isWorthTouching, touchAhead } from "./touch-code.ts";

export function mapUnits(axes: readonly Axis[]): number {
  const rows = sizeOf(axes.slice(0, -1).map(({ size }) => size));
  return rows * Math.ceil((axes.at(-1)?.size ?? 1) / blockElements);
}

export function mapCode(kernel: MapKernel, loop: LoopWriter): (unit: Local) => void {
  const { f, inner } = loop;
  const blocks = Math.ceil(inner / blockElements);
  const unrolling = unrollingOf(kernel.values);
  const write = (positions: readonly Position[]): void => {
    // All values before the first store: a result may lie where an operand lay (plan, shareDying).
    loop.writeInStep(
      kernel.stores.map(({ value }) => value),
      positions,
    );
    for (const position of positions) {
      const registers = kernel.stores.map(({ value }) => loop.value(value, position));
      kernel.stores.forEach(({ stream }, at) =>
        loop.store(stream, registers[at] as Register, position),
      );
    }
  };
  return (unit) => {
    const { rest, block } = splitBlock(f, unit, blocks);
    if (!block) touchTables(kernel, loop, unit);
    loop.decode(rest, outerAxes(kernel.axes.length));
    loop.startRow({ from: 0, to: kernel.values.length });
    const range = blockRange(f, block, { inner, length: blockElements });
    overRow(loop, range, unrolling, write);
  };
}

/** The rows of tables that the next units will read. */
function touchTables(kernel: MapKernel, loop: LoopWriter, at: Local): void {
  const axes = outerAxes(kernel.axes.length);
  const count = mapUnits(kernel.axes);
  for (const value of kernel.values) {
    if (value.kind !== "gather") continue;
    const row = { ...value, elements: loop.inner, strip: null };
    if (isWorthTouching(loop, row)) touchAhead(loop, row, { at, count, axes });
  }
}
