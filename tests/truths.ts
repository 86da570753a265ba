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

/** log(x/(1 - x)), near ½ without loss. */
export const logit = (x: number): number =>
  x < 0 || x > 1
    ? Number.NaN
    : x < 0.25
      ? Math.log(x / (1 - x))
      : Math.log1p((2 * x - 1) / (1 - x));

/** sin πx/(πx); x less the nearest integer is exact. */
export function sinc(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x === 0 ? 1 : Number.NaN;
  const n = Math.round(x);
  if (n === x) return 0;
  return ((n % 2 === 0 ? 1 : -1) * Math.sin(Math.PI * (x - n))) / (Math.PI * x);
}

/** Newton's rule on erf, or on erfc where 1 - x says more. */
export function erfinv(x: number): number {
  const size = Math.abs(x);
  if (!(size < 1)) return size === 1 ? x * Number.POSITIVE_INFINITY : Number.NaN;
  let y = size < 0.5 ? size : Math.sqrt(-Math.log(1 - size));
  for (let step = 0; step < 60; step++) {
    const excess = y < 1 ? erf(y) - size : 1 - size - erfc(y);
    y -= ((excess * Math.sqrt(Math.PI)) / 2) * Math.exp(y * y);
  }
  return x === 0 ? x : Math.sign(x) * y;
}

/** e of x = m·2^e, ½ ≤ |m| < 1 */
export const exponent = (x: number): number => Math.floor(Math.log2(Math.abs(x))) + 1;

export const gcd = (x: number, y: number): number =>
  y === 0 ? Math.abs(x) : gcd(y, Math.trunc(x) % Math.trunc(y));
