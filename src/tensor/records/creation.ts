// Records of what makes tensors from nothing, or in the likeness of another.

import type { DType } from "../../base/dtypes.ts";
import { fail } from "../../base/errors.ts";
import {
  anything,
  bool,
  dtype,
  int,
  number,
  only,
  operand,
  scalar,
  shape,
  sizes,
  tensor,
} from "../../base/parameters.ts";
import { Float, type Scalar, scalarValue } from "../../base/scalars.ts";
import { to } from "../../functions/casts.ts";
import * as creation from "../../functions/creation.ts";
import type { Operand } from "../../functions/operands.ts";
import * as ranges from "../../functions/ranges.ts";
import { constantValue, type Value } from "../../graph/tape.ts";
import { upload } from "../../realize.ts";
import { isValue } from "../dispatch.ts";
import { elementsOf, type TensorData } from "../nested.ts";
import { family, functionOnly, methodOnly, on } from "./record.ts";

const size = sizes("size");
const asDType = only(dtype("dtype", null));
const requiresGrad = only(bool("requiresGrad", false));
const like = tensor("input");
const base = number("base", 10);

/** A tensor filled with one number. */
const filled = (value: number) =>
  functionOnly(
    on([size, asDType, requiresGrad], (size, as) =>
      creation.full(checkedSize(size), value, as ?? "float32"),
    ),
  );

const filledLike = (value: number) =>
  functionOnly(
    on([like, asDType, requiresGrad], ({ node }, as) =>
      creation.full(node.shape, value, as ?? node.dtype),
    ),
  );

const newFilled = (value: number) =>
  methodOnly(
    on([like, size, asDType, requiresGrad], ({ node }, size, as) =>
      creation.full(checkedSize(size), value, as ?? node.dtype),
    ),
  );

export function checkedSize(size: readonly number[]): readonly number[] {
  const negative = size.find((n) => n < 0);
  if (negative !== undefined) {
    fail("size", `Trying to create tensor with negative dimension ${negative}: [${size}]`);
  }
  return size;
}

const isFractional = (value: Scalar): boolean =>
  value instanceof Float || (typeof value === "number" && !Number.isInteger(value));

/** The dtype of a number standing alone. */
const dtypeOfScalar = (value: Scalar): DType =>
  typeof value === "boolean" ? "bool" : isFractional(value) ? "float32" : "int64";

function arange(start: Scalar, end: Scalar, step: Scalar, as: DType | null): Value {
  const dtype = as ?? ([start, end, step].some(isFractional) ? "float32" : "int64");
  return ranges.arange(scalarValue(start), scalarValue(end), scalarValue(step), dtype);
}

const linspace = (start: Operand, end: Operand, steps: number, as: DType | null): Value =>
  ranges.linspace(start, end, steps, as ?? "float32");

const logspace = (
  start: Operand,
  end: Operand,
  steps: number,
  base: number,
  as: DType | null,
): Value => ranges.logspace([start, end], steps, base, as ?? "float32");

/** A tensor of data, of the dtype of another. */
function newTensor({ node }: Value, data: unknown, as: DType | null): Value {
  const wanted = as ?? node.dtype;
  if (isValue(data)) return to(constantValue(data.node), wanted);
  const { shape, dtype, data: elements } = elementsOf("newTensor", data as TensorData, wanted);
  return constantValue(upload(dtype, shape, elements));
}

export const creationRecords = family({
  zeros: filled(0),
  ones: filled(1),
  empty: filled(0),
  zerosLike: filledLike(0),
  onesLike: filledLike(1),
  emptyLike: filledLike(0),
  newZeros: newFilled(0),
  newOnes: newFilled(1),
  newEmpty: newFilled(0),
  full: functionOnly(
    on([shape("size"), scalar("fillValue"), asDType, requiresGrad], (size, value, as) =>
      creation.full(checkedSize(size), scalarValue(value), as ?? dtypeOfScalar(value)),
    ),
  ),
  fullLike: functionOnly(
    on([like, scalar("fillValue"), asDType, requiresGrad], ({ node }, value, as) =>
      creation.full(node.shape, scalarValue(value), as ?? node.dtype),
    ),
  ),
  newFull: methodOnly(
    on([like, shape("size"), scalar("fillValue"), asDType, requiresGrad], (x, size, value, as) =>
      creation.full(checkedSize(size), scalarValue(value), as ?? x.node.dtype),
    ),
  ),
  newTensor: methodOnly(on([like, anything("data"), asDType, requiresGrad], newTensor)),
  scalarTensor: functionOnly(
    on([scalar("s"), asDType, requiresGrad], (value, as) =>
      creation.full([], scalarValue(value), as ?? "float32"),
    ),
  ),
  arange: functionOnly(
    on([scalar("end"), asDType, requiresGrad], (end, as) => arange(0, end, 1, as)),
    on([scalar("start"), scalar("end"), scalar("step", 1), asDType, requiresGrad], arange),
  ),
  linspace: functionOnly(
    on([scalar("start"), scalar("end"), int("steps"), asDType, requiresGrad], linspace),
    on([operand("start"), operand("end"), int("steps"), asDType, requiresGrad], linspace),
  ),
  logspace: functionOnly(
    on([scalar("start"), scalar("end"), int("steps"), base, asDType, requiresGrad], logspace),
    on([operand("start"), operand("end"), int("steps"), base, asDType, requiresGrad], logspace),
  ),
  eye: functionOnly(
    on([int("n"), int("m", null), asDType, requiresGrad], (n, m, as) =>
      creation.eye(
        checkedSize([n])[0] as number,
        checkedSize([m ?? n])[0] as number,
        as ?? "float32",
      ),
    ),
  ),
});
