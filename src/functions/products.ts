// Products of matrices and vectors, with PyTorch's rules of ranks and its names on the Tape.

import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { broadcastShapes, normalizeAxis, type Shape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { mul } from "./arithmetic.ts";
import { type Labels, type Pairing, product, requireProducts } from "./contraction.ts";
import { reshape } from "./shapes.ts";

const shapeOf = (x: Value): Shape => x.node.shape;
const rankOf = (x: Value): number => x.node.shape.length;

/** Labels of row, summed and column axes; batches count from 0. */
const [row, inner, column] = [-1, -2, -3];

export const matrices: Pairing = { a: [row, inner], b: [inner, column], out: [row, column] };
export const matrixAndVector: Pairing = { a: [row, inner], b: [inner], out: [row] };
export const batches: Pairing = {
  a: [0, row, inner],
  b: [0, inner, column],
  out: [0, row, column],
};
const vectors: Pairing = { a: [inner], b: [inner], out: [] };

function wantRank(op: string, name: string, x: Value, rank: number): void {
  if (rankOf(x) === rank) return;
  const wanted = ["scalar", "vector", "matrix", "batch of matrices"][rank];
  fail(op, `${name} must be a ${wanted} (${rank}D), got ${showShape(shapeOf(x))}`);
}

/** Checks [n, k]·[k, m]. */
export function requireMatrices(op: string, a: Value, b: Value): void {
  wantRank(op, "mat1", a, 2);
  wantRank(op, "mat2", b, 2);
  const [[n, k], [depth, m]] = [shapeOf(a), shapeOf(b)];
  if (k !== depth) {
    fail(op, `mat1 and mat2 shapes cannot be multiplied (${n}x${k} and ${depth}x${m})`);
  }
  requireProducts(op, a, b);
}

/** Checks [n, k]·[k]. */
export function requireMatrixAndVector(op: string, matrix: Value, vector: Value): void {
  wantRank(op, "mat", matrix, 2);
  wantRank(op, "vec", vector, 1);
  const [[n, k], [depth]] = [shapeOf(matrix), shapeOf(vector)];
  if (k !== depth) fail(op, `size mismatch, got mat (${n}x${k}), vec (${depth})`);
  requireProducts(op, matrix, vector);
}

/** Checks [b, n, k]·[b, k, m]. */
export function requireBatches(op: string, a: Value, b: Value): void {
  wantRank(op, "batch1", a, 3);
  wantRank(op, "batch2", b, 3);
  const [[count, , k], [own, depth]] = [shapeOf(a), shapeOf(b)];
  if (count !== own || k !== depth) {
    fail(
      op,
      `Expected size for first two dimensions of batch2 tensor to be: [${count}, ${k}] but got: ` +
        `[${own}, ${depth}].`,
    );
  }
  requireProducts(op, a, b);
}

/** Matrix times matrix. */
export function mm(a: Value, b: Value): Value {
  requireMatrices("mm", a, b);
  return product("MmBackward0", a, b, matrices);
}

/** Matrix times matrix, for each of a batch. */
export function bmm(a: Value, b: Value): Value {
  requireBatches("bmm", a, b);
  return product("BmmBackward0", a, b, batches);
}

/** Matrix times vector. */
export function mv(matrix: Value, vector: Value): Value {
  requireMatrixAndVector("mv", matrix, vector);
  return product("MvBackward0", matrix, vector, matrixAndVector);
}

function inVectors(op: string, tapeName: string, x: Value, y: Value): Value {
  if (rankOf(x) !== 1 || rankOf(y) !== 1) {
    fail(op, `1D tensors expected, but got ${rankOf(x)}D and ${rankOf(y)}D tensors`);
  }
  requireProducts(op, x, y);
  const [[n], [m]] = [shapeOf(x), shapeOf(y)];
  if (n !== m) {
    fail(
      op,
      "inconsistent tensor size, expected tensor [" +
        `${n}] and src [${m}] to have the same number of elements`,
    );
  }
  return product(tapeName, x, y, vectors);
}

/** Σ x·y of two vectors. */
export const dot = (x: Value, y: Value): Value => inVectors("dot", "DotBackward0", x, y);

/** As dot: conjugates of real numbers are themselves. */
export const vdot = (x: Value, y: Value): Value => inVectors("vdot", "VdotBackward0", x, y);

/** Σ x·y along an axis of what both broadcast to. */
export function vecdot(x: Value, y: Value, dim = -1): Value {
  const op = "linalg.vecdot";
  if (!isFloat(x.node.dtype)) {
    fail(op, `Expected a floating point or complex tensor as input. Got ${x.node.dtype}`);
  }
  requireProducts(op, x, y);
  if (rankOf(x) === 1 && rankOf(y) === 1) return inVectors(op, "VdotBackward0", x, y);
  const rank = broadcastShapes(op, shapeOf(x), shapeOf(y)).length;
  const axis = normalizeAxis(op, dim, rank);
  const labelsOf = (value: Value): Labels => batchLabels(rankOf(value), rank);
  const out = batchLabels(rank, rank).filter((label) => label !== axis);
  return product("SumBackward1", x, y, { a: labelsOf(x), b: labelsOf(y), out });
}

/** Batch axes, right-aligned: the last of them has the highest label. */
const batchLabels = (count: number, rank: number): number[] =>
  Array.from({ length: count }, (_, axis) => rank - count + axis);

/** Labels of matmul: of rank 1 is a row at the left, a column at the right. */
function matmulPairing(a: Value, b: Value): Pairing {
  const ranks = [rankOf(a) - 2, rankOf(b) - 2].map((rank) => Math.max(rank, 0));
  const rank = Math.max(...ranks);
  const rows: Labels = rankOf(a) > 1 ? [row] : [];
  const columns: Labels = rankOf(b) > 1 ? [column] : [];
  return {
    a: [...batchLabels(ranks[0], rank), ...rows, inner],
    b: [...batchLabels(ranks[1], rank), inner, ...columns],
    out: [...batchLabels(rank, rank), ...rows, ...columns],
  };
}

function matmulName(a: Value, b: Value): string {
  const [x, y] = [rankOf(a), rankOf(b)];
  if (x === 1 && y === 1) return "DotBackward0";
  if (x === 1 && y === 2) return "SqueezeBackward4";
  if (x === 2) return y === 1 ? "MvBackward0" : y === 2 ? "MmBackward0" : "UnsafeViewBackward0";
  return "UnsafeViewBackward0";
}

/** Vectors, matrices, and batches of them that broadcast. */
export function matmul(a: Value, b: Value, op = "matmul"): Value {
  if (rankOf(a) === 0 || rankOf(b) === 0) {
    fail(
      op,
      "both arguments to matmul need to be at least 1D, but they are " +
        `${rankOf(a)}D and ${rankOf(b)}D`,
    );
  }
  requireProducts(op, a, b);
  const [left, right] = [shapeOf(a), shapeOf(b)];
  const [k, depth] = [left.at(-1), right.at(-2) ?? right.at(-1)];
  if (k !== depth) {
    fail(
      op,
      `inner sizes differ: ${showShape(left)} · ${showShape(right)} (${k} ≠ ${depth}). ` +
        "Is one to be transposed: x.mT?",
    );
  }
  broadcastShapes(op, left.slice(0, -2), right.slice(0, -2));
  return product(matmulName(a, b), a, b, matmulPairing(a, b));
}

/** Each element of x times each of y. */
export function outer(op: string, x: Value, y: Value): Value {
  for (const [name, value] of [
    ["self", x],
    ["vec2", y],
  ] as const) {
    if (rankOf(value) !== 1) {
      fail(op, `Expected 1-D argument ${name}, but got ${rankOf(value)}-D`);
    }
  }
  return mul(reshape(x, [-1, 1]), y);
}

/** Σ along the last axes of both. */
export function innerProduct(x: Value, y: Value): Value {
  if (rankOf(x) === 0 || rankOf(y) === 0) return mul(x, y);
  const [a, b] = [shapeOf(x), shapeOf(y)];
  if (a.at(-1) !== b.at(-1)) {
    fail(
      "inner",
      "the last dimension must match on both input tensors but got shapes " +
        `${showShape(a)} and ${showShape(b)}`,
    );
  }
  return tensordot("inner", x, y, [[-1], [-1]]);
}

/** The last `dims` axes of a with the first of b, or axes named for both. */
export function tensordot(
  op: string,
  a: Value,
  b: Value,
  dims: number | readonly (readonly number[])[],
): Value {
  const [ofA, ofB] = typeof dims === "number" ? facing(op, a, b, dims) : named(op, a, b, dims);
  requireProducts(op, a, b);
  ofA.forEach((axis, at) => {
    const [n, m] = [shapeOf(a)[axis], shapeOf(b)[ofB[at]]];
    if (n === m || n === 1 || m === 1) return;
    fail(
      op,
      `contracted dimensions need to match, but first has size ${n} in dim ${axis} and second has ` +
        `size ${m} in dim ${ofB[at]}`,
    );
  });
  const first = shapeOf(a).map((_, axis) => axis);
  const second = shapeOf(b).map((_, axis) => {
    const at = ofB.indexOf(axis);
    return at < 0 ? first.length + axis : ofA[at];
  });
  const out = [
    ...first.filter((axis) => !ofA.includes(axis)),
    ...second.filter((label) => label >= first.length),
  ];
  return product("ViewBackward0", a, b, { a: first, b: second, out });
}

type Axes = readonly [readonly number[], readonly number[]];

function facing(op: string, a: Value, b: Value, count: number): Axes {
  if (count < 0) fail(op, `expects dims >= 0, but got dims=${count}`);
  if (count > rankOf(a) || count > rankOf(b)) {
    fail(op, `dims=${count} is more than an operand has: ${rankOf(a)}D and ${rankOf(b)}D`);
  }
  const axes = Array.from({ length: count }, (_, at) => at);
  return [axes.map((at) => rankOf(a) - count + at), axes];
}

function named(op: string, a: Value, b: Value, lists: readonly (readonly number[])[]): Axes {
  if (lists.length !== 2) fail(op, `dims must be two lists, got ${lists.length}`);
  if (lists[0].length !== lists[1].length) {
    fail(op, "both dimension lists should have same length");
  }
  const [ofA, ofB] = [a, b].map((x, at) => {
    const axes = lists[at].map((dim) => normalizeAxis(op, dim, rankOf(x)));
    const twice = axes.find((axis, i) => axes.indexOf(axis) !== i);
    if (twice !== undefined) fail(op, `dim ${twice} appears multiple times in the list of dims`);
    return axes;
  });
  return [ofA, ofB];
}
