// scatter: base[index] ← combine(base[index], value), in the order of the scattered axis, so that
// repeated indices give the same bits for any number of workers. A unit is one index of the free axes.

import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { ScatterKernel, Stream } from "../kernel.ts";
import { blockRange, outerAxes, tail, vectorLoop } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import type { Register } from "./register.ts";

/** The inner axis is walked whole by one unit: it is the scattered one, or is cut by rows of others. */
export function scatterUnits({ axes }: ScatterKernel): number {
  return sizeOf(
    axes
      .filter(({ isReduced }) => !isReduced)
      .slice(0, freeOuter(axes))
      .map(({ size }) => size),
  );
}

const freeOuter = (axes: ScatterKernel["axes"]): number => {
  const free = axes.filter(({ isReduced }) => !isReduced).length;
  return axes.at(-1)?.isReduced === false ? free - 1 : free;
};

export function scatterCode(kernel: ScatterKernel, loop: LoopWriter): (unit: Local) => void {
  loop.lanes.prepare(kernel.combine);
  const { f } = loop;
  const outer = outerAxes(kernel.axes.length);
  const free = outer.filter((axis) => !kernel.axes[axis]?.isReduced);
  const scattered = outer.filter((axis) => kernel.axes[axis]?.isReduced);
  const rows = sizeOf(scattered.map((axis) => kernel.axes[axis]?.size ?? 1));
  const row = f.local("i32");
  const write = (position: Position): void => combineLanes(kernel, loop, position);
  return (unit) => {
    loop.decode(unit, free);
    f.i32(0);
    f.set(row);
    f.loop((again) => {
      loop.decode(row, scattered);
      loop.startRow({ from: 0, to: kernel.values.length });
      const range = blockRange(f, null, { inner: loop.inner, length: Infinity });
      vectorLoop(f, range, 1, () => {
        loop.startVector();
        write({ offset: range.offset, copy: 0, lanes: 4 });
      });
      tail(loop, range, write);
      f.get(row);
      f.i32(1);
      f.op("i32.add");
      f.tee(row);
      f.i32(rows);
      f.op("i32.lt_u");
      f.brIf(again);
    });
  };
}

/** One lane after the other: two lanes may name the same element. */
function combineLanes(kernel: ScatterKernel, loop: LoopWriter, position: Position): void {
  const { dtype } = kernel.streams[kernel.target] as Stream;
  const raw = loop.value(kernel.index, position);
  const index = loop.checkIndex ? loop.checkIndex(raw, kernel.extent, position) : raw;
  const value = loop.value(kernel.value, position);
  for (let lane = 0; lane < position.lanes; lane++) {
    const address = loop.lanesAddress(kernel.target, index, kernel.stride, position, lane);
    const before = loop.loadAt(address, dtype);
    const after = loop.lanes.run(kernel.combine, [before, value])[0] as Register;
    loop.storeAt(address, dtype, after, lane);
  }
}
