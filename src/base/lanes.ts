// Lane language: what a pointwise op computes, as data. A lane value is FOUR elements, whatever its
// type: f32, i32 and mask take one v128, f64 and i64 two. A body is traced once per dtype on the main
// thread; the compiler turns it into Wasm SIMD, tests evaluate it in JavaScript, printers print it.
//
//   body = inputs [v0 v1 …] then instructions, each naming earlier values:  v2 = mul.f32 v0 v1

export type LaneType = "f32" | "f64" | "i32" | "i64" | "mask";

/** Operand shape of every lane instruction; `type` is the type it works in, its operands' type. */
export const laneOps = {
  const: { operands: 0, on: ["f32", "f64", "i32", "i64", "mask"] },
  add: { operands: 2, on: ["f32", "f64", "i32", "i64"] },
  sub: { operands: 2, on: ["f32", "f64", "i32", "i64"] },
  mul: { operands: 2, on: ["f32", "f64", "i32"] },
  /** High 32 bits of the unsigned product. */
  mulhi: { operands: 2, on: ["i32"] },
  div: { operands: 2, on: ["f32", "f64"] },
  /** x·y + z, rounded once where the machine fuses, else twice. */
  madd: { operands: 3, on: ["f32", "f64"] },
  /** NaN if either is NaN; -0 < 0. */
  min: { operands: 2, on: ["f32", "f64", "i32"] },
  max: { operands: 2, on: ["f32", "f64", "i32"] },
  neg: { operands: 1, on: ["f32", "f64", "i32"] },
  abs: { operands: 1, on: ["f32", "f64", "i32"] },
  sqrt: { operands: 1, on: ["f32", "f64"] },
  floor: { operands: 1, on: ["f32", "f64"] },
  ceil: { operands: 1, on: ["f32", "f64"] },
  trunc: { operands: 1, on: ["f32", "f64"] },
  /** To the nearest integer, ties to even. */
  nearest: { operands: 1, on: ["f32", "f64"] },
  eq: { operands: 2, on: ["f32", "f64", "i32"] },
  ne: { operands: 2, on: ["f32", "f64", "i32"] },
  lt: { operands: 2, on: ["f32", "f64", "i32"] },
  le: { operands: 2, on: ["f32", "f64", "i32"] },
  gt: { operands: 2, on: ["f32", "f64", "i32"] },
  ge: { operands: 2, on: ["f32", "f64", "i32"] },
  and: { operands: 2, on: ["i32", "i64", "mask"] },
  or: { operands: 2, on: ["i32", "i64", "mask"] },
  xor: { operands: 2, on: ["i32", "i64", "mask"] },
  not: { operands: 1, on: ["i32", "i64", "mask"] },
  /** Shifts by a constant number of bits, kept in `value`. */
  shl: { operands: 1, on: ["i32", "i64"] },
  shrS: { operands: 1, on: ["i32", "i64"] },
  shrU: { operands: 1, on: ["i32", "i64"] },
  /** select(mask, a, b): `type` is that of a and b. */
  select: { operands: 3, on: ["f32", "f64", "i32", "i64", "mask"] },
  /** Conversions; `type` is the source, `to` the result. f→i truncates and saturates, NaN → 0. */
  convert: { operands: 1, on: ["f32", "f64", "i32", "mask"] },
  /** Same bits, other type: f32 ↔ i32, f64 ↔ i64. */
  bitcast: { operands: 1, on: ["f32", "i32", "f64", "i64"] },
} as const satisfies Record<string, { operands: number; on: readonly LaneType[] }>;

export type LaneOp = keyof typeof laneOps;

export interface LaneInstruction {
  readonly op: LaneOp;
  /** The operands' type (for `select`: of the last two; for `const`: of the result). */
  readonly type: LaneType;
  /** The result's type. */
  readonly to: LaneType;
  /** Positions of earlier values: the body's inputs first, then its instructions in order. */
  readonly args: readonly number[];
  /** The constant, or the number of bits of a shift. i64 constants are bigint. */
  readonly value?: number | bigint;
}

export interface LaneBody {
  readonly inputs: readonly LaneType[];
  readonly instructions: readonly LaneInstruction[];
  readonly outputs: readonly number[];
}

/** Type of the value at position `at` of a body. */
export function laneTypeAt(body: LaneBody, at: number): LaneType {
  const inputs = body.inputs.length;
  return at < inputs
    ? (body.inputs[at] as LaneType)
    : (body.instructions[at - inputs]?.to as LaneType);
}
