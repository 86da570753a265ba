// Products of several matrices: chains in the cheapest order, and powers.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { fullLike, iota } from "../ops/source.ts";
import { product, productDType, requireProducts } from "./contraction.ts";
import type { Tree } from "./contraction-order.ts";
import { matmul, matrices } from "./products.ts";

const shapeOf = (x: Value): Shape => x.node.shape;

/** sizes[at] x sizes[at + 1] is matrix `at`: the splits of every run, from the shorter to the longer. */
function chainOrder(sizes: readonly number[]): Tree {
  const count = sizes.length - 1;
  const best = Array.from({ length: count }, (_, at) => [{ tree: at as Tree, cost: 0 }]);
  for (let length = 1; length < count; length++) {
    for (let first = 0; first + length < count; first++) {
      const last = first + length;
      const splits = Array.from({ length }, (_, at) => {
        const [x, y] = [best[first][at], best[first + at + 1][length - at - 1]];
        const products = sizes[first] * sizes[first + at + 1] * sizes[last + 1];
        const tree: Tree = [x.tree, y.tree];
        return { tree, cost: x.cost + y.cost + products };
      });
      best[first].push(splits.reduce((least, one) => (one.cost < least.cost ? one : least)));
    }
  }
  return best[0][count - 1].tree;
}

interface Chain {
  readonly tree: Tree;
  readonly shape: Shape;
}

const chainSpec = (name: string): Composite<Chain> => ({
  name,
  body: (inputs, { tree, shape }) => {
    const { dtype } = inputs[0].node;
    const wide = productDType(dtype);
    const ends = endsOf(inputs);
    const value = (part: Tree): Value =>
      typeof part === "number"
        ? linear.reshape(ops.cast(inputs[part], wide), ends[part])
        : product(name, value(part[0]), value(part[1]), matrices);
    return ops.cast(linear.reshape(value(tree), shape), dtype);
  },
});

/** Rows and columns of each; a vector at either end is a matrix of one row or column. */
const endsOf = (inputs: readonly Value[]): (readonly [number, number])[] =>
  inputs.map((x, at) => {
    const [n, m] = shapeOf(x);
    if (m !== undefined) return [n, m];
    return at === inputs.length - 1 ? [n, 1] : [1, n];
  });

const specs = { multiDot: chainSpec("ViewBackward0"), chainMatmul: chainSpec("MmBackward0") };

function chained(op: string, spec: Composite<Chain>, inputs: readonly Value[]): Value {
  requireProducts(op, inputs[0], ...inputs.slice(1));
  const ends = endsOf(inputs);
  ends.forEach(([rows], at) => {
    if (at === 0 || ends[at - 1][1] === rows) return;
    fail(
      op,
      `tensors ${at - 1} and ${at} with shapes ${showShape(shapeOf(inputs[at - 1]))} and ` +
        `${showShape(shapeOf(inputs[at]))} cannot be multiplied`,
    );
  });
  const shape = [
    ...shapeOf(inputs[0]).slice(0, -1),
    ...shapeOf(inputs[inputs.length - 1]).slice(1),
  ];
  const tree = chainOrder([ends[0][0], ...ends.map(([, columns]) => columns)]);
  return composite(spec, inputs, { tree, shape });
}

/** The product of two matrices or more; the first and the last may be vectors. */
export function multiDot(inputs: readonly Value[]): Value {
  const op = "linalg.multiDot";
  if (inputs.length < 2) fail(op, `expected at least 2 tensors but got ${inputs.length}`);
  inputs.forEach((x, at) => {
    const rank = shapeOf(x).length;
    const isEnd = at === 0 || at === inputs.length - 1;
    if (rank === 2 || (isEnd && rank === 1)) return;
    fail(op, `tensor ${at} must be ${isEnd ? "1D or 2D" : "2D"} but got ${rank}D`);
  });
  return chained(op, specs.multiDot, inputs);
}

/** As multiDot, of matrices only; of one it is that. */
export function chainMatmul(inputs: readonly Value[]): Value {
  const op = "chainMatmul";
  if (inputs.length === 0) fail(op, "expected one or more matrices");
  inputs.forEach((x, at) => {
    const rank = shapeOf(x).length;
    if (rank !== 2) fail(op, `tensor ${at} must be 2D but got ${rank}D`);
  });
  return inputs.length === 1 ? inputs[0] : chained(op, specs.chainMatmul, inputs);
}

// powers

const identitySpec: Composite<null> = {
  name: "CopyBackwards",
  body: ([x]) => {
    const shape = shapeOf(x);
    const n = shape.at(-1) ?? 0;
    const at = iota(n);
    const row = linear.expand(linear.reshape(at, [n, 1]), [n, n]);
    const isDiagonal = ops.eq(row, linear.expand(at, [n, n]));
    return linear.expand(ops.cast(isDiagonal, x.node.dtype), shape);
  },
  gradient: (_, [x]) => [fullLike(x, 0)],
};

const powerSpec: Composite<number> = {
  name: "MmBackward0",
  // Squares, and the product of those that n's bits name.
  body: ([x], n) => {
    const { dtype } = x.node;
    let square = ops.cast(x, productDType(dtype));
    let result: Value | null = null;
    for (let rest = n; rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result = result ? matmul(result, square) : square;
      if (rest > 1) square = matmul(square, square);
    }
    return ops.cast(result ?? square, dtype);
  },
};

/** x·x·… n times, of square matrices in any batch. */
export function matrixPower(op: string, x: Value, n: number): Value {
  const shape = shapeOf(x);
  if (shape.length < 2) {
    fail(op, `The input tensor A must have at least 2 dimensions, got ${showShape(shape)}`);
  }
  if (shape.at(-1) !== shape.at(-2)) {
    fail(
      op,
      `A must be batches of square matrices, but they are ${shape.at(-2)} by ${shape.at(-1)}`,
    );
  }
  requireProducts(op, x);
  if (n === 0) return composite(identitySpec, [x], null);
  if (n < 0 && x.node.size > 0) {
    fail(op, `a negative power wants the inverse of A, got n = ${n}`);
  }
  return composite(powerSpec, [x], Math.abs(n));
}
