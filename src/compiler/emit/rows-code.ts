// rows: sums along the inner axis, in one pass or several. A unit is one chunk of one kept element's
// reduced elements.
//
//   vector i of a row goes to accumulator i mod 4:   a0 a1 a2 a3 a0 a1 …   (16 running lanes, always)
//   then ((a0 a1)(a2 a3)), then the lanes of what is left
//
// Four vectors a turn, or eight; what is left of a row turns the accumulators. Same bits either way.

import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { KernelValue, Pass, RowsKernel, Span, Store } from "../kernel.ts";
import {
  blockRange,
  chunkRows,
  groupsInStep,
  outerRoles,
  type Range,
  splitBlock,
  tail,
  unrollingOf,
  vectorLoop,
} from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { moveRegister, newRegister, type Register } from "./register.ts";
import { reorderLanes } from "./reorder-lanes.ts";
import { type State, StateCode } from "./state-code.ts";

const accumulators = 4;

export function rowsUnits({ axes, chunks }: RowsKernel): number {
  return sizeOf(axes.filter(({ isReduced }) => !isReduced).map(({ size }) => size)) * chunks.count;
}

export function rowsCode(kernel: RowsKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new RowsWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

class RowsWriter {
  private readonly passes: PassWriter[];
  private readonly roles: ReturnType<typeof outerRoles>;
  private readonly row: Local;

  constructor(
    private readonly kernel: RowsKernel,
    private readonly loop: LoopWriter,
  ) {
    this.roles = outerRoles(kernel.axes);
    this.row = loop.f.local("i32");
    const { reduced } = this.roles;
    this.passes = kernel.passes.map(
      (pass) => new PassWriter(kernel, pass, loop, this.row, reduced),
    );
  }

  unit(unit: Local): void {
    const { loop, kernel } = this;
    const { chunks } = kernel;
    const { rest, block: chunk } = splitBlock(loop.f, unit, chunks.count);
    loop.decode(rest, this.roles.kept);
    for (const pass of this.passes) {
      pass.start();
      if (chunks.elements !== null && chunk)
        this.blockOfRow(pass, chunk, chunks.blocks, chunks.elements);
      else this.rowsOfChunk(pass, chunk);
      pass.finish(chunk);
    }
  }

  private blockOfRow(pass: PassWriter, chunk: Local, blocks: number, elements: number): void {
    const { f } = this.loop;
    const { rest, block } = splitBlock(f, chunk, blocks);
    f.get(rest);
    f.set(this.row);
    pass.rowRange(block, elements);
  }

  private rowsOfChunk(pass: PassWriter, chunk: Local | null): void {
    const { f } = this.loop;
    const last = chunkRows(f, this.row, {
      chunk,
      chunks: this.kernel.chunks,
      total: this.roles.rowCount,
    });
    f.loop((again) => {
      pass.rowRange(null, Infinity);
      f.get(this.row);
      f.i32(1);
      f.op("i32.add");
      f.tee(this.row);
      f.get(last);
      f.op("i32.lt_u");
      f.brIf(again);
    });
  }
}

/** One pass: its running states, its walk along a row, and what follows. */
class PassWriter {
  private readonly states: StateCode;
  private readonly running: State[][];
  private readonly values: readonly KernelValue[];
  private readonly inBody: ReadonlySet<number>;
  private readonly inAfter: ReadonlySet<number>;

  constructor(
    private readonly kernel: RowsKernel,
    private readonly pass: Pass,
    private readonly loop: LoopWriter,
    private readonly row: Local,
    private readonly reducedAxes: readonly number[],
  ) {
    this.states = new StateCode(loop, pass.reductions);
    this.running = Array.from({ length: accumulators }, () => this.states.declare());
    this.values = kernel.values.slice(pass.body.from, pass.body.to);
    this.inBody = streamsOf(kernel, pass.body, pass.stores);
    this.inAfter = streamsOf(kernel, pass.after, pass.epilogue);
  }

  start(): void {
    for (const states of this.running) this.states.start(states);
  }

  finish(chunk: Local | null): void {
    this.mergeRunning();
    if (this.kernel.partials) this.storePartials(chunk as Local);
    else this.epilogue();
  }

  /** One row, or a block of it, into the accumulators. */
  rowRange(block: Local | null, length: number): void {
    const { loop, pass } = this;
    loop.decode(this.row, this.reducedAxes);
    loop.startRow(pass.body, (stream) => this.inBody.has(stream));
    const range = blockRange(loop.f, block, { inner: loop.inner, length });
    if (loop.inner >= 16) this.accumulatorLoop(range);
    const turns = loop.f.local("i32");
    loop.f.i32(0);
    loop.f.set(turns);
    if (loop.inner >= 4) this.turningLoop(range, turns);
    tail(loop, range, (position) => this.fold([position], [0]));
    if (pass.reductions.length > 0) this.turnBack(turns);
  }

  private turningLoop(range: Range, turns: Local): void {
    const { f } = this.loop;
    vectorLoop(f, range, 1, () => {
      this.loop.startVector();
      this.fold([{ offset: range.offset, copy: 0, lanes: 4 }], [0]);
      this.turn(turns);
    });
  }

  /** Four vectors a turn, or eight: vector i to accumulator i mod 4. */
  private accumulatorLoop(range: Range): void {
    const { loop } = this;
    const unrolling = unrollingOf(this.values);
    vectorLoop(loop.f, range, unrolling.copies, () => {
      loop.startVector();
      for (const group of groupsInStep(range.offset, unrolling)) {
        this.fold(
          group,
          group.map(({ copy }) => copy % accumulators),
        );
      }
    });
  }

  /** The values at each position: stored where they are wanted, folded into its accumulator. */
  private fold(positions: readonly Position[], into: readonly number[]): void {
    const { loop, pass } = this;
    const wanted = [...pass.stores, ...pass.reductions].map(({ value }) => value);
    loop.writeInStep(wanted, positions);
    positions.forEach((position, at) => {
      for (const { value, stream } of pass.stores) {
        loop.store(stream, loop.value(value, position), position);
      }
      pass.reductions.forEach(({ value }, r) => {
        const state = this.running[into[at] as number]?.[r] as State;
        const index = (): Register => this.reducedIndex(position);
        this.states.step(r, state, loop.value(value, position), index, position.lanes);
      });
    });
  }

  /** Flat position among the reduced elements, in four lanes. */
  private reducedIndex(position: Position): Register {
    const { loop } = this;
    const { f } = loop;
    const register = newRegister(f, "i32");
    f.get(this.row);
    f.i32(loop.inner);
    f.op("i32.mul");
    loop.index.element(position, 1);
    f.op("i32x4.splat");
    f.v128(new Uint8Array(Int32Array.from([0, 1, 2, 3]).buffer));
    f.op("i32x4.add");
    f.set(register.parts[0] as Local);
    return register;
  }

  /** a0 ← a1 ← a2 ← a3 ← a0, and counts it. */
  private turn(turns: Local): void {
    const { f } = this.loop;
    const first = this.states.declare();
    this.moveStates(first, this.running[0] as State[]);
    for (let at = 1; at < accumulators; at++) {
      this.moveStates(this.running[at - 1] as State[], this.running[at] as State[]);
    }
    this.moveStates(this.running[accumulators - 1] as State[], first);
    f.get(turns);
    f.i32(1);
    f.op("i32.add");
    f.set(turns);
  }

  private moveStates(to: readonly State[], from: readonly State[]): void {
    to.forEach((state, r) => {
      state.forEach((register, s) => moveRegister(this.loop.f, register, from[r]?.[s] as Register));
    });
  }

  /** Turns on until every accumulator is back in its place. */
  private turnBack(turns: Local): void {
    const { f } = this.loop;
    if (this.loop.inner < 4) return;
    f.block((done) => {
      f.loop((again) => {
        f.get(turns);
        f.i32(accumulators - 1);
        f.op("i32.and");
        f.op("i32.eqz");
        f.brIf(done);
        this.turn(turns);
        f.br(again);
      });
    });
  }

  private mergeRunning(): void {
    const [a0, a1, a2, a3] = this.running as [State[], State[], State[], State[]];
    this.pass.reductions.forEach((_, r) => {
      this.states.merge(r, a0[r] as State, a1[r] as State);
      this.states.merge(r, a2[r] as State, a3[r] as State);
      this.states.merge(r, a0[r] as State, a2[r] as State);
      this.states.mergeLanes(r, a0[r] as State);
    });
  }

  private storePartials(chunk: Local): void {
    const { loop, kernel } = this;
    const { f } = loop;
    kernel.partials?.streams.forEach((streams, r) => {
      streams.forEach((stream, s) => {
        const { dtype } = kernel.streams[stream] as RowsKernel["streams"][number];
        const address = f.local(f.addressType);
        f.get(loop.pointers[stream] as Local);
        loop.addScaled(chunk, (kernel.partials?.chunkStride ?? 0) * (dtype === "float64" ? 8 : 4));
        f.set(address);
        loop.storeAt(address, dtype, this.running[0]?.[r]?.[s] as Register, 0);
      });
    });
  }

  /** All lanes of a finished fold hold its value, as those of one that is read from memory would. */
  private epilogue(): void {
    const { loop, pass, kernel } = this;
    loop.startVector();
    for (let at = pass.after.from; at < pass.after.to; at++) {
      const value = kernel.values[at] as KernelValue;
      if (value.kind !== "reduced") continue;
      const state = this.running[0]?.[value.reduction] as State;
      const finished = this.states.finish(value.reduction, state);
      loop.setRowValue(at, reorderLanes(loop.f, finished, [0, 0, 0, 0]));
    }
    loop.startRow(pass.after, (stream) => this.inAfter.has(stream));
    const position: Position = { offset: null, copy: 0, lanes: 1 };
    for (const { value, stream } of pass.epilogue) {
      loop.storeScalar(stream, loop.value(value, position));
    }
  }
}

/** The streams that a span of values and its stores walk. */
function streamsOf(kernel: RowsKernel, span: Span, stores: readonly Store[]): ReadonlySet<number> {
  const streams = new Set(stores.map(({ stream }) => stream));
  for (const value of kernel.values.slice(span.from, span.to)) {
    if (value.kind === "load" || value.kind === "gather") streams.add(value.stream);
  }
  for (const stream of kernel.partials?.streams.flat() ?? []) streams.add(stream);
  return streams;
}
