// Elements between memory and registers: four side by side, one in all lanes, single ones. What lies in
// 8 or 16 bits is widened when it is loaded and narrowed when it is stored; values fit (narrowing.ts).
//
//   memory ─ load, extend ─→ "raw" i32x4 ─ raised ─→ register      bool: a mask; half: float32
//   memory ←─ store ─ "packed": side by side in the first bytes ←─ packed ─ register

import { type DType, dtypes, isHalf, isSmall } from "../../base/dtypes.ts";
import { packHalf, unpackHalf } from "../../base/narrowing.ts";
import type { FunctionBuilder, Local } from "../../wasm/function.ts";
import type { LaneCode } from "./lane-code.ts";
import { isWide, newRegister, type Register } from "./register.ts";

const isSigned = (dtype: DType): boolean => dtype === "int8" || dtype === "int16";

/** Whether memory has fewer bits than lanes. */
const isNarrow = (dtype: DType): boolean => dtypes[dtype].bytes < 4;

export class ElementCode {
  constructor(
    private readonly f: FunctionBuilder,
    private readonly lanes: LaneCode,
  ) {}

  /** Sets the constants that loads and stores of a dtype need; call before the loops. */
  prepare(dtype: DType): void {
    if (isNarrow(dtype)) this.lanes.constant("i32", 0);
    if (!isHalf(dtype)) return;
    this.lanes.prepare(packHalf[dtype]);
    this.lanes.prepare(unpackHalf[dtype]);
  }

  /** Four neighbours; `address` writes their address on the stack. */
  load(dtype: DType, address: () => void, offset: number): Register {
    const { f } = this;
    const register = newRegister(f, isNarrow(dtype) ? "i32" : dtypes[dtype].lane);
    const suffix = isSigned(dtype) ? "s" : "u";
    register.parts.forEach((part, at) => {
      address();
      if (!isNarrow(dtype)) f.load("v128.load", { offset: offset + at * 16, align: 2 });
      else if (dtypes[dtype].bytes === 2) f.load(`v128.load16x4_${suffix}`, { offset, align: 1 });
      else {
        f.load("v128.load32_zero", { offset, align: 0 });
        f.op(`i16x8.extend_low_i8x16_${suffix}`);
        f.op(`i32x4.extend_low_i16x8_${suffix}`);
      }
      f.set(part);
    });
    return this.raised(dtype, register);
  }

  /** One element in all lanes. */
  loadSplat(dtype: DType, pointer: Local, offset: number): Register {
    const { f } = this;
    const { lane } = dtypes[dtype];
    const local = f.local("v128");
    f.get(pointer);
    if (isNarrow(dtype)) {
      this.loadWord(dtype, offset);
      f.op("i32x4.splat");
    } else f.load(isWide(lane) ? "v128.load64_splat" : "v128.load32_splat", { offset });
    f.set(local);
    const type = isNarrow(dtype) ? "i32" : lane;
    return this.raised(dtype, { type, parts: isWide(lane) ? [local, local] : [local] });
  }

  /** Single elements side by side; missing lanes are 0. */
  assemble(dtype: DType, places: readonly { address: Local; offset: number }[]): Register {
    const { f } = this;
    const { lane: type } = dtypes[dtype];
    const register = newRegister(f, isNarrow(dtype) ? "i32" : type);
    const width = isWide(type) ? 2 : 4;
    register.parts.forEach((part, at) => {
      const own = places.slice(at * width, (at + 1) * width);
      own.forEach(({ address, offset }, lane) => {
        if (isNarrow(dtype)) {
          if (lane > 0) f.get(part);
          f.get(address);
          this.loadWord(dtype, offset);
          if (lane > 0) f.lane("i32x4.replace_lane", lane);
          else f.op("i32x4.splat");
        } else this.loadInto(part, width, { address, offset, lane });
        f.set(part);
      });
    });
    return this.raised(dtype, register);
  }

  private loadInto(
    part: Local,
    width: number,
    { address, offset, lane }: { address: Local; offset: number; lane: number },
  ): void {
    const { f } = this;
    f.get(address);
    if (lane === 0) {
      f.load(width === 2 ? "v128.load64_zero" : "v128.load32_zero", { offset, align: 2 });
      return;
    }
    f.get(part);
    const at = { offset, align: 2 };
    f.loadLane(width === 2 ? "v128.load64_lane" : "v128.load32_lane", lane, at);
  }

  /** One narrow element as an i32; its address is on the stack. */
  private loadWord(dtype: DType, offset: number): void {
    const suffix = isSigned(dtype) ? "s" : "u";
    this.f.load(`i32.load${dtypes[dtype].bytes === 2 ? 16 : 8}_${suffix}`, { offset, align: 0 });
  }

  /** Widened elements as the register that lane bodies take. */
  private raised(dtype: DType, raw: Register): Register {
    if (isHalf(dtype)) return this.lanes.run(unpackHalf[dtype], [raw])[0] as Register;
    return dtype === "bool" ? this.negated(raw, "mask") : raw;
  }

  /** 0, 1 ↔ 0, -1 */
  private negated(register: Register, type: "mask" | "i32"): Register {
    const { f } = this;
    const result = newRegister(f, type);
    f.get(register.parts[0] as Local);
    f.op("i32x4.neg");
    f.set(result.parts[0] as Local);
    return result;
  }

  /** A register's elements as they lie in memory, side by side in the first bytes. */
  packed(dtype: DType, register: Register): Register {
    if (!isNarrow(dtype)) return register;
    const { f } = this;
    const result = newRegister(f, "i32");
    const zero = this.lanes.constant("i32", 0).parts[0] as Local;
    f.get(this.words(dtype, register).parts[0] as Local);
    f.get(zero);
    f.op(isHalf(dtype) ? "i16x8.narrow_i32x4_u" : "i16x8.narrow_i32x4_s");
    if (dtypes[dtype].bytes === 1) {
      f.get(zero);
      f.op(isSigned(dtype) ? "i8x16.narrow_i16x8_s" : "i8x16.narrow_i16x8_u");
    }
    f.set(result.parts[0] as Local);
    return result;
  }

  /** Each element's bits in an i32. */
  private words(dtype: DType, register: Register): Register {
    if (isHalf(dtype)) return this.lanes.run(packHalf[dtype], [register])[0] as Register;
    return isSmall(dtype) ? register : this.negated(register, "i32");
  }

  /** Four packed elements side by side; `address` writes their address on the stack. */
  store(dtype: DType, packed: Register, address: () => void, offset: number): void {
    const { f } = this;
    packed.parts.forEach((part, at) => {
      address();
      f.get(part);
      if (!isNarrow(dtype)) f.store("v128.store", { offset: offset + at * 16, align: 2 });
      else if (dtypes[dtype].bytes === 2) f.storeLane("v128.store64_lane", 0, { offset, align: 1 });
      else f.storeLane("v128.store32_lane", 0, { offset, align: 0 });
    });
  }

  /** One lane of a packed register. */
  storeLane(
    dtype: DType,
    packed: Register,
    { address, offset, lane }: { address: Local; offset: number; lane: number },
  ): void {
    const { f } = this;
    const isWideLane = isWide(dtypes[dtype].lane);
    f.get(address);
    f.get(packed.parts[isWideLane ? lane >> 1 : 0] as Local);
    if (dtypes[dtype].bytes === 1) f.storeLane("v128.store8_lane", lane, { offset });
    else if (dtypes[dtype].bytes === 2) f.storeLane("v128.store16_lane", lane, { offset });
    else if (isWideLane) f.storeLane("v128.store64_lane", lane & 1, { offset, align: 2 });
    else f.storeLane("v128.store32_lane", lane, { offset, align: 2 });
  }
}
