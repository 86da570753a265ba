/** Lines that must be refused, with what they must say. */
import type { FunctionBuilder } from "../../../src/wasm/function.ts";

export const wrongImmediates: readonly [(f: FunctionBuilder) => void, string][] = [
  [(f) => f.lane("f32x4.extract_lane", 4), "f32x4.extract_lane: wanted a lane of 0 … 3, got 4"],
  [(f) => f.shuffle([0, 1, 2]), "i8x16.shuffle: wanted 16 lanes of 0 … 31, got 0,1,2"],
  [(f) => f.v128([1]), "v128.const: wanted 16 bytes, got 1"],
  [(f) => f.i32(1.5), "i32.const: wanted an integer of 32 bits, got 1.5"],
  [(f) => f.i32(2 ** 32), "i32.const: wanted an integer of 32 bits, got 4294967296"],
  [(f) => f.i64(2n ** 64n), `i64.const: wanted an integer of 64 bits, got ${2n ** 64n}`],
  [
    (f) => f.i64(2 ** 60),
    `i64.const: wanted an integer of 64 bits, got ${2 ** 60} ` +
      "(a number is exact below 2^53: give a bigint)",
  ],
  [
    (f) => f.load("f32.load", { offset: 2 ** 32 }),
    "f32.load: wanted an offset of 0 … 2^32 − 1, got 4294967296",
  ],
  [
    (f) => f.load("f32.load", { align: 3 }),
    "f32.load: wanted align (log2 of bytes) of 0 … 2, got 3",
  ],
];
