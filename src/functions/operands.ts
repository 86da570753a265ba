// Operands of public functions: values and numbers, what dtype they meet in, and how they are brought
// to one shape and dtype. Values of ranks > 0 decide before those of rank 0, and these before numbers.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, dtypes, promote } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { Float, type Scalar, scalarValue } from "../base/scalars.ts";
import { broadcastShapes, type Shape, sameShape } from "../base/shapes.ts";
import { scalarNode } from "../graph/build.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import { cast } from "../ops/arithmetic.ts";
import { expand } from "../ops/linear.ts";
import type { PointwiseOp } from "../ops/pointwise.ts";
import { apply } from "../ops/primitive.ts";

export type Operand = Value | Scalar;

export const isValue = (x: Operand): x is Value => typeof x === "object" && !(x instanceof Float);

/** The dtype a number has by itself: a JavaScript integer is an int. */
export function scalarDType(x: Scalar): DType {
  if (typeof x === "boolean") return "bool";
  return typeof x === "number" && Number.isInteger(x) ? "int64" : "float32";
}

const dtypeOf = (x: Operand): DType => (isValue(x) ? x.node.dtype : scalarDType(x));

const standing = (x: Operand): number => (isValue(x) ? (x.node.shape.length > 0 ? 2 : 1) : 0);

/** PyTorch's result type: of lower standing only a higher category counts. */
export function resultDType(x: Operand, y: Operand): DType {
  const a = dtypeOf(x);
  const b = dtypeOf(y);
  if (a === b) return a;
  const lead = standing(x) - standing(y);
  if (lead === 0) return promote(a, b);
  return lead > 0 ? higher(b, a) : higher(a, b);
}

const higher = (low: DType, high: DType): DType =>
  dtypes[low].category > dtypes[high].category ? low : high;

/** The result type of any number of operands: they meet within a standing first. */
export function resultDTypeOf(operands: readonly Operand[]): DType {
  const met: (DType | null)[] = [null, null, null];
  for (const x of operands) {
    const at = standing(x);
    const before = met[at];
    met[at] = before ? promote(before, dtypeOf(x)) : dtypeOf(x);
  }
  const ranked = met.filter((dtype) => dtype !== null).reverse();
  return ranked.reduce((high, low) => higher(low, high));
}

/** A number as a constant of `dtype`; a value as it is. */
export const asValue = (x: Operand, dtype: DType): Value =>
  isValue(x) ? x : constantValue(scalarNode(dtype, scalarValue(x)));

export interface Common {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** `x` in the common dtype and shape; numbers need no shape. */
export function fitted(x: Value, { shape, dtype }: Common): Value {
  const { node } = x;
  const typed = node.dtype === dtype ? x : cast(x, dtype);
  // A constant that was realized is a tensor as any other.
  const isNumber = typed.node.kind === "scalar" && !typed.node.memory;
  return isNumber || sameShape(node.shape, shape) ? typed : expand(typed, shape);
}

/** The shape that operands broadcast to. */
export function commonShape(op: string, ...operands: readonly Operand[]): Shape {
  let shape: Shape = [];
  for (const x of operands) if (isValue(x)) shape = broadcastShapes(op, shape, x.node.shape);
  return shape;
}

export interface BinaryFunction {
  /** The public name, for errors. */
  readonly name: string;
  readonly op: PointwiseOp;
  readonly tapeName: string;
  /** The dtype to compute in, of the operands' common one. */
  readonly computeIn?: (dtype: DType) => DType;
  readonly refusesBool?: boolean;
  /** Operands that are all integers or bools are refused, not computed in float32. */
  readonly wantsFloat?: boolean;
}

const broadcasts = new WeakMap<BinaryFunction, Composite<Common>>();

/** The op over operands that need casts or broadcasts: one entry on the Tape all the same. */
function broadcastOf(binary: BinaryFunction): Composite<Common> {
  let spec = broadcasts.get(binary);
  if (!spec) {
    const { op, tapeName } = binary;
    spec = { name: tapeName, body: ([x, y], common) => op(fitted(x, common), fitted(y, common)) };
    broadcasts.set(binary, spec);
  }
  return spec;
}

/** Calls a binary function on operands of any shapes and dtypes that fit together. */
export function callBinary(binary: BinaryFunction, x: Operand, y: Operand): Value {
  const common = resultDType(x, y);
  const dtype = binary.computeIn ? binary.computeIn(common) : common;
  if (binary.refusesBool && dtype === "bool") {
    fail(binary.name, "not implemented for 'Bool'. Cast an operand first: x.to(\"int64\")");
  }
  if (binary.wantsFloat) wantFloat(binary.name, dtype);
  const a = asValue(x, dtype);
  const b = asValue(y, dtype);
  if (a.node.dtype === dtype && b.node.dtype === dtype && fits(x, y)) {
    return apply(binary.op.primitive, [a, b], null, binary.tapeName);
  }
  return composite(broadcastOf(binary), [a, b], { shape: commonShape(binary.name, x, y), dtype });
}

const fits = (x: Operand, y: Operand): boolean =>
  !isValue(x) || !isValue(y) || sameShape(x.node.shape, y.node.shape);

/** Integers and bools compute as float32. */
export const inFloat = (dtype: DType): DType => (dtypes[dtype].category === 2 ? dtype : "float32");

/** `dtype` if it is one of floats. */
export function wantFloat(op: string, dtype: DType): DType {
  if (dtypes[dtype].category === 2) return dtype;
  fail(op, `not implemented for ${dtype}. Cast an operand first: x.to("float32")`);
}

export const asFloat = (x: Value): Value => {
  const dtype = inFloat(x.node.dtype);
  return dtype === x.node.dtype ? x : cast(x, dtype);
};
