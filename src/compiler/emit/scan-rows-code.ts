// scanRows: prefixes along the inner axis, four lanes neighbours. A unit is one chunk of one row.
//
//   vector  → prefixes among its lanes, of several vectors in step
//   carry   → merged into each vector in turn; then the vector's last lane into the carry

import { dtypes } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Local } from "../../wasm/function.ts";
import type { ScanRowsKernel, Stream } from "../kernel.ts";
import { blockRange, outerRoles, overRow, splitBlock } from "./inner-loop.ts";
import type { LoopWriter } from "./loop-writer.ts";
import type { Position } from "./position.ts";
import { newRegister, type Register } from "./register.ts";
import { ScanCode } from "./scan-code.ts";
import type { State } from "./state-code.ts";

const inStep = { copies: 4, inStep: 4 };
/** Lane instructions of a merge that cost less than waiting for a lane to be moved. */
const shortMerge = 2;

export function scanRowsUnits({ axes, chunks }: ScanRowsKernel): number {
  return sizeOf(axes.filter(({ isReduced }) => !isReduced).map(({ size }) => size)) * chunks.count;
}

export function scanRowsCode(kernel: ScanRowsKernel, loop: LoopWriter): (unit: Local) => void {
  const writer = new ScanRowsWriter(kernel, loop);
  return (unit) => writer.unit(unit);
}

class ScanRowsWriter {
  private readonly scan: ScanCode;
  /** What is before the vector at hand, in all lanes. */
  private readonly carry: State;

  constructor(
    private readonly kernel: ScanRowsKernel,
    private readonly loop: LoopWriter,
  ) {
    this.scan = new ScanCode(loop, kernel);
    this.scan.prepareLanes();
    this.carry = this.scan.declare();
  }

  unit(unit: Local): void {
    const { loop, kernel, scan } = this;
    const { chunks } = kernel;
    const { rest, block: chunk } = splitBlock(loop.f, unit, chunks.count);
    loop.decode(rest, outerRoles(kernel.axes).kept);
    loop.startRow({ from: 0, to: kernel.values.length });
    scan.move(this.carry, this.start(chunk));
    const length = chunks.elements ?? Infinity;
    const range = blockRange(loop.f, chunk, { inner: loop.inner, length });
    overRow(loop, range, inStep, (positions) => this.write(positions));
    if (kernel.phase === "totals") this.storeTotals(chunk as Local);
  }

  private start(chunk: Local | null): State {
    const { kernel, loop } = this;
    if (kernel.phase !== "results" || !chunk) return this.scan.initial();
    return this.partialStreams().map((stream, s): Register => {
      const { dtype } = kernel.streams[stream] as Stream;
      const { type } = kernel.scanner.state[s] as ScanRowsKernel["scanner"]["state"][number];
      return { ...loop.loadAt(this.partialAddress(stream, chunk), dtype), type };
    });
  }

  private storeTotals(chunk: Local): void {
    this.partialStreams().forEach((stream, s) => {
      const { dtype } = this.kernel.streams[stream] as Stream;
      const address = this.partialAddress(stream, chunk);
      this.loop.storeAt(address, dtype, this.carry[s] as Register, 0);
    });
  }

  private partialStreams(): readonly number[] {
    return this.kernel.partials?.streams[0] ?? [];
  }

  private partialAddress(stream: number, chunk: Local): Local {
    const { loop, kernel } = this;
    const { bytes } = dtypes[(kernel.streams[stream] as Stream).dtype];
    const address = loop.f.local(loop.f.addressType);
    loop.f.get(loop.pointers[stream] as Local);
    loop.addScaled(chunk, (kernel.partials?.chunkStride ?? 0) * bytes);
    loop.f.set(address);
    return address;
  }

  private write(positions: readonly Position[]): void {
    const { scan, loop, kernel, carry } = this;
    const lifted = scan.lift(positions, (position) => this.index(position));
    scan.acrossLanes(lifted).forEach((state, at) => {
      const merged = kernel.store === null ? null : scan.merge(carry, state);
      scan.move(carry, this.carryAfter(state, merged));
      if (merged) {
        loop.store(kernel.store as number, scan.finish(merged), positions[at] as Position);
      }
    });
  }

  /** The last lane of what was merged; a short merge is made once more, for its chain is shorter so. */
  private carryAfter(state: State, merged: State | null): State {
    const { scan, carry, kernel } = this;
    const isShort = kernel.scanner.merge.instructions.length <= shortMerge;
    if (merged && !isShort) return scan.lastLane(merged);
    return scan.merge(carry, scan.lastLane(state));
  }

  /** Position along the row, in four lanes. */
  private index(position: Position): Register {
    const { loop } = this;
    const { f } = loop;
    const register = newRegister(f, "i32");
    f.i32(0);
    loop.index.element(position, 1);
    f.op("i32x4.splat");
    f.v128(new Uint8Array(Int32Array.from([0, 1, 2, 3]).buffer));
    f.op("i32x4.add");
    f.set(register.parts[0] as Local);
    return register;
  }
}
