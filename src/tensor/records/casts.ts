// Records of conversions between dtypes. A tensor that has the dtype already is given back itself.

import type { DType } from "../../base/dtypes.ts";
import { anything, bool, dtype, string, tensor } from "../../base/parameters.ts";
import { clone, to } from "../../functions/casts.ts";
import type { Value } from "../../graph/tape.ts";
import { family, methodOnly, orSelf } from "./record.ts";

const x = tensor("input");

/** Taken for PyTorch's sake; only `copy` makes a difference. */
const transfer = [
  bool("nonBlocking", false),
  bool("copy", false),
  anything("memoryFormat", null),
] as const;

const converted = (x: Value, dtype: DType, copies: boolean): Value => {
  const result = to(x, dtype);
  // A value of its own, so that it is not taken for the tensor itself.
  return copies && result === x ? { ...clone(x) } : result;
};

const as = (wanted: DType) =>
  methodOnly(orSelf([x, anything("memoryFormat", null)], (x) => to(x, wanted)));

export const casts = family({
  to: methodOnly(
    orSelf([x, dtype("dtype"), ...transfer], (x, dtype, _, copy) => converted(x, dtype, copy)),
    orSelf(
      [x, string("device", null), dtype("dtype", null), ...transfer],
      (x, _, dtype, __, copy) => converted(x, dtype ?? x.node.dtype, copy),
    ),
    orSelf([x, tensor("other"), ...transfer], (x, other, _, copy) =>
      converted(x, other.node.dtype, copy),
    ),
  ),
  type: methodOnly(
    orSelf([x, dtype("dtype"), bool("nonBlocking", false)], (x, dtype) => to(x, dtype)),
  ),
  typeAs: methodOnly(orSelf([x, tensor("other")], (x, other) => to(x, other.node.dtype))),
  float: as("float32"),
  double: as("float64"),
  half: as("float16"),
  bfloat16: as("bfloat16"),
  byte: as("uint8"),
  char: as("int8"),
  short: as("int16"),
  int: as("int32"),
  long: as("int64"),
  bool: as("bool"),
});
