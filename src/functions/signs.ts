// Signs and steps: copysign, heaviside, and what asks for the sign.

import { type Composite, composite } from "../autograd/composite.ts";
import { isHalf } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as floatParts from "../ops/float-parts.ts";
import { sign } from "./arithmetic.ts";
import {
  type BinaryFunction,
  type Common,
  callBinary,
  commonShape,
  fitted,
  inFloat,
  isValue,
  type Operand,
  resultDType,
} from "./operands.ts";

const sgnSpec: Composite<null> = { name: "SgnBackward0", body: ([x]) => sign(x) };

/** The sign; of real numbers the same as `sign`. */
export const sgn = (x: Value): Value => composite(sgnSpec, [x], null);

/** Whether the sign bit is set; no bool has one. */
export const signbit = (x: Value): Value =>
  x.node.dtype === "bool" ? ops.and(x, ops.not(x)) : floatParts.signbit(x);

const signedByValue: BinaryFunction = {
  name: "copysign",
  op: floatParts.copysign,
  tapeName: "CopysignBackward0",
  computeIn: inFloat,
};
const signedByNumber: BinaryFunction = { ...signedByValue, tapeName: "CopysignBackward1" };

/** |x| with the sign of y. */
export const copysign = (x: Value, y: Operand): Value =>
  callBinary(isValue(y) ? signedByValue : signedByNumber, x, y);

const stepSpec: Composite<Common> = {
  name: "HeavisideBackward0",
  body: ([x, values], common) => {
    const [at, middle] = [fitted(x, common), fitted(values, common)];
    const step = ops.cast(ops.gt(at, 0), common.dtype);
    return ops.where(ops.eq(at, 0), middle, step);
  },
};

/** 0 below 0, 1 above, `values` at 0. */
export function heaviside(x: Value, values: Value): Value {
  const { dtype } = x.node;
  if (dtype !== values.node.dtype) {
    fail("heaviside", "is not yet implemented for tensors with different dtypes.");
  }
  const shape = commonShape("heaviside", x, values);
  if (dtype !== "bool") return withoutEdge(composite(stepSpec, [x, values], { shape, dtype }));
  // false is 0 and true is 1
  return callBinary(orValues, x, values);
}

const orValues: BinaryFunction = { name: "heaviside", op: ops.or, tapeName: "" };

/** No gradient passes, as in PyTorch. */
const withoutEdge = ({ node }: Value): Value => ({ node, edge: null });

const neighbour: BinaryFunction = {
  name: "nextafter",
  op: floatParts.nextafter,
  tapeName: "NextafterBackward0",
  wantsFloat: true,
};

/** The float next to x on the way to y. */
export function nextafter(x: Value, y: Value): Value {
  const dtype = resultDType(x, y);
  if (isHalf(dtype)) fail("nextafter", `not implemented for ${dtype}. Cast it first.`);
  return callBinary(neighbour, x, y);
}
