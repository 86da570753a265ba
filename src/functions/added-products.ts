// beta·input + alpha·product, of matrices, vectors and batches; and the linear layers' functions.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Scalar, scalarValue } from "../base/scalars.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { full } from "../ops/source.ts";
import { type Pairing, product, productDType, requireProducts } from "./contraction.ts";
import { expandedShape } from "./geometry.ts";
import { type Common, fitted, resultDTypeOf, scalarDType } from "./operands.ts";
import * as products from "./products.ts";

const shapeOf = (x: Value): Shape => x.node.shape;

interface Weighted {
  readonly pairing: Pairing;
  readonly shape: Shape;
  readonly beta: number;
  readonly alpha: number;
}

const times = (x: Value, factor: number): Value => (factor === 1 ? x : ops.mul(x, factor));

/** Summed and added in one dtype, rounded once. beta = 0 leaves the input out, whatever it holds. */
const added = (name: string): Composite<Weighted> => ({
  name,
  body: ([x, a, b], { pairing, shape, beta, alpha }) => {
    const { dtype } = x.node;
    const wide = productDType(dtype);
    const sum = times(product(name, ops.cast(a, wide), ops.cast(b, wide), pairing), alpha);
    if (beta === 0) return ops.cast(sum, dtype);
    const base = fitted(x, { shape, dtype: wide });
    return ops.cast(ops.add(times(base, beta), sum), dtype);
  },
});

const specs = {
  addmm: added("AddmmBackward0"),
  addmv: added("AddmvBackward0"),
  addbmm: added("AddbmmBackward0"),
  baddbmm: added("BaddbmmBackward0"),
  linear: added("ViewBackward0"),
} as const;

export interface Weights {
  readonly beta: Scalar;
  readonly alpha: Scalar;
}

interface Sum {
  readonly pairing: Pairing;
  readonly shape: Shape;
  readonly weights: Weights;
}

function sumOf(
  op: Exclude<keyof typeof specs, "linear">,
  [x, a, b]: readonly [Value, Value, Value],
  { pairing, shape, weights }: Sum,
): Value {
  requireProducts(op, x, a, b);
  expandedShape(op, shapeOf(x), shape);
  // Of integers the weights are integers.
  const weight = (value: Scalar): number =>
    isInteger(x.node.dtype) ? Math.trunc(scalarValue(value)) : scalarValue(value);
  const [beta, alpha] = [weight(weights.beta), weight(weights.alpha)];
  return composite(specs[op], [x, a, b], { pairing, shape, beta, alpha });
}

export function addmm(x: Value, a: Value, b: Value, weights: Weights): Value {
  products.requireMatrices("addmm", a, b);
  const shape = [shapeOf(a)[0], shapeOf(b)[1]];
  return sumOf("addmm", [x, a, b], { pairing: products.matrices, shape, weights });
}

export function addmv(x: Value, matrix: Value, vector: Value, weights: Weights): Value {
  products.requireMatrixAndVector("addmv", matrix, vector);
  const shape = [shapeOf(matrix)[0]];
  return sumOf("addmv", [x, matrix, vector], { pairing: products.matrixAndVector, shape, weights });
}

export function baddbmm(x: Value, a: Value, b: Value, weights: Weights): Value {
  products.requireBatches("baddbmm", a, b);
  const shape = [...shapeOf(a).slice(0, 2), shapeOf(b)[2]];
  return sumOf("baddbmm", [x, a, b], { pairing: products.batches, shape, weights });
}

/** The sum over the batch too: one contraction. */
export function addbmm(x: Value, a: Value, b: Value, weights: Weights): Value {
  products.requireBatches("addbmm", a, b);
  const { batches, matrices } = products;
  const pairing = { ...batches, out: matrices.out };
  return sumOf("addbmm", [x, a, b], {
    pairing,
    shape: [shapeOf(a)[1], shapeOf(b)[2]],
    weights,
  });
}

interface Outer extends Common {
  readonly beta: number;
  readonly alpha: number;
}

/** beta·x + alpha·a·bᵀ; of bools "and" and "or". */
const addrSpec: Composite<Outer> = {
  name: "AddrBackward0",
  body: ([x, a, b], { shape, dtype, beta, alpha }) => {
    const column = linear.reshape(a, [shape[0], 1]);
    const block = ops.mul(fitted(column, { shape, dtype }), fitted(b, { shape, dtype }));
    const base = fitted(x, { shape, dtype });
    if (dtype === "bool") {
      const scaled = alpha === 0 ? full(dtype, shape, 0) : block;
      return beta === 0 ? scaled : ops.or(base, scaled);
    }
    const scaled = times(block, alpha);
    return beta === 0 ? scaled : ops.add(times(base, beta), scaled);
  },
};

function requireWeight(name: string, value: Scalar, dtype: DType): void {
  const kind = scalarDType(value);
  if (isInteger(dtype) && kind === "float32") {
    fail("addr", `For integral input tensors, ${name} must not be a floating point number.`);
  }
  if (kind === "bool" && dtype !== "bool") {
    fail("addr", `Boolean ${name} only supported for Boolean results.`);
  }
}

export function addr(x: Value, a: Value, b: Value, { beta, alpha }: Weights): Value {
  const [rows, columns] = [shapeOf(a), shapeOf(b)];
  if (rows.length !== 1 || columns.length !== 1) {
    fail("addr", `expected two vectors, got ${showShape(rows)} and ${showShape(columns)}`);
  }
  const shape = [rows[0], columns[0]];
  expandedShape("addr", shapeOf(x), shape);
  const dtype = resultDTypeOf([x, a, b]);
  requireWeight("beta", beta, dtype);
  requireWeight("alpha", alpha, dtype);
  const weights = { beta: scalarValue(beta), alpha: scalarValue(alpha) };
  return composite(addrSpec, [x, a, b], { shape, dtype, ...weights });
}

/** x·weightᵀ + bias along the last axis. */
export function linearLayer(x: Value, weight: Value, bias: Value | null): Value {
  const [own, given] = [shapeOf(x), shapeOf(weight)];
  requireLinear(own, given);
  requireProducts("linear", x, weight, ...(bias ? [bias] : []));
  const depth = own.length - 1;
  const rows = own.slice(0, -1).map((_, axis) => axis);
  const columns = given.length === 2 ? [own.length] : [];
  const pairing: Pairing = {
    a: [...rows, depth],
    b: [...columns, depth],
    out: [...rows, ...columns],
  };
  const isMatrix = own.length === 2 && given.length === 2;
  if (!bias) {
    const ofRank = own.length === 1 ? "SqueezeBackward4" : "UnsafeViewBackward0";
    return product(isMatrix ? "MmBackward0" : ofRank, x, weight, pairing);
  }
  const shape = [...own.slice(0, -1), ...given.slice(0, -1)];
  expandedShape("linear", shapeOf(bias), shape);
  const spec = isMatrix ? specs.addmm : specs.linear;
  return composite(spec, [bias, x, weight], { pairing, shape, beta: 1, alpha: 1 });
}

function requireLinear(own: Shape, given: Shape): void {
  if (own.length === 0) fail("linear", "input must have at least one dimension, got []");
  if (given.length !== 1 && given.length !== 2) {
    fail("linear", `weight must be [out, in] or [in], got ${showShape(given)}`);
  }
  if (own.at(-1) === given.at(-1)) return;
  fail(
    "linear",
    `input ${showShape(own)} and weight ${showShape(given)} cannot be multiplied: ` +
      `${own.at(-1)} ≠ ${given.at(-1)} in the last dimension`,
  );
}
