// Logical dtypes, how they lie in memory, and how they promote.
//
//   dtype                in memory     in lanes (4 elements)
//   float32              f32           one f32x4
//   float64              f64           two f64x2
//   float16, bfloat16    u16, bits     one f32x4   (every result is rounded to what fits)
//   int32                i32           one i32x4
//   int64                i32           one i32x4   (logical: range-checked on entry, prints as int64)
//   uint8, int8, int16   u8, i8, i16   one i32x4   (every result is wrapped to what fits)
//   bool                 u8 (0, 1)     one i32x4 mask (0, -1)

import { decodeHalves, encodeHalves, type HalfFormat, halfValue } from "./half-floats.ts";
import type { LaneType } from "./lanes.ts";

export const dtypes = {
  float32: { bytes: 4, lane: "f32", category: 2, rank: 2 },
  float64: { bytes: 8, lane: "f64", category: 2, rank: 3 },
  float16: { bytes: 2, lane: "f32", category: 2, rank: 1 },
  bfloat16: { bytes: 2, lane: "f32", category: 2, rank: 1 },
  int32: { bytes: 4, lane: "i32", category: 1, rank: 3 },
  int64: { bytes: 4, lane: "i32", category: 1, rank: 4 },
  int16: { bytes: 2, lane: "i32", category: 1, rank: 2 },
  int8: { bytes: 1, lane: "i32", category: 1, rank: 1 },
  uint8: { bytes: 1, lane: "i32", category: 1, rank: 1 },
  bool: { bytes: 1, lane: "mask", category: 0, rank: 0 },
} as const satisfies Record<string, DTypeInfo>;

interface DTypeInfo {
  /** Bytes an element takes in shared memory. */
  readonly bytes: number;
  readonly lane: LaneType;
  /** bool < integer < floating point: a scalar of a higher category promotes, of a lower never. */
  readonly category: 0 | 1 | 2;
  /** Within a category the higher rank wins; of equal ones neither holds the other. */
  readonly rank: number;
}

export type DType = keyof typeof dtypes;
export type HalfDType = HalfFormat;
export type SmallInteger = "uint8" | "int8" | "int16";
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint16Array;

export const isFloat = (dtype: DType): boolean => dtypes[dtype].category === 2;
export const isInteger = (dtype: DType): boolean => dtypes[dtype].category === 1;
export const isDType = (name: unknown): name is DType =>
  typeof name === "string" && Object.hasOwn(dtypes, name);

/** 16 bits in memory, float32 in lanes. */
export const isHalf = (dtype: DType): dtype is HalfDType =>
  dtype === "float16" || dtype === "bfloat16";

/** What sums over elements of a floating point dtype are kept in until they are rounded, once. */
export const accumulated = (dtype: DType): DType => (isHalf(dtype) ? "float32" : dtype);

/** Integers whose lanes could hold more than their memory. */
export const isSmall = (dtype: DType): dtype is SmallInteger =>
  isInteger(dtype) && dtypes[dtype].bytes < 4;

const typedArrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  int64: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** A typed array over `buffer`, as elements of `dtype` lie in memory. */
export function typedArray(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArray {
  return new typedArrays[dtype](buffer as ArrayBuffer, byteOffset, length);
}

/** Elements as they lie in memory as numbers to read: the 16 bits of a half become its value. */
export const readable = (dtype: DType, stored: TypedArray): TypedArray =>
  isHalf(dtype) ? decodeHalves(dtype, stored) : stored;

/** `value` as an element of `dtype` holds it: floats are rounded, integers cut and wrapped. */
export function roundTo(dtype: DType, value: number): number {
  switch (dtype) {
    case "float64":
      return value;
    case "float32":
      return Math.fround(value);
    case "float16":
    case "bfloat16":
      return halfValue(dtype, encodeHalves(dtype, [value])[0] as number);
    case "bool":
      return value === 0 ? 0 : 1;
    case "int32":
    case "int64":
      return Math.trunc(value) | 0;
    case "int16":
      return (Math.trunc(value) << 16) >> 16;
    case "int8":
      return (Math.trunc(value) << 24) >> 24;
    case "uint8":
      return Math.trunc(value) & 0xff;
    default: {
      const unreachable: never = dtype;
      return unreachable;
    }
  }
}

/**
 * Whether an integer dtype holds a given whole number. A negative one that an unsigned dtype could hold
 * without its sign wraps, as in PyTorch.
 */
export const holds = (dtype: DType, value: number): boolean =>
  roundTo(dtype, value) === value || (dtype === "uint8" && value < 0 && value > -256);

/** PyTorch's promotion of two tensor dtypes of equal standing. */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  const x = dtypes[a];
  const y = dtypes[b];
  if (x.category !== y.category) return x.category > y.category ? a : b;
  // The smallest that holds both: uint8 and int8 meet in int16, the two halves in float32.
  if (x.rank === y.rank) return x.category === 2 ? "float32" : "int16";
  return x.rank > y.rank ? a : b;
}
