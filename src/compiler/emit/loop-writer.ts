// LoopWriter: what all loop kernels share. It knows the kernel's cells, keeps a pointer per stream for
// the row at hand, and writes values for a vector of four elements at a position of the inner axis.
//
//   args ─→ bases (once) ─→ pointers (per row) ─→ loads at pointer + offset (per vector)
//   values are written at their level: function (once), row, or vector.

import { dtypes } from "../../base/dtypes.ts";
import type { LaneBody, LaneType } from "../../base/lanes.ts";
import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { Axis, KernelValue, Stream } from "../kernel.ts";
import { GatherCode } from "./gather-code.ts";
import { IndexCode } from "./index-code.ts";
import { type Hoisted, LaneCode } from "./lane-code.ts";
import { type Level, levelsOf } from "./levels.ts";
import type { Position } from "./position.ts";
import type { Register } from "./register.ts";
import { StreamCode, type Walker } from "./stream-code.ts";

export interface LoopParts {
  readonly axes: readonly Axis[];
  readonly streams: readonly Stream[];
  readonly values: readonly KernelValue[];
}

/** What a kernel takes per launch, in the order of its 8-byte cells. */
export interface CellUse {
  readonly kind: "stream" | "scalar" | "fault" | "launch";
  /** Stream, or scalar parameter of the program. */
  readonly index: number;
  readonly type: LaneType;
}

export function cellsOf(parts: LoopParts, faults: boolean): CellUse[] {
  const cells: CellUse[] = [];
  parts.streams.forEach(({ buffer }, index) => {
    if (buffer.kind !== "scratch") cells.push({ kind: "stream", index, type: "i32" });
  });
  for (const value of parts.values) {
    if (value.kind !== "scalar" || cells.some((c) => isScalarCell(c, value))) continue;
    cells.push({ kind: "scalar", index: value.index, type: value.type });
  }
  if (faults) {
    cells.push({ kind: "fault", index: 0, type: "i32" }, { kind: "launch", index: 0, type: "i32" });
  }
  return cells;
}

const isScalarCell = (cell: CellUse, value: { index: number; type: LaneType }): boolean =>
  cell.kind === "scalar" && cell.index === value.index && cell.type === value.type;

export class LoopWriter {
  readonly lanes: LaneCode;
  readonly pointers: Local[];
  /** Index along each axis but the inner one; null where there is one element. */
  readonly indices: Local[];
  readonly inner: number;
  private readonly bases: Local[];
  private readonly streams: StreamCode;
  readonly index: IndexCode;
  readonly gathers: GatherCode;
  /** Pointers of the tile's rows after the first, by row and stream. */
  private readonly rowPointers: Local[][] = [];
  private readonly cells: readonly CellUse[];
  private readonly levels: readonly Level[];
  private readonly hoisted = new Map<number, Register>();
  /** Per value, the instructions of its body that scalars and constants alone make. */
  private readonly invariants = new Map<number, Hoisted>();
  /** Values of the vectors at hand, by copy. */
  private written: Map<number, Register>[] = [];

  constructor(
    readonly f: FunctionBuilder,
    readonly parts: LoopParts,
    readonly options: {
      isRelaxed: boolean;
      faults: boolean;
      args: Local;
      /** Address of the worker's own memory. */
      scratch: Local;
      /** Several rows are at hand at a time: what is the same along a row is not the same for all. */
      isTiled: boolean;
      /** Folds are finished row by row: what is made of them alone is the same along a row. */
      isFoldedByRow: boolean;
    },
  ) {
    const { axes, streams } = parts;
    this.lanes = new LaneCode(f, options.isRelaxed);
    this.cells = cellsOf(parts, options.faults);
    this.inner = axes.at(-1)?.size ?? 1;
    this.indices = axes.slice(0, -1).map(() => f.local("i32"));
    this.bases = streams.map(() => f.local(f.addressType));
    this.pointers = streams.map(() => f.local(f.addressType));
    this.streams = new StreamCode(f, this.lanes);
    this.index = new IndexCode(f, this.streams, this.indices);
    this.gathers = new GatherCode(this, this.streams);
    this.levels = levelsOf(parts, options);
    this.prologue(options.args);
  }

  /** Whether a value is the same along a row. */
  isAlongRow(at: number): boolean {
    return this.levels[at] !== "vector";
  }

  private prologue(args: Local): void {
    const { f } = this;
    this.cells.forEach((cell, at) => {
      if (cell.kind !== "stream") return;
      f.get(args);
      f.load(f.addressType === "i64" ? "i64.load" : "i32.load", { offset: at * 8 });
      f.set(this.bases[cell.index] as Local);
    });
    this.parts.streams.forEach(({ buffer }, at) => {
      if (buffer.kind !== "scratch") return;
      f.get(this.options.scratch);
      f.address(buffer.index);
      f.addressAdd();
      f.set(this.bases[at] as Local);
    });
    for (const value of this.parts.values)
      if (value.kind === "apply") this.lanes.prepare(value.body);
    this.parts.values.forEach((value, at) => this.hoistInvariant(args, value, at));
    for (const { dtype } of this.parts.streams) this.streams.elements.prepare(dtype);
  }

  /** Writes once what scalars and constants alone make. */
  private hoistInvariant(args: Local, value: KernelValue, at: number): void {
    if (value.kind === "scalar") this.hoisted.set(at, this.scalar(args, value));
    if (value.kind === "constant")
      this.hoisted.set(at, this.lanes.constant(value.type, value.value));
    if (value.kind !== "apply") return;
    const inputs = value.args.map((arg) => this.hoisted.get(arg));
    if (this.levels[at] === "function") {
      this.hoisted.set(at, this.lanes.run(value.body, inputs as Register[])[0] as Register);
    } else if (inputs.some((input) => input)) {
      this.invariants.set(at, this.lanes.hoist(value.body, inputs));
    }
  }

  private scalar(args: Local, value: { index: number; type: LaneType }): Register {
    const { f } = this;
    const cell = this.cells.findIndex((use) => isScalarCell(use, value));
    const isWideScalar = value.type === "f64";
    const local = f.local("v128");
    f.get(args);
    f.load(isWideScalar ? "v128.load64_splat" : "v128.load32_splat", { offset: cell * 8 });
    f.set(local);
    if (value.type === "mask") this.lanes.prepare(maskBody);
    if (value.type !== "mask") {
      return { type: value.type, parts: isWideScalar ? [local, local] : [local] };
    }
    return this.lanes.run(maskBody, [{ type: "i32", parts: [local] }])[0] as Register;
  }

  /** Address of the cell of a kind, on the stack: the fault record's, or the launch's number. */
  cell(args: Local, kind: "fault" | "launch"): void {
    const { f } = this;
    const at = this.cells.findIndex((cell) => cell.kind === kind);
    f.get(args);
    const isAddress = kind === "fault" && f.addressType === "i64";
    f.load(isAddress ? "i64.load" : "i32.load", { offset: at * 8 });
  }

  /** Splits `unit` into indices of the given axes (none of them the inner one), last fastest. */
  decode(unit: Local, axes: readonly number[]): void {
    const { f } = this;
    const rest = f.local("i32");
    f.get(unit);
    f.set(rest);
    [...axes].reverse().forEach((axis, at) => {
      const isLast = at === axes.length - 1;
      const size = this.parts.axes[axis]?.size ?? 1;
      f.get(rest);
      if (!isLast) {
        f.i32(size);
        f.op("i32.rem_u");
      }
      f.set(this.indices[axis] as Local);
      if (isLast) return;
      f.get(rest);
      f.i32(size);
      f.op("i32.div_u");
      f.set(rest);
    });
  }

  /** Sets the pointers of streams from the indices, and what stays the same along a row. */
  startRow(valueCount: { from: number; to: number }, isWanted?: (stream: number) => boolean): void {
    this.parts.streams.forEach((stream, at) => {
      if (stream.behind || (isWanted && !isWanted(at))) return;
      this.pointTo(
        this.pointers[at] as Local,
        this.bases[at] as Local,
        stream.strides,
        stream.dtype,
      );
    });
    for (let at = valueCount.from; at < valueCount.to; at++) {
      const value = this.parts.values[at] as KernelValue;
      if (value.kind === "index") this.index.startRow(at, value);
      if (value.kind === "gather") this.gathers.startRow(at, value);
      if (this.levels[at] !== "row" || value.kind === "reduced") continue;
      this.hoisted.set(at, this.write(at, { offset: null, copy: 0, lanes: 4 }));
    }
  }

  /** Sets the pointers of the rows after the one at hand, along the last axis but one. */
  startRowsAfter(count: number, isWanted?: (stream: number) => boolean): void {
    const { f } = this;
    for (let row = 1; row <= count; row++) {
      this.parts.streams.forEach(({ strides, dtype }, at) => {
        if (isWanted && !isWanted(at)) return;
        const step = (strides.at(-2) ?? 0) * dtypes[dtype].bytes;
        f.get(this.rowPointer(row - 1, at));
        f.address(Math.abs(step));
        f.addressOp(step < 0 ? "sub" : "add");
        f.set(this.rowPointer(row, at));
      });
    }
  }

  /** Where a stream is read for a row of a tile; row 0 is the one at hand. */
  rowPointer(row: number, stream: number): Local {
    if (row === 0) return this.pointers[stream] as Local;
    this.rowPointers[row - 1] ??= this.parts.streams.map(() => this.f.local(this.f.addressType));
    return this.rowPointers[row - 1]?.[stream] as Local;
  }

  private pointTo(
    pointer: Local,
    base: Local,
    strides: readonly number[],
    dtype: Stream["dtype"],
  ): void {
    const { f } = this;
    f.get(base);
    this.indices.forEach((index, axis) => {
      const stride = (strides[axis] as number) * dtypes[dtype].bytes;
      if (stride === 0 || this.parts.axes[axis]?.size === 1) return;
      this.addScaled(index, stride);
    });
    f.set(pointer);
  }

  /** Adds index·stride to the address on the stack; the stride may be negative. */
  addScaled(index: Local, stride: number): void {
    const { f } = this;
    f.get(index);
    f.addressFromI32();
    f.address(Math.abs(stride));
    f.addressMul();
    f.addressOp(stride < 0 ? "sub" : "add");
  }

  /** Starts a vector, or several: forgets the values of those before. */
  startVector(): void {
    this.written = [];
  }

  /** The register of a value at a position; written where it is first asked for. */
  value(at: number, position: Position): Register {
    const known = this.hoisted.get(at) ?? this.written[slotOf(position)]?.get(at);
    if (known) return known;
    const register = this.write(at, position);
    this.setValue(at, register, position);
    return register;
  }

  /** Gives a value a register at a position: a finished reduction, in the epilogue. */
  setValue(at: number, register: Register, position: Position = start): void {
    const slot = slotOf(position);
    this.written[slot] ??= new Map();
    this.written[slot]?.set(at, register);
  }

  /** Gives a value the register that it has from here on. */
  setRowValue(at: number, register: Register): void {
    this.hoisted.set(at, register);
  }

  /** Writes the wanted values, and what they need, at several positions in step. */
  writeInStep(wanted: readonly number[], positions: readonly Position[]): void {
    for (const at of this.neededFor(wanted)) {
      const value = this.parts.values[at] as KernelValue;
      if (value.kind !== "apply") {
        for (const position of positions) this.value(at, position);
        continue;
      }
      const args = positions.map((position) => value.args.map((arg) => this.value(arg, position)));
      const results = this.lanes.runInStep(value.body, args, this.invariants.get(at));
      positions.forEach((position, p) => this.setValue(at, results[p]?.[0] as Register, position));
    }
  }

  /** The vector-level values that `wanted` need, themselves included, in order. */
  private neededFor(wanted: readonly number[]): number[] {
    const needed = new Set<number>();
    const pending = [...wanted];
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      const value = this.parts.values[at] as KernelValue;
      if (needed.has(at) || this.levels[at] !== "vector") continue;
      needed.add(at);
      if (value.kind === "apply") pending.push(...value.args);
      if (value.kind === "gather") pending.push(value.index);
    }
    return [...needed].sort((a, b) => a - b);
  }

  private write(at: number, position: Position): Register {
    const value = this.parts.values[at] as KernelValue;
    switch (value.kind) {
      case "load":
        return this.load(value.stream, position);
      case "apply": {
        const args = value.args.map((arg) => this.value(arg, position));
        const [results] = this.lanes.runInStep(value.body, [args], this.invariants.get(at));
        return results?.[0] as Register;
      }
      case "index":
        return this.index.write(at, value, position);
      case "gather":
        return this.gathers.write(at, value, position);
      default:
        throw new Error(`internal: emit: ${value.kind} has no code of its own`);
    }
  }

  walker(stream: number, whenFlat: number, row = 0): Walker {
    const { dtype, strides, steps, behind } = this.parts.streams[stream] as Stream;
    const pointers = row === 0 ? this.pointers : this.rowPointers[row - 1];
    const pointer = pointers?.[behind?.stream ?? stream] as Local;
    const ahead = (behind?.ahead ?? 0) * dtypes[dtype].bytes;
    return { pointer, dtype, stride: strides.at(-1) ?? whenFlat, steps, ahead };
  }

  load(stream: number, position: Position): Register {
    return this.streams.load(this.walker(stream, 0, position.row), position);
  }

  store(stream: number, register: Register, position: Position): void {
    this.streams.store(this.walker(stream, 1, position.row), register, position);
  }

  /** Loads and stores through a pointer that the kernel moves itself. */
  loadFrom(walker: Walker, position: Position): Register {
    return this.streams.load(walker, position);
  }

  /** Single elements, one an address. */
  loadLanes(dtype: Stream["dtype"], addresses: readonly Local[]): Register {
    return this.streams.elements.assemble(
      dtype,
      addresses.map((address) => ({ address, offset: 0 })),
    );
  }

  storeTo(walker: Walker, register: Register, position: Position): void {
    this.streams.store(walker, register, position);
  }

  /** Lane 0 to the stream's pointer itself. */
  storeScalar(stream: number, register: Register): void {
    const { dtype } = this.parts.streams[stream] as Stream;
    this.storeAt(this.pointers[stream] as Local, dtype, register, 0);
  }

  loadAt(address: Local, dtype: Stream["dtype"]): Register {
    return this.streams.elements.loadSplat(dtype, address, 0);
  }

  storeAt(address: Local, dtype: Stream["dtype"], register: Register, lane: number): void {
    const { elements } = this.streams;
    elements.storeLane(dtype, elements.packed(dtype, register), { address, offset: 0, lane });
  }
}

const maskBody: LaneBody = {
  inputs: ["i32"],
  instructions: [
    { op: "const", type: "i32", to: "i32", args: [], value: 0 },
    { op: "ne", type: "i32", to: "mask", args: [0, 1] },
  ],
  outputs: [2],
};

const start: Position = { offset: null, copy: 0, lanes: 4 };

const slotOf = ({ copy, row = 0 }: Position): number => copy + 8 * row;
