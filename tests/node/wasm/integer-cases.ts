/** Oracles of the fixed-width vector instructions on integers. */
import { ones, signed8, signed16, unsigned8, unsigned16 } from "./integers.ts";
import { across, lanewise } from "./pointwise.ts";

const i8x16 = lanewise("i8x16");
const u8x16 = lanewise("u8x16");
const i16x8 = lanewise("i16x8");
const u16x8 = lanewise("u16x8");
const i32x4 = lanewise("i32x4");
const u32x4 = lanewise("u32x4");
const i64x2 = lanewise("i64x2");
const u8x16Test = lanewise("u8x16", "i8x16");
const u16x8Test = lanewise("u16x8", "i16x8");
const u32x4Test = lanewise("u32x4", "i32x4");

type Small = "i8x16" | "u8x16" | "i16x8" | "u16x8" | "i32x4" | "u32x4";

/** The count is taken modulo the bits of a lane. */
const shift = (shape: Small, bits: number, oracle: (x: number, n: number) => number) =>
  across([shape, "u32"], shape)((x, [n]) => x.map((lane) => oracle(lane, n % bits)));
const shift64 = (shape: "i64x2" | "u64x2", oracle: (x: bigint, n: bigint) => bigint) =>
  across([shape, "u32"], shape)((x, [n]) => x.map((lane) => oracle(lane, BigInt(n % 64))));

const allTrue = (shape: Small | "i64x2") =>
  across([shape], "i32")((x) => [Number((x as (number | bigint)[]).every(Boolean))]);
const signs = (shape: "i8x16" | "i16x8" | "i32x4" | "i64x2") =>
  across(
    [shape],
    "i32",
  )((x) => {
    return [
      (x as (number | bigint)[]).reduce<number>(
        (mask, lane, i) => mask | (Number(lane < 0) << i),
        0,
      ),
    ];
  });

type Half = "low" | "high";
const half = <T>(x: readonly T[], which: Half): T[] => {
  return which === "low" ? x.slice(0, x.length / 2) : x.slice(x.length / 2);
};
const extend = (from: Small, to: Small, which: Half) => across([from], to)((x) => half(x, which));
const extend64 = (from: Small, which: Half) =>
  across([from], "i64x2")((x) => half(x, which).map(BigInt));
const extendedProduct = (from: Small, to: Small, which: Half) =>
  across(
    [from, from],
    to,
  )((x, y) =>
    half(
      x.map((lane, i) => lane * y[i]),
      which,
    ),
  );
const extendedProduct64 = (from: Small, which: Half) =>
  across(
    [from, from],
    "i64x2",
  )((x, y) => {
    return half(
      x.map((lane, i) => BigInt(lane) * BigInt(y[i])),
      which,
    );
  });

const pairwise = (from: Small, to: Small) =>
  across([from], to)((x) => half(x, "low").map((_, i) => x[2 * i] + x[2 * i + 1]));
const narrow = (from: Small, to: Small, clampLane: (x: number) => number) =>
  across([from, from], to)((x, y) => [...x, ...y].map((lane) => clampLane(lane)));

const i8x16Cases = {
  "i8x16.eq": i8x16((x, y) => x === y),
  "i8x16.ne": i8x16((x, y) => x !== y),
  "i8x16.lt_s": i8x16((x, y) => x < y),
  "i8x16.lt_u": u8x16Test((x, y) => x < y),
  "i8x16.gt_s": i8x16((x, y) => x > y),
  "i8x16.gt_u": u8x16Test((x, y) => x > y),
  "i8x16.le_s": i8x16((x, y) => x <= y),
  "i8x16.le_u": u8x16Test((x, y) => x <= y),
  "i8x16.ge_s": i8x16((x, y) => x >= y),
  "i8x16.ge_u": u8x16Test((x, y) => x >= y),
  "i8x16.abs": i8x16((x) => Math.abs(x)),
  "i8x16.neg": i8x16((x) => -x),
  "i8x16.all_true": allTrue("i8x16"),
  "i8x16.bitmask": signs("i8x16"),
  "i8x16.shl": shift("i8x16", 8, (x, n) => x << n),
  "i8x16.shr_s": shift("i8x16", 8, (x, n) => x >> n),
  "i8x16.shr_u": shift("u8x16", 8, (x, n) => x >>> n),
  "i8x16.add": i8x16((x, y) => x + y),
  "i8x16.sub": i8x16((x, y) => x - y),
  "i8x16.min_s": i8x16((x, y) => Math.min(x, y)),
  "i8x16.min_u": u8x16((x, y) => Math.min(x, y)),
  "i8x16.max_s": i8x16((x, y) => Math.max(x, y)),
  "i8x16.max_u": u8x16((x, y) => Math.max(x, y)),
  "i8x16.add_sat_s": i8x16((x, y) => signed8(x + y)),
  "i8x16.add_sat_u": u8x16((x, y) => unsigned8(x + y)),
  "i8x16.sub_sat_s": i8x16((x, y) => signed8(x - y)),
  "i8x16.sub_sat_u": u8x16((x, y) => unsigned8(x - y)),
  "i8x16.avgr_u": u8x16((x, y) => (x + y + 1) >> 1),
  "i8x16.swizzle": across(["u8x16", "u8x16"], "u8x16")((x, at) => at.map((i) => x[i] ?? 0)),
  "i8x16.popcnt": u8x16((x) => ones(x)),
  "i8x16.narrow_i16x8_s": narrow("i16x8", "i8x16", signed8),
  "i8x16.narrow_i16x8_u": narrow("i16x8", "u8x16", unsigned8),
};

const i16x8Cases = {
  "i16x8.eq": i16x8((x, y) => x === y),
  "i16x8.ne": i16x8((x, y) => x !== y),
  "i16x8.lt_s": i16x8((x, y) => x < y),
  "i16x8.lt_u": u16x8Test((x, y) => x < y),
  "i16x8.gt_s": i16x8((x, y) => x > y),
  "i16x8.gt_u": u16x8Test((x, y) => x > y),
  "i16x8.le_s": i16x8((x, y) => x <= y),
  "i16x8.le_u": u16x8Test((x, y) => x <= y),
  "i16x8.ge_s": i16x8((x, y) => x >= y),
  "i16x8.ge_u": u16x8Test((x, y) => x >= y),
  "i16x8.abs": i16x8((x) => Math.abs(x)),
  "i16x8.neg": i16x8((x) => -x),
  "i16x8.all_true": allTrue("i16x8"),
  "i16x8.bitmask": signs("i16x8"),
  "i16x8.shl": shift("i16x8", 16, (x, n) => x << n),
  "i16x8.shr_s": shift("i16x8", 16, (x, n) => x >> n),
  "i16x8.shr_u": shift("u16x8", 16, (x, n) => x >>> n),
  "i16x8.add": i16x8((x, y) => x + y),
  "i16x8.sub": i16x8((x, y) => x - y),
  "i16x8.min_s": i16x8((x, y) => Math.min(x, y)),
  "i16x8.min_u": u16x8((x, y) => Math.min(x, y)),
  "i16x8.max_s": i16x8((x, y) => Math.max(x, y)),
  "i16x8.max_u": u16x8((x, y) => Math.max(x, y)),
  "i16x8.add_sat_s": i16x8((x, y) => signed16(x + y)),
  "i16x8.add_sat_u": u16x8((x, y) => unsigned16(x + y)),
  "i16x8.sub_sat_s": i16x8((x, y) => signed16(x - y)),
  "i16x8.sub_sat_u": u16x8((x, y) => unsigned16(x - y)),
  "i16x8.avgr_u": u16x8((x, y) => (x + y + 1) >> 1),
  "i16x8.extend_low_i8x16_s": extend("i8x16", "i16x8", "low"),
  "i16x8.extmul_low_i8x16_s": extendedProduct("i8x16", "i16x8", "low"),
  "i16x8.extend_low_i8x16_u": extend("u8x16", "u16x8", "low"),
  "i16x8.extmul_low_i8x16_u": extendedProduct("u8x16", "u16x8", "low"),
  "i16x8.extend_high_i8x16_s": extend("i8x16", "i16x8", "high"),
  "i16x8.extmul_high_i8x16_s": extendedProduct("i8x16", "i16x8", "high"),
  "i16x8.extend_high_i8x16_u": extend("u8x16", "u16x8", "high"),
  "i16x8.extmul_high_i8x16_u": extendedProduct("u8x16", "u16x8", "high"),
  "i16x8.extadd_pairwise_i8x16_s": pairwise("i8x16", "i16x8"),
  "i16x8.extadd_pairwise_i8x16_u": pairwise("u8x16", "u16x8"),
  "i16x8.mul": i16x8((x, y) => Math.imul(x, y)),
  "i16x8.q15mulr_sat_s": i16x8((x, y) => signed16((x * y + 0x4000) >> 15)),
  "i16x8.narrow_i32x4_s": narrow("i32x4", "i16x8", signed16),
  "i16x8.narrow_i32x4_u": narrow("i32x4", "u16x8", unsigned16),
};

const i32x4Cases = {
  "i32x4.eq": i32x4((x, y) => x === y),
  "i32x4.ne": i32x4((x, y) => x !== y),
  "i32x4.lt_s": i32x4((x, y) => x < y),
  "i32x4.lt_u": u32x4Test((x, y) => x < y),
  "i32x4.gt_s": i32x4((x, y) => x > y),
  "i32x4.gt_u": u32x4Test((x, y) => x > y),
  "i32x4.le_s": i32x4((x, y) => x <= y),
  "i32x4.le_u": u32x4Test((x, y) => x <= y),
  "i32x4.ge_s": i32x4((x, y) => x >= y),
  "i32x4.ge_u": u32x4Test((x, y) => x >= y),
  "i32x4.abs": i32x4((x) => Math.abs(x)),
  "i32x4.neg": i32x4((x) => -x),
  "i32x4.all_true": allTrue("i32x4"),
  "i32x4.bitmask": signs("i32x4"),
  "i32x4.shl": shift("i32x4", 32, (x, n) => x << n),
  "i32x4.shr_s": shift("i32x4", 32, (x, n) => x >> n),
  "i32x4.shr_u": shift("u32x4", 32, (x, n) => x >>> n),
  "i32x4.add": i32x4((x, y) => x + y),
  "i32x4.sub": i32x4((x, y) => x - y),
  "i32x4.min_s": i32x4((x, y) => Math.min(x, y)),
  "i32x4.min_u": u32x4((x, y) => Math.min(x, y)),
  "i32x4.max_s": i32x4((x, y) => Math.max(x, y)),
  "i32x4.max_u": u32x4((x, y) => Math.max(x, y)),
  "i32x4.extend_low_i16x8_s": extend("i16x8", "i32x4", "low"),
  "i32x4.extmul_low_i16x8_s": extendedProduct("i16x8", "i32x4", "low"),
  "i32x4.extend_low_i16x8_u": extend("u16x8", "u32x4", "low"),
  "i32x4.extmul_low_i16x8_u": extendedProduct("u16x8", "u32x4", "low"),
  "i32x4.extend_high_i16x8_s": extend("i16x8", "i32x4", "high"),
  "i32x4.extmul_high_i16x8_s": extendedProduct("i16x8", "i32x4", "high"),
  "i32x4.extend_high_i16x8_u": extend("u16x8", "u32x4", "high"),
  "i32x4.extmul_high_i16x8_u": extendedProduct("u16x8", "u32x4", "high"),
  "i32x4.extadd_pairwise_i16x8_s": pairwise("i16x8", "i32x4"),
  "i32x4.extadd_pairwise_i16x8_u": pairwise("u16x8", "u32x4"),
  "i32x4.mul": i32x4((x, y) => Math.imul(x, y)),
  "i32x4.dot_i16x8_s": across(
    ["i16x8", "i16x8"],
    "i32x4",
  )((x, y) => {
    return [0, 2, 4, 6].map((i) => x[i] * y[i] + x[i + 1] * y[i + 1]);
  }),
};

const i64x2Cases = {
  "i64x2.eq": i64x2((x, y) => x === y),
  "i64x2.ne": i64x2((x, y) => x !== y),
  "i64x2.lt_s": i64x2((x, y) => x < y),
  "i64x2.gt_s": i64x2((x, y) => x > y),
  "i64x2.le_s": i64x2((x, y) => x <= y),
  "i64x2.ge_s": i64x2((x, y) => x >= y),
  "i64x2.abs": i64x2((x) => (x < 0n ? -x : x)),
  "i64x2.neg": i64x2((x) => -x),
  "i64x2.all_true": allTrue("i64x2"),
  "i64x2.bitmask": signs("i64x2"),
  "i64x2.shl": shift64("i64x2", (x, n) => x << n),
  "i64x2.shr_s": shift64("i64x2", (x, n) => x >> n),
  "i64x2.shr_u": shift64("u64x2", (x, n) => x >> n),
  "i64x2.add": i64x2((x, y) => x + y),
  "i64x2.sub": i64x2((x, y) => x - y),
  "i64x2.extend_low_i32x4_s": extend64("i32x4", "low"),
  "i64x2.extmul_low_i32x4_s": extendedProduct64("i32x4", "low"),
  "i64x2.extend_low_i32x4_u": extend64("u32x4", "low"),
  "i64x2.extmul_low_i32x4_u": extendedProduct64("u32x4", "low"),
  "i64x2.extend_high_i32x4_s": extend64("i32x4", "high"),
  "i64x2.extmul_high_i32x4_s": extendedProduct64("i32x4", "high"),
  "i64x2.extend_high_i32x4_u": extend64("u32x4", "high"),
  "i64x2.extmul_high_i32x4_u": extendedProduct64("u32x4", "high"),
  "i64x2.mul": i64x2((x, y) => x * y),
};

export const integerCases = { ...i8x16Cases, ...i16x8Cases, ...i32x4Cases, ...i64x2Cases };
