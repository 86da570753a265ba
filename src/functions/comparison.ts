// Comparisons, logic, and choice by a mask. Only what is chosen has a gradient.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, sum } from "../ops/linear.ts";
import type { PointwiseOp } from "../ops/pointwise.ts";
import { fullLike, zerosLike } from "../ops/source.ts";
import {
  asValue,
  type BinaryFunction,
  type Common,
  callBinary,
  commonShape,
  fitted,
  isValue,
  type Operand,
  resultDType,
} from "./operands.ts";

const comparison = (name: string, op: PointwiseOp): BinaryFunction => ({
  name,
  op,
  tapeName: "",
  computeIn: (dtype) => (dtype === "bool" ? "int32" : dtype),
});

const equal = comparison("eq", ops.eq);
const notEqual = comparison("ne", ops.ne);
const less = comparison("lt", ops.lt);
const lessOrEqual = comparison("le", ops.le);
const greater = comparison("gt", ops.gt);
const greaterOrEqual = comparison("ge", ops.ge);

export const eq = (x: Operand, y: Operand): Value => callBinary(equal, x, y);
export const ne = (x: Operand, y: Operand): Value => callBinary(notEqual, x, y);
export const lt = (x: Operand, y: Operand): Value => callBinary(less, x, y);
export const le = (x: Operand, y: Operand): Value => callBinary(lessOrEqual, x, y);
export const gt = (x: Operand, y: Operand): Value => callBinary(greater, x, y);
export const ge = (x: Operand, y: Operand): Value => callBinary(greaterOrEqual, x, y);

const toBool = (): DType => "bool";
const conjunction: BinaryFunction = {
  name: "logicalAnd",
  op: ops.and,
  tapeName: "",
  computeIn: toBool,
};
const disjunction: BinaryFunction = {
  name: "logicalOr",
  op: ops.or,
  tapeName: "",
  computeIn: toBool,
};
const exclusion: BinaryFunction = {
  name: "logicalXor",
  op: ops.xor,
  tapeName: "",
  computeIn: toBool,
};

export const logicalAnd = (x: Value, y: Value): Value => callBinary(conjunction, x, y);
export const logicalOr = (x: Value, y: Value): Value => callBinary(disjunction, x, y);
export const logicalXor = (x: Value, y: Value): Value => callBinary(exclusion, x, y);
export const logicalNot = (x: Value): Value => ops.not(ops.cast(x, "bool"));

const always = (x: Value, holds: boolean): Value => fullLike(ops.cast(x, "bool"), holds ? 1 : 0);

export const isnan = (x: Value): Value => (isFloat(x.node.dtype) ? ops.ne(x, x) : always(x, false));

export const isinf = (x: Value): Value =>
  isFloat(x.node.dtype) ? ops.eq(ops.abs(x), Infinity) : always(x, false);

export const isfinite = (x: Value): Value =>
  isFloat(x.node.dtype) ? ops.lt(ops.abs(x), Infinity) : always(x, true);

const isValueOf = (x: Value, value: number): Value =>
  isFloat(x.node.dtype) ? ops.eq(x, value) : always(x, false);

export const isposinf = (x: Value): Value => isValueOf(x, Infinity);
export const isneginf = (x: Value): Value => isValueOf(x, -Infinity);

/** All numbers here are. */
export const isreal = (x: Value): Value => always(x, true);

/** The one operand where it wins or the other is NaN; so a NaN is taken only from both. */
const winner = (name: string, wins: PointwiseOp): Composite<Common> => ({
  name,
  body: ([first, second], common) => {
    const [x, y] = [fitted(first, common), fitted(second, common)];
    const isWon = isFloat(common.dtype) ? ops.or(wins(x, y), ops.ne(y, y)) : wins(x, y);
    return ops.where(isWon, x, y);
  },
});

const greaterNumber = winner("FmaxBackward0", ops.ge);
const lesserNumber = winner("FminBackward0", ops.le);

/** The greater; a number rather than NaN. Of equals the first is taken, with all of the gradient. */
export const fmax = (x: Value, y: Value): Value =>
  resultDType(x, y) === "bool"
    ? logicalOr(x, y)
    : composite(greaterNumber, [x, y], {
        shape: commonShape("fmax", x, y),
        dtype: resultDType(x, y),
      });

export const fmin = (x: Value, y: Value): Value =>
  resultDType(x, y) === "bool"
    ? logicalAnd(x, y)
    : composite(lesserNumber, [x, y], {
        shape: commonShape("fmin", x, y),
        dtype: resultDType(x, y),
      });

const chosen: Composite<Common> = {
  name: "WhereBackward0",
  body: ([condition, x, y], common) =>
    ops.where(
      fitted(condition, { ...common, dtype: "bool" }),
      fitted(x, common),
      fitted(y, common),
    ),
};

function requireMask(op: string, mask: Value): void {
  if (mask.node.dtype === "bool") return;
  fail(
    op,
    `expected a boolean mask, got a tensor of dtype ${mask.node.dtype}. Compare it: x.ne(0)`,
  );
}

/** x where the condition holds, else y. */
export function where(condition: Value, x: Operand, y: Operand): Value {
  requireMask("where", condition);
  const dtype = resultDType(x, y);
  const shape = commonShape("where", condition, x, y);
  return composite(chosen, [condition, asValue(x, dtype), asValue(y, dtype)], { shape, dtype });
}

const fillSpec: Composite<null> = {
  name: "FillBackward0",
  body: ([x, value]) => {
    const { dtype, shape } = x.node;
    const filled = ops.cast(value, dtype);
    return shape.length > 0 ? expand(filled, shape) : filled;
  },
  // The chain rule finds no path to x; PyTorch says that its gradient is 0.
  gradient: (g, [x, value]) => {
    const axes = x.node.shape.map((_, axis) => axis);
    return [x.edge && zerosLike(g), value.edge && ops.cast(sum(g, axes), value.node.dtype)];
  },
};

/** `value` in every element, of x's dtype and shape. */
export function fill(x: Value, value: Operand): Value {
  if (isValue(value) && value.node.shape.length > 0) {
    fail(
      "fill",
      `only supports 0-dimension value tensor but got tensor with ${value.node.shape.length} dimensions.`,
    );
  }
  return composite(fillSpec, [x, asValue(value, x.node.dtype)], null);
}

const filledWith = (name: string): Composite<Common> => ({
  name,
  body: ([x, mask, value], common) =>
    ops.where(fitted(mask, { ...common, dtype: "bool" }), fitted(value, common), fitted(x, common)),
});

const filledWithNumber = filledWith("MaskedFillBackward0");
const filledWithValue = filledWith("MaskedFillBackward1");

/** `value` where the mask holds; of x's dtype. */
export function maskedFill(x: Value, mask: Value, value: Operand): Value {
  requireMask("maskedFill", mask);
  const { dtype } = x.node;
  if (isValue(value) && value.node.shape.length > 0) {
    fail(
      "maskedFill",
      `only supports a 0-dimensional value tensor, but got tensor with ${value.node.shape.length} dimension(s).`,
    );
  }
  if (dtype !== "bool" && resultDType(fullLike(x, 0), value) !== dtype) {
    fail("maskedFill", `value cannot be converted to type ${dtype} without overflow`);
  }
  const shape = commonShape("maskedFill", x, mask);
  const spec = isValue(value) ? filledWithValue : filledWithNumber;
  return composite(spec, [x, mask, asValue(value, dtype)], { shape, dtype });
}
