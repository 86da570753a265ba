// x·y + z rounded once, as a machine with fused multiply-add does it.
// float32: the product is exact in float64; the sum is rounded to odd there, so that the second
// rounding is harmless. float64: error-free product and sum (Boldo, Melquiond), and whole numbers
// where these would leave the exponent range.

const wide = new Float64Array(1);
const words = new Int32Array(wide.buffer);
const whole = new BigInt64Array(wide.buffer);

/** x·y + z of three float32 numbers, rounded once to float32. */
export function fusedMadd32(x: number, y: number, z: number): number {
  return Math.fround(sumToOdd(x * y, z));
}

/** x·y + z of three float64 numbers, rounded once to float64. */
export function fusedMadd64(x: number, y: number, z: number): number {
  const product = x * y;
  if (x === 0 || y === 0 || !Number.isFinite(x + y + z)) return product + z;
  if (z === 0) return product;
  const size = Math.abs(product);
  const isMid = size > 2 ** -900 && size < 2 ** 990 && Math.abs(z) < 2 ** 990;
  if (!isMid || Math.abs(x) > 2 ** 990 || Math.abs(y) > 2 ** 990) return exactMadd(x, y, z);
  const below = productError(x, y, product);
  const low = z + below;
  const high = product + low;
  return high + sumToOdd(sumError(product, low, high), sumError(z, below, low));
}

/** x + y, where an inexact sum takes the neighbour whose last bit is odd. */
function sumToOdd(x: number, y: number): number {
  const sum = x + y;
  const error = sumError(x, y, sum);
  if (error === 0 || Number.isNaN(error)) return sum;
  wide[0] = sum;
  const low = words[0] as number;
  if ((low & 1) === 1) return sum;
  const isAway = error > 0 === sum > 0;
  words[0] = isAway ? low + 1 : low - 1;
  if (!isAway && low === 0) words[1] = (words[1] as number) - 1;
  return wide[0] as number;
}

/** x + y - sum, exactly, where sum is x + y rounded. */
function sumError(x: number, y: number, sum: number): number {
  const part = sum - x;
  return x - (sum - part) + (y - part);
}

/** x·y - product, exactly, where product is x·y rounded. */
function productError(x: number, y: number, product: number): number {
  const [xh, yh] = [upperHalf(x), upperHalf(y)];
  const [xl, yl] = [x - xh, y - yh];
  return xl * yl - (product - xh * yh - xl * yh - xh * yl);
}

function upperHalf(x: number): number {
  const scaled = x * 134217729; // 2^27 + 1
  return scaled - (scaled - x);
}

function exactMadd(x: number, y: number, z: number): number {
  const [xm, xe] = parts(x);
  const [ym, ye] = parts(y);
  const [zm, ze] = parts(z);
  const exponent = Math.min(xe + ye, ze);
  const product = (xm * ym) << BigInt(xe + ye - exponent);
  return roundedNumber(product + (zm << BigInt(ze - exponent)), exponent);
}

/** x = mantissa · 2^exponent. */
function parts(x: number): [mantissa: bigint, exponent: number] {
  wide[0] = x;
  const bits = BigInt.asUintN(63, whole[0] as bigint);
  const biased = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  return [x < 0 ? -mantissa : mantissa, Math.max(biased, 1) - 1075];
}

/** The float64 nearest to mantissa · 2^exponent, ties to even. */
export function roundedNumber(mantissa: bigint, exponent: number): number {
  const size = mantissa < 0n ? -mantissa : mantissa;
  if (size === 0n) return 0;
  const excess = Math.max(bitLength(size) - 53, -1074 - exponent, 0);
  let kept = size >> BigInt(excess);
  const rest = size - (kept << BigInt(excess));
  const half = (1n << BigInt(excess)) >> 1n;
  if (rest > half || (excess > 0 && rest === half && (kept & 1n) === 1n)) kept += 1n;
  const power = exponent + excess;
  const result = Number(kept) * 2 ** Math.min(power, 971) * 2 ** Math.max(power - 971, 0);
  return mantissa < 0n ? -result : result;
}

const bitLength = (size: bigint): number => size.toString(2).length;
