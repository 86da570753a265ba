// Records of conversions between dtypes. A tensor that has the dtype already is given back itself.

import type { DType } from "../../base/dtypes.ts";
import { dtype, tensor } from "../../base/parameters.ts";
import { to } from "../../functions/casts.ts";
import { family, methodOnly, orSelf } from "./record.ts";

const x = tensor("input");

const as = (wanted: DType) => methodOnly(orSelf([x], (x) => to(x, wanted)));

export const casts = family({
  to: methodOnly(
    orSelf([x, dtype("dtype")], to),
    orSelf([x, tensor("other")], (x, other) => to(x, other.node.dtype)),
  ),
  type: methodOnly(orSelf([x, dtype("dtype")], to)),
  typeAs: methodOnly(orSelf([x, tensor("other")], (x, other) => to(x, other.node.dtype))),
  float: as("float32"),
  double: as("float64"),
  int: as("int32"),
  long: as("int64"),
  bool: as("bool"),
});
