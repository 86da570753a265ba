// Distances between vectors, and products of them: cdist, pdist, pairwiseDistance, cosineSimilarity,
// normalize, cross.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated, type DType, isFloat, promote } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { broadcastShapes, normalizeAxis, type Shape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { beside } from "../ops/beside.ts";
import { gather } from "../ops/indexing.ts";
import * as linear from "../ops/linear.ts";
import * as reduce from "../ops/reduce.ts";
import { full } from "../ops/source.ts";
import { clampMin } from "./combined.ts";
import { triuIndices } from "./grids.ts";
import { alongAxis } from "./index-operands.ts";
import { vectorNorm } from "./norms.ts";
import { asFloat, commonShape, fitted, resultDType } from "./operands.ts";
import { roll } from "./rearrangements.ts";
import { spread } from "./reductions.ts";

// Norms of differences

/** The largest |x| along the last axis; its gradient goes to all that are as large, undivided. */
const largestSpec: Composite<number> = {
  name: "",
  body: ([x], axis) => reduce.amax(ops.abs(x), [axis]),
  gradient: (g, [x], out, axis) => {
    const { shape } = x.node;
    const isMeant = ops.eq(ops.abs(x), spread(out, shape, [axis]));
    return [ops.mul(ops.sign(x), ops.where(isMeant, spread(g, shape, [axis]), 0))];
  },
};

/** The norm of order p along the last axis; 0 of no element. */
function normOfRows(op: string, x: Value, p: number): Value {
  const { shape, dtype } = x.node;
  const axis = shape.length - 1;
  if (shape[axis] === 0) return full(dtype, shape.slice(0, -1), 0);
  if (p === Infinity) return composite(largestSpec, [x], axis);
  const norm = vectorNorm(op, x, p, { dim: -1 });
  // A count has a gradient of zeros.
  return p === 0 ? beside(norm, x) : norm;
}

interface Between {
  readonly p: number;
  readonly batch: Shape;
}

const cdistSpec: Composite<Between> = {
  name: "CdistBackward0",
  body: ([x, y], { p, batch }) => {
    const [rows, width] = x.node.shape.slice(-2);
    const columns = y.node.shape.at(-2) as number;
    const all = [...batch, rows, columns, width];
    const apart = (value: Value, at: number): Value => {
      const { shape } = value.node;
      const own = [...shape.slice(0, -2), ...(at === 0 ? [rows, 1] : [1, columns]), width];
      return linear.expand(linear.reshape(value, own), all);
    };
    return normOfRows("cdist", ops.sub(apart(x, 0), apart(y, 1)), p);
  },
};

function requireOrder(op: string, p: number): void {
  if (!(p >= 0)) fail(op, `only supports non-negative p values, got ${p}`);
}

/** Between each row of x, [.., P, M], and each of y, [.., R, M]: [.., P, R]. */
export function cdist(x: Value, y: Value, p = 2): Value {
  const [a, b] = [x.node, y.node];
  for (const [name, { dtype, shape }] of Object.entries({ X1: a, X2: b })) {
    if (!isFloat(dtype))
      fail("cdist", `only supports floating-point dtypes, ${name} got: ${dtype}`);
    if (shape.length < 2) {
      fail("cdist", `only supports at least 2D tensors, ${name} got: ${shape.length}D`);
    }
  }
  if (a.shape.at(-1) !== b.shape.at(-1)) {
    fail(
      "cdist",
      "X1 and X2 must have the same number of columns. X1: " +
        `${a.shape.at(-1)} X2: ${b.shape.at(-1)}`,
    );
  }
  requireOrder("cdist", p);
  const batch = broadcastShapes("cdist", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const dtype = promote(a.dtype, b.dtype);
  return composite(cdistSpec, [ops.cast(x, dtype), ops.cast(y, dtype)], { p, batch });
}

const pdistSpec: Composite<number> = {
  name: "PdistBackward0",
  body: ([x], p) => {
    const { shape } = x.node;
    const pairs = triuIndices({ rows: shape[0], columns: shape[0] }, 1, "int64");
    const count = pairs.node.shape[1];
    const side = (at: number): Value => {
      const row = linear.slice(pairs, [{ start: at, size: 1, step: 1 }, linear.wholeSlice(count)]);
      return gather(x, 0, alongAxis(linear.reshape(row, [count]), shape, 0));
    };
    return normOfRows("pdist", ops.sub(side(0), side(1)), p);
  },
};

/** Between each two rows: those of (0, 1), (0, 2), …, (1, 2), … */
export function pdist(x: Value, p = 2): Value {
  const { shape, dtype } = x.node;
  if (shape.length !== 2) fail("pdist", `only supports 2D tensors, got: ${shape.length}D`);
  if (!isFloat(dtype)) fail("pdist", `only supports floating-point dtypes, got ${dtype}`);
  requireOrder("pdist", p);
  if (shape[0] < 2) return composite(noPairs, [x], null);
  return composite(pdistSpec, [x], p);
}

const noPairs: Composite<null> = {
  name: "PdistBackward0",
  body: ([x]) => linear.window(x, { shape: [0], strides: [1], offset: 0 }),
};

interface Pairwise {
  readonly shape: Shape;
  /** Of the difference: bytes wrap around. */
  readonly dtype: DType;
  readonly p: number;
  readonly eps: number;
  readonly keepdim: boolean;
}

const pairwiseSpec: Composite<Pairwise> = {
  name: "NormBackward1",
  body: ([x, y], { p, eps, keepdim, ...common }) => {
    const difference = asFloat(ops.sub(fitted(x, common), fitted(y, common)));
    return vectorNorm("pairwiseDistance", ops.add(difference, eps), p, { dim: -1, keepdim });
  },
};

/** The norm of x - y + eps along the last axis. */
export function pairwiseDistance(
  x: Value,
  y: Value,
  p: number,
  eps: number,
  keepdim: boolean,
): Value {
  const shape = commonShape("pairwiseDistance", x, y);
  const dtype = resultDType(x, y);
  if (dtype === "bool") fail("pairwiseDistance", "bool has no difference. Cast it: x.long()");
  return composite(pairwiseSpec, [x, y], { shape, dtype, p, eps, keepdim });
}

// Directions

/** max(x, least), with the gradient of x alone. */
const atLeast: Composite<number> = {
  name: "",
  body: ([x], least) => ops.maximum(x, full(x.node.dtype, x.node.shape, least)),
  // PyTorch clamps where nothing is recorded.
  gradient: (g) => [g],
};

interface Cosine {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly axis: number;
  readonly eps: number;
}

const cosineSpec: Composite<Cosine> = {
  name: "SumBackward1",
  body: ([x, y], { axis, eps, shape, dtype }) => {
    const rank = shape.length;
    const common = { shape, dtype: accumulated(dtype) };
    const unit = (value: Value): Value => {
      const own = fitted(value, common);
      const dim = rank === 0 ? null : axis;
      const norm = vectorNorm("cosineSimilarity", own, 2, { dim, keepdim: true });
      return ops.div(own, linear.expand(composite(atLeast, [norm], eps), shape));
    };
    const product = ops.mul(unit(x), unit(y));
    return ops.cast(linear.sum(product, rank === 0 ? [] : [axis]), dtype);
  },
};

/** Σ x·y / (‖x‖·‖y‖) along an axis, with norms of at least `eps`. */
export function cosineSimilarity(x: Value, y: Value, dim: number, eps: number): Value {
  const dtype = resultDType(x, y);
  if (!isFloat(dtype)) {
    fail("cosineSimilarity", `expected common dtype to be floating point, yet it is ${dtype}`);
  }
  const shape = commonShape("cosineSimilarity", x, y);
  const axis = normalizeAxis("cosineSimilarity", dim, shape.length);
  return composite(cosineSpec, [x, y], { shape, dtype, axis, eps });
}

interface Normalization {
  readonly p: number;
  readonly dim: number | readonly number[];
  readonly eps: number;
}

const normalizeSpec: Composite<Normalization> = {
  name: "DivBackward0",
  body: ([x], { p, dim, eps }) => {
    const norm = vectorNorm("normalize", x, p, { dim, keepdim: true });
    return ops.div(x, linear.expand(clampMin(norm, eps), x.node.shape));
  },
};

/** x divided by its norm along some axes, which counts as at least `eps`. */
export const normalize = (
  x: Value,
  p: number,
  dim: number | readonly number[],
  eps: number,
): Value => composite(normalizeSpec, [x], { p, dim, eps });

// cross

const crossSpec: Composite<number> = {
  name: "LinalgCrossBackward0",
  body: ([x, y], axis) => {
    const [x1, x2] = [roll(x, -1, axis), roll(x, -2, axis)];
    const [y1, y2] = [roll(y, -1, axis), roll(y, -2, axis)];
    return ops.sub(ops.mul(x1, y2), ops.mul(x2, y1));
  },
  // g·(dx × y) = (y × g)·dx
  gradient: (g, [x, y], _, axis) => [
    composite(crossSpec, [y, g], axis),
    composite(crossSpec, [g, x], axis),
  ],
};

const broadcastCross: Composite<{ shape: Shape; dtype: DType; axis: number }> = {
  name: "LinalgCrossBackward0",
  body: ([x, y], { axis, ...common }) =>
    composite(crossSpec, [fitted(x, common), fitted(y, common)], axis),
};

/** The product of vectors of three along an axis. */
export function linalgCross(x: Value, y: Value, dim = -1): Value {
  const [a, b] = [x.node.shape, y.node.shape];
  if (a.length !== b.length) {
    fail(
      "linalg.cross",
      "inputs must have the same number of dimensions, got " +
        `${showShape(a)} and ${showShape(b)}`,
    );
  }
  const axis = normalizeAxis("linalg.cross", dim, a.length);
  if (a[axis] !== 3 || b[axis] !== 3) {
    fail(
      "linalg.cross",
      `inputs dimension ${dim} must have length 3. Got ${a[axis]} and ${b[axis]}`,
    );
  }
  const dtype = resultDType(x, y);
  if (dtype === "bool") fail("linalg.cross", "not implemented for bool. Cast first");
  const shape = commonShape("linalg.cross", x, y);
  return composite(broadcastCross, [x, y], { shape, dtype, axis });
}

/** As linalgCross; without an axis along the first that has three elements. */
export function cross(x: Value, y: Value, dim: number | null): Value {
  if (dim !== null) return linalgCross(x, y, dim);
  const first = x.node.shape.indexOf(3);
  if (first < 0) fail("cross", `no dimension of size 3 in input of ${showShape(x.node.shape)}`);
  return linalgCross(x, y, first);
}
