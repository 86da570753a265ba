// Loads and stores of four elements, whatever their width and stride. A bool lies as a byte (0, 1) and
// is a mask in registers. Only real lanes of a tail are stored, and only real lanes are loaded where a
// whole vector would reach beyond the buffer's slack.

import { type DType, dtypes } from "../../base/dtypes.ts";
import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { SubAxis } from "../access.ts";
import type { LaneCode } from "./lane-code.ts";
import type { Position } from "./position.ts";
import { isWide, newRegister, type Register } from "./register.ts";

export interface Walker {
  readonly pointer: Local;
  readonly dtype: DType;
  /** Elements between neighbours on the inner axis. */
  readonly stride: number;
  /** Where the inner axis was flattened over this stream: its own steps, outer to inner. */
  readonly steps?: readonly SubAxis[] | null;
}

interface IndexWalk {
  readonly index: Register;
  readonly stride: number;
}

export class StreamCode {
  constructor(
    private readonly f: FunctionBuilder,
    private readonly lanes: LaneCode,
  ) {}

  load(walker: Walker, position: Position): Register {
    const { dtype, stride } = walker;
    if (walker.steps)
      return this.assemble(dtype, this.dividedPlaces(walker, walker.steps, position));
    if (stride === 0) return this.loadSplat(walker.pointer, dtype, 0);
    if (stride !== 1) return this.loadStrided(walker, position);
    const { f } = this;
    const register = newRegister(f, dtypes[dtype].lane);
    const offset = position.copy * 4 * dtypes[dtype].bytes;
    if (dtype === "bool") {
      this.address(walker, position);
      f.load("v128.load32_zero", { offset, align: 0 });
      f.op("i16x8.extend_low_i8x16_u");
      f.op("i32x4.extend_low_i16x8_u");
      f.op("i32x4.neg");
      f.set(register.parts[0] as Local);
      return register;
    }
    const address = register.parts.length > 1 ? this.keep(walker, position) : null;
    register.parts.forEach((part, at) => {
      if (address) f.get(address);
      else this.address(walker, position);
      f.load("v128.load", { offset: offset + at * 16, align: 2 });
      f.set(part);
    });
    return register;
  }

  /** One element in all lanes. */
  loadSplat(pointer: Local, dtype: DType, offset: number): Register {
    const { f } = this;
    const type = dtypes[dtype].lane;
    const local = f.local("v128");
    f.get(pointer);
    if (dtype === "bool") {
      f.load("i32.load8_u", { offset });
      f.op("i32x4.splat");
      f.op("i32x4.neg");
    } else f.load(isWide(type) ? "v128.load64_splat" : "v128.load32_splat", { offset });
    f.set(local);
    return { type, parts: isWide(type) ? [local, local] : [local] };
  }

  private loadStrided(walker: Walker, position: Position): Register {
    const { stride, dtype } = walker;
    const bytes = dtypes[dtype].bytes;
    // A negative stride starts from the last lane, as offsets of an access cannot be negative.
    const lowest = stride < 0 ? (position.lanes - 1) * stride * bytes : 0;
    const address = this.keep(walker, position, lowest);
    const offsets = Array.from(
      { length: position.lanes },
      (_, lane) => lane * stride * bytes - lowest,
    );
    return this.assemble(
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
    return this.assemble(walker.dtype, places);
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

  /** Single elements side by side; missing lanes are 0. */
  private assemble(dtype: DType, places: readonly { address: Local; offset: number }[]): Register {
    const { f } = this;
    const type = dtypes[dtype].lane;
    const register = newRegister(f, type);
    const width = isWide(type) ? 2 : 4;
    register.parts.forEach((part, at) => {
      const own = places.slice(at * width, (at + 1) * width);
      own.forEach(({ address, offset }, lane) => {
        f.get(address);
        if (dtype === "bool") f.load("i32.load8_u", { offset });
        else if (lane === 0)
          f.load(width === 2 ? "v128.load64_zero" : "v128.load32_zero", { offset, align: 2 });
        else {
          f.get(part);
          f.loadLane(width === 2 ? "v128.load64_lane" : "v128.load32_lane", lane, {
            offset,
            align: 2,
          });
        }
        if (dtype === "bool") this.insertBool(part, lane);
        f.set(part);
      });
    });
    return register;
  }

  /** Byte on the stack → the lane of `part` as a mask, on the stack. */
  private insertBool(part: Local, lane: number): void {
    const { f } = this;
    const byte = f.local("i32");
    f.set(byte);
    f.get(part);
    f.i32(0);
    f.get(byte);
    f.op("i32.sub");
    f.lane("i32x4.replace_lane", lane);
  }

  store(walker: Walker, register: Register, position: Position): void {
    const { f } = this;
    const { dtype, stride } = walker;
    const bytes = dtypes[dtype].bytes;
    const isWhole = stride === 1 && position.lanes === 4;
    const packed = dtype === "bool" ? this.packBool(register) : register;
    const offset = position.copy * 4 * bytes;
    if (walker.steps) {
      this.dividedPlaces(walker, walker.steps, position).forEach(({ address }, lane) => {
        this.storeLane(address, dtype, packed, { lane, offset: 0 });
      });
      return;
    }
    if (isWhole && dtype === "bool") {
      this.address(walker, position);
      f.get(packed.parts[0] as Local);
      f.storeLane("v128.store32_lane", 0, { offset, align: 0 });
      return;
    }
    if (isWhole) {
      const address = packed.parts.length > 1 ? this.keep(walker, position) : null;
      packed.parts.forEach((part, at) => {
        if (address) f.get(address);
        else this.address(walker, position);
        f.get(part);
        f.store("v128.store", { offset: offset + at * 16, align: 2 });
      });
      return;
    }
    const lowest = stride < 0 ? (position.lanes - 1) * stride * bytes : 0;
    const address = this.keep(walker, position, lowest);
    for (let lane = 0; lane < position.lanes; lane++) {
      const at = lane * stride * bytes - lowest;
      this.storeLane(address, dtype, packed, { lane, offset: at });
    }
  }

  /** Stores one lane; a bool's register must be packed already, or be a mask of which byte 0 counts. */
  storeLane(
    address: Local,
    dtype: DType,
    register: Register,
    { lane, offset }: { lane: number; offset: number },
  ): void {
    const { f } = this;
    const isWideLane = isWide(dtypes[dtype].lane);
    f.get(address);
    f.get(register.parts[isWideLane ? lane >> 1 : 0] as Local);
    if (dtype === "bool") f.storeLane("v128.store8_lane", lane, { offset });
    else if (isWideLane) f.storeLane("v128.store64_lane", lane & 1, { offset, align: 2 });
    else f.storeLane("v128.store32_lane", lane, { offset, align: 2 });
  }

  /** A mask's four lanes as bytes 0 or 1 in the first four bytes. */
  packBool(mask: Register): Register {
    const { f } = this;
    const packed = newRegister(f, "i32");
    const zero = this.lanes.constant("i32", 0);
    f.get(mask.parts[0] as Local);
    f.op("i32x4.neg");
    f.get(zero.parts[0] as Local);
    f.op("i16x8.narrow_i32x4_s");
    f.get(zero.parts[0] as Local);
    f.op("i8x16.narrow_i16x8_s");
    f.set(packed.parts[0] as Local);
    return { type: "mask", parts: packed.parts };
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
