// tiles: a map some of whose streams run on along the rows (the last axis but one), not along the inner
// axis. Such a stream is first laid out anew, in the worker's scratch: its own lines are long, and
// columns a power of two apart would all fall on one set of the cache. Then four rows go together:
//
//             columns c … c+3            turn            columns c … c+3
//   loads:  row  ↓  ↓  ↓  ↓     a vector down each   →   a vector along each of rows r … r+3
//
// Measured, 4096² transposed and copied: 14.6 ms without scratch, 8.9 ms with it.

import { dtypes } from "../../base/dtypes.ts";
import { scratchBytes } from "../../base/program.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { Axis, Stream, TilesKernel } from "../kernel.ts";
import {
  blockRange,
  minimum,
  overRow,
  type Range,
  single,
  splitBlock,
  tail,
  vectorLoop,
} from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import type { Register } from "./register.ts";
import { turned } from "./turn.ts";

/** Rows and columns of a unit. */
const tileSide = 128;
/** Rows that go together: the lanes of a vector. */
const together = 4;
/** Between columns in scratch, so that they do not all fall on one set either. */
const columnGap = 64;

export function tilesUnits(axes: readonly Axis[]): number {
  const [rows, columns] = axes.slice(-2).map(({ size }) => size) as [number, number];
  const outer = sizeOf(axes.slice(0, -2).map(({ size }) => size));
  return outer * Math.ceil(rows / tileSide) * Math.ceil(columns / tileSide);
}

export function tilesCode(kernel: TilesKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new TilesWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

/** Where a turned stream's columns are read: `pointer` at column 0 of the rows at hand. */
interface Columns {
  readonly pointer: Local;
  /** Bytes between columns. */
  readonly step: number;
  /** Offset in scratch where the tile begins; null where the stream is read as it lies. */
  readonly scratch: number | null;
  /** What `pointer` would be at row 0. */
  readonly origin: Local;
}

class TilesWriter {
  private readonly row: Local;
  private readonly rowAxis: number;
  private readonly rows: number;
  private readonly columns = new Map<number, Columns>();

  constructor(
    private readonly kernel: TilesKernel,
    private readonly loop: LoopWriter,
  ) {
    this.rowAxis = kernel.axes.length - 2;
    this.rows = kernel.axes[this.rowAxis]?.size ?? 1;
    this.row = loop.indices[this.rowAxis] as Local;
    let used = 0;
    kernel.streams.forEach((stream, at) => {
      if (!isTurned(stream) || kernel.stores.some((store) => store.stream === at)) return;
      const { bytes } = dtypes[stream.dtype];
      const step = tileSide * bytes + columnGap;
      const fits = used + step * tileSide <= scratchBytes;
      const { f } = loop;
      this.columns.set(at, {
        pointer: f.local(f.addressType),
        origin: f.local(f.addressType),
        step: fits ? step : (stream.strides.at(-1) as number) * bytes,
        scratch: fits ? used : null,
      });
      if (fits) used += step * tileSide;
    });
  }

  unit(unit: Local): void {
    const { loop, rows, rowAxis } = this;
    const { f, inner } = loop;
    const across = splitBlock(f, unit, Math.ceil(inner / tileSide));
    const band = splitBlock(f, across.rest, Math.ceil(rows / tileSide));
    loop.decode(
      band.rest,
      Array.from({ length: rowAxis }, (_, axis) => axis),
    );
    const end = this.bandEnd(band.block);
    const range = (): Range => blockRange(f, across.block, { inner, length: tileSide });
    loop.startRow({ from: 0, to: 0 });
    for (const [stream, columns] of this.columns) this.layOut(stream, columns, across.block, end);
    this.whileRows(end, together, () => {
      this.startRows();
      const tile = range();
      vectorLoop(f, tile, 1, () => this.write({ offset: tile.offset, copy: 0, lanes: 4 }));
      tail(loop, tile, (position) => this.write(position));
    });
    if (rows % together === 0) return;
    this.whileRows(end, 1, () => {
      loop.startRow({ from: 0, to: this.kernel.values.length });
      overRow(loop, range(), single, (positions) => this.store(positions));
    });
  }

  /** Sets the band's first row; returns the one after its last. */
  private bandEnd(band: Local | null): Local {
    const { row, rows } = this;
    const { f } = this.loop;
    const end = f.local("i32");
    if (band) {
      f.get(band);
      f.i32(tileSide);
      f.op("i32.mul");
    } else f.i32(0);
    f.tee(row);
    f.i32(tileSide);
    f.op("i32.add");
    f.i32(rows);
    minimum(f, end);
    return end;
  }

  /** Runs `body` while `count` more rows are left before `end`. */
  private whileRows(end: Local, count: number, body: () => void): void {
    const { row } = this;
    const { f } = this.loop;
    f.block((done) => {
      f.loop((again) => {
        f.get(row);
        f.i32(count);
        f.op("i32.add");
        f.get(end);
        f.op("i32.gt_u");
        f.brIf(done);
        body();
        f.get(row);
        f.i32(count);
        f.op("i32.add");
        f.set(row);
        f.br(again);
      });
    });
  }

  /** Copies the tile's columns to scratch, where they fit, and sets where the rows' address counts from. */
  private layOut(at: number, columns: Columns, block: Local | null, end: Local): void {
    const { loop, kernel } = this;
    const { f } = loop;
    const { dtype, strides } = kernel.streams[at] as Stream;
    const { bytes } = dtypes[dtype];
    if (columns.scratch === null) f.get(loop.pointers[at] as Local);
    else {
      const [from, to] = [f.local(f.addressType), f.local(f.addressType)];
      const stride = (strides.at(-1) as number) * bytes;
      f.get(loop.pointers[at] as Local);
      if (block) loop.addScaled(block, tileSide * stride);
      f.set(from);
      f.get(loop.options.scratch);
      f.address(columns.scratch);
      f.addressAdd();
      f.tee(to);
      this.copyColumns({ from, stride, to, step: columns.step }, this.segment(end, bytes), block);
      if (block) loop.addScaled(block, -tileSide * columns.step);
    }
    loop.addScaled(this.row, -bytes);
    f.set(columns.origin);
  }

  /** Bytes of the band's rows in one column. */
  private segment(end: Local, bytes: number): Local {
    const { f } = this.loop;
    const segment = f.local(f.addressType);
    f.get(end);
    f.get(this.row);
    f.op("i32.sub");
    f.addressFromI32();
    f.address(bytes);
    f.addressMul();
    f.set(segment);
    return segment;
  }

  private copyColumns({ from, stride, to, step }: Copy, segment: Local, block: Local | null): void {
    const { f, inner } = this.loop;
    const left = f.local("i32");
    f.i32(Math.min(inner, tileSide));
    if (block) {
      f.i32(inner);
      f.get(block);
      f.i32(tileSide);
      f.op("i32.mul");
      f.op("i32.sub");
      minimum(f, left);
    } else f.set(left);
    f.loop((again) => {
      this.copySegment(from, to, segment);
      this.advance(from, stride);
      this.advance(to, step);
      f.get(left);
      f.i32(1);
      f.op("i32.sub");
      f.tee(left);
      f.brIf(again);
    });
  }

  /** A cache line a turn: up to 63 bytes too many are read, within every buffer's slack. */
  private copySegment(from: Local, to: Local, segment: Local): void {
    const { f } = this.loop;
    const at = f.local(f.addressType);
    const [source, target] = [f.local(f.addressType), f.local(f.addressType)];
    f.address(0);
    f.set(at);
    f.loop((again) => {
      for (const [pointer, base] of [
        [source, from],
        [target, to],
      ] as const) {
        f.get(base);
        f.get(at);
        f.addressAdd();
        f.set(pointer);
      }
      for (const offset of [0, 16, 32, 48]) {
        f.get(target);
        f.get(source);
        f.load("v128.load", { offset, align: 0 });
        f.store("v128.store", { offset, align: 0 });
      }
      f.get(at);
      f.address(columnGap);
      f.addressAdd();
      f.tee(at);
      f.get(segment);
      f.addressOp("lt_u");
      f.brIf(again);
    });
  }

  private advance(pointer: Local, bytes: number): void {
    const { f } = this.loop;
    f.get(pointer);
    f.address(Math.abs(bytes));
    f.addressOp(bytes < 0 ? "sub" : "add");
    f.set(pointer);
  }

  private startRows(): void {
    const { loop, row } = this;
    const { f } = loop;
    loop.startRow({ from: 0, to: this.kernel.values.length });
    loop.startRowsAfter(together - 1);
    for (const [at, { origin, pointer }] of this.columns) {
      f.get(origin);
      loop.addScaled(row, dtypes[(this.kernel.streams[at] as Stream).dtype].bytes);
      f.set(pointer);
    }
  }

  /** Four rows of one vector each. */
  private write(first: Position): void {
    const { kernel, loop } = this;
    loop.startVector();
    kernel.values.forEach((value, at) => {
      const columns = value.kind === "load" ? this.columns.get(value.stream) : undefined;
      if (value.kind !== "load" || !columns) return;
      const { dtype } = kernel.streams[value.stream] as Stream;
      const rows = turned(loop.f, this.loadColumns(columns, dtype, first));
      rows.forEach((register, row) => loop.setValue(at, register, { ...first, row }));
    });
    this.store(Array.from({ length: together }, (_, row) => ({ ...first, row })));
  }

  private store(positions: readonly Position[]): void {
    const { kernel, loop } = this;
    const wanted = kernel.stores.map(({ value }) => value);
    loop.writeInStep(wanted, positions);
    // All values before the first store: a result may lie where an operand lay (plan, shareDying).
    const registers = positions.map((position) =>
      wanted.map((value) => loop.value(value, position)),
    );
    positions.forEach((position, p) => {
      kernel.stores.forEach(({ stream }, at) =>
        loop.store(stream, registers[p]?.[at] as Register, position),
      );
    });
  }

  /** Vectors down the rows of four columns; columns beyond the last are the first one's. */
  private loadColumns(
    { pointer, step }: Columns,
    dtype: Stream["dtype"],
    position: Position,
  ): Register[] {
    const { f } = this.loop;
    const at = f.local(f.addressType);
    f.get(pointer);
    if (position.offset) {
      f.get(position.offset);
      f.address(2);
      f.addressOp("shr_u");
      f.address(Math.abs(step));
      f.addressMul();
      f.addressOp(step < 0 ? "sub" : "add");
    }
    f.set(at);
    const down: Register[] = [];
    for (let column = 0; column < position.lanes; column++) {
      if (column > 0) this.advance(at, step);
      const walker = { pointer: at, dtype, stride: 1 };
      down.push(this.loop.loadFrom(walker, { offset: null, copy: 0, lanes: 4 }));
    }
    return Array.from({ length: together }, (_, column) => down[column] ?? (down[0] as Register));
  }
}

interface Copy {
  readonly from: Local;
  readonly to: Local;
  /** Bytes between columns. */
  readonly stride: number;
  readonly step: number;
}

/** Whether neighbours down the rows are neighbours in memory, and those along a row are not. */
const isTurned = ({ strides, steps }: Stream): boolean =>
  steps === null && strides.at(-2) === 1 && Math.abs(strides.at(-1) ?? 0) > 1;
