// beta·input + alpha·product, of matrices, vectors and batches; and the linear layers' functions.

import { type Composite, composite } from "../autograd/composite.ts";
import { isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Scalar, scalarValue } from "../base/scalars.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { type Pairing, product, productDType, requireProducts } from "./contraction.ts";
import { expandedShape } from "./geometry.ts";
import { fitted, resultDTypeOf, scalarDType } from "./operands.ts";
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

interface Outer {
  readonly shape: Shape;
  readonly beta: number;
  readonly alpha: number;
}

/** beta·x + alpha·a·bᵀ; of bools "and" and "or". */
const addrSpec: Composite<Outer> = {
  name: "AddrBackward0",
  body: ([x, a, b], { shape, beta, alpha }) => {
    const { dtype } = a.node;
    const column = linear.reshape(a, [shape[0], 1]);
    const block = ops.mul(linear.expand(column, shape), linear.expand(b, shape));
    const base = fitted(x, { shape, dtype });
    if (dtype === "bool") {
      const scaled = alpha === 0 ? ops.xor(block, block) : block;
      return beta === 0 ? scaled : ops.or(base, scaled);
    }
    const scaled = times(block, alpha);
    return beta === 0 ? scaled : ops.add(times(base, beta), scaled);
  },
};

export function addr(x: Value, a: Value, b: Value, { beta, alpha }: Weights): Value {
  for (const vector of [a, b]) {
    if (shapeOf(vector).length === 1) continue;
    fail("addr", `expected two vectors, got ${showShape(shapeOf(a))} and ${showShape(shapeOf(b))}`);
  }
  const shape = [shapeOf(a)[0], shapeOf(b)[0]];
  expandedShape("addr", shapeOf(x), shape);
  const dtype = resultDTypeOf([x, a, b]);
  for (const [name, value] of [
    ["beta", beta],
    ["alpha", alpha],
  ] as const) {
    const kind = scalarDType(value);
    if (isInteger(dtype) && kind === "float32") {
      fail("addr", `For integral input tensors, ${name} must not be a floating point number.`);
    }
    if (kind === "bool" && dtype !== "bool") {
      fail("addr", `Boolean ${name} only supported for Boolean results.`);
    }
  }
  const inputs = [x, a, b].map((value) => ops.cast(value, dtype));
  const weights = { beta: scalarValue(beta), alpha: scalarValue(alpha) };
  return composite(addrSpec, inputs, { shape, ...weights });
}

/** x·weightᵀ + bias along the last axis. */
export function linearLayer(x: Value, weight: Value, bias: Value | null): Value {
  const op = "linear";
  const [own, given] = [shapeOf(x), shapeOf(weight)];
  if (own.length === 0) fail(op, `input must have at least one dimension, got ${showShape(own)}`);
  if (given.length !== 1 && given.length !== 2) {
    fail(op, `weight must be [out, in] or [in], got ${showShape(given)}`);
  }
  if (own.at(-1) !== given.at(-1)) {
    fail(
      op,
      `input ${showShape(own)} and weight ${showShape(given)} cannot be multiplied: ` +
        `${own.at(-1)} ≠ ${given.at(-1)} in the last dimension`,
    );
  }
  requireProducts(op, x, weight, ...(bias ? [bias] : []));
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
    const name = isMatrix ? "MmBackward0" : own.length === 1 ? "SqueezeBackward4" : undefined;
    return product(name ?? "UnsafeViewBackward0", x, weight, pairing);
  }
  const shape = [...own.slice(0, -1), ...given.slice(0, -1)];
  expandedShape(op, shapeOf(bias), shape);
  const spec = isMatrix ? specs.addmm : specs.linear;
  return composite(spec, [bias, x, weight], { pairing, shape, beta: 1, alpha: 1 });
}
