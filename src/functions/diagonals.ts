// Diagonals: taken out as a copy, put into zeros, summed.

import { type Composite, composite } from "../autograd/composite.ts";
import { isInteger } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { normalizeAxis } from "../base/shapes.ts";
import { contiguousView, type View } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import { cast } from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { full } from "../ops/source.ts";
import * as geometry from "./geometry.ts";
import { flatten } from "./shapes.ts";

const diagonalCopy: Composite<number> = {
  name: "DiagonalBackward0_copy",
  body: ([x], offset) => linear.review(x, (view) => geometry.diagonal(view, offset)),
};

const diagEmbedSpec: Composite<View & { readonly whole: readonly number[] }> = {
  name: "DiagEmbedBackward0",
  body: ([x], { whole, ...window }) => linear.place(full(x.node.dtype, whole, 0), x, window),
  // The chain rule would carry zeros through the place.
  gradient: (g, _, __, { whole: _whole, ...window }) => [linear.window(g, window)],
};

/** The last axis as a diagonal of two new axes. */
export function diagEmbed(x: Value, offset = 0, dim1 = -2, dim2 = -1): Value {
  const own = x.node.shape;
  const rank = own.length + 1;
  if (own.length === 0) fail("diagEmbed", "expects at least a 1-dimensional tensor");
  const [a, b] = [dim1, dim2].map((dim) => normalizeAxis("diagEmbed", dim, rank));
  if (a === b) fail("diagEmbed", `diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
  const side = (own.at(-1) as number) + Math.abs(offset);
  const rest = own.slice(0, -1);
  const whole = Array.from({ length: rank }, (_, axis) =>
    axis === a || axis === b ? side : (rest.shift() as number),
  );
  const window = geometry.diagonal(contiguousView(whole), offset, a, b);
  return composite(diagEmbedSpec, [x], { ...window, whole });
}

/** A vector as the diagonal of a matrix; of a matrix a copy of its diagonal. */
export function diag(x: Value, diagonal = 0): Value {
  const rank = x.node.shape.length;
  if (rank !== 1 && rank !== 2) fail("diag", `Supports 1D or 2D tensors. Got ${rank}D`);
  return rank === 1 ? diagEmbed(x, diagonal) : composite(diagonalCopy, [x], diagonal);
}

export const diagflat = (x: Value, offset = 0): Value =>
  diagEmbed(x.node.shape.length === 1 ? x : flatten(x), offset);

const traceSpec: Composite<null> = {
  name: "TraceBackward0",
  body: ([x]) => {
    const { dtype } = x.node;
    const line = linear.review(x, (view) => geometry.diagonal(view));
    return linear.sum(isInteger(dtype) ? cast(line, "int64") : line, [0]);
  },
};

/** The sum of a matrix' diagonal. */
export function trace(x: Value): Value {
  const { shape, dtype } = x.node;
  if (shape.length !== 2)
    fail("trace", `expected a matrix, but got tensor with dim ${shape.length}`);
  if (dtype === "bool") fail("trace", "not implemented for 'Bool'. Cast it: x.to(\"int64\")");
  return composite(traceSpec, [x], null);
}
