// Searching sorted sequences, and sets. A binary search is a composite: at each step a gather at a
// computed index, all in one loop; what it gives has no derivative.

import type { DType } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { sameShape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import { add, and, cast, ge, gt, le, minimum, not, sub, where } from "../ops/arithmetic.ts";
import { gather } from "../ops/indexing.ts";
import { reshape } from "../ops/linear.ts";
import { argsort } from "../ops/sort.ts";
import { full } from "../ops/source.ts";
import { eq } from "./comparison.ts";
import { onlyInt64, requireIndex } from "./index-operands.ts";
import { asValue, isValue, type Operand, resultDType, scalarDType } from "./operands.ts";
import { any } from "./reductions.ts";

/**
 * How many elements of each row of `sorted` come before each of `values`' row: position by position
 * 2^k are passed at once, if the last of them comes before. A NaN comes after all.
 */
function countBefore(sorted: Value, values: Value, right: boolean): Value {
  const { shape } = values.node;
  const axis = shape.length - 1;
  const size = sorted.node.shape[axis] as number;
  let passed = full("int32", shape, 0);
  if (size === 0 || values.node.size === 0) return passed;
  for (let step = 2 ** Math.floor(Math.log2(size)); step >= 1; step /= 2) {
    const next = add(passed, step);
    const last = gather(sorted, axis, sub(minimum(next, size), 1));
    const comesBefore = not(right ? gt(last, values) : ge(last, values));
    passed = where(and(le(next, size), comesBefore), next, passed);
  }
  return passed;
}

interface SearchOptions {
  readonly right: boolean;
  readonly outInt32: boolean;
}

const detached = ({ node }: Value): Value => ({ node, edge: null });

/** Ordered as numbers: bool has no order in lanes. */
const inOrder = (dtype: DType): DType => (dtype === "bool" ? "int32" : dtype);

function search(sorted: Value, given: Operand, { right, outInt32 }: SearchOptions): Value {
  const dtype = inOrder(resultDType(sorted, given));
  const values = cast(detached(asValue(given, dtype)), dtype);
  const { shape } = values.node;
  const isOne = sorted.node.shape.length === 1;
  const rows = isOne ? reshape(values, [values.node.size]) : values;
  const found = countBefore(cast(detached(sorted), dtype), rows, right);
  return cast(reshape(found, shape), outInt32 ? "int32" : "int64");
}

function requireSequence(op: string, sorted: Value, values: Operand): void {
  const own = sorted.node.shape;
  const other = isValue(values) ? values.node.shape : [];
  if (own.length === 0) {
    fail(op, "boundaries tensor should have positive dimension, but got 0 dimension");
  }
  if (own.length === 1) return;
  if (sameShape(own.slice(0, -1), other.slice(0, -1)) && other.length > 0) return;
  fail(
    op,
    "boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and " +
      `input value tensor must match, but we got boundaries tensor ${showShape(own)} and input ` +
      `value tensor ${showShape(other)}`,
  );
}

/** Where each value would have to stand in its sorted row: before or, `right`, behind its equals. */
export function searchsorted(
  sorted: Value,
  values: Operand,
  options: SearchOptions & {
    readonly side: "left" | "right" | null;
    readonly sorter: Value | null;
  },
): Value {
  const { side, sorter, right, outInt32 } = options;
  if (side === "left" && right) {
    const sides = "side of left while right was True";
    fail("searchsorted", `side and right can't be set to opposites, got ${sides}`);
  }
  requireSequence("searchsorted", sorted, values);
  const sequence = sorter ? inOrderOf(sorted, sorter) : sorted;
  return search(sequence, values, { right: right || side === "right", outInt32 });
}

function inOrderOf(sorted: Value, sorter: Value): Value {
  const { shape } = sorted.node;
  if (!sameShape(shape, sorter.node.shape)) {
    fail(
      "searchsorted",
      `boundary and sorter must have the same size, but got boundary tensor ${showShape(shape)} ` +
        `and got sorter tensor ${showShape(sorter.node.shape)}`,
    );
  }
  requireIndex("searchsorted", sorter, onlyInt64);
  return sorted.node.size === 0 ? sorted : gather(detached(sorted), shape.length - 1, sorter);
}

/** The bucket of each value, between boundaries in ascending order. */
export function bucketize(values: Operand, boundaries: Value, options: SearchOptions): Value {
  const { length } = boundaries.node.shape;
  if (length !== 1) {
    fail("bucketize", `boundaries tensor must be 1 dimension, but got dim(${length})`);
  }
  return search(boundaries, values, options);
}

/** Tests up to which comparing with each takes less than sorting them. */
const fewTests = 32;

/** Of each element of x whether it is in the flat set. */
function isAmong(x: Value, set: Value): Value {
  const { shape, size } = x.node;
  const count = set.node.size;
  if (count <= fewTests) return any(eq(reshape(x, [...shape, 1]), set), -1);
  const line = reshape(x, [size]);
  const sorted = gather(set, 0, argsort(set, 0));
  const place = minimum(countBefore(sorted, line, false), count - 1);
  return reshape(eq(gather(sorted, 0, place), line), shape);
}

/** Of each element whether it is among the tests. */
export function isin(elements: Operand, tests: Operand, invert: boolean): Value {
  const dtype = resultDType(elements, tests);
  for (const operand of [elements, tests]) {
    const own = isValue(operand) ? operand.node.dtype : scalarDType(operand);
    if (own === "bool") fail("isin", "Unsupported input type encountered for isin(): Bool");
  }
  const [x, y] = [elements, tests].map((operand) =>
    cast(detached(asValue(operand as Operand, dtype)), dtype),
  );
  const found = isAmong(x as Value, reshape(y as Value, [(y as Value).node.size]));
  return invert ? not(found) : found;
}
