// Logical dtypes, how they lie in memory, and how they promote.
//
//   dtype     in memory   in lanes (4 elements)
//   float32   f32         one f32x4
//   float64   f64         two f64x2
//   int32     i32         one i32x4
//   int64     i32         one i32x4     (logical: range-checked on entry, printed and promoted as int64)
//   bool      u8 (0, 1)   one i32x4 mask (0, -1)

import type { LaneType } from "./lanes.ts";

export const dtypes = {
  float32: { bytes: 4, lane: "f32", category: 2, rank: 1 },
  float64: { bytes: 8, lane: "f64", category: 2, rank: 2 },
  int32: { bytes: 4, lane: "i32", category: 1, rank: 1 },
  int64: { bytes: 4, lane: "i32", category: 1, rank: 2 },
  bool: { bytes: 1, lane: "mask", category: 0, rank: 0 },
} as const satisfies Record<string, DTypeInfo>;

interface DTypeInfo {
  /** Bytes an element takes in shared memory. */
  readonly bytes: number;
  readonly lane: LaneType;
  /** bool < integer < floating point: a scalar of a higher category promotes, of a lower never. */
  readonly category: 0 | 1 | 2;
  /** Within a category the higher rank wins. */
  readonly rank: number;
}

export type DType = keyof typeof dtypes;
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

export const isFloat = (dtype: DType): boolean => dtypes[dtype].category === 2;
export const isInteger = (dtype: DType): boolean => dtypes[dtype].category === 1;
export const isDType = (name: unknown): name is DType => typeof name === "string" && name in dtypes;

const typedArrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: Int32Array,
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

/** PyTorch's promotion of two tensor dtypes of equal standing. */
export function promote(a: DType, b: DType): DType {
  if (a === b) return a;
  const x = dtypes[a];
  const y = dtypes[b];
  if (x.category !== y.category) return x.category > y.category ? a : b;
  return x.rank > y.rank ? a : b;
}
