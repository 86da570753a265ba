/** Oracles of the scalar instructions. */
import { rounded } from "./exact.ts";
import { nearest, ones, saturated64, signed32, unsigned32 } from "./integers.ts";
import { across, lanewise, trap } from "./pointwise.ts";

const i32 = lanewise("i32");
const u32 = lanewise("u32");
const i64 = lanewise("i64");
const u64 = lanewise("u64");
const f32 = lanewise("f32");
const f64 = lanewise("f64");
const i64Test = lanewise("i64", "i32");
const u64Test = lanewise("u64", "i32");
const f32Test = lanewise("f32", "i32");
const f64Test = lanewise("f64", "i32");

/** Toward zero, if the result lies between low and high. */
const truncated = (low: number, high: number) => (x: number) => {
  const whole = Math.trunc(x);
  return whole >= low && whole <= high ? whole : trap();
};
const truncated64 = (low: bigint, high: bigint) => (x: number) => {
  if (!Number.isFinite(x)) return trap();
  const whole = BigInt(Math.trunc(x));
  return whole >= low && whole <= high ? whole : trap();
};

const toSigned32 = truncated(-(2 ** 31), 2 ** 31 - 1);
const toUnsigned32 = truncated(0, 2 ** 32 - 1);
const range = { signed: [-(2n ** 63n), 2n ** 63n - 1n], unsigned: [0n, 2n ** 64n - 1n] } as const;
const toSigned64 = truncated64(...range.signed);
const toUnsigned64 = truncated64(...range.unsigned);
const clampSigned64 = saturated64(...range.signed);
const clampUnsigned64 = saturated64(...range.unsigned);

const copySign = (x: number, y: number) => {
  const isNegative = y < 0 || Object.is(y, -0);
  return isNegative ? -Math.abs(x) : Math.abs(x);
};
const bits64 = (x: bigint) => x.toString(2).padStart(64, "0");

const i32Cases = {
  "i32.eqz": i32((x) => x === 0),
  "i32.eq": i32((x, y) => x === y),
  "i32.ne": i32((x, y) => x !== y),
  "i32.lt_s": i32((x, y) => x < y),
  "i32.lt_u": u32((x, y) => x < y),
  "i32.gt_s": i32((x, y) => x > y),
  "i32.gt_u": u32((x, y) => x > y),
  "i32.le_s": i32((x, y) => x <= y),
  "i32.le_u": u32((x, y) => x <= y),
  "i32.ge_s": i32((x, y) => x >= y),
  "i32.ge_u": u32((x, y) => x >= y),
  "i32.clz": i32((x) => Math.clz32(x)),
  "i32.ctz": i32((x) => (x === 0 ? 32 : 31 - Math.clz32(x & -x))),
  "i32.popcnt": u32((x) => ones(x)),
  "i32.add": i32((x, y) => x + y),
  "i32.sub": i32((x, y) => x - y),
  "i32.mul": i32((x, y) => Math.imul(x, y)),
  "i32.div_s": i32((x, y) => (y === 0 || x / y === 2 ** 31 ? trap() : Math.trunc(x / y))),
  "i32.div_u": u32((x, y) => (y === 0 ? trap() : Math.floor(x / y))),
  "i32.rem_s": i32((x, y) => (y === 0 ? trap() : x % y)),
  "i32.rem_u": u32((x, y) => (y === 0 ? trap() : x % y)),
  "i32.and": i32((x, y) => x & y),
  "i32.or": i32((x, y) => x | y),
  "i32.xor": i32((x, y) => x ^ y),
  "i32.shl": i32((x, n) => x << n),
  "i32.shr_s": i32((x, n) => x >> n),
  "i32.shr_u": u32((x, n) => x >>> n),
  "i32.rotl": u32((x, n) => (x << n) | (x >>> (32 - n))),
  "i32.rotr": u32((x, n) => (x >>> n) | (x << (32 - n))),
  "i32.wrap_i64": lanewise("i64", "i32")((x) => Number(BigInt.asIntN(32, x))),
  "i32.trunc_f32_s": lanewise("f32", "i32")(toSigned32),
  "i32.trunc_f32_u": lanewise("f32", "u32")(toUnsigned32),
  "i32.trunc_f64_s": lanewise("f64", "i32")(toSigned32),
  "i32.trunc_f64_u": lanewise("f64", "u32")(toUnsigned32),
  "i32.reinterpret_f32": lanewise("i32")((x) => x),
  "i32.extend8_s": i32((x) => (x << 24) >> 24),
  "i32.extend16_s": i32((x) => (x << 16) >> 16),
  "i32.trunc_sat_f32_s": lanewise("f32", "i32")(signed32),
  "i32.trunc_sat_f32_u": lanewise("f32", "u32")(unsigned32),
  "i32.trunc_sat_f64_s": lanewise("f64", "i32")(signed32),
  "i32.trunc_sat_f64_u": lanewise("f64", "u32")(unsigned32),
};

const i64Cases = {
  "i64.eqz": i64Test((x) => x === 0n),
  "i64.eq": i64Test((x, y) => x === y),
  "i64.ne": i64Test((x, y) => x !== y),
  "i64.lt_s": i64Test((x, y) => x < y),
  "i64.lt_u": u64Test((x, y) => x < y),
  "i64.gt_s": i64Test((x, y) => x > y),
  "i64.gt_u": u64Test((x, y) => x > y),
  "i64.le_s": i64Test((x, y) => x <= y),
  "i64.le_u": u64Test((x, y) => x <= y),
  "i64.ge_s": i64Test((x, y) => x >= y),
  "i64.ge_u": u64Test((x, y) => x >= y),
  "i64.clz": u64((x) => BigInt(`${bits64(x)}1`.indexOf("1"))),
  "i64.ctz": u64((x) => BigInt(64 - `1${bits64(x)}`.lastIndexOf("1"))),
  "i64.popcnt": u64((x) => BigInt(ones(x))),
  "i64.add": i64((x, y) => x + y),
  "i64.sub": i64((x, y) => x - y),
  "i64.mul": i64((x, y) => x * y),
  "i64.div_s": i64((x, y) => (y === 0n || x / y === 2n ** 63n ? trap() : x / y)),
  "i64.div_u": u64((x, y) => (y === 0n ? trap() : x / y)),
  "i64.rem_s": i64((x, y) => (y === 0n ? trap() : x % y)),
  "i64.rem_u": u64((x, y) => (y === 0n ? trap() : x % y)),
  "i64.and": i64((x, y) => x & y),
  "i64.or": i64((x, y) => x | y),
  "i64.xor": i64((x, y) => x ^ y),
  "i64.shl": i64((x, n) => x << (n & 63n)),
  "i64.shr_s": i64((x, n) => x >> (n & 63n)),
  "i64.shr_u": u64((x, n) => x >> (n & 63n)),
  "i64.rotl": u64((x, n) => (x << (n & 63n)) | (x >> (64n - (n & 63n)))),
  "i64.rotr": u64((x, n) => (x >> (n & 63n)) | (x << (64n - (n & 63n)))),
  "i64.extend_i32_s": lanewise("i32", "i64")((x) => BigInt(x)),
  "i64.extend_i32_u": lanewise("u32", "i64")((x) => BigInt(x)),
  "i64.trunc_f32_s": lanewise("f32", "i64")(toSigned64),
  "i64.trunc_f32_u": lanewise("f32", "u64")(toUnsigned64),
  "i64.trunc_f64_s": lanewise("f64", "i64")(toSigned64),
  "i64.trunc_f64_u": lanewise("f64", "u64")(toUnsigned64),
  "i64.reinterpret_f64": lanewise("i64")((x) => x),
  "i64.extend8_s": i64((x) => BigInt.asIntN(8, x)),
  "i64.extend16_s": i64((x) => BigInt.asIntN(16, x)),
  "i64.extend32_s": i64((x) => BigInt.asIntN(32, x)),
  "i64.trunc_sat_f32_s": lanewise("f32", "i64")(clampSigned64),
  "i64.trunc_sat_f32_u": lanewise("f32", "u64")(clampUnsigned64),
  "i64.trunc_sat_f64_s": lanewise("f64", "i64")(clampSigned64),
  "i64.trunc_sat_f64_u": lanewise("f64", "u64")(clampUnsigned64),
};

const f32Cases = {
  "f32.eq": f32Test((x, y) => x === y),
  "f32.ne": f32Test((x, y) => x !== y),
  "f32.lt": f32Test((x, y) => x < y),
  "f32.gt": f32Test((x, y) => x > y),
  "f32.le": f32Test((x, y) => x <= y),
  "f32.ge": f32Test((x, y) => x >= y),
  "f32.abs": f32(Math.abs),
  "f32.neg": f32((x) => -x),
  "f32.ceil": f32(Math.ceil),
  "f32.floor": f32(Math.floor),
  "f32.trunc": f32(Math.trunc),
  "f32.nearest": f32(nearest),
  "f32.sqrt": f32(Math.sqrt),
  "f32.add": f32((x, y) => x + y),
  "f32.sub": f32((x, y) => x - y),
  "f32.mul": f32((x, y) => x * y),
  "f32.div": f32((x, y) => x / y),
  "f32.min": f32((x, y) => Math.min(x, y)),
  "f32.max": f32((x, y) => Math.max(x, y)),
  "f32.copysign": f32(copySign),
  "f32.convert_i32_s": lanewise("i32", "f32")((x) => x),
  "f32.convert_i32_u": lanewise("u32", "f32")((x) => x),
  "f32.convert_i64_s": lanewise("i64", "f32")((x) => rounded(x, 0, "f32")),
  "f32.convert_i64_u": lanewise("u64", "f32")((x) => rounded(x, 0, "f32")),
  "f32.demote_f64": lanewise("f64", "f32")((x) => x),
  "f32.reinterpret_i32": lanewise("i32")((x) => x),
};

const f64Cases = {
  "f64.eq": f64Test((x, y) => x === y),
  "f64.ne": f64Test((x, y) => x !== y),
  "f64.lt": f64Test((x, y) => x < y),
  "f64.gt": f64Test((x, y) => x > y),
  "f64.le": f64Test((x, y) => x <= y),
  "f64.ge": f64Test((x, y) => x >= y),
  "f64.abs": f64(Math.abs),
  "f64.neg": f64((x) => -x),
  "f64.ceil": f64(Math.ceil),
  "f64.floor": f64(Math.floor),
  "f64.trunc": f64(Math.trunc),
  "f64.nearest": f64(nearest),
  "f64.sqrt": f64(Math.sqrt),
  "f64.add": f64((x, y) => x + y),
  "f64.sub": f64((x, y) => x - y),
  "f64.mul": f64((x, y) => x * y),
  "f64.div": f64((x, y) => x / y),
  "f64.min": f64((x, y) => Math.min(x, y)),
  "f64.max": f64((x, y) => Math.max(x, y)),
  "f64.copysign": f64(copySign),
  "f64.convert_i32_s": lanewise("i32", "f64")((x) => x),
  "f64.convert_i32_u": lanewise("u32", "f64")((x) => x),
  "f64.convert_i64_s": lanewise("i64", "f64")(Number),
  "f64.convert_i64_u": lanewise("u64", "f64")(Number),
  "f64.promote_f32": lanewise("f32", "f64")((x) => x),
  "f64.reinterpret_i64": lanewise("i64")((x) => x),
};

export const splatCases = {
  "i8x16.splat": across(["i32"], "i8x16")(([x]) => Array(16).fill(x)),
  "i16x8.splat": across(["i32"], "i16x8")(([x]) => Array(8).fill(x)),
  "i32x4.splat": across(["i32"], "i32x4")(([x]) => Array(4).fill(x)),
  "i64x2.splat": across(["i64"], "i64x2")(([x]) => Array(2).fill(x)),
  "f32x4.splat": across(["f32"], "f32x4")(([x]) => Array(4).fill(x)),
  "f64x2.splat": across(["f64"], "f64x2")(([x]) => Array(2).fill(x)),
};

export const scalarCases = { ...i32Cases, ...i64Cases, ...f32Cases, ...f64Cases, ...splatCases };
