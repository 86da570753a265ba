// What the approximations promise to compute, in float64: the truth for float32.

/** erf by its series of positive terms, below 2. */
function erfSeries(size: number): number {
  const square = size * size;
  let term = size;
  let sum = size;
  for (let n = 3; term > 1e-18 * sum; n += 2) {
    term *= (2 * square) / n;
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum;
}

/** erfc by its continued fraction, from 2 on. */
function erfcFraction(size: number): number {
  let below = 0;
  for (let n = Math.ceil(20 + 400 / (size * size)); n > 0; n--) below = n / 2 / (size + below);
  return Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + below);
}

export function erf(x: number): number {
  const size = Math.abs(x);
  if (size === 0) return x;
  return Math.sign(x) * (size < 2 ? erfSeries(size) : 1 - erfcFraction(size));
}

export function erfc(x: number): number {
  if (x < 2) return 1 - erf(x);
  return x === Number.POSITIVE_INFINITY ? 0 : erfcFraction(x);
}

export function sigmoid(x: number): number {
  const power = Math.exp(-Math.abs(x));
  return (x < 0 ? power : 1) / (1 + power);
}

/** IEEE's pow, which knows 1^y = 1 and (±1)^±∞ = 1, unlike JavaScript's. */
export function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Number.POSITIVE_INFINITY) ? 1 : x ** y;
}
