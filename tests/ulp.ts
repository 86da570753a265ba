// Errors in units in the last place, and the floats at which functions are measured.
// One ulp is the distance of neighbouring floats at the truth; below the normal numbers it is constant.

const buffer = new ArrayBuffer(8);
const single = new Float32Array(buffer);
const word = new Uint32Array(buffer);
const double = new Float64Array(buffer);
const long = new BigUint64Array(buffer);

export function floatOfBits32(bits: number): number {
  word[0] = bits;
  return single[0] as number;
}

export function bitsOfFloat32(x: number): number {
  single[0] = x;
  return word[0] as number;
}

export function floatOfBits64(bits: bigint): number {
  long[0] = bits;
  return double[0] as number;
}

export function bitsOfFloat64(x: number): bigint {
  double[0] = x;
  return long[0] as bigint;
}

/** The distance of float32 neighbours at |x|. */
export function ulpOf32(x: number): number {
  return 2 ** (Math.max(exponentOf(x), -126) - 23);
}

/** The distance of float64 neighbours at |x|. */
export function ulpOf64(x: number): number {
  return 2 ** (Math.max(exponentOf(x), -1022) - 52);
}

/** Distance in float32 ulps of `actual` from the truth, which has more than float32's precision. */
export function ulpError32(actual: number, truth: number): number {
  if (Math.abs(truth) > 2 ** 127) return errorNear(2 ** 128, actual, truth, Math.fround(truth));
  return special(actual, truth) ?? Math.abs(actual - truth) / ulpOf32(truth);
}

/** Distance in float64 ulps of `actual` from the truth, which is `truth + finer`. */
export function ulpError64(actual: number, truth: number, finer = 0): number {
  const known = special(actual, truth);
  if (known !== undefined) return known;
  return Math.abs(actual - truth - finer) / ulpOf64(truth);
}

/** 0 or ∞ where the truth is NaN, infinite or zero, which must be met exactly, sign included. */
function special(actual: number, truth: number): number | undefined {
  if (Number.isNaN(truth) || Number.isNaN(actual) || truth === 0 || !Number.isFinite(truth)) {
    return Object.is(actual, truth) ? 0 : Number.POSITIVE_INFINITY;
  }
  if (actual === 0 && truth < 0 !== Object.is(actual, -0)) return Number.POSITIVE_INFINITY;
  return undefined;
}

/** Overflow: ∞ stands for the power of two it begins at. */
function errorNear(end: number, actual: number, truth: number, rounded: number): number {
  if (Object.is(actual, rounded))
    return Number.isFinite(rounded) ? Math.abs(actual - truth) / ulpOf32(2 ** 127) : 0;
  const finite = Number.isFinite(actual) ? actual : Math.sign(actual) * end;
  const bounded = Math.sign(truth) * Math.min(Math.abs(truth), end);
  return Math.abs(finite - bounded) / ulpOf32(2 ** 127);
}

function exponentOf(x: number): number {
  double[0] = x;
  const biased = ((word[1] as number) >>> 20) & 0x7ff;
  return biased === 0 ? -1022 : biased - 1023;
}

/** Every `stride`-th of the 2^32 float32 bit patterns. */
export function* strided32(stride: number, first = 0): Generator<number> {
  for (let bits = first; bits < 2 ** 32; bits += stride) yield floatOfBits32(bits);
}

/** `count` float64 bit patterns spread evenly over all of them. */
export function* strided64(count: number): Generator<number> {
  const stride = (1n << 64n) / BigInt(count);
  for (let at = 0; at < count; at++) yield floatOfBits64(BigInt(at) * (stride | 1n));
}

/** Zeros, infinities, NaN, the ends of the subnormal and normal numbers, small integers and halves. */
export const specials32: readonly number[] = withSigns([
  0,
  2 ** -149,
  2 ** -148,
  3 * 2 ** -149,
  2 ** -126 - 2 ** -149,
  2 ** -126,
  2 ** -125,
  2 ** -24,
  2 ** -12,
  0.25,
  0.5,
  1 - 2 ** -24,
  1,
  1 + 2 ** -23,
  1.5,
  2,
  2.5,
  3,
  4,
  5,
  8,
  10,
  16,
  100,
  127,
  128,
  2 ** 23,
  2 ** 24,
  2 ** 31,
  2 ** 32,
  2 ** 63,
  2 ** 127,
  (2 - 2 ** -23) * 2 ** 127,
  Number.POSITIVE_INFINITY,
  Number.NaN,
]);

export const specials64: readonly number[] = withSigns([
  0,
  2 ** -1074,
  3 * 2 ** -1074,
  2 ** -1022 - 2 ** -1074,
  2 ** -1022,
  2 ** -150,
  2 ** -54,
  2 ** -27,
  0.25,
  0.5,
  1 - 2 ** -53,
  1,
  1 + 2 ** -52,
  1.5,
  2,
  2.5,
  3,
  4,
  5,
  10,
  100,
  1000,
  2 ** 31,
  2 ** 52,
  2 ** 53,
  2 ** 63,
  2 ** 1023,
  Number.MAX_VALUE,
  Number.POSITIVE_INFINITY,
  Number.NaN,
]);

function withSigns(values: readonly number[]): number[] {
  return values.flatMap((value) => [value, -value]);
}

/** x and its `count` float32 neighbours on either side. */
export function around32(x: number, count: number): number[] {
  const bits = bitsOfFloat32(x);
  return Array.from({ length: 2 * count + 1 }, (_, at) => floatOfBits32(bits - count + at));
}

/** x and its `count` float64 neighbours on either side. */
export function around64(x: number, count: number): number[] {
  const bits = bitsOfFloat64(x) - BigInt(count);
  return Array.from({ length: 2 * count + 1 }, (_, at) => floatOfBits64(bits + BigInt(at)));
}
