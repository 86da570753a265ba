/** The results that the standard allows of the relaxed vector instructions. */

import type { Format } from "./exact.ts";
import { fusedMultiplyAdd } from "./exact.ts";
import { pseudoMax, pseudoMin, signed16, signed32, unsigned32 } from "./integers.ts";
import { relaxed, relaxedAcross } from "./pointwise.ts";

type Rounding = (x: number) => number;

/** x·y + z with one rounding or with two. */
const madd = (format: Format, round: Rounding) => (x: number, y: number, z: number) => [
  fusedMultiplyAdd(x, y, z, format),
  round(round(x * y) + z),
];
const nmadd = (format: Format, round: Rounding) => (x: number, y: number, z: number) => {
  return madd(format, round)(-x, y, z);
};
const double: Rounding = (x) => x;

const minimum = (x: number, y: number) => [Math.min(x, y), pseudoMin(x, y), pseudoMin(y, x)];
const maximum = (x: number, y: number) => [Math.max(x, y), pseudoMax(x, y), pseudoMax(y, x)];

/** Out of range and NaN: saturated, or the one value that says so. */
const anySigned = (x: number) => (isIn(x, -(2 ** 31), 2 ** 31) ? [x] : [signed32(x), -(2 ** 31)]);
const anyUnsigned = (x: number) => (isIn(x, 0, 2 ** 32) ? [x] : [unsigned32(x), 2 ** 32 - 1]);
const isIn = (x: number, low: number, end: number) => Math.trunc(x) >= low && Math.trunc(x) < end;

/**
 * By bits, or all of a lane by the top bit of its mask, or each byte by the top bit of its own
 * mask, as x86's pblendvb does: only masks of whole lanes have one meaning.
 */
const select64 = (bits: number) => (x: bigint, y: bigint, mask: bigint) => {
  const isFirst = BigInt.asIntN(bits, mask) < 0n;
  return [blend(x, y, mask), isFirst ? x : y, blend(x, y, ((mask >> 7n) & everyByte) * 255n)];
};
const select = (bits: number) => (x: number, y: number, mask: number) => {
  return select64(bits)(BigInt(x), BigInt(y), BigInt(mask)).map(Number);
};
const everyByte = 0x0101_0101_0101_0101n;
const blend = (x: bigint, y: bigint, mask: bigint) => (x & mask) | (y & ~mask);

/** Signed bytes by bytes whose top bit counts either way: exact sums of two or four products. */
const dot = (x: readonly number[], y: readonly number[]) => {
  const sum = (as: (byte: number) => number) =>
    x.reduce((all, lane, i) => all + lane * as(y[i]), 0);
  return [sum((byte) => byte), sum((byte) => byte & 255)];
};

/** The sums of two products in 16 bits, wrapped or saturated. */
const dotPairs = (x: readonly number[], y: readonly number[]): number[][] =>
  [0, 2, 4, 6, 8, 10, 12, 14].map((i) => {
    const exact = dot(x.slice(i, i + 2), y.slice(i, i + 2));
    return exact.flatMap((total) => [(total << 16) >> 16, signed16(total)]);
  });

/** The sums of four products, by way of 16 bits or at once. */
const dotFours = (x: readonly number[], y: readonly number[]): number[][] => {
  const pairs = dotPairs(x, y);
  return [0, 1, 2, 3].map((i) => {
    const inSteps = pairs[2 * i].flatMap((a) => pairs[2 * i + 1].map((b) => a + b));
    return [...inSteps, ...dot(x.slice(4 * i, 4 * i + 4), y.slice(4 * i, 4 * i + 4))];
  });
};

export const relaxedCases = {
  "i8x16.relaxed_swizzle": relaxedAcross(
    ["u8x16", "u8x16"],
    "u8x16",
  )((x, at) => at.map((i) => (i < 16 ? [x[i]] : i < 128 ? [0, x[i % 16]] : [0]))),
  "i32x4.relaxed_trunc_f32x4_s": relaxed("f32x4", "i32x4")(anySigned),
  "i32x4.relaxed_trunc_f32x4_u": relaxed("f32x4", "u32x4")(anyUnsigned),
  "i32x4.relaxed_trunc_f64x2_s_zero": relaxedAcross(
    ["f64x2"],
    "i32x4",
  )((x) => [...x.map(anySigned), [0], [0]]),
  "i32x4.relaxed_trunc_f64x2_u_zero": relaxedAcross(
    ["f64x2"],
    "u32x4",
  )((x) => [...x.map(anyUnsigned), [0], [0]]),
  "f32x4.relaxed_madd": relaxed("f32x4")(madd("f32", Math.fround)),
  "f32x4.relaxed_nmadd": relaxed("f32x4")(nmadd("f32", Math.fround)),
  "f64x2.relaxed_madd": relaxed("f64x2")(madd("f64", double)),
  "f64x2.relaxed_nmadd": relaxed("f64x2")(nmadd("f64", double)),
  "i8x16.relaxed_laneselect": relaxed("u8x16")(select(8)),
  "i16x8.relaxed_laneselect": relaxed("u16x8")(select(16)),
  "i32x4.relaxed_laneselect": relaxed("u32x4")(select(32)),
  "i64x2.relaxed_laneselect": relaxed("u64x2")(select64(64)),
  "f32x4.relaxed_min": relaxed("f32x4")(minimum),
  "f32x4.relaxed_max": relaxed("f32x4")(maximum),
  "f64x2.relaxed_min": relaxed("f64x2")(minimum),
  "f64x2.relaxed_max": relaxed("f64x2")(maximum),
  "i16x8.relaxed_q15mulr_s": relaxed("i16x8")((x, y) => {
    const product = (x * y + 0x4000) >> 15;
    return [product, signed16(product)];
  }),
  "i16x8.relaxed_dot_i8x16_i7x16_s": relaxedAcross(["i8x16", "i8x16"], "i16x8")(dotPairs),
  "i32x4.relaxed_dot_i8x16_i7x16_add_s": relaxedAcross(
    ["i8x16", "i8x16", "i32x4"],
    "i32x4",
  )((x, y, z) => dotFours(x, y).map((sums, i) => sums.map((sum) => sum + z[i]))),
};
