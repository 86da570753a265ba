// float16 and bfloat16 in JavaScript: their 16 bits as numbers and back, by way of float32. The kernels'
// conversions are lane bodies (narrowing.ts); a test compares the two over all 65536 values.
//
//   float16   s eeeee mmmmmmmmmm        bfloat16   s eeeeeeee mmmmmmm   (the upper half of a float32)

export type HalfFormat = "float16" | "bfloat16";

const single = new Float32Array(1);
const word = new Uint32Array(single.buffer);

/** Between the exponents of equal bits in float16 and float32, whose biases are 15 and 127. */
const rebias = 2 ** 112;

/** The value of a half's bits; exact. */
export function halfValue(format: HalfFormat, bits: number): number {
  if (format === "bfloat16") {
    word[0] = bits << 16;
    return single[0] as number;
  }
  const size = bits & 0x7fff;
  const isSpecial = size >= 0x7c00;
  word[0] = (size << 13) | (isSpecial ? 0x7f800000 : 0);
  const value = isSpecial ? (single[0] as number) : (single[0] as number) * rebias;
  return bits & 0x8000 ? -value : value;
}

export function decodeHalves(format: HalfFormat, bits: ArrayLike<number>): Float32Array {
  const out = new Float32Array(bits.length);
  for (let at = 0; at < out.length; at++) out[at] = halfValue(format, bits[at] as number);
  return out;
}

/** The bits of the nearest halves, ties to even. */
export function encodeHalves(format: HalfFormat, values: ArrayLike<number>): Uint16Array {
  const bitsOf = format === "bfloat16" ? bfloat16Bits : float16Bits;
  const out = new Uint16Array(values.length);
  for (let at = 0; at < out.length; at++) out[at] = bitsOf(values[at] as number);
  return out;
}

function bfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  single[0] = value;
  const bits = word[0] as number;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function float16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  single[0] = value;
  const sign = ((word[0] as number) >>> 16) & 0x8000;
  const size = Math.abs(single[0]);
  if (size >= 65520) return sign | 0x7c00;
  // Below the normal numbers a step is 2^-24 = the last bit of a float32 in [1/2, 1).
  if (size < 2 ** -14) return sign | ((Math.fround(size + 0.5) - 0.5) * 2 ** 24);
  single[0] = size;
  const bits = word[0] as number;
  return sign | ((bits + 0xfff + ((bits >>> 13) & 1) - 0x38000000) >>> 13);
}
