// Rounding to decimals, fractions, and replacing what is no number.

import { type Composite, composite } from "../autograd/composite.ts";
import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { zerosLike } from "../ops/source.ts";
import { round } from "./arithmetic.ts";

const decimalsSpec: Composite<number> = {
  name: "RoundBackward1",
  body: ([x], decimals) => {
    const power = 10 ** Math.abs(decimals);
    if (decimals < 0) return ops.mul(ops.round(ops.div(x, power)), power);
    return decimals === 0 ? ops.round(x) : ops.div(ops.round(ops.mul(x, power)), power);
  },
  // Flat between the steps; the chain rule would say so in three calls more.
  gradient: (g) => [zerosLike(g)],
};

/** round(x·10^d)/10^d; ties go to the even neighbour. */
export function roundTo(x: Value, decimals: number | null): Value {
  if (decimals === null || !isFloat(x.node.dtype)) return round(x);
  return composite(decimalsSpec, [x], decimals);
}

const fracSpec: Composite<null> = {
  name: "FracBackward0",
  body: ([x]) => ops.sub(x, ops.trunc(x)),
};

/** x - trunc(x), of x's sign. */
export function frac(x: Value): Value {
  if (!isFloat(x.node.dtype)) {
    fail("frac", `not implemented for ${x.node.dtype}. Cast it first: x.to("float32")`);
  }
  return composite(fracSpec, [x], null);
}

interface Replacements {
  readonly nan: number;
  readonly posinf: number;
  readonly neginf: number;
}

const nanToNumSpec: Composite<Replacements> = {
  name: "NanToNumBackward0",
  body: ([x], { nan, posinf, neginf }) => {
    const known = ops.where(ops.ne(x, x), nan, x);
    const below = ops.where(ops.eq(x, Infinity), posinf, known);
    return ops.where(ops.eq(x, -Infinity), neginf, below);
  },
};

const largest: Readonly<Record<string, number>> = {
  float16: 65504,
  bfloat16: (2 - 2 ** -7) * 2 ** 127,
  float32: (2 - 2 ** -23) * 2 ** 127,
  float64: Number.MAX_VALUE,
};

/** NaN and infinities replaced, by 0 and the largest finite numbers unless told otherwise. */
export function nanToNum(
  x: Value,
  nan: number | null = null,
  posinf: number | null = null,
  neginf: number | null = null,
): Value {
  const { dtype } = x.node;
  const end = isFloat(dtype) ? (largest[dtype] as number) : 0;
  return composite(isFloat(dtype) ? nanToNumSpec : sameSpec, [x], {
    nan: nan ?? 0,
    posinf: posinf ?? end,
    neginf: neginf ?? -end,
  });
}

/** Integers are all finite. */
const sameSpec: Composite<Replacements> = { name: "NanToNumBackward0", body: ([x]) => x };
