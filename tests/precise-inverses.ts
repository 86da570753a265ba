// More functions of a float64 to more than 200 bits: hyperbolic, inverse, and what is made of them.

import {
  bitsFor,
  erfFixed,
  expFixedWhole,
  fixed,
  half,
  logFixed,
  type Precise,
  pi,
  precise,
  squareRoot,
} from "./precise.ts";
import * as truths from "./truths.ts";

const unit = (bits: number): bigint => 1n << BigInt(bits);
const root = (value: bigint, bits: number): bigint =>
  value === 0n ? 0n : squareRoot(value << BigInt(bits));
const quotient = (x: bigint, y: bigint, bits: number): bigint => (x << BigInt(bits)) / y;

/** The logarithm of a fixed-point number of any size. */
function logOf(value: bigint, bits: number): bigint {
  const isNearOne = value > unit(bits - 1) && value < unit(bits + 1);
  const turns = isNearOne ? 0 : value.toString(2).length - 1 - bits;
  const near = turns >= 0 ? value >> BigInt(turns) : value << BigInt(-turns);
  const guess = Number(near >> BigInt(bits - 60)) / 2 ** 60;
  const { mantissa, exponent } = precise.log(2);
  const ln2 = mantissa >> BigInt(-exponent - bits);
  return logFixed(near, Math.log(guess), bits) + BigInt(turns) * ln2;
}

/** The arctangent of a fixed-point number: three times halved, then its series. */
function arctangent(x: bigint, bits: number): bigint {
  const more = bits + 16;
  let q = x << 16n;
  for (let halving = 0; halving < 6; halving++) {
    q = quotient(q, unit(more) + root(unit(more) + ((q * q) >> BigInt(more)), more), more);
  }
  const square = (q * q) >> BigInt(more);
  let power = q;
  let sum = 0n;
  for (let n = 1n; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = -((power * square) >> BigInt(more));
  }
  return (sum << 6n) >> 16n;
}

const bitsAround = (x: number): number => bitsFor(x) + 64;

export const preciseInverses = {
  sinh(x: number): Precise {
    if (Math.abs(x) > 720) return { mantissa: x > 0 ? 1n : -1n, exponent: 2000 };
    const bits = bitsAround(x) + 1100;
    const grown = expFixedWhole(fixed(x, bits), bits);
    return { mantissa: grown - quotient(unit(bits), grown, bits), exponent: -bits - 1 };
  },

  cosh(x: number): Precise {
    if (Math.abs(x) > 720) return { mantissa: 1n, exponent: 2000 };
    const bits = 1400;
    const grown = expFixedWhole(fixed(x, bits), bits);
    return { mantissa: grown + quotient(unit(bits), grown, bits), exponent: -bits - 1 };
  },

  asinh(x: number): Precise {
    const bits = bitsAround(x);
    const a = fixed(Math.abs(x), bits);
    const sum = a + root(unit(bits) + ((a * a) >> BigInt(bits)), bits);
    const value = logOf(sum, bits);
    return { mantissa: x < 0 ? -value : value, exponent: -bits };
  },

  acosh(x: number): Precise {
    const bits = 400;
    const a = fixed(x, bits);
    const value = a + root(((a * a) >> BigInt(bits)) - unit(bits), bits);
    return { mantissa: logOf(value, bits), exponent: -bits };
  },

  atanh(x: number): Precise {
    const bits = bitsAround(x);
    const a = fixed(x, bits);
    const ratio = quotient(unit(bits) + a, unit(bits) - a, bits);
    return { mantissa: logOf(ratio, bits), exponent: -bits - 1 };
  },

  logit(x: number): Precise {
    const bits = bitsAround(x);
    const a = fixed(x, bits);
    return { mantissa: logOf(quotient(a, unit(bits) - a, bits), bits), exponent: -bits };
  },

  atan(x: number): Precise {
    const bits = bitsAround(x);
    return { mantissa: arctangent(fixed(x, bits), bits), exponent: -bits };
  },

  asin(x: number): Precise {
    const bits = bitsAround(x);
    const a = fixed(x, bits);
    const across = root(unit(bits) - ((a * a) >> BigInt(bits)), bits);
    if (across === 0n) return { mantissa: x < 0 ? -pi(bits) : pi(bits), exponent: -bits - 1 };
    return { mantissa: arctangent(quotient(a, across, bits), bits), exponent: -bits };
  },

  acos(x: number): Precise {
    const bits = 400;
    const a = fixed(x, bits);
    if (x === -1) return { mantissa: pi(bits), exponent: -bits };
    const ratio = quotient(unit(bits) - a, unit(bits) + a, bits);
    return { mantissa: arctangent(root(ratio, bits), bits), exponent: 1 - bits };
  },

  /** y > 0, x > 0 */
  atan2(y: number, x: number): Precise {
    const bits = Math.max(bitsAround(x), bitsAround(y)) + 64;
    const ratio = quotient(fixed(y, bits), fixed(x, bits), bits);
    return { mantissa: arctangent(ratio, bits), exponent: -bits };
  },

  erfinv(x: number): Precise {
    const bits = bitsAround(x) + 64;
    const target = fixed(x, bits);
    let y = fixed(truths.erfinv(x), bits);
    for (let step = 0; step < 5; step++) {
      const square = (y * y) >> BigInt(bits);
      const bell = expFixedWhole(square, bits);
      const slope = (bell * squareRoot(pi(bits) << BigInt(bits))) >> BigInt(bits + 1);
      y -= ((erfFixed(y, bits) - target) * slope) >> BigInt(bits);
    }
    return { mantissa: y, exponent: -bits };
  },

  sinc(x: number): Precise {
    if (x === 0) return { mantissa: 1n, exponent: 0 };
    const bits = bitsAround(x);
    const value = fixed(x, bits);
    const turns = (value + half(bits)) >> BigInt(bits);
    const angle = ((value - turns * unit(bits)) * pi(bits)) >> BigInt(bits);
    const square = (angle * angle) >> BigInt(bits);
    let term = angle;
    let sum = 0n;
    for (let n = 2n; term !== 0n && term !== -1n; n += 2n) {
      sum += term;
      term = -(((term * square) >> BigInt(bits)) / (n * (n + 1n)));
    }
    const around = (value * pi(bits)) >> BigInt(bits);
    return {
      mantissa: quotient(turns % 2n === 0n ? sum : -sum, around, bits),
      exponent: -bits,
    };
  },
};
