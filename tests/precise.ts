// The elementary functions of a float64 to more than 200 bits, in whole numbers: the truth for float64.
// A number here is mantissa · 2^exponent; fixed-point numbers have `bits` fractional bits.

import { roundedNumber } from "../src/base/fused-madd.ts";

export interface Precise {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** The nearest float64, and the nearest to what it leaves. */
export function inTwoParts({ mantissa, exponent }: Precise): [number, number] {
  const first = roundedNumber(mantissa, exponent);
  if (!Number.isFinite(first) || first === 0) return [first, 0];
  const exact = preciseOf(first);
  const shift = exact.exponent - exponent;
  const low = shift < 0 ? -shift : 0;
  const kept = shift < 0 ? exact.mantissa : exact.mantissa << BigInt(shift);
  return [first, roundedNumber((mantissa << BigInt(low)) - kept, exponent - low)];
}

const double = new Float64Array(1);
const long = new BigUint64Array(double.buffer);

export function preciseOf(x: number): Precise {
  double[0] = x;
  const bits = long[0] as bigint;
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const size = biased === 0 ? fraction : fraction | (1n << 52n);
  return { mantissa: bits >> 63n ? -size : size, exponent: Math.max(biased, 1) - 1075 };
}

/** Enough fractional bits for `x` and 256 more. */
export function bitsFor(x: number): number {
  return 256 + Math.max(0, -preciseOf(x).exponent);
}

export function fixed(x: number, bits: number): bigint {
  const { mantissa, exponent } = preciseOf(x);
  const shift = bits + exponent;
  return shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift);
}

const cached = <T>(make: (bits: number) => T): ((bits: number) => T) => {
  const known = new Map<number, T>();
  return (bits) => {
    let value = known.get(bits);
    if (value === undefined) {
      value = make(bits);
      known.set(bits, value);
    }
    return value;
  };
};

/** Σ sign^n / ((2n+1) q^(2n+1)): the arctangent (sign -1) or its hyperbolic sister of 1/q. */
function arctangent(q: bigint, sign: bigint, bits: number): bigint {
  let power = (1n << BigInt(bits)) / q;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = (sign * power) / (q * q);
  }
  return sum;
}

const guard = 32;

export const pi = cached((bits) => {
  const more = bits + guard;
  return (16n * arctangent(5n, -1n, more) - 4n * arctangent(239n, -1n, more)) >> BigInt(guard);
});

const ln2 = cached((bits) => {
  const more = bits + guard;
  const sum =
    18n * arctangent(26n, 1n, more) -
    2n * arctangent(4801n, 1n, more) +
    8n * arctangent(8749n, 1n, more);
  return sum >> BigInt(guard);
});

const rootPi = cached((bits) => squareRoot(pi(bits) << BigInt(bits)));

export function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

export const half = (bits: number): bigint => 1n << BigInt(bits - 1);

/** e^r in fixed point = mantissa · 2^turns. */
function expFixed(x: bigint, bits: number): { mantissa: bigint; turns: number } {
  const unit = BigInt(bits);
  const period = ln2(bits);
  const turns = (((x << unit) / period + half(bits)) >> unit) as bigint;
  const rest = (x - turns * period) >> 8n;
  let term = 1n << unit;
  let sum = term;
  for (let n = 1n; term !== 0n; n += 1n) {
    term = ((term * rest) / n) >> unit;
    if (term === -1n) break;
    sum += term;
  }
  for (let square = 0; square < 8; square++) sum = (sum * sum) >> unit;
  return { mantissa: sum, turns: Number(turns) };
}

/** e^x - 1 in fixed point, for moderate x. */
export function expFixedWhole(x: bigint, bits: number): bigint {
  const { mantissa, turns } = expFixed(x, bits);
  return turns >= 0 ? mantissa << BigInt(turns) : mantissa >> BigInt(-turns);
}

/** The logarithm of a fixed-point number near e^guess, by two steps of Halley's rule. */
export function logFixed(value: bigint, guess: number, bits: number): bigint {
  let log = fixed(guess, bits);
  for (let step = 0; step < 2; step++) {
    const power = expFixedWhole(log, bits);
    log += (((value - power) << BigInt(bits + 1)) / (value + power)) as bigint;
  }
  return log;
}

export const precise = {
  exp(x: number): Precise {
    if (x > 1000 || x < -1000) return { mantissa: 1n, exponent: x > 0 ? 2000 : -2000 };
    const bits = bitsFor(x);
    const { mantissa, turns } = expFixed(fixed(x, bits), bits);
    return { mantissa, exponent: turns - bits };
  },

  expm1(x: number): Precise {
    const bits = bitsFor(x);
    if (x > 1000) return { mantissa: 1n, exponent: 2000 };
    if (x < -200) return { mantissa: -1n, exponent: 0 };
    return {
      mantissa: expFixedWhole(fixed(x, bits), bits) - (1n << BigInt(bits)),
      exponent: -bits,
    };
  },

  sigmoid(x: number): Precise {
    const { mantissa, exponent } = precise.exp(Math.max(-1000, Math.min(x, 200)));
    const bits = 600;
    const shift = bits + exponent;
    const whole = shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift);
    const sum = whole + (1n << BigInt(bits));
    return { mantissa: (mantissa << BigInt(bits + 400)) / sum, exponent: exponent - 400 };
  },

  tanh(x: number): Precise {
    const bits = bitsFor(x);
    const one = 1n << BigInt(bits);
    const power = expFixedWhole(fixed(Math.max(-100, Math.min(2 * x, 100)), bits), bits);
    return { mantissa: ((power - one) << BigInt(bits)) / (power + one), exponent: -bits };
  },

  log(x: number): Precise {
    const bits = 256;
    const { mantissa, exponent } = preciseOf(x);
    const length = mantissa.toString(2).length;
    const scaled = mantissa << BigInt(bits - length + 1);
    const turns = exponent + length - 1;
    const fraction = logFixed(scaled, Math.log(x / 2 ** turns || 1), bits);
    return { mantissa: fraction + BigInt(turns) * ln2(bits), exponent: -bits };
  },

  log2(x: number): Precise {
    const { mantissa, exponent } = precise.log(x);
    return { mantissa: (mantissa << 256n) / ln2(256), exponent };
  },

  log1p(x: number): Precise {
    if (x > 2 ** 200) return precise.log(x);
    const bits = bitsFor(x);
    const value = fixed(x, bits) + (1n << BigInt(bits));
    return { mantissa: logFixed(value, Math.log1p(x), bits), exponent: -bits };
  },

  sin: (x: number): Precise => quarterWave(x, 0n),
  cos: (x: number): Precise => quarterWave(x, 1n),

  erf(x: number): Precise {
    const bits = bitsFor(x);
    const bounded = Math.max(-20, Math.min(x, 20));
    return { mantissa: erfFixed(fixed(bounded, bits + 900), bits + 900) >> 900n, exponent: -bits };
  },

  erfc(x: number): Precise {
    const bits = x < 1 ? 320 : 320 + Math.ceil(2.9 * Math.min(x, 40) ** 2);
    const value = erfFixed(fixed(Math.max(-8, Math.min(x, 40)), bits), bits);
    return { mantissa: (1n << BigInt(bits)) - value, exponent: -bits };
  },

  /** x > 0 */
  pow(x: number, y: number): Precise {
    const { mantissa, exponent } = precise.log(x);
    const times = preciseOf(y);
    const bits = 256;
    const shift = bits + exponent + times.exponent;
    const product = mantissa * times.mantissa;
    const power = shift >= 0 ? product << BigInt(shift) : product >> BigInt(-shift);
    if (Math.abs(Number(power >> BigInt(bits))) > 1000) {
      return { mantissa: 1n, exponent: power > 0n ? 2000 : -2000 };
    }
    const { mantissa: result, turns } = expFixed(power, bits);
    return { mantissa: result, exponent: turns - bits };
  },
};

function quarterWave(x: number, ahead: bigint): Precise {
  const bits = bitsFor(x) + Math.max(0, preciseOf(x).exponent + 52) + 64;
  const unit = BigInt(bits);
  const quarter = pi(bits) >> 1n;
  const value = fixed(x, bits);
  const turns = (((value << unit) / quarter + half(bits)) >> unit) as bigint;
  const rest = value - turns * quarter;
  const phase = (((turns + ahead) % 4n) + 4n) % 4n;
  const square = (rest * rest) >> unit;
  let term = phase % 2n === 0n ? rest : 1n << unit;
  let sum = term;
  for (let n = phase % 2n === 0n ? 2n : 1n; term !== 0n && term !== -1n; n += 2n) {
    term = -((term * square) / (n * (n + 1n))) >> unit;
    sum += term;
  }
  return { mantissa: phase >= 2n ? -sum : sum, exponent: -bits };
}

/** 2/√π · e^(-x²) · Σ 2ⁿ x^(2n+1)/(2n+1)!! : all terms have one sign. */
export function erfFixed(x: bigint, bits: number): bigint {
  const unit = BigInt(bits);
  const square = (x * x) >> unit;
  let term = x;
  let sum = x;
  for (let n = 3n; term !== 0n && term !== -1n; n += 2n) {
    term = ((2n * term * square) / n) >> unit;
    sum += term;
  }
  const bell = expFixedWhole(-square, bits);
  return ((2n * ((sum * bell) >> unit)) << unit) / rootPi(bits);
}
