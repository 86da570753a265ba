/** The ways to read an operand's bytes as numbers, and numbers worth trying in each. */
export const shapes = {
  i8x16: Int8Array,
  u8x16: Uint8Array,
  i16x8: Int16Array,
  u16x8: Uint16Array,
  i32x4: Int32Array,
  u32x4: Uint32Array,
  i64x2: BigInt64Array,
  u64x2: BigUint64Array,
  f32x4: Float32Array,
  f64x2: Float64Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

export type Shape = keyof typeof shapes;
type WideShape = "i64x2" | "u64x2" | "i64" | "u64";
export type LaneOf<S extends Shape> = S extends WideShape ? bigint : number;

export function laneCount(shape: Shape): number {
  return isVector(shape) ? 16 / shapes[shape].BYTES_PER_ELEMENT : 1;
}

export function isVector(shape: Shape): boolean {
  return shape.includes("x");
}

export function lanesAt<S extends Shape>(buffer: ArrayBufferLike, at: number, shape: S) {
  const lanes = new shapes[shape](buffer as ArrayBuffer, at, laneCount(shape));
  return lanes as unknown as LaneOf<S>[] & ArrayLike<LaneOf<S>>;
}

export function readLanes<S extends Shape>(
  buffer: ArrayBufferLike,
  at: number,
  shape: S,
): LaneOf<S>[] {
  return Array.from(lanesAt(buffer, at, shape));
}

export function writeLanes<S extends Shape>(
  buffer: ArrayBufferLike,
  at: number,
  { shape, lanes }: { shape: S; lanes: readonly LaneOf<S>[] },
): void {
  const target = lanesAt(buffer, at, shape);
  lanes.forEach((lane, i) => {
    target[i] = lane;
  });
}

/** Rounds or wraps numbers as the shape stores them. */
export function stored<S extends Shape>(shape: S, lanes: readonly LaneOf<S>[]): LaneOf<S>[] {
  const buffer = new ArrayBuffer(16);
  writeLanes(buffer, 0, { shape, lanes });
  return readLanes(buffer, 0, shape);
}

const small = [0, 1, -1, 2, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 85, -86, 127, -128, 100, -77];
const ints16 = [...small, 255, 256, -32768, 32767, 12345, -23456];
const ints32 = [...ints16, 65535, 65536, 2147483647, -2147483648, 305419896, -98765432];
const ints64 = [
  ...ints32.map(BigInt),
  0xffffffffn,
  0x100000000n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  0x123456789abcdef0n,
  -0x0fedcba987654321n,
];
const floats = [
  ...[0, -0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.1, -7.75, 3, 1e10, -1e10, 127.6, 255.5],
  ...[Number.NaN, Infinity, -Infinity, (2 - 2 ** -23) * 2 ** 127, 2 ** -149],
  ...[2147483647, 2147483648, -2147483648, -2147483904, 4294967040, 4294967296, -0.99],
  ...[2 ** 63 - 2 ** 39, 2 ** 63, -(2 ** 63), 2 ** 64 - 2 ** 40],
  ...[2 ** 64, 8388607.5, -4194303.5, 16777216, -1.9e19],
];
const doubles = [
  ...floats,
  ...[2147483647.5, -2147483648.9, -2147483649, 4294967295.5, 2 ** 53 - 1, 1e300, -1e-300],
  ...[5e-324, 4503599627370495.5, 3.5e38, 2 ** 128 - 2 ** 103, 1 + 2 ** -24, 7e-46],
];

const ofWidth = { 8: small, 16: ints16, 32: ints32 } as const;

/** Special numbers of a shape, already rounded or wrapped to it. */
export function samples<S extends Shape>(shape: S): LaneOf<S>[] {
  const Lanes = shapes[shape];
  if (shape.startsWith("f32")) return Array.from(Float32Array.from(floats)) as LaneOf<S>[];
  if (shape.startsWith("f64")) return doubles as LaneOf<S>[];
  if (Lanes === BigInt64Array) return Array.from(BigInt64Array.from(ints64)) as LaneOf<S>[];
  if (Lanes === BigUint64Array) return Array.from(BigUint64Array.from(ints64)) as LaneOf<S>[];
  const bits = (Lanes.BYTES_PER_ELEMENT * 8) as 8 | 16 | 32;
  const typed = new (Lanes as Int32ArrayConstructor)(ofWidth[bits]);
  return Array.from(new Set(typed)) as LaneOf<S>[];
}
