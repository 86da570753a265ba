// Loads and stores of four elements, whatever their stride. Only real lanes of a tail are stored, and
// only real lanes are loaded where a whole vector would reach beyond the buffer's slack.

import { type DType, dtypes } from "../../base/dtypes.ts";
import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { SubAxis } from "../access.ts";
import { ElementCode } from "./element-code.ts";
import type { LaneCode } from "./lane-code.ts";
import type { Position } from "./position.ts";
import { isWide, type Register } from "./register.ts";
import { reorderLanes } from "./reorder-lanes.ts";

const backwards = [3, 2, 1, 0];

export interface Walker {
  readonly pointer: Local;
  readonly dtype: DType;
  /** Elements between neighbours on the inner axis. */
  readonly stride: number;
  /** Where the inner axis was flattened over this stream: its own steps, outer to inner. */
  readonly steps?: readonly SubAxis[] | null;
  /** Bytes beyond the pointer at which it starts. */
  readonly ahead?: number;
}

interface IndexWalk {
  readonly index: Register;
  readonly stride: number;
}

export class StreamCode {
  readonly elements: ElementCode;

  constructor(
    private readonly f: FunctionBuilder,
    lanes: LaneCode,
  ) {
    this.elements = new ElementCode(f, lanes);
  }

  load(walker: Walker, position: Position): Register {
    const { dtype, stride, steps, ahead = 0 } = walker;
    if (steps) return this.elements.assemble(dtype, this.dividedPlaces(walker, steps, position));
    if (stride === 0) return this.elements.loadSplat(dtype, walker.pointer, ahead);
    if (stride === -1 && position.lanes === 4) {
      const loaded = this.elements.load(dtype, this.fromLast(walker, position), ahead);
      return reorderLanes(this.f, loaded, backwards);
    }
    if (stride !== 1) return this.loadStrided(walker, position);
    const offset = ahead + position.copy * 4 * dtypes[dtype].bytes;
    return this.elements.load(dtype, this.addressing(walker, position), offset);
  }

  /** Writes the address of a vector on the stack, as often as it is asked for. */
  private addressing(walker: Walker, position: Position): () => void {
    if (!isWide(dtypes[walker.dtype].lane)) return () => this.address(walker, position);
    const address = this.keep(walker, position);
    return () => this.f.get(address);
  }

  /** As `addressing`, of four neighbours that are walked backwards. */
  private fromLast(walker: Walker, position: Position): () => void {
    const address = this.keep(walker, position, -3 * dtypes[walker.dtype].bytes);
    return () => this.f.get(address);
  }

  private loadStrided(walker: Walker, position: Position): Register {
    const { stride, dtype, ahead = 0 } = walker;
    const bytes = dtypes[dtype].bytes;
    // A negative stride starts from the last lane, as offsets of an access cannot be negative.
    const lowest = stride < 0 ? (position.lanes - 1) * stride * bytes : 0;
    const address = this.keep(walker, position, lowest);
    const offsets = Array.from(
      { length: position.lanes },
      (_, lane) => ahead + lane * stride * bytes - lowest,
    );
    return this.elements.assemble(
      dtype,
      offsets.map((offset) => ({ address, offset })),
    );
  }

  /** Addresses of the lanes where the index must be divided. */
  private dividedPlaces(walker: Walker, steps: readonly SubAxis[], position: Position) {
    return Array.from({ length: position.lanes }, (_, lane) => {
      const address = this.f.local(this.f.addressType);
      this.dividedAddress(walker, steps, position, lane);
      this.f.set(address);
      return { address, offset: 0 };
    });
  }

  /** The address of one lane where the index must be divided, on the stack. */
  private dividedAddress(
    walker: Walker,
    steps: readonly SubAxis[],
    position: Position,
    lane: number,
  ): void {
    const { f } = this;
    const bytes = dtypes[walker.dtype].bytes;
    const digits = this.digits(steps, position, lane);
    f.get(walker.pointer);
    steps.forEach(({ stride }, at) => {
      if (stride === 0) return;
      f.get(digits[at] as Local);
      f.addressFromI32();
      f.address(Math.abs(stride) * bytes);
      f.addressMul();
      f.addressOp(stride < 0 ? "sub" : "add");
    });
  }

  /** The position of a lane on the flattened inner axis, as an index on each of its steps. */
  digits(steps: readonly SubAxis[], position: Position, lane: number): Local[] {
    const { f } = this;
    const rest = f.local("i32");
    f.i32(position.copy * 4 + lane);
    if (position.offset) {
      f.get(position.offset);
      if (f.addressType === "i64") f.op("i32.wrap_i64");
      f.i32(2);
      f.op("i32.shr_u");
      f.op("i32.add");
    }
    f.set(rest);
    const digits = steps.map(() => f.local("i32"));
    [...steps.keys()].reverse().forEach((at) => {
      const { size } = steps[at] as SubAxis;
      f.get(rest);
      f.i32(size);
      f.op("i32.rem_u");
      f.set(digits[at] as Local);
      f.get(rest);
      f.i32(size);
      f.op("i32.div_u");
      f.set(rest);
    });
    return digits;
  }

  gather(walker: Walker, walk: IndexWalk, position: Position): Register {
    const places = Array.from({ length: position.lanes }, (_, lane) => ({
      address: this.laneAddress(walker, walk, position, lane),
      offset: 0,
    }));
    return this.elements.assemble(walker.dtype, places);
  }

  /** pointer + (position + lane)·stride + index[lane]·walk.stride, in bytes. */
  laneAddress(walker: Walker, walk: IndexWalk, position: Position, lane: number): Local {
    const { f } = this;
    const bytes = dtypes[walker.dtype].bytes;
    const address = f.local(f.addressType);
    if (walker.steps) this.dividedAddress(walker, walker.steps, position, lane);
    else this.lanePlace(walker, position, lane);
    f.get(walk.index.parts[0] as Local);
    f.lane("i32x4.extract_lane", lane);
    f.addressFromI32();
    f.address(walk.stride * bytes);
    f.addressMul();
    f.addressAdd();
    f.set(address);
    return address;
  }

  private lanePlace(walker: Walker, position: Position, lane: number): void {
    const { f } = this;
    this.address(walker, position);
    const ahead = (position.copy * 4 + lane) * walker.stride * dtypes[walker.dtype].bytes;
    if (ahead === 0) return;
    f.address(Math.abs(ahead));
    f.addressOp(ahead < 0 ? "sub" : "add");
  }

  store(walker: Walker, register: Register, position: Position): void {
    const { dtype, stride, steps } = walker;
    const { bytes } = dtypes[dtype];
    if (stride === -1 && position.lanes === 4 && !steps) {
      const packed = this.elements.packed(dtype, reorderLanes(this.f, register, backwards));
      this.elements.store(dtype, packed, this.fromLast(walker, position), 0);
      return;
    }
    const packed = this.elements.packed(dtype, register);
    if (steps) {
      this.dividedPlaces(walker, steps, position).forEach((place, lane) => {
        this.elements.storeLane(dtype, packed, { ...place, lane });
      });
      return;
    }
    if (stride === 1 && position.lanes === 4) {
      const offset = position.copy * 4 * bytes;
      this.elements.store(dtype, packed, this.addressing(walker, position), offset);
      return;
    }
    const lowest = stride < 0 ? (position.lanes - 1) * stride * bytes : 0;
    const address = this.keep(walker, position, lowest);
    const copied = stride === 1 ? position.copy * 4 * bytes : 0;
    for (let lane = 0; lane < position.lanes; lane++) {
      const offset = copied + lane * stride * bytes - lowest;
      this.elements.storeLane(dtype, packed, { address, offset, lane });
    }
  }

  private keep(walker: Walker, position: Position, shift = 0): Local {
    const { f } = this;
    const address = f.local(f.addressType);
    this.address(walker, position);
    const ahead =
      walker.stride === 1
        ? shift
        : shift + position.copy * 4 * walker.stride * dtypes[walker.dtype].bytes;
    if (ahead !== 0) {
      f.address(Math.abs(ahead));
      f.addressOp(ahead < 0 ? "sub" : "add");
    }
    f.set(address);
    return address;
  }

  /** pointer + position·stride in bytes, without the copy's part, on the stack. */
  private address({ pointer, dtype, stride }: Walker, { offset }: Position): void {
    const { f } = this;
    f.get(pointer);
    if (!offset || stride === 0) return;
    f.get(offset);
    const scale = (Math.abs(stride) * dtypes[dtype].bytes) / 4;
    if (scale === 0.25 || scale === 0.5) {
      f.address(scale === 0.25 ? 2 : 1);
      f.addressOp("shr_u");
    } else if (scale < 1 || !Number.isInteger(scale)) {
      f.address(2);
      f.addressOp("shr_u");
      f.address(Math.abs(stride) * dtypes[dtype].bytes);
      f.addressMul();
    } else if (scale !== 1) {
      f.address(scale);
      f.addressMul();
    }
    f.addressOp(stride < 0 ? "sub" : "add");
  }
}
