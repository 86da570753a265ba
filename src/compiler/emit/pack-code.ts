// pack: rows laid out in panels, so that a contraction reads one element after the other. A unit is a
// panel. Where rows are long in memory, four elements of each row are loaded and turned in registers;
// where neighbours in memory are neighbouring rows, they are stored as they come.
//
//   x[row, k]  →  panel row/width:  k = 0: row 0 … width-1,  k = 1: row 0 … width-1,  …

import { dtypes } from "../../base/dtypes.ts";
import type { Local } from "../../wasm/function.ts";
import type { PackKernel, Stream } from "../kernel.ts";
import { panelCount } from "../panels.ts";
import { blockRange, splitBlock, tail, vectorLoop } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { isWide, type Register } from "./register.ts";
import { turned } from "./turn.ts";

const rowsOf = ({ axes, isAcross }: PackKernel): number => axes[isAcross ? 2 : 1]?.size ?? 1;

export const packUnits = (kernel: PackKernel): number =>
  (kernel.axes[0]?.size ?? 1) * panelCount(rowsOf(kernel), kernel.width);

export function packCode(kernel: PackKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new PackWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

class PackWriter {
  private readonly bytes: number;
  private readonly depth: number;
  private readonly panels: number;
  /** Where the panel's column at hand goes. */
  private readonly to: Local;

  constructor(
    private readonly kernel: PackKernel,
    private readonly loop: LoopWriter,
  ) {
    this.bytes = dtypes[(kernel.streams[kernel.target] as Stream).dtype].bytes;
    this.depth = kernel.axes[kernel.isAcross ? 1 : 2]?.size ?? 1;
    this.panels = panelCount(rowsOf(kernel), kernel.width);
    this.to = loop.f.local(loop.f.addressType);
  }

  unit(unit: Local): void {
    const { loop, kernel } = this;
    const { f } = loop;
    const panel = f.local("i32");
    const { rest, block } = splitBlock(f, unit, this.panels);
    loop.decode(rest, [0]);
    if (block) f.get(block);
    else f.i32(0);
    f.set(panel);
    f.i32(0);
    f.set(loop.indices[1] as Local);
    loop.startRow({ from: 0, to: 0 });
    f.get(loop.pointers[kernel.target] as Local);
    loop.addScaled(panel, this.depth * kernel.width * this.bytes);
    f.set(this.to);
    if (kernel.isAcross) this.across(panel);
    else this.along(panel);
  }

  /** Neighbours of a vector are neighbours in depth; a row beyond the last is the last once more. */
  private along(panel: Local): void {
    const { loop, kernel } = this;
    const { f, inner } = loop;
    const rows = rowsOf(kernel);
    f.get(panel);
    f.i32(kernel.width);
    f.op("i32.mul");
    f.set(loop.indices[1] as Local);
    loop.startRow({ from: 0, to: kernel.values.length });
    loop.startRowsAfter(kernel.width - 1, rows % kernel.width === 0 ? null : rows);
    const write = (position: Position): void => {
      const down = Array.from({ length: kernel.width }, (_, row) => ({ ...position, row }));
      loop.writeInStep([kernel.value], down);
      this.storeColumns(
        down.map((at) => loop.value(kernel.value, at)),
        position.lanes,
      );
    };
    const range = blockRange(f, null, { inner, length: inner });
    vectorLoop(f, range, 1, () => {
      loop.startVector();
      write({ offset: range.offset, copy: 0, lanes: 4 });
    });
    tail(loop, range, write);
  }

  /** Neighbours of a vector are neighbouring rows; those beyond the last hold anything. */
  private across(panel: Local): void {
    const { loop, kernel } = this;
    const { f } = loop;
    const column = loop.indices[1] as Local;
    const offset = f.local(f.addressType);
    f.get(panel);
    f.addressFromI32();
    f.address(kernel.width * 4);
    f.addressMul();
    f.set(offset);
    f.loop((again) => {
      loop.startRow({ from: 0, to: kernel.values.length });
      loop.startVector();
      const copies = Math.ceil(kernel.width / 4);
      const positions = Array.from({ length: copies }, (_, copy) => ({ offset, copy, lanes: 4 }));
      loop.writeInStep([kernel.value], positions);
      positions.forEach((position, copy) => {
        this.storeLanes(loop.value(kernel.value, position), copy * 4);
      });
      this.advance(1);
      f.get(column);
      f.i32(1);
      f.op("i32.add");
      f.tee(column);
      f.i32(this.depth);
      f.op("i32.lt_u");
      f.brIf(again);
    });
  }

  /** The first lanes of a vector, rows from `row` on of the column at hand. */
  private storeLanes(register: Register, row: number): void {
    const { f } = this.loop;
    const count = Math.min(4, this.kernel.width - row);
    const width = isWide(register.type) ? 2 : 4;
    register.parts.forEach((part, at) => {
      const lanes = Math.min(width, count - at * width);
      if (lanes <= 0) return;
      const offset = (row + at * width) * this.bytes;
      if (lanes === width) {
        f.get(this.to);
        f.get(part);
        f.store("v128.store", { offset, align: 2 });
      } else if (lanes * this.bytes === 8) {
        f.get(this.to);
        f.get(part);
        f.storeLane("v128.store64_lane", 0, { offset, align: 2 });
      } else this.storeSingly(part, lanes, offset);
    });
  }

  private storeSingly(part: Local<"v128">, lanes: number, offset: number): void {
    const { f } = this.loop;
    const op = this.bytes === 8 ? "v128.store64_lane" : "v128.store32_lane";
    for (let lane = 0; lane < lanes; lane++) {
      f.get(this.to);
      f.get(part);
      f.storeLane(op, lane, { offset: offset + lane * this.bytes, align: 2 });
    }
  }

  /** Four columns of the panel, or the first few of them: rows in groups of four are turned. */
  private storeColumns(rows: readonly Register[], columns: number): void {
    const groups: { first: number; along: Register[] }[] = [];
    for (let first = 0; first < rows.length; first += 4) {
      const four = Array.from(
        { length: 4 },
        (_, at) => rows[Math.min(first + at, rows.length - 1)] as Register,
      );
      groups.push({ first, along: turned(this.loop.f, four) });
    }
    for (let column = 0; column < columns; column++) {
      for (const { first, along } of groups) this.storeLanes(along[column] as Register, first);
      this.advance(1);
    }
  }

  private advance(columns: number): void {
    const { f } = this.loop;
    f.get(this.to);
    f.address(columns * this.kernel.width * this.bytes);
    f.addressAdd();
    f.set(this.to);
  }
}
