// What is done to the bits of a float: signs, neighbours, mantissa and exponent.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { bitsConstant, formatOf, forTypeOf, type PerFormat } from "./float-format.ts";
import { withSignOf } from "./signs.ts";

/** |x| with the sign of y. */
export const copysign = (k: LaneWriter, x: Lane, y: Lane): Lane => withSignOf(k, k.abs(x), y);

const one: PerFormat<number | bigint> = { f32: 1, f64: 1n };
const least: PerFormat<number> = { f32: 2 ** -149, f64: 2 ** -1074 };

/** The float next to x on the way to y. Bits of one sign are in the order of their sizes. */
export function nextafter(k: LaneWriter, x: Lane, y: Lane): Lane {
  const bits = k.bitcast(x);
  const step = bitsConstant(k, x, forTypeOf(x, one));
  const shrinks = k.xor(k.gt(y, x), k.gt(x, 0));
  const moved = k.bitcast(k.select(shrinks, k.sub(bits, step), k.add(bits, step)));
  const fromZero = withSignOf(k, k.const(x.type, forTypeOf(x, least)), y);
  const next = k.select(k.eq(x, 0), fromZero, moved);
  const known = k.select(k.eq(x, y), y, next);
  return k.select(k.and(k.eq(x, x), k.eq(y, y)), known, Number.NaN);
}

interface Parts {
  /** Neither 0 nor infinite nor NaN. */
  readonly isOrdinary: Lane;
  readonly isSubnormal: Lane;
  /** Bits of |x|, times 2^64 where x is subnormal. */
  readonly bits: Lane;
}

function partsOf(k: LaneWriter, x: Lane): Parts {
  const size = k.abs(x);
  const isSubnormal = k.lt(size, formatOf(x).least);
  const normal = k.select(isSubnormal, k.mul(size, 2 ** 64), size);
  const isOrdinary = k.and(k.gt(size, 0), k.lt(size, Infinity));
  return { isOrdinary, isSubnormal, bits: k.bitcast(normal) };
}

const halfBits: PerFormat<number | bigint> = { f32: 0x3f000000, f64: 0x3fe0000000000000n };

/** m of x = m·2^e with ½ ≤ |m| < 1; x itself where there is none. */
export function mantissa(k: LaneWriter, x: Lane): Lane {
  const { isOrdinary, bits } = partsOf(k, x);
  const fraction = k.and(bits, ~formatOf(x).exponentMask);
  const size = k.bitcast(k.or(fraction, forTypeOf(x, halfBits)));
  return k.select(isOrdinary, withSignOf(k, size, x), x);
}

/** e of x = m·2^e, an i32; 0 where there is none. */
export function exponent(k: LaneWriter, x: Lane): Lane {
  const { isOrdinary, isSubnormal, bits } = partsOf(k, x);
  const { fraction, bias } = formatOf(x);
  const biased = k.shrU(bits, fraction);
  // no conversion from i64: 2⁵² + n has n in its low bits
  const own =
    x.type === "f32"
      ? k.sub(biased, bias - 1)
      : k.convert(k.sub(k.bitcast(k.or(biased, 0x4330000000000000n)), 2 ** 52 + bias - 1), "i32");
  const lifted = k.mul(k.convert(isSubnormal, "i32"), 64);
  return k.select(isOrdinary, k.sub(own, lifted), 0);
}
