/** Exact arithmetic on floats by bigints, rounded once at the end. */
const formats = {
  f32: { digits: 24, smallest: -149 },
  f64: { digits: 53, smallest: -1074 },
} as const;

export type Format = keyof typeof formats;

/** m·2^e, rounded to the nearest float, ties to even. */
export function rounded(m: bigint, e: number, format: Format): number {
  if (m < 0n) return -rounded(-m, e, format);
  const { digits, smallest } = formats[format];
  const quantum = Math.max(m.toString(2).length + e - digits, smallest);
  const shift = BigInt(quantum - e);
  let kept = m << -shift;
  if (shift > 0n) {
    kept = m >> shift;
    const rest = m - (kept << shift);
    const half = 1n << (shift - 1n);
    if (rest > half || (rest === half && kept % 2n === 1n)) kept++;
  }
  const value = Number(kept) * 2 ** quantum;
  return format === "f32" ? Math.fround(value) : value;
}

/** x·y + z with a single rounding. */
export function fusedMultiplyAdd(x: number, y: number, z: number, format: Format): number {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return x * y + z;
  if (!Number.isFinite(z)) return z;
  const a = parts(x);
  const b = parts(y);
  const c = parts(z);
  const e = Math.min(a.e + b.e, c.e);
  const m = ((a.m * b.m) << BigInt(a.e + b.e - e)) + (c.m << BigInt(c.e - e));
  if (m !== 0n) return rounded(m, e, format);
  return a.m * b.m === 0n && c.m === 0n ? x * y + z : 0;
}

/** x = m·2^e */
function parts(x: number): { m: bigint; e: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & (2n ** 52n - 1n);
  const m = biased === 0 ? fraction : fraction | (2n ** 52n);
  return { m: x < 0 ? -m : m, e: Math.max(biased, 1) - 1075 };
}
