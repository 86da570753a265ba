/** Oracles of the fixed-width vector instructions on floats and bits, and between shapes. */
import { nearest, pseudoMax, pseudoMin, signed32, unsigned32 } from "./integers.ts";
import { across, lanewise } from "./pointwise.ts";

const bits = lanewise("u32x4");
const f32x4 = lanewise("f32x4");
const f64x2 = lanewise("f64x2");
const f32x4Test = lanewise("f32x4", "i32x4");
const f64x2Test = lanewise("f64x2", "i64x2");

const bitCases = {
  "v128.not": bits((x) => ~x),
  "v128.and": bits((x, y) => x & y),
  "v128.andnot": bits((x, y) => x & ~y),
  "v128.or": bits((x, y) => x | y),
  "v128.xor": bits((x, y) => x ^ y),
  "v128.bitselect": bits((x, y, mask) => (x & mask) | (y & ~mask)),
  "v128.any_true": across(["i32x4"], "i32")((x) => [Number(x.some(Boolean))]),
};

const f32x4Cases = {
  "f32x4.eq": f32x4Test((x, y) => x === y),
  "f32x4.ne": f32x4Test((x, y) => x !== y),
  "f32x4.lt": f32x4Test((x, y) => x < y),
  "f32x4.gt": f32x4Test((x, y) => x > y),
  "f32x4.le": f32x4Test((x, y) => x <= y),
  "f32x4.ge": f32x4Test((x, y) => x >= y),
  "f32x4.demote_f64x2_zero": across(["f64x2"], "f32x4")((x) => [...x, 0, 0]),
  "f32x4.ceil": f32x4(Math.ceil),
  "f32x4.floor": f32x4(Math.floor),
  "f32x4.trunc": f32x4(Math.trunc),
  "f32x4.nearest": f32x4(nearest),
  "f32x4.abs": f32x4(Math.abs),
  "f32x4.neg": f32x4((x) => -x),
  "f32x4.sqrt": f32x4(Math.sqrt),
  "f32x4.add": f32x4((x, y) => x + y),
  "f32x4.sub": f32x4((x, y) => x - y),
  "f32x4.mul": f32x4((x, y) => x * y),
  "f32x4.div": f32x4((x, y) => x / y),
  "f32x4.min": f32x4((x, y) => Math.min(x, y)),
  "f32x4.max": f32x4((x, y) => Math.max(x, y)),
  "f32x4.pmin": f32x4(pseudoMin),
  "f32x4.pmax": f32x4(pseudoMax),
  "f32x4.convert_i32x4_s": lanewise("i32x4", "f32x4")((x) => x),
  "f32x4.convert_i32x4_u": lanewise("u32x4", "f32x4")((x) => x),
};

const f64x2Cases = {
  "f64x2.eq": f64x2Test((x, y) => x === y),
  "f64x2.ne": f64x2Test((x, y) => x !== y),
  "f64x2.lt": f64x2Test((x, y) => x < y),
  "f64x2.gt": f64x2Test((x, y) => x > y),
  "f64x2.le": f64x2Test((x, y) => x <= y),
  "f64x2.ge": f64x2Test((x, y) => x >= y),
  "f64x2.promote_low_f32x4": across(["f32x4"], "f64x2")((x) => x.slice(0, 2)),
  "f64x2.ceil": f64x2(Math.ceil),
  "f64x2.floor": f64x2(Math.floor),
  "f64x2.trunc": f64x2(Math.trunc),
  "f64x2.nearest": f64x2(nearest),
  "f64x2.abs": f64x2(Math.abs),
  "f64x2.neg": f64x2((x) => -x),
  "f64x2.sqrt": f64x2(Math.sqrt),
  "f64x2.add": f64x2((x, y) => x + y),
  "f64x2.sub": f64x2((x, y) => x - y),
  "f64x2.mul": f64x2((x, y) => x * y),
  "f64x2.div": f64x2((x, y) => x / y),
  "f64x2.min": f64x2((x, y) => Math.min(x, y)),
  "f64x2.max": f64x2((x, y) => Math.max(x, y)),
  "f64x2.pmin": f64x2(pseudoMin),
  "f64x2.pmax": f64x2(pseudoMax),
  "f64x2.convert_low_i32x4_s": across(["i32x4"], "f64x2")((x) => x.slice(0, 2)),
  "f64x2.convert_low_i32x4_u": across(["u32x4"], "f64x2")((x) => x.slice(0, 2)),
};

const truncations = {
  "i32x4.trunc_sat_f32x4_s": lanewise("f32x4", "i32x4")(signed32),
  "i32x4.trunc_sat_f32x4_u": lanewise("f32x4", "u32x4")(unsigned32),
  "i32x4.trunc_sat_f64x2_s_zero": across(
    ["f64x2"],
    "i32x4",
  )((x) => [...x.map((lane) => signed32(lane)), 0, 0]),
  "i32x4.trunc_sat_f64x2_u_zero": across(
    ["f64x2"],
    "u32x4",
  )((x) => [...x.map((lane) => unsigned32(lane)), 0, 0]),
};

export const vectorCases = { ...bitCases, ...f32x4Cases, ...f64x2Cases, ...truncations };
