// Rows of a table by index, alone or reduced in bags, and classes as rows of 0 and one 1. An index out of
// range is a fault on data, reported when the program runs.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { sameShape, showShape } from "../base/shapes.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { scatterAdd } from "../ops/indexing.ts";
import { expand, reshape, slice } from "../ops/linear.ts";
import { iota } from "../ops/source.ts";
import { full, zeros } from "./creation.ts";
import { alongAxis, onlyInt64, requireIndex } from "./index-operands.ts";
import { indexSelect } from "./indexing.ts";
import { renorm } from "./norms.ts";
import { spread } from "./reductions.ts";
import { cumsum } from "./scans.ts";
import { scatter, scatterReduce } from "./scatters.ts";
import { specVariants } from "./spec-variants.ts";

type Optional = Value | null;

const flat = (x: Value): Value => reshape(x, [x.node.size]);

/** One for each element of a flat index, added where it points. */
const tally = (index: Value, size: number): Value =>
  index.node.size === 0
    ? zeros([size], "int64")
    : scatterAdd(zeros([size], "int64"), 0, index, full([index.node.size], 1, "int64"));

interface Rows {
  readonly padding: number | null;
  readonly isScaled: boolean;
}

/** The rows that a flat index names. */
const plainRows: Composite<null> = {
  name: "EmbeddingBackward0",
  body: ([index, weight]) => indexSelect(weight, 0, index),
};

const scaledRows: Composite<null> = {
  name: "EmbeddingBackward0",
  body: plainRows.body,
  // Not the derivative: each row's gradient is divided by how often the index names it.
  gradient: (g, [index, weight]) => {
    const { shape, dtype } = weight.node;
    if (index.node.size === 0) return [null, zeros(shape, dtype)];
    const counts = indexSelect(tally(index, shape[0] as number), 0, index);
    const share = ops.div(g, spread(ops.cast(counts, dtype), g.node.shape, [1]));
    return [null, scatterAdd(zeros(shape, dtype), 0, alongAxis(index, shape, 0), share)];
  },
};

function rowsOf(index: Value, weight: Value, { padding, isScaled }: Rows): Value {
  const rows = composite(isScaled ? scaledRows : plainRows, [index, weight], null);
  if (padding === null || index.node.size === 0) return rows;
  const isPadding = spread(ops.eq(index, padding), rows.node.shape, [1]);
  return ops.where(isPadding, constantValue(rows.node), rows);
}

const embeddingSpec: Composite<Rows> = {
  name: "EmbeddingBackward0",
  body: ([index, weight], attrs) =>
    reshape(rowsOf(flat(index), weight, attrs), [
      ...index.node.shape,
      weight.node.shape[1] as number,
    ]),
};

// Checks

function requireTable(op: string, index: Value, weight: Value): void {
  requireIndex(op, index);
  if (weight.node.shape.length !== 2) fail(op, "'weight' must be 2-D");
}

function paddingOf(op: string, weight: Value, index: number | null): number | null {
  if (index === null) return null;
  const count = weight.node.shape[0] as number;
  if (index >= count || index < -count) fail(op, "paddingIdx must be within num_embeddings");
  return index < 0 ? index + count : index;
}

// Rows alone

export interface Lookup {
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
}

/** The rows, and the table with those of too large a norm scaled down; null where it stays. */
export interface Found {
  readonly result: Value;
  readonly changed: readonly Optional[];
}

function renormed(index: Value, weight: Value, { maxNorm, normType }: Lookup): Optional {
  if (maxNorm === null) return null;
  const { shape } = weight.node;
  const table = constantValue(weight.node);
  const isNamed = ops.gt(tally(flat(index), shape[0] as number), 0);
  return ops.where(spread(isNamed, shape, [1]), renorm(table, normType, 0, maxNorm), table);
}

const tableAfter = (weight: Value, changed: Optional): Value =>
  changed ? { node: changed.node, edge: weight.edge } : weight;

export function embedding(index: Value, weight: Value, lookup: Lookup): Found {
  requireTable("embedding", index, weight);
  const padding = paddingOf("embedding", weight, lookup.paddingIdx);
  const changed = renormed(index, weight, lookup);
  const attrs = { padding, isScaled: lookup.scaleGradByFreq };
  const result = composite(embeddingSpec, [index, tableAfter(weight, changed)], attrs);
  return { result, changed: [changed] };
}

// Rows in bags

export const bagModes = ["mean", "sum", "max"] as const;

export interface Bags {
  readonly offsets: Optional;
  readonly perSampleWeights: Optional;
  readonly includeLastOffset: boolean;
  readonly mode: (typeof bagModes)[number];
}

interface Bagged extends Rows {
  readonly mode: Bags["mode"];
  readonly count: number;
  readonly hasOffsets: boolean;
  readonly hasWeights: boolean;
}

/** The bag of each element: how many offsets are not beyond it, less one; or its row. */
function bagsOf(index: Value, offsets: Optional, count: number): Value {
  const { size } = index.node;
  if (!offsets) {
    const rows = reshape(ops.cast(iota(count), "int64"), [count, 1]);
    return reshape(expand(rows, [count, size / count]), [size]);
  }
  const begun = cumsum(tally(ops.cast(offsets, "int64"), size + 1), 0);
  return ops.sub(slice(begun, [{ start: 0, size, step: 1 }]), 1);
}

const bagSpec = specVariants<Bagged>({
  name: "EmbeddingBagBackward0",
  body: ([given, weight, ...rest], attrs) => {
    const { mode, count, padding, hasOffsets, hasWeights } = attrs;
    const { dtype, shape } = weight.node;
    const sizes = [count, shape[1] as number];
    const index = flat(given);
    if (index.node.size === 0 || count === 0) return zeros(sizes, dtype);
    const bags = bagsOf(given, hasOffsets ? (rest[0] as Value) : null, count);
    const wide = accumulated(dtype);
    const rows = ops.cast(rowsOf(index, weight, attrs), wide);
    const own = hasWeights ? ops.cast(flat(rest.at(-1) as Value), wide) : null;
    const scaled = own ? ops.mul(rows, spread(own, rows.node.shape, [1])) : rows;
    const isCounted = padding === null ? ops.ge(bags, 0) : ops.ne(index, padding);
    const places = alongAxis(bags, sizes, 0);
    const counts = scatterAdd(zeros([count], wide), 0, bags, ops.cast(isCounted, wide));
    const spreadCounts = spread(counts, sizes, [1]);
    const counted = spread(isCounted, rows.node.shape, [1]);
    const empty = zeros(sizes, wide);
    if (mode === "max") {
      const shown = ops.where(counted, scaled, -Infinity);
      const target = { x: empty, dim: 0, index: places };
      const largest = scatterReduce(target, shown, { reduce: "amax", includeSelf: false });
      return ops.cast(ops.where(ops.eq(spreadCounts, 0), 0, largest), dtype);
    }
    const total = scatterAdd(empty, 0, places, ops.where(counted, scaled, 0));
    const result = mode === "sum" ? total : ops.div(total, ops.maximum(spreadCounts, 1));
    return ops.cast(result, dtype);
  },
});

function requireBags(op: string, index: Value, weight: Value, bags: Bags): void {
  const { offsets, perSampleWeights, mode } = bags;
  const { shape } = index.node;
  if (shape.length !== 1 && shape.length !== 2) {
    fail(op, `input has to be 1D or 2D Tensor, but got Tensor of dimension ${shape.length}`);
  }
  if (shape.length === 2 && offsets) {
    fail(op, "if input is 2D, then offsets has to be null, as each row of input is a bag");
  }
  if (shape.length === 1 && !offsets) fail(op, "offsets has to be a 1D Tensor but got null");
  if (offsets && offsets.node.shape.length !== 1) fail(op, "offsets has to be a 1D Tensor");
  if (offsets) requireIndex(op, offsets);
  if (bags.includeLastOffset && offsets?.node.size === 0) {
    fail(op, "includeLastOffset: number of offsets should be at least 1");
  }
  if (!perSampleWeights) return;
  if (mode !== "sum") fail(op, `perSampleWeights is only supported for mode='sum' (got '${mode}')`);
  if (perSampleWeights.node.dtype !== weight.node.dtype) {
    fail(op, "expected perSampleWeights to have the dtype of weight");
  }
  if (sameShape(perSampleWeights.node.shape, shape)) return;
  const own = showShape(perSampleWeights.node.shape);
  fail(op, `expected perSampleWeights of the shape of input, ${showShape(shape)}, but got ${own}`);
}

export function embeddingBag(index: Value, weight: Value, bags: Bags, lookup: Lookup): Found {
  const op = "embeddingBag";
  requireTable(op, index, weight);
  requireBags(op, index, weight, bags);
  const { offsets, perSampleWeights, mode } = bags;
  if (mode === "max" && lookup.scaleGradByFreq) {
    fail(op, "max mode does not support scaling the gradient by the frequency");
  }
  const changed = renormed(index, weight, lookup);
  const inputs = [index, tableAfter(weight, changed), offsets, perSampleWeights];
  const bagsBegun = offsets ? offsets.node.size : (index.node.shape[0] as number);
  const result = composite(
    bagSpec(`${mode},${offsets !== null},${perSampleWeights !== null}`),
    inputs.filter((value): value is Value => value !== null),
    {
      mode,
      count: offsets && bags.includeLastOffset ? bagsBegun - 1 : bagsBegun,
      hasOffsets: offsets !== null,
      hasWeights: perSampleWeights !== null,
      padding: paddingOf(op, weight, lookup.paddingIdx),
      isScaled: lookup.scaleGradByFreq,
    },
  );
  return { result, changed: [changed] };
}

// Classes

export function requireClasses(x: Value): void {
  requireIndex("oneHot", x, onlyInt64);
}

export function oneHot(x: Value, count: number): Value {
  requireClasses(x);
  const { shape, size } = x.node;
  if (count < 1) fail("oneHot", `num_classes should be positive, got ${count}`);
  const none = zeros([...shape, count], "int64");
  return size === 0 ? none : scatter(none, -1, reshape(x, [...shape, 1]), 1);
}
