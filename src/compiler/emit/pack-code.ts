// pack: rows laid out in panels, so that a contraction reads one element after the other. A unit is a
// panel. Where in each buffer its rows begin is worked out once; then all depths are gone through.
//
//   x[row, k]  →  panel row/width:  k = 0: row 0 … width-1,  k = 1: row 0 … width-1,  …
//
//   depth runs on in memory:   four depths of each row, turned in registers
//   rows run on in memory:     vectors of rows, as they lie       else: lane by lane

import { dtypes } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { PackKernel, Stream } from "../kernel.ts";
import { panelCount } from "../panels.ts";
import { blockRange, minimum, splitBlock, tail, vectorLoop } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { isWide, type Register } from "./register.ts";
import { turned } from "./turn.ts";

/** Neighbours in memory beyond which more are no better. */
const longRun = 16;

const partsOf = ({ axes, batchAxes, rowAxes }: PackKernel) => {
  const numbers = axes.map((_, axis) => axis);
  return {
    batch: numbers.slice(0, batchAxes),
    rows: numbers.slice(batchAxes, batchAxes + rowAxes),
    depth: numbers.slice(batchAxes + rowAxes),
  };
};

const extent = ({ axes }: PackKernel, part: readonly number[]): number =>
  sizeOf(part.map((axis) => axes[axis]?.size ?? 1));

export function packUnits(kernel: PackKernel): number {
  const { batch, rows } = partsOf(kernel);
  return extent(kernel, batch) * panelCount(extent(kernel, rows), kernel.width);
}

export function packCode(kernel: PackKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new PackWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

/** How the rows of a panel lie in a stream: one element for all, vectors of neighbours, or anyhow. */
type Lie = "same" | "neighbours" | "scattered";

/** A stream that is read: its row offsets in bytes, one a row or one a vector of rows. */
interface Read {
  readonly stream: number;
  readonly lie: Lie;
  readonly offsets: readonly Local[];
}

class PackWriter {
  private readonly parts: ReturnType<typeof partsOf>;
  private readonly rows: number;
  private readonly bytes: number;
  private readonly isAlong: boolean;
  private readonly reads: readonly Read[];
  /** Where the column at hand goes. */
  private readonly to: Local;

  constructor(
    private readonly kernel: PackKernel,
    private readonly loop: LoopWriter,
  ) {
    this.parts = partsOf(kernel);
    this.rows = extent(kernel, this.parts.rows);
    this.bytes = dtypes[(kernel.streams[kernel.target] as Stream).dtype].bytes;
    this.to = loop.f.local(loop.f.addressType);
    const loaded = kernel.values.flatMap((value) => (value.kind === "load" ? [value.stream] : []));
    this.isAlong = this.runsAlong([...new Set(loaded)]);
    this.reads = [...new Set(loaded)].map((stream) => this.read(stream));
  }

  /** Whether neighbours in depth, rather than neighbouring rows, are neighbours in memory. */
  private runsAlong(loaded: readonly number[]): boolean {
    const { kernel, parts } = this;
    if (kernel.values.some(({ kind }) => kind === "index" || kind === "gather")) return true;
    const run = (part: readonly number[]): number => {
      const axis = part.at(-1) as number;
      const size = kernel.axes[axis]?.size ?? 1;
      const count = loaded.filter((stream) => kernel.streams[stream]?.strides[axis] === 1).length;
      return count * Math.min(size, longRun);
    };
    return run(parts.depth) >= run(parts.rows);
  }

  private read(stream: number): Read {
    const { kernel, parts, loop } = this;
    const { strides } = kernel.streams[stream] as Stream;
    const last = parts.rows.at(-1) as number;
    const isSame = parts.rows.every((axis) => strides[axis] === 0 || kernel.axes[axis]?.size === 1);
    const isWhole = parts.rows.length === 1 || (kernel.axes[last]?.size ?? 1) % 4 === 0;
    const isRun = strides[last] === 1 && isWhole;
    const lie: Lie = isSame ? "same" : isRun ? "neighbours" : "scattered";
    const count = this.isAlong || lie === "scattered" ? kernel.width : Math.ceil(kernel.width / 4);
    const offsets = Array.from({ length: count }, () => loop.f.local(loop.f.addressType));
    return { stream, lie, offsets };
  }

  unit(unit: Local): void {
    const { loop, kernel, parts } = this;
    const { f } = loop;
    const { rest, block } = splitBlock(f, unit, panelCount(this.rows, kernel.width));
    const panel = f.local("i32");
    if (block) f.get(block);
    else f.i32(0);
    f.set(panel);
    loop.decode(rest, parts.batch);
    this.findRows(panel);
    const outer = parts.depth.slice(0, -1);
    this.setIndices(outer);
    loop.startRow({ from: 0, to: 0 });
    f.get(loop.pointers[kernel.target] as Local);
    loop.addScaled(panel, extent(kernel, parts.depth) * kernel.width * this.bytes);
    f.set(this.to);
    this.overDepths(outer, () => (this.isAlong ? this.along() : this.across()));
  }

  /** Sets the offsets of the panel's rows; one beyond the last is the last once more. */
  private findRows(panel: Local): void {
    const { loop, kernel, parts } = this;
    const { f } = loop;
    const row = f.local("i32");
    const count = Math.max(...this.reads.map(({ offsets }) => offsets.length), 0);
    for (let at = 0; at < kernel.width; at++) {
      const users = this.reads.filter(({ offsets }) => this.rowOf(offsets, at) !== null);
      if (users.length === 0 || count === 0) continue;
      f.get(panel);
      f.i32(kernel.width);
      f.op("i32.mul");
      f.i32(at);
      f.op("i32.add");
      f.i32(this.rows - 1);
      minimum(f, row);
      loop.decode(row, parts.rows);
      for (const { stream, offsets } of users) {
        const { strides, dtype } = kernel.streams[stream] as Stream;
        f.address(0);
        for (const axis of parts.rows) {
          const stride = (strides[axis] ?? 0) * dtypes[dtype].bytes;
          if (stride !== 0) loop.addScaled(loop.indices[axis] as Local, stride);
        }
        f.set(this.rowOf(offsets, at) as Local);
      }
    }
    this.setIndices(parts.rows);
  }

  /** The offset that row `at` of the panel sets, if it begins a vector or is one by itself. */
  private rowOf(offsets: readonly Local[], at: number): Local | null {
    if (offsets.length === this.kernel.width) return offsets[at] as Local;
    return at % 4 === 0 ? (offsets[at / 4] ?? null) : null;
  }

  private setIndices(axes: readonly number[]): void {
    const { f, indices } = this.loop;
    for (const axis of axes) {
      f.i32(0);
      f.set(indices[axis] as Local);
    }
  }

  private overDepths(outer: readonly number[], body: () => void): void {
    const { f } = this.loop;
    const count = extent(this.kernel, outer);
    if (count === 1) {
      this.loop.startRow({ from: 0, to: this.kernel.values.length });
      body();
      return;
    }
    const at = f.local("i32");
    f.i32(0);
    f.set(at);
    f.loop((again) => {
      this.loop.decode(at, outer);
      this.loop.startRow({ from: 0, to: this.kernel.values.length });
      body();
      f.get(at);
      f.i32(1);
      f.op("i32.add");
      f.tee(at);
      f.i32(count);
      f.op("i32.lt_u");
      f.brIf(again);
    });
  }

  /** Vectors of depths, a row each. */
  private along(): void {
    const { loop, kernel } = this;
    const { f, inner } = loop;
    for (let row = kernel.width - 1; row >= 0; row--) {
      for (const { stream, offsets } of this.reads) {
        f.get(loop.pointers[stream] as Local);
        f.get(offsets[row] as Local);
        f.addressAdd();
        f.set(loop.rowPointer(row, stream));
      }
    }
    const write = (position: Position): void => {
      const down = Array.from({ length: kernel.width }, (_, row) => ({ ...position, row }));
      loop.writeInStep([kernel.value], down);
      const rows = down.map((at) => loop.value(kernel.value, at));
      this.storeColumns(rows, position.lanes);
    };
    const range = blockRange(f, null, { inner, length: inner });
    vectorLoop(f, range, 1, () => {
      loop.startVector();
      write({ offset: range.offset, copy: 0, lanes: 4 });
    });
    tail(loop, range, write);
  }

  /** Vectors of rows, a depth after the other. */
  private across(): void {
    const { loop, kernel } = this;
    const { f, inner } = loop;
    const left = f.local("i32");
    const copies = Math.ceil(kernel.width / 4);
    f.i32(inner);
    f.set(left);
    f.loop((again) => {
      loop.startVector();
      const positions = Array.from({ length: copies }, (_, copy) => {
        return { offset: null, copy, lanes: 4 };
      });
      kernel.values.forEach((value, at) => {
        if (value.kind !== "load") return;
        const read = this.reads.find(({ stream }) => stream === value.stream) as Read;
        for (const position of positions) {
          loop.setValue(at, this.loadRows(read, position.copy), position);
        }
      });
      loop.writeInStep([kernel.value], positions);
      for (const position of positions) {
        this.storeLanes(loop.value(kernel.value, position), position.copy * 4);
      }
      this.advance(1);
      for (const { stream } of this.reads) this.nextDepth(stream);
      f.get(left);
      f.i32(1);
      f.op("i32.sub");
      f.tee(left);
      f.brIf(again);
    });
  }

  private nextDepth(stream: number): void {
    const { f, pointers } = this.loop;
    const { strides, dtype } = this.kernel.streams[stream] as Stream;
    const step = (strides.at(-1) ?? 0) * dtypes[dtype].bytes;
    if (step === 0) return;
    f.get(pointers[stream] as Local);
    f.address(Math.abs(step));
    f.addressOp(step < 0 ? "sub" : "add");
    f.set(pointers[stream] as Local);
  }

  /** A vector of the panel's rows at the depth at hand. */
  private loadRows({ stream, lie, offsets }: Read, vector: number): Register {
    const { loop, kernel } = this;
    const { f } = loop;
    const { dtype } = kernel.streams[stream] as Stream;
    const at = (offset: Local): Local => {
      const pointer = f.local(f.addressType);
      f.get(loop.pointers[stream] as Local);
      f.get(offset);
      f.addressAdd();
      f.set(pointer);
      return pointer;
    };
    const start: Position = { offset: null, copy: 0, lanes: 4 };
    if (lie !== "scattered") {
      const walker = { pointer: at(offsets[vector] as Local), dtype };
      return loop.loadFrom({ ...walker, stride: lie === "same" ? 0 : 1 }, start);
    }
    const lanes = Array.from({ length: 4 }, (_, lane) => {
      return at(offsets[Math.min(vector * 4 + lane, offsets.length - 1)] as Local);
    });
    return loop.loadLanes(dtype, lanes);
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
      f.get(this.to);
      f.get(part);
      if (lanes === width) f.store("v128.store", { offset, align: 2 });
      else if (lanes * this.bytes === 8) f.storeLane("v128.store64_lane", 0, { offset, align: 2 });
      else throw new Error(`internal: pack: a panel of ${this.kernel.width} rows`);
    });
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
