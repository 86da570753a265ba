// Records of what works on bits.

import { operand, tensor } from "../../base/parameters.ts";
import type { Scalar } from "../../base/scalars.ts";
import * as bitwise from "../../functions/bitwise.ts";
import type { Value } from "../../graph/tape.ts";
import { alsoInPlace, family, on } from "./record.ts";

/** In a function either side may be a number: `bitwiseAnd(6, x)`. */
const binary = (run: (x: Value | Scalar, y: Value | Scalar) => Value) =>
  alsoInPlace(on([operand("input"), operand("other")], run));

export const bitwiseRecords = family({
  bitwiseAnd: binary(bitwise.bitwiseAnd),
  bitwiseOr: binary(bitwise.bitwiseOr),
  bitwiseXor: binary(bitwise.bitwiseXor),
  bitwiseLeftShift: binary(bitwise.bitwiseLeftShift),
  bitwiseRightShift: binary(bitwise.bitwiseRightShift),
  bitwiseNot: alsoInPlace(on([tensor("input")], bitwise.bitwiseNot)),
});
