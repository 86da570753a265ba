// log, log2, log1p: x = 2^e · m with m in [√½, √2), f = m - 1,
//
//   log(1 + f) = f + f²·Q(f)        relative error: f32 3.0e-8, f64 2.5e-18
//
// The exponent is kept negated, so that a result of zero keeps the sign of f.

import type { Lane, LaneWriter } from "../../base/trace-lanes.ts";
import { exponential } from "./exponential.ts";
import { bitsConstant, formatOf, forTypeOf, type PerFormat, polynomial } from "./float-format.ts";

/** Q on [√½ - 1, √2 - 1]. */
const tails: PerFormat<readonly number[]> = {
  f32: [
    -0.49999991059303284, 0.33333954215049744, -0.25001826882362366, 0.19961969554424286,
    -0.16568470001220703, 0.14916765689849854, -0.1432303488254547, 0.08758988976478577,
  ],
  f64: [
    -0.5, 0.3333333333333363, -0.25000000000000283, 0.19999999999886237, -0.16666666666507907,
    0.14285714300647778, -0.12500000027497735, 0.11111110155945811, -0.09999997805643553,
    0.09090943119007033, -0.08333428370828172, 0.07691600819845196, -0.0714045023391003,
    0.06674984399801415, -0.06286395908013417, 0.05837069425169383, -0.052375711320538566,
    0.05224518299408495, -0.06403532824001838, 0.06320589331120345, -0.028719713617585272,
  ],
};

/** The natural logarithm. */
export function log(k: LaneWriter, x: Lane): Lane {
  const { value, minusExponent, mantissa } = split(k, x);
  return atEdges(k, value, joined(k, minusExponent, k.sub(mantissa, 1)));
}

/** The natural logarithm of a normal, positive, finite number. */
export function logOfNormal(k: LaneWriter, x: Lane): Lane {
  const { minusExponent, mantissa } = splitNormal(k, x);
  return joined(k, minusExponent, k.sub(mantissa, 1));
}

/** The logarithm to base 2: exact for powers of two. */
export function log2(k: LaneWriter, x: Lane): Lane {
  const { value, minusExponent, mantissa } = split(k, x);
  const f = k.sub(mantissa, 1);
  const natural = k.madd(k.mul(f, f), polynomial(k, f, forTypeOf(x, tails)), f);
  // t/ln2 = t + t·(1/ln2 - 1): the product is the smaller part
  const fractional = k.madd(natural, Math.LOG2E - 1, natural);
  return atEdges(k, value, k.sub(fractional, minusExponent));
}

/** log(1 + x), with the sign of x: what the sum 1 + x loses is given back to f. */
export function log1p(k: LaneWriter, x: Lane): Lane {
  const whole = k.add(x, 1);
  const lost = k.sub(x, k.sub(whole, 1));
  const { minusExponent, mantissa, shift } = splitNormal(k, whole);
  const { two } = formatOf(x);
  const twice = k.bitcast(k.add(bitsConstant(k, x, two), shift)); // 2·2⁻ᵉ, as 2⁻ᵉ may be too small
  const f = k.sub(k.mul(k.mul(lost, twice), 0.5), k.sub(1, mantissa));
  return atEdges(k, whole, joined(k, minusExponent, f));
}

/** log(2^e · (1 + f)) */
function joined(k: LaneWriter, minusExponent: Lane, f: Lane): Lane {
  const { ln2 } = forTypeOf(f, exponential);
  const bend = k.mul(k.mul(f, f), polynomial(k, f, forTypeOf(f, tails)));
  const small = k.madd(minusExponent, -ln2[1], bend);
  return k.madd(minusExponent, -ln2[0], k.add(f, small));
}

interface Split {
  readonly minusExponent: Lane;
  readonly mantissa: Lane;
  /** The bits that multiply by 2⁻ᵉ when added. */
  readonly shift: Lane;
}

/** Splits any positive x; `value` is x as a normal number, and +0 for ±0. */
export function split(k: LaneWriter, x: Lane): Split & { readonly value: Lane } {
  const { fraction, least } = formatOf(x);
  const isSubnormal = k.convert(k.lt(x, least), x.type);
  const value = k.madd(x, k.madd(isSubnormal, 2 ** fraction - 1, 1), 0);
  const parts = splitNormal(k, value);
  return { ...parts, value, minusExponent: k.madd(isSubnormal, fraction, parts.minusExponent) };
}

function splitNormal(k: LaneWriter, x: Lane): Split {
  const { fraction, exponentMask, belowRootTwo } = formatOf(x);
  const bits = k.bitcast(x);
  const distance = k.sub(bitsConstant(k, x, belowRootTwo), bits);
  const shift = k.and(distance, exponentMask);
  const mantissa = k.bitcast(k.add(bits, shift));
  if (x.type === "f32") {
    return { minusExponent: k.convert(k.shrS(distance, fraction), "f32"), mantissa, shift };
  }
  // no conversion from i64: 2⁵² + n has n in its low bits
  const biased = k.shrU(k.add(distance, bitsConstant(k, x, 1n << 62n)), fraction);
  const whole = k.bitcast(k.or(biased, 0x4330000000000000n));
  return { minusExponent: k.sub(whole, 2 ** 52 + 1024), mantissa, shift };
}

/** log(0) = -∞, log(∞) = ∞, NaN below 0: or-ing its sign, spread over all bits. */
function atEdges(k: LaneWriter, x: Lane, y: Lane): Lane {
  const { fraction } = formatOf(x);
  const atZero = k.select(k.eq(x, 0), -Infinity, y);
  const atEnds = k.select(k.lt(x, Infinity), atZero, x);
  const spread = k.shrS(k.bitcast(x), fraction === 23 ? 31 : 63);
  return k.bitcast(k.or(k.bitcast(atEnds), spread));
}
