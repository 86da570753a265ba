// Rows that data names lie anywhere in memory, and one after the other each would be waited for. So the
// lines of some rows ahead are loaded and dropped, all together: memory answers them side by side.
// Measured, a million rows of 256 bytes from 256 MB, on one core: 124 → 90 ms.

import { dtypes } from "../../base/dtypes.ts";
import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { KernelValue, Stream } from "../kernel.ts";
import { minimum } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";

export const lineBytes = 64;
/** Loads that wait together. Measured, gather of a million rows: 32 → 35 ms, 64 → 20 ms, 128 → 46 ms. */
const linesTogether = 64;
/** Bytes of rows from which on the lines of one row overlap by themselves. */
const longRow = 1024;
/** Bytes of what is near at hand: the second cache. */
const nearBytes = 1 << 18;

/** A row of a stream that an index names. */
export interface NamedRow {
  readonly stream: number;
  /** The value that names it, elements between neighbours that it names, and how many there are. */
  readonly index: number;
  readonly stride: number;
  readonly extent: number;
  /** Elements of it that are touched, and the strip of so many that they are; null: the first. */
  readonly elements: number;
  readonly strip: Local | null;
}

/** Whether waiting for such rows is worth an instruction. */
export function isWorthTouching(loop: LoopWriter, row: NamedRow): boolean {
  const { dtype, strides, steps } = loop.parts.streams[row.stream] as Stream;
  const { bytes } = dtypes[dtype];
  const isRunning = !steps && strides.at(-1) === 1;
  const isFar = row.extent * row.stride * bytes > nearBytes;
  return isRunning && isFar && row.elements * bytes <= longRow && loop.isAlongRow(row.index);
}

export interface Walk {
  /** The number at hand of those that are walked, and how many there are. */
  readonly at: Local;
  readonly count: number;
  /** Axes that a number is an index along. */
  readonly axes: readonly number[];
}

/** Before every so many numbers: touches the rows that they will need. */
export function touchAhead(loop: LoopWriter, row: NamedRow, { at, count, axes }: Walk): void {
  const { f } = loop;
  const { dtype } = loop.parts.streams[row.stream] as Stream;
  const lines = Math.ceil((row.elements * dtypes[dtype].bytes) / lineBytes);
  const together = 2 ** Math.floor(Math.log2(linesTogether / lines));
  const [next, last] = [f.local("i32"), f.local("i32")];
  f.get(at);
  f.i32(together - 1);
  f.op("i32.and");
  f.op("i32.eqz");
  f.if(() => {
    f.get(at);
    f.tee(next);
    f.i32(together);
    f.op("i32.add");
    f.i32(count);
    minimum(f, last);
    f.loop((again) => {
      loop.decode(next, axes);
      touch(loop, row, lines);
      f.get(next);
      f.i32(1);
      f.op("i32.add");
      f.tee(next);
      f.get(last);
      f.op("i32.lt_u");
      f.brIf(again);
    });
  });
}

/** Loads a byte of each line of the row at hand. */
function touch(loop: LoopWriter, row: NamedRow, lines: number): void {
  const { f, parts } = loop;
  const { bytes } = dtypes[(parts.streams[row.stream] as Stream).dtype];
  const needed = streamsOf(parts.values.slice(0, row.index + 1)).add(row.stream);
  loop.startRow({ from: 0, to: row.index + 1 }, (stream) => needed.has(stream));
  const index = loop.gathers.checked(row.index, row.extent, { offset: null, copy: 0, lanes: 4 });
  const pointer = loop.gathers.rowPointer(row.stream, index, row.stride);
  if (row.strip) {
    f.get(pointer);
    loop.addScaled(row.strip, row.elements * bytes);
    f.set(pointer);
  }
  touchLines(f, pointer, lines);
}

export function touchLines(f: FunctionBuilder, pointer: Local, lines: number): void {
  for (let line = 0; line < lines; line++) {
    f.get(pointer);
    f.load("i32.load8_u", { offset: line * lineBytes });
    f.drop();
  }
}

const streamsOf = (values: readonly KernelValue[]): Set<number> =>
  new Set(values.flatMap((value) => ("stream" in value ? [value.stream] : [])));
