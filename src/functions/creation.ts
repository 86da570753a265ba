// Values from sizes and numbers: constants, unit matrices, triangles.

import { type Composite, composite } from "../autograd/composite.ts";
import type { DType } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, reshape } from "../ops/linear.ts";
import * as source from "../ops/source.ts";

export const full = (shape: Shape, value: number, dtype: DType): Value =>
  source.full(dtype, shape, value);

export const zeros = (shape: Shape, dtype: DType = "float32"): Value => full(shape, 0, dtype);
export const ones = (shape: Shape, dtype: DType = "float32"): Value => full(shape, 1, dtype);

/** Column minus row, for the last two axes. */
function aboveDiagonal(rows: number, columns: number): Value {
  const column = expand(reshape(source.iota(columns), [1, columns]), [rows, columns]);
  const row = expand(reshape(source.iota(rows), [rows, 1]), [rows, columns]);
  return ops.sub(column, row);
}

export function eye(n: number, m: number = n, dtype: DType = "float32"): Value {
  if (n < 0 || m < 0) fail("eye", `n and m must be greater or equal to 0, got ${n} and ${m}`);
  return ops.cast(ops.eq(aboveDiagonal(n, m), 0), dtype);
}

interface Triangle {
  readonly isUpper: boolean;
  readonly diagonal: number;
}

const triangle = (name: string): Composite<Triangle> => ({
  name,
  body: ([x], { isUpper, diagonal }) => {
    const { shape } = x.node;
    const [rows, columns] = shape.slice(-2);
    const above = aboveDiagonal(rows, columns);
    const kept = isUpper ? ops.ge(above, diagonal) : ops.le(above, diagonal);
    return ops.where(expand(kept, shape), x, 0);
  },
});

const trilSpec = triangle("TrilBackward0");
const triuSpec = triangle("TriuBackward0");

function ofMatrix(op: string, spec: Composite<Triangle>, x: Value, attrs: Triangle): Value {
  if (x.node.shape.length < 2) {
    fail(op, `input tensor must have at least 2 dimensions, got ${showShape(x.node.shape)}`);
  }
  return composite(spec, [x], attrs);
}

/** The lower triangle, up to and with a diagonal. */
export const tril = (x: Value, diagonal = 0): Value =>
  ofMatrix("tril", trilSpec, x, { isUpper: false, diagonal });

export const triu = (x: Value, diagonal = 0): Value =>
  ofMatrix("triu", triuSpec, x, { isUpper: true, diagonal });
