// Records of what makes tensors from nothing, or in the likeness of another.

import type { DType } from "../../base/dtypes.ts";
import { isFloat } from "../../base/dtypes.ts";
import { fail } from "../../base/errors.ts";
import {
  bool,
  dtype,
  generator,
  int,
  only,
  scalar,
  shape,
  sizes,
  tensor,
} from "../../base/parameters.ts";
import { Float, type Scalar, scalarValue } from "../../base/scalars.ts";
import * as creation from "../../functions/creation.ts";
import type { Value } from "../../graph/tape.ts";
import { defaultGenerator, type Generator } from "../generator.ts";
import { family, functionOnly, methodOnly, on } from "./record.ts";

const size = sizes("size");
const asDType = only(dtype("dtype", null));
const requiresGrad = only(bool("requiresGrad", false));
const from = only(generator("generator", null));
const like = tensor("input");

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

function checkedSize(size: readonly number[]): readonly number[] {
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
  return creation.arange(scalarValue(start), scalarValue(end), scalarValue(step), dtype);
}

const drawFrom = (given: object | null): creation.Draw =>
  ((given as Generator | null) ?? defaultGenerator).draw();

function floating(op: string, dtype: DType | null): DType {
  if (dtype && !isFloat(dtype)) fail(op, `wants a floating point dtype, got ${dtype}`);
  return dtype ?? "float32";
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
  arange: functionOnly(
    on([scalar("end"), asDType, requiresGrad], (end, as) => arange(0, end, 1, as)),
    on([scalar("start"), scalar("end"), scalar("step", 1), asDType, requiresGrad], arange),
  ),
  linspace: functionOnly(
    on([scalar("start"), scalar("end"), int("steps"), asDType, requiresGrad], (a, b, steps, as) =>
      creation.linspace(scalarValue(a), scalarValue(b), steps, as ?? "float32"),
    ),
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
  rand: functionOnly(
    on([size, from, asDType, requiresGrad], (size, given, as) =>
      creation.rand(checkedSize(size), floating("rand", as), drawFrom(given)),
    ),
  ),
  randn: functionOnly(
    on([size, from, asDType, requiresGrad], (size, given, as) =>
      creation.randn(checkedSize(size), floating("randn", as), drawFrom(given)),
    ),
  ),
  randLike: functionOnly(
    on([like, asDType, requiresGrad], ({ node }, as) =>
      creation.rand(node.shape, floating("randLike", as ?? node.dtype), drawFrom(null)),
    ),
  ),
  randnLike: functionOnly(
    on([like, asDType, requiresGrad], ({ node }, as) =>
      creation.randn(node.shape, floating("randnLike", as ?? node.dtype), drawFrom(null)),
    ),
  ),
  randint: functionOnly(
    on([int("high"), shape("size"), from, asDType, requiresGrad], (high, size, given, as) =>
      creation.randint(0, high, checkedSize(size), as ?? "int64", drawFrom(given)),
    ),
    on(
      [int("low"), int("high"), shape("size"), from, asDType, requiresGrad],
      (low, high, size, given, as) =>
        creation.randint(low, high, checkedSize(size), as ?? "int64", drawFrom(given)),
    ),
  ),
});
