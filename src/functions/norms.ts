// Norms of vectors: (Σ|x|^p)^(1/p) over some axes, and what is made with them: distances, renorm.
// Gradients are PyTorch's: 0 where the norm is 0, in equal parts among extrema.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated, type DType, dtypes, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxes, normalizeAxis, type Shape } from "../base/shapes.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import * as reduce from "../ops/reduce.ts";
import { pow } from "../ops/transcendental.ts";
import { commonShape, fitted, resultDType } from "./operands.ts";
import { type Dims, keeping, type Reduction, spread } from "./reductions.ts";

interface Norm {
  readonly p: number;
  readonly axes: readonly number[];
}

function normOf(x: Value, { p, axes }: Norm): Value {
  if (p === 0) return linear.sum(ops.cast(ops.ne(x, 0), x.node.dtype), axes);
  if (p === 2) return ops.sqrt(linear.sum(ops.mul(x, x), axes));
  const size = ops.abs(x);
  if (p === Infinity) return reduce.amax(size, axes);
  if (p === -Infinity) return reduce.amin(size, axes);
  if (p === 1) return linear.sum(size, axes);
  return pow(linear.sum(pow(size, p), axes), 1 / p);
}

const inside: Composite<Norm> = {
  name: "LinalgVectorNormBackward0",
  body: ([x], norm) => normOf(x, norm),
  // The chain rule gives NaN where the norm is 0.
  gradient: (g, [x], out, norm) => [gradientOfNorm(g, x, out, norm)],
};

function gradientOfNorm(g: Value, x: Value, out: Value, { p, axes }: Norm): Gradient {
  const { shape } = x.node;
  const along = (value: Value): Value => spread(value, shape, axes);
  if (p === 0) return null;
  if (p === 1) return ops.mul(ops.sign(x), along(g));
  if (Math.abs(p) === Infinity) return gradientOfExtremum(g, x, out, axes);
  // Where the norm is 0, so is every x (p > 0); 1 stands there for a divisor.
  const divisor = ops.where(ops.eq(out, 0), 1, out);
  // g·x/‖x‖
  if (p === 2) return ops.mul(along(g), ops.div(x, along(divisor)));
  // g·sign(x)·|x|^(p-1)·‖x‖^(1-p)
  const scale = ops.mul(g, pow(divisor, 1 - p));
  return ops.mul(signedPower(x, p), along(ops.where(ops.eq(out, 0), 0, scale)));
}

/** sign(x)·|x|^(p-1), 0 at 0, written so that its own derivative is as PyTorch's. */
function signedPower(x: Value, p: number): Value {
  if (p >= 2) return ops.mul(x, pow(ops.abs(x), p - 2));
  if (p > 1) return ops.mul(ops.sign(x), pow(ops.abs(x), p - 1));
  const size = ops.abs(ops.where(ops.eq(x, 0), 1, x));
  return ops.mul(ops.sign(x), pow(size, p - 1));
}

function gradientOfExtremum(g: Value, x: Value, out: Value, axes: readonly number[]): Value {
  const size = ops.abs(x);
  const isMeant = ops.or(ops.eq(size, spread(out, x.node.shape, axes)), ops.ne(x, x));
  const count = linear.sum(ops.cast(isMeant, x.node.dtype), axes);
  const share = spread(ops.div(g, count), x.node.shape, axes);
  return ops.mul(ops.sign(x), ops.where(isMeant, share, 0));
}

interface TypedNorm extends Norm, Reduction {
  readonly dtype: DType;
}

const vectorNormSpec: Composite<TypedNorm> = {
  name: "LinalgVectorNormBackward0",
  body: ([x], norm) => {
    const result = composite(inside, [ops.cast(x, accumulated(norm.dtype))], norm);
    return keeping(ops.cast(result, norm.dtype), x, norm);
  },
};

export interface NormOptions {
  readonly dim?: Dims;
  readonly keepdim?: boolean;
  readonly dtype?: DType | null;
}

/** The norm of order `p` over some axes, all by default. */
export function vectorNorm(
  op: string,
  x: Value,
  p: number,
  { dim, keepdim = false, dtype }: NormOptions = {},
): Value {
  const { node } = x;
  requireNormDType(op, node.dtype, dtype ?? null);
  const axes = normalizeAxes(op, dim, node.shape.length);
  if (p < 0 || p === Infinity) requireIdentity(op, p, { shape: node.shape, axes });
  return composite(vectorNormSpec, [x], { p, axes, keepdim, dtype: dtype ?? node.dtype });
}

function requireNormDType(op: string, own: DType, wanted: DType | null): void {
  if (!isFloat(own)) fail(op, `Expected a floating point or complex tensor as input. Got ${own}`);
  if (wanted === null) return;
  if (!isFloat(wanted)) fail(op, `dtype should be floating point or complex, but got ${wanted}`);
  if (dtypes[wanted].rank >= dtypes[own].rank) return;
  fail(
    op,
    `the dtype of the input (${own}) should be convertible without narrowing to the specified ` +
      `dtype (${wanted})`,
  );
}

function requireIdentity(
  op: string,
  p: number,
  { shape, axes }: { shape: Shape; axes: readonly number[] },
): void {
  const empty = axes.find((axis) => shape[axis] === 0);
  if (empty === undefined) return;
  const where =
    axes.length === shape.length
      ? "an empty tensor because the operation"
      : `the dimension ${empty} because this dimension is empty and the operation`;
  fail(op, `cannot compute the ${p} norm on ${where} does not have an identity`);
}

interface Distance {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly p: number;
}

const distSpec: Composite<Distance> = {
  name: "DistBackward0",
  body: ([x, y], attrs) => vectorNorm("dist", ops.sub(fitted(x, attrs), fitted(y, attrs)), attrs.p),
};

/** The norm of x - y. */
export function dist(x: Value, y: Value, p = 2): Value {
  const dtype = resultDType(x, y);
  requireNormDType("dist", dtype, null);
  return composite(distSpec, [x, y], { shape: commonShape("dist", x, y), dtype, p });
}

interface Renorm extends Norm {
  readonly maxnorm: number;
}

/** Keeps the quotient finite, as PyTorch does. */
const renormEpsilon = 1e-7;

const renormSpec: Composite<Renorm> = {
  name: "RenormBackward0",
  body: ([given], attrs) => {
    const { dtype } = given.node;
    const x = ops.cast(given, accumulated(dtype));
    const norm = composite(inside, [x], attrs);
    const scale = ops.div(attrs.maxnorm, ops.add(norm, renormEpsilon));
    const factor = ops.where(ops.gt(norm, attrs.maxnorm), scale, 1);
    return ops.cast(ops.mul(x, spread(factor, x.node.shape, attrs.axes)), dtype);
  },
};

/** Each slice along `dim` scaled down to the norm `maxnorm` where it has a larger one. */
export function renorm(x: Value, p: number, dim: number, maxnorm: number): Value {
  const { shape, dtype } = x.node;
  const rank = shape.length;
  if (!isFloat(dtype)) fail("renorm", `wants a floating point tensor, got ${dtype}`);
  if (!(p > 0)) fail("renorm", "non-positive-norm not supported");
  if (!(maxnorm >= 0)) fail("renorm", `expected maxnorm to be >= 0 but got ${maxnorm}`);
  if (rank < 2) fail("renorm", `input needs at least 2 dimensions, got ${rank} dimensions`);
  const own = normalizeAxis("renorm", dim, rank);
  const axes = shape.map((_, axis) => axis).filter((axis) => axis !== own);
  return composite(renormSpec, [x], { p, axes, maxnorm });
}

// Norms of matrices, as far as they are those of their elements, rows or columns

const matrixOrders = ["fro", Infinity, -Infinity, 1, -1] as const;

export type MatrixOrder = number | string;

/** "fro", or the largest (smallest) sum of a column (±1) or row (±∞). */
export function matrixNorm(
  op: string,
  x: Value,
  order: MatrixOrder,
  { dim = [-2, -1], keepdim = false, dtype }: NormOptions = {},
): Value {
  const { node } = x;
  const rank = node.shape.length;
  if (typeof dim === "number" || dim?.length !== 2) fail(op, "dim must be a 2-tuple");
  if (rank < 2) {
    fail(op, `The input tensor A must have at least 2 dimensions. Got a tensor with ${rank}`);
  }
  requireNormDType(op, node.dtype, dtype ?? null);
  const [row, column] = dim.map((axis) => normalizeAxis(op, axis, rank));
  if (row === column) fail(op, `dims must be different. Got (${dim})`);
  if (!(matrixOrders as readonly MatrixOrder[]).includes(order)) {
    fail(
      op,
      `order ${order} is not supported: it wants singular values. There are ${matrixOrders}`,
    );
  }
  if (order === "fro") return vectorNorm(op, x, 2, { dim, keepdim, dtype: dtype ?? null });
  const [summed, chosen] = Math.abs(order as number) === 1 ? [row, column] : [column, row];
  const sums = vectorNorm(op, x, 1, { dim: summed, keepdim: true, dtype: dtype ?? null });
  const choose = (order as number) > 0 ? reduce.amax : reduce.amin;
  const best = choose(sums, [chosen], (order as number) > 0 ? "AmaxBackward0" : "AminBackward0");
  const kept = linear.withOnes(node.shape, [row, column]);
  const shape = keepdim ? kept : node.shape.filter((_, axis) => axis !== row && axis !== column);
  return linear.reshape(best, shape, "ViewBackward0");
}

/** `norm("fro")` over up to two axes is that of the elements; other names are norms of matrices. */
export function normByName(x: Value, name: string, options: NormOptions): Value {
  const { dim } = options;
  const isOfElements = dim == null || typeof dim === "number" || dim.length <= 2;
  if (name === "fro" && isOfElements) return vectorNorm("norm", x, 2, options);
  const all = x.node.shape.map((_, axis) => axis);
  return matrixNorm("norm", x, name, { ...options, dim: dim ?? all });
}

/** Of all elements without an order; else of vectors along one dim, of matrices along two. */
export function eitherNorm(x: Value, order: MatrixOrder | null, options: NormOptions): Value {
  const op = "linalg.norm";
  const rank = x.node.shape.length;
  const dim = typeof options.dim === "number" ? [options.dim] : options.dim;
  if (order === null) return vectorNorm(op, x, 2, options);
  if (dim && dim.length !== 1 && dim.length !== 2) {
    fail(op, `If dim is specified, it must be of length 1 or 2. Got [${dim}]`);
  }
  if (!dim && rank !== 1 && rank !== 2) {
    fail(op, `If dim is not specified but ord is, the input must be 1D or 2D. Got ${rank}D.`);
  }
  if ((dim?.length ?? rank) === 2)
    return matrixNorm(op, x, order, { ...options, dim: dim ?? [0, 1] });
  if (typeof order === "number") return vectorNorm(op, x, order, options);
  fail(op, `order ${order} is one of matrices, the input has vectors`);
}
