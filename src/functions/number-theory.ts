// Divisors and multiples of integers.

import { isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import { abs, eq, mul, where } from "../ops/arithmetic.ts";
import { truncDivide } from "../ops/division.ts";
import { gcd as divisor } from "../ops/number-theory.ts";
import { type BinaryFunction, callBinary, commonShape, fitted, resultDType } from "./operands.ts";

const greatest: BinaryFunction = { name: "gcd", op: divisor, tapeName: "" };

function requireIntegers(op: string, x: Value, y: Value): void {
  const dtype = resultDType(x, y);
  if (!isInteger(dtype)) fail(op, `wants integers, got ${dtype}`);
}

/** The greatest common divisor, not negative. */
export function gcd(x: Value, y: Value): Value {
  requireIntegers("gcd", x, y);
  return callBinary(greatest, x, y);
}

/** The least common multiple, not negative; 0 if either is 0. */
export function lcm(x: Value, y: Value): Value {
  requireIntegers("lcm", x, y);
  const common = { shape: commonShape("lcm", x, y), dtype: resultDType(x, y) };
  const [a, b] = [fitted(x, common), fitted(y, common)];
  const shared = divisor(a, b);
  const isNone = eq(shared, 0);
  return where(isNone, 0, abs(mul(truncDivide(a, where(isNone, 1, shared)), b)));
}
