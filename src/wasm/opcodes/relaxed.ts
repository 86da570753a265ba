/**
 * The relaxed vector instructions: where inputs are unusual, the machine may choose among the
 * results that the standard allows. A module made with simd "fixed" refuses them.
 */
import { plain } from "./row.ts";

const unary = plain("vector", ["v128"], ["v128"]);
const binary = plain("vector", ["v128", "v128"], ["v128"]);
const ternary = plain("vector", ["v128", "v128", "v128"], ["v128"]);

export const relaxed = {
  i8x16: {
    relaxed_swizzle: binary(0x100),
    relaxed_laneselect: ternary(0x109),
  },
  i16x8: {
    relaxed_laneselect: ternary(0x10a),
    relaxed_q15mulr_s: binary(0x111),
    relaxed_dot_i8x16_i7x16_s: binary(0x112),
  },
  i32x4: {
    relaxed_trunc_f32x4_s: unary(0x101),
    relaxed_trunc_f32x4_u: unary(0x102),
    relaxed_trunc_f64x2_s_zero: unary(0x103),
    relaxed_trunc_f64x2_u_zero: unary(0x104),
    relaxed_laneselect: ternary(0x10b),
    relaxed_dot_i8x16_i7x16_add_s: ternary(0x113),
  },
  i64x2: {
    relaxed_laneselect: ternary(0x10c),
  },
  f32x4: {
    relaxed_madd: ternary(0x105),
    relaxed_nmadd: ternary(0x106),
    relaxed_min: binary(0x10d),
    relaxed_max: binary(0x10e),
  },
  f64x2: {
    relaxed_madd: ternary(0x107),
    relaxed_nmadd: ternary(0x108),
    relaxed_min: binary(0x10f),
    relaxed_max: binary(0x110),
  },
};
