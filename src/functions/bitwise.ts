// Bitwise functions, of integers and, where no bits are moved, of bools.

import { type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import type { PointwiseOp } from "../ops/pointwise.ts";
import { type BinaryFunction, callBinary, type Operand, resultDType } from "./operands.ts";

/** Whether the function takes a dtype. */
type Takes = (dtype: DType) => boolean;

const isWhole: Takes = (dtype) => !isFloat(dtype);
const isNumber: Takes = (dtype) => isWhole(dtype) && dtype !== "bool";

function requireDType(name: string, takes: Takes, dtype: DType): void {
  if (takes(dtype)) return;
  const wanted = takes("bool") ? "integers and bools" : "integers";
  fail(name, `not implemented for ${dtype}, only for ${wanted}`);
}

function bitwise(name: string, op: PointwiseOp, takes: Takes) {
  const spec: BinaryFunction = { name, op, tapeName: "" };
  return (x: Operand, y: Operand): Value => {
    requireDType(name, takes, resultDType(x, y));
    return callBinary(spec, x, y);
  };
}

export const bitwiseAnd = bitwise("bitwiseAnd", ops.and, isWhole);
export const bitwiseOr = bitwise("bitwiseOr", ops.or, isWhole);
export const bitwiseXor = bitwise("bitwiseXor", ops.xor, isWhole);
export const bitwiseLeftShift = bitwise("bitwiseLeftShift", ops.leftShift, isNumber);
export const bitwiseRightShift = bitwise("bitwiseRightShift", ops.rightShift, isNumber);

export function bitwiseNot(x: Value): Value {
  requireDType("bitwiseNot", isWhole, x.node.dtype);
  return ops.not(x);
}
