/** Every opcode with what it must do: a row of the table without an entry here does not compile. */
import type { FunctionBuilder } from "../../../src/wasm/function.ts";
import type { OpName } from "../../../src/wasm/opcodes.ts";
import {
  atomicLoad,
  atomicStore,
  compareExchange,
  fence,
  modify,
  notify,
  wait,
} from "./atomic-cases.ts";
import type { Case } from "./bench.ts";
import { controlCases } from "./control-cases.ts";
import { integerCases } from "./integer-cases.ts";
import {
  constants,
  copied,
  extracted,
  filled,
  grown,
  laneLoaded,
  laneWritten,
  loaded,
  replaced,
  shuffled,
  sixteen,
  sized,
  written,
} from "./memory-cases.ts";
import { relaxedCases } from "./relaxed-cases.ts";
import { scalarCases } from "./scalar-cases.ts";
import { samples } from "./shapes.ts";
import { vectorCases } from "./vector-cases.ts";

/** Floats move as bits here, so that a NaN keeps its payload. */
const loadCases = {
  "i32.load": loaded("i32x4", "i32")(([x]) => [x]),
  "i32.load8_s": loaded("i8x16", "i32")(([x]) => [x]),
  "i32.load8_u": loaded("u8x16", "i32")(([x]) => [x]),
  "i32.load16_s": loaded("i16x8", "i32")(([x]) => [x]),
  "i32.load16_u": loaded("u16x8", "i32")(([x]) => [x]),
  "i64.load": loaded("i64x2", "i64")(([x]) => [x]),
  "i64.load8_s": loaded("i8x16", "i64")(([x]) => [BigInt(x)]),
  "i64.load8_u": loaded("u8x16", "i64")(([x]) => [BigInt(x)]),
  "i64.load16_s": loaded("i16x8", "i64")(([x]) => [BigInt(x)]),
  "i64.load16_u": loaded("u16x8", "i64")(([x]) => [BigInt(x)]),
  "i64.load32_s": loaded("i32x4", "i64")(([x]) => [BigInt(x)]),
  "i64.load32_u": loaded("u32x4", "i64")(([x]) => [BigInt(x)]),
  "f32.load": loaded("i32x4", "i32")(([x]) => [x]),
  "f64.load": loaded("i64x2", "i64")(([x]) => [x]),
  "v128.load": loaded("u8x16", "u8x16")((x) => x),
  "v128.load8x8_s": loaded("i8x16", "i16x8")((x) => x.slice(0, 8)),
  "v128.load8x8_u": loaded("u8x16", "u16x8")((x) => x.slice(0, 8)),
  "v128.load16x4_s": loaded("i16x8", "i32x4")((x) => x.slice(0, 4)),
  "v128.load16x4_u": loaded("u16x8", "u32x4")((x) => x.slice(0, 4)),
  "v128.load32x2_s": loaded("i32x4", "i64x2")((x) => x.slice(0, 2).map(BigInt)),
  "v128.load32x2_u": loaded("u32x4", "u64x2")((x) => x.slice(0, 2).map(BigInt)),
  "v128.load8_splat": loaded("u8x16", "u8x16")((x) => x.fill(x[0])),
  "v128.load16_splat": loaded("u16x8", "u16x8")((x) => x.fill(x[0])),
  "v128.load32_splat": loaded("u32x4", "u32x4")((x) => x.fill(x[0])),
  "v128.load64_splat": loaded("u64x2", "u64x2")((x) => x.fill(x[0])),
  "v128.load32_zero": loaded("u32x4", "u32x4")(([x]) => [x, 0, 0, 0]),
  "v128.load64_zero": loaded("u64x2", "u64x2")(([x]) => [x, 0n]),
};

const storeCases = {
  "i32.store": written(4),
  "i32.store8": written(1),
  "i32.store16": written(2),
  "i64.store": written(8),
  "i64.store8": written(1),
  "i64.store16": written(2),
  "i64.store32": written(4),
  "f32.store": written(4),
  "f64.store": written(8),
  "v128.store": written(16),
};

const laneCases = {
  "v128.load8_lane": laneLoaded(1),
  "v128.load16_lane": laneLoaded(2),
  "v128.load32_lane": laneLoaded(4),
  "v128.load64_lane": laneLoaded(8),
  "v128.store8_lane": laneWritten(1),
  "v128.store16_lane": laneWritten(2),
  "v128.store32_lane": laneWritten(4),
  "v128.store64_lane": laneWritten(8),
  "i8x16.extract_lane_s": extracted("i8x16", "i32"),
  "i8x16.extract_lane_u": extracted("u8x16", "i32"),
  "i8x16.replace_lane": replaced("i8x16", "i32"),
  "i16x8.extract_lane_s": extracted("i16x8", "i32"),
  "i16x8.extract_lane_u": extracted("u16x8", "i32"),
  "i16x8.replace_lane": replaced("i16x8", "i32"),
  "i32x4.extract_lane": extracted("i32x4", "i32"),
  "i32x4.replace_lane": replaced("i32x4", "i32"),
  "i64x2.extract_lane": extracted("i64x2", "i64"),
  "i64x2.replace_lane": replaced("i64x2", "i64"),
  "f32x4.extract_lane": extracted("f32x4", "f32"),
  "f32x4.replace_lane": replaced("f32x4", "f32"),
  "f64x2.extract_lane": extracted("f64x2", "f64"),
  "f64x2.replace_lane": replaced("f64x2", "f64"),
  "i8x16.shuffle": shuffled,
};

const floats = [0.1, -0, 1e-45, Number.NaN, Number.POSITIVE_INFINITY, -3.4e38];
const signBits = [62n, 56n, 55n, 49n, 48n, 7n, 6n, 0n];
const integers = [...samples("i64"), ...signBits.flatMap((n) => [2n ** n, -(2n ** n), ~(2n ** n)])];

const constCases = {
  "i32.const": constants("i32", "i32", [
    ...samples("i32").map((x) => ({ write: (f: FunctionBuilder) => f.i32(x), lanes: [x] })),
    { write: (f) => f.i32(0xffff_ffff), lanes: [-1] },
  ]),
  "i64.const": constants("i64", "i64", [
    ...integers.map((x) => ({
      write: (f: FunctionBuilder) => f.i64(x),
      lanes: [BigInt.asIntN(64, x)],
    })),
    { write: (f) => f.i64(-5), lanes: [-5n] },
    { write: (f) => f.i64(0xffff_ffff_ffff_ffffn), lanes: [-1n] },
  ]),
  "f32.const": constants(
    "f32",
    "f32",
    floats.map((x) => ({ write: (f: FunctionBuilder) => f.f32(x), lanes: [Math.fround(x)] })),
  ),
  "f64.const": constants(
    "f64",
    "f64",
    floats.map((x) => ({ write: (f: FunctionBuilder) => f.f64(x), lanes: [x] })),
  ),
  "v128.const": constants("v128", "u32x4", [
    {
      write: (f) => f.v128(sixteen((i) => 240 + i)),
      lanes: [0xf3f2f1f0, 0xf7f6f5f4, 0xfbfaf9f8, 0xfffefdfc],
    },
    { write: (f) => f.v128i32(0x7fa1_2345), lanes: Array(4).fill(0x7fa1_2345) },
    { write: (f) => f.v128i32(-2), lanes: Array(4).fill(0xffff_fffe) },
    { write: (f) => f.v128f32(-1.5), lanes: Array(4).fill(0xbfc0_0000) },
    { write: (f) => f.v128f64(-1.5), lanes: [0, 0xbff8_0000, 0, 0xbff8_0000] },
  ]),
};

const bulkCases = {
  "memory.size": sized,
  "memory.grow": grown,
  "memory.copy": copied,
  "memory.fill": filled,
};

const add = modify((old, x) => old + x);
const sub = modify((old, x) => old - x);
const and = modify((old, x) => old & x);
const or = modify((old, x) => old | x);
const xor = modify((old, x) => old ^ x);
const exchange = modify((_, x) => x);

const atomicCases = {
  "memory.atomic.notify": notify,
  "memory.atomic.wait32": wait,
  "memory.atomic.wait64": wait,
  "atomic.fence": fence,
  "i32.atomic.load": atomicLoad,
  "i32.atomic.load8_u": atomicLoad,
  "i32.atomic.load16_u": atomicLoad,
  "i32.atomic.store": atomicStore,
  "i32.atomic.store8": atomicStore,
  "i32.atomic.store16": atomicStore,
  "i32.atomic.rmw.add": add,
  "i32.atomic.rmw.sub": sub,
  "i32.atomic.rmw.and": and,
  "i32.atomic.rmw.or": or,
  "i32.atomic.rmw.xor": xor,
  "i32.atomic.rmw.xchg": exchange,
  "i32.atomic.rmw.cmpxchg": compareExchange,
  "i32.atomic.rmw8.add_u": add,
  "i32.atomic.rmw8.sub_u": sub,
  "i32.atomic.rmw8.and_u": and,
  "i32.atomic.rmw8.or_u": or,
  "i32.atomic.rmw8.xor_u": xor,
  "i32.atomic.rmw8.xchg_u": exchange,
  "i32.atomic.rmw8.cmpxchg_u": compareExchange,
  "i32.atomic.rmw16.add_u": add,
  "i32.atomic.rmw16.sub_u": sub,
  "i32.atomic.rmw16.and_u": and,
  "i32.atomic.rmw16.or_u": or,
  "i32.atomic.rmw16.xor_u": xor,
  "i32.atomic.rmw16.xchg_u": exchange,
  "i32.atomic.rmw16.cmpxchg_u": compareExchange,
  "i64.atomic.load": atomicLoad,
  "i64.atomic.load8_u": atomicLoad,
  "i64.atomic.load16_u": atomicLoad,
  "i64.atomic.load32_u": atomicLoad,
  "i64.atomic.store": atomicStore,
  "i64.atomic.store8": atomicStore,
  "i64.atomic.store16": atomicStore,
  "i64.atomic.store32": atomicStore,
  "i64.atomic.rmw.add": add,
  "i64.atomic.rmw.sub": sub,
  "i64.atomic.rmw.and": and,
  "i64.atomic.rmw.or": or,
  "i64.atomic.rmw.xor": xor,
  "i64.atomic.rmw.xchg": exchange,
  "i64.atomic.rmw.cmpxchg": compareExchange,
  "i64.atomic.rmw8.add_u": add,
  "i64.atomic.rmw8.sub_u": sub,
  "i64.atomic.rmw8.and_u": and,
  "i64.atomic.rmw8.or_u": or,
  "i64.atomic.rmw8.xor_u": xor,
  "i64.atomic.rmw8.xchg_u": exchange,
  "i64.atomic.rmw8.cmpxchg_u": compareExchange,
  "i64.atomic.rmw16.add_u": add,
  "i64.atomic.rmw16.sub_u": sub,
  "i64.atomic.rmw16.and_u": and,
  "i64.atomic.rmw16.or_u": or,
  "i64.atomic.rmw16.xor_u": xor,
  "i64.atomic.rmw16.xchg_u": exchange,
  "i64.atomic.rmw16.cmpxchg_u": compareExchange,
  "i64.atomic.rmw32.add_u": add,
  "i64.atomic.rmw32.sub_u": sub,
  "i64.atomic.rmw32.and_u": and,
  "i64.atomic.rmw32.or_u": or,
  "i64.atomic.rmw32.xor_u": xor,
  "i64.atomic.rmw32.xchg_u": exchange,
  "i64.atomic.rmw32.cmpxchg_u": compareExchange,
};

export const cases: { readonly [N in OpName]: Case<N> } = {
  ...controlCases,
  ...scalarCases,
  ...vectorCases,
  ...integerCases,
  ...relaxedCases,
  ...loadCases,
  ...storeCases,
  ...laneCases,
  ...constCases,
  ...bulkCases,
  ...atomicCases,
};
