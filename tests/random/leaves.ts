// The data of leaves: a matter of shape, dtype and pattern alone, so that a program prints short.

import { isFloating, type ModelDType, sizeOf } from "./model.ts";

/** A number in [0, 1) of two integers. */
function noise(a: number, b: number): number {
  let x = Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

const special = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  0,
  3e38,
  1e-40,
];

/** Patterns by their last digit: quarters; small integers; reals in (-2, 2); positive; with specials. */
function floatOf(pattern: number, at: number): number {
  const x = noise(pattern, at);
  switch (pattern % 8) {
    case 0:
    case 1:
      return Math.floor(x * 33 - 16) / 4;
    case 2:
      return Math.floor(x * 9 - 4);
    case 3:
      return x * 2 + 0.25;
    case 4:
      return x < 0.15 ? special[Math.floor((x / 0.15) * special.length)] : Math.floor(x * 9 - 4);
    default:
      return x * 4 - 2;
  }
}

export interface Leaf {
  readonly shape: readonly number[];
  readonly dtype: ModelDType;
  readonly pattern: number;
  /** Indices are from 0 up to and without it. */
  readonly extent: number | null;
}

export function leafValues({ shape, dtype, pattern, extent }: Leaf) {
  const size = sizeOf(shape);
  const arrays = { float32: Float32Array, float64: Float64Array } as const;
  const values = new (arrays[dtype as keyof typeof arrays] ?? Int32Array)(size);
  for (let at = 0; at < size; at++) {
    if (extent !== null) values[at] = Math.floor(noise(pattern, at) * extent);
    else if (isFloating(dtype)) values[at] = floatOf(pattern, at);
    else if (dtype === "bool") values[at] = noise(pattern, at) < 0.5 ? 0 : 1;
    else values[at] = Math.floor(noise(pattern, at) * 15 - 5);
  }
  return values;
}
