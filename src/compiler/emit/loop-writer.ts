// LoopWriter: what all loop kernels share. It knows the kernel's cells, keeps a pointer per stream for
// the row at hand, and writes values for a vector of four elements at a position of the inner axis.
//
//   args ─→ bases (once) ─→ pointers (per row) ─→ loads at pointer + offset (per vector)
//   values are written at their level: function (once), row, or vector.

import { dtypes } from "../../base/dtypes.ts";
import type { LaneBody, LaneType } from "../../base/lanes.ts";
import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { SubAxis } from "../access.ts";
import type { Axis, KernelValue, Stream } from "../kernel.ts";
import { type Hoisted, LaneCode } from "./lane-code.ts";
import type { Position } from "./position.ts";
import { newRegister, type Register } from "./register.ts";
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
  const cells = parts.streams.map((_, index): CellUse => ({ kind: "stream", index, type: "i32" }));
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

type Level = "function" | "row" | "vector";

export class LoopWriter {
  readonly lanes: LaneCode;
  readonly pointers: Local[];
  /** Index along each axis but the inner one; null where there is one element. */
  readonly indices: Local[];
  readonly inner: number;
  private readonly bases: Local[];
  private readonly streams: StreamCode;
  private readonly cells: readonly CellUse[];
  private readonly levels: Level[];
  private readonly hoisted = new Map<number, Register>();
  /** Per value, the instructions of its body that scalars and constants alone make. */
  private readonly invariants = new Map<number, Hoisted>();
  private readonly indexBases = new Map<number, Local>();
  /** Values of the vectors at hand, by copy. */
  private written: Map<number, Register>[] = [];

  constructor(
    readonly f: FunctionBuilder,
    readonly parts: LoopParts,
    options: { isRelaxed: boolean; faults: boolean; args: Local },
  ) {
    const { axes, streams, values } = parts;
    this.lanes = new LaneCode(f, options.isRelaxed);
    this.cells = cellsOf(parts, options.faults);
    this.inner = axes.at(-1)?.size ?? 1;
    this.indices = axes.slice(0, -1).map(() => f.local("i32"));
    this.bases = streams.map(() => f.local(f.addressType));
    this.pointers = streams.map(() => f.local(f.addressType));
    this.streams = new StreamCode(f, this.lanes);
    this.levels = [];
    for (const value of values) this.levels.push(this.levelOf(value));
    this.prologue(options.args);
  }

  private levelOf(value: KernelValue): Level {
    if (value.kind === "scalar" || value.kind === "constant") return "function";
    if (value.kind === "load") return levelOfWalk(this.parts.streams[value.stream] as Stream);
    if (value.kind === "index") return levelOfWalk(value);
    if (value.kind !== "apply") return "vector";
    const levels = value.args.map((arg) => this.levels[arg]);
    if (levels.includes("vector")) return "vector";
    return levels.includes("row") ? "row" : "function";
  }

  private prologue(args: Local): void {
    const { f } = this;
    this.cells.forEach((cell, at) => {
      if (cell.kind !== "stream") return;
      f.get(args);
      f.load(f.addressType === "i64" ? "i64.load" : "i32.load", { offset: at * 8 });
      f.set(this.bases[cell.index] as Local);
    });
    for (const value of this.parts.values)
      if (value.kind === "apply") this.lanes.prepare(value.body);
    this.parts.values.forEach((value, at) => this.hoistInvariant(args, value, at));
    if (this.parts.streams.some(({ dtype }) => dtype === "bool")) this.lanes.constant("i32", 0);
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

  /** Sets every pointer from the indices, and what stays the same along a row. */
  startRow(valueCount: { from: number; to: number }): void {
    this.parts.streams.forEach((stream, at) => {
      this.pointTo(
        this.pointers[at] as Local,
        this.bases[at] as Local,
        stream.strides,
        stream.dtype,
      );
    });
    for (let at = valueCount.from; at < valueCount.to; at++) {
      const value = this.parts.values[at] as KernelValue;
      if (value.kind === "index") this.indexBases.set(at, this.indexBase(value));
      if (this.levels[at] !== "row") continue;
      this.hoisted.set(at, this.write(at, { offset: null, copy: 0, lanes: 4 }));
    }
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

  private indexBase(value: KernelValue & { kind: "index" }): Local {
    const { f } = this;
    const base = f.local("i32");
    f.i32(value.offset);
    this.indices.forEach((index, axis) => {
      const stride = value.strides[axis] as number;
      if (stride === 0) return;
      f.get(index);
      f.i32(stride);
      f.op("i32.mul");
      f.op("i32.add");
    });
    f.set(base);
    return base;
  }

  /** Starts a vector, or several: forgets the values of those before. */
  startVector(): void {
    this.written = [];
  }

  /** The register of a value at a position; written where it is first asked for. */
  value(at: number, position: Position): Register {
    const known = this.hoisted.get(at) ?? this.written[position.copy]?.get(at);
    if (known) return known;
    const register = this.write(at, position);
    this.setValue(at, register, position.copy);
    return register;
  }

  /** Gives a value a register, at a copy: a finished reduction, in the epilogue. */
  setValue(at: number, register: Register, copy = 0): void {
    this.written[copy] ??= new Map();
    this.written[copy]?.set(at, register);
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
      positions.forEach(({ copy }, p) => this.setValue(at, results[p]?.[0] as Register, copy));
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
        return this.index(at, value, position);
      case "gather":
        return this.gather(value, position);
      default:
        throw new Error(`internal: emit: ${value.kind} has no code of its own`);
    }
  }

  private walker(stream: number, whenFlat: number): Walker {
    const { dtype, strides, steps } = this.parts.streams[stream] as Stream;
    const pointer = this.pointers[stream] as Local;
    return { pointer, dtype, stride: strides.at(-1) ?? whenFlat, steps };
  }

  load(stream: number, position: Position): Register {
    return this.streams.load(this.walker(stream, 0), position);
  }

  store(stream: number, register: Register, position: Position): void {
    this.streams.store(this.walker(stream, 1), register, position);
  }

  /** Loads and stores through a pointer that the kernel moves itself. */
  loadFrom(walker: Walker, position: Position): Register {
    return this.streams.load(walker, position);
  }

  storeTo(walker: Walker, register: Register, position: Position): void {
    this.streams.store(walker, register, position);
  }

  /** Lane 0 to the stream's pointer itself. */
  storeScalar(stream: number, register: Register): void {
    const { dtype } = this.parts.streams[stream] as Stream;
    this.storeAt(this.pointers[stream] as Local, dtype, register, 0);
  }

  /** index base + (position + lane)·stride, in four lanes. */
  private index(at: number, value: KernelValue & { kind: "index" }, position: Position): Register {
    const { f } = this;
    const stride = value.strides.at(-1) ?? 0;
    const register = newRegister(f, "i32");
    if (value.steps) return this.dividedIndex(at, value.steps, position);
    f.get(this.indexBases.get(at) as Local);
    if (stride !== 0) this.elementIndex(position, stride);
    f.op("i32x4.splat");
    if (stride !== 0) {
      f.v128(new Uint8Array(Int32Array.from([0, stride, 2 * stride, 3 * stride]).buffer));
      f.op("i32x4.add");
    }
    f.set(register.parts[0] as Local);
    return register;
  }

  private dividedIndex(at: number, steps: readonly SubAxis[], position: Position): Register {
    const { f } = this;
    const register = newRegister(f, "i32");
    f.get(this.indexBases.get(at) as Local);
    f.op("i32x4.splat");
    f.set(register.parts[0] as Local);
    for (let lane = 0; lane < position.lanes; lane++) {
      const digits = this.streams.digits(steps, position, lane);
      f.get(register.parts[0] as Local);
      f.get(this.indexBases.get(at) as Local);
      steps.forEach(({ stride }, step) => {
        f.get(digits[step] as Local);
        f.i32(stride);
        f.op("i32.mul");
        f.op("i32.add");
      });
      f.lane("i32x4.replace_lane", lane);
      f.set(register.parts[0] as Local);
    }
    return register;
  }

  /** Adds the position's first element, times a stride, to the i32 on the stack. */
  elementIndex(position: Position, stride: number): void {
    const { f } = this;
    if (position.offset) {
      f.get(position.offset);
      if (f.addressType === "i64") f.op("i32.wrap_i64");
      f.i32(2);
      f.op("i32.shr_u");
      f.i32(stride);
      f.op("i32.mul");
      f.op("i32.add");
    }
    if (position.copy > 0) {
      f.i32(position.copy * 4 * stride);
      f.op("i32.add");
    }
  }

  /** Set by the kernel's writer: checks an index register and returns the one to use. */
  checkIndex: ((index: Register, extent: number, position: Position) => Register) | null = null;

  private gather(value: KernelValue & { kind: "gather" }, position: Position): Register {
    const raw = this.value(value.index, position);
    const index = this.checkIndex ? this.checkIndex(raw, value.extent, position) : raw;
    const walk = { index, stride: value.stride };
    return this.streams.gather(this.walker(value.stream, 0), walk, position);
  }

  lanesAddress(
    stream: number,
    index: Register,
    stride: number,
    position: Position,
    lane: number,
  ): Local {
    return this.streams.laneAddress(this.walker(stream, 0), { index, stride }, position, lane);
  }

  loadAt(address: Local, dtype: Stream["dtype"]): Register {
    return this.streams.loadSplat(address, dtype, 0);
  }

  storeAt(address: Local, dtype: Stream["dtype"], register: Register, lane: number): void {
    const packed = dtype === "bool" ? this.streams.packBool(register) : register;
    this.streams.storeLane(address, dtype, packed, { lane, offset: 0 });
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

const levelOfWalk = ({ strides, steps }: Pick<Stream, "strides" | "steps">): Level =>
  steps || (strides.at(-1) ?? 0) !== 0 ? "vector" : "row";
