// Indexing by tensors of integers: the indexed dimensions are brought to the front and flattened, and
// one flat index reads or writes there. Result dimensions stand where the indexed ones stood if these
// were neighbours, else in front.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { broadcastShapes, type Shape, showShape, sizeOf } from "../base/shapes.ts";
import { add, mul } from "../functions/arithmetic.ts";
import { ge, logicalAnd, lt, where } from "../functions/comparison.ts";
import { fromStart } from "../functions/index-operands.ts";
import { indexSelect } from "../functions/indexing.ts";
import { scatter, scatterAdd } from "../functions/scatters.ts";
import { nowhere } from "../functions/selection.ts";
import { expand, permute, reshape } from "../functions/shapes.ts";
import type { Value } from "../graph/tape.ts";
import type { Advanced } from "./basic-index.ts";

/** Where everything goes, from shapes alone; `flat` are positions in the flattened dimensions. */
interface Plan {
  /** Axes of x, the indexed ones in front. */
  readonly order: readonly number[];
  /** Elements of the indexed dimensions, and the shape of all others. */
  readonly indexedSize: number;
  readonly rest: Shape;
  /** Common shape of the indices, and where it stands in the result. */
  readonly common: Shape;
  readonly at: number;
  readonly flat: Value;
}

export function planOf(op: string, shape: Shape, advanced: readonly Advanced[]): Plan {
  const dims = advanced.map(({ dim }) => dim);
  const others = shape.map((_, axis) => axis).filter((axis) => !dims.includes(axis));
  const common = advanced.reduce<Shape>(
    (so, { index }) => broadcastShapes(op, so, index.node.shape),
    [],
  );
  const sizes = dims.map((dim) => shape[dim] as number);
  return {
    order: [...dims, ...others],
    indexedSize: sizeOf(sizes),
    rest: others.map((axis) => shape[axis] as number),
    common,
    at: placeOf(advanced, others),
    flat: reshape(expand(flatIndex(advanced, sizes), common), [sizeOf(common)]),
  };
}

/** Dimensions of the result before the common ones. An index without dimensions only takes one away. */
function placeOf(advanced: readonly Advanced[], others: readonly number[]): number {
  const dims = advanced.flatMap(({ dim, index }) => (index.node.shape.length > 0 ? [dim] : []));
  const [first, last] = [Math.min(...dims), Math.max(...dims)];
  const areNeighbours = others.every((axis) => axis < first || axis > last);
  return areNeighbours ? others.filter((axis) => axis < first && dims.length > 0).length : 0;
}

/** Σ index·stride over the indexed dimensions, negative indices counted from the end. */
function flatIndex(advanced: readonly Advanced[], sizes: readonly number[]): Value {
  const positive = advanced.map(({ index, isChecked }, at) =>
    isChecked ? index : fromStart(index, sizes[at] as number),
  );
  const flat = positive.reduce((sum, index, at) => add(mul(sum, sizes[at] as number), index));
  // The gather that reads one dimension checks it as it is, and reports what it finds.
  const isOne = advanced.length === 1;
  const checks = advanced.flatMap(({ isChecked }, at) =>
    isChecked || isOne ? [] : [isInside(positive[at] as Value, sizes[at] as number)],
  );
  return checks.length === 0 ? flat : where(checks.reduce(logicalAnd), flat, nowhere);
}

const isInside = (index: Value, size: number): Value => logicalAnd(ge(index, 0), lt(index, size));

const flattened = (x: Value, { order, indexedSize, rest }: Plan): Value =>
  reshape(permute(x, order), [indexedSize, ...rest]);

/** Axes that bring the common dimensions, in front, to where they stand. */
function placing({ common, rest, at }: Plan): number[] {
  const behind = rest.map((_, axis) => common.length + axis);
  const front = common.map((_, axis) => axis);
  return [...behind.slice(0, at), ...front, ...behind.slice(at)];
}

const inverse = (axes: readonly number[]): number[] => axes.map((_, axis) => axes.indexOf(axis));

const reading: Composite<Plan> = {
  name: "IndexBackward0",
  body: ([x], plan) => {
    const rows = indexSelect(flattened(x as Value, plan), 0, plan.flat);
    return permute(reshape(rows, [...plan.common, ...plan.rest]), placing(plan));
  },
};

export const readIndexed = (op: string, x: Value, advanced: readonly Advanced[]): Value =>
  composite(reading, [x], planOf(op, x.node.shape, advanced));

/** The shape of what is read or written. */
const indexedShape = (plan: Plan): Shape =>
  placing(plan).map((axis) => [...plan.common, ...plan.rest][axis] as number);

interface WritePlan extends Plan {
  readonly shape: Shape;
  readonly accumulates: boolean;
}

const writing: Composite<WritePlan> = {
  name: "IndexPutBackward0",
  body: ([x, value], plan) => {
    const { common, rest, order, shape } = plan;
    const wanted = indexedShape(plan);
    const rows = permute(expand(value as Value, wanted), inverse(placing(plan)));
    const count = sizeOf(common);
    const index = expand(reshape(plan.flat, [count, ...rest.map(() => 1)]), [count, ...rest]);
    const write = plan.accumulates ? scatterAdd : scatter;
    const changed = write(flattened(x as Value, plan), 0, index, reshape(rows, [count, ...rest]));
    const ordered = order.map((axis) => shape[axis] as number);
    return permute(reshape(changed, ordered), inverse(order));
  },
};

/** `x` with the indexed elements replaced by (or added to) `value`, which is broadcast. */
export function writeIndexed(
  x: Value,
  value: Value,
  advanced: readonly Advanced[],
  accumulates: boolean,
): Value {
  const { shape } = x.node;
  const plan = planOf("indexPut", shape, advanced);
  requireBroadcast(value.node.shape, indexedShape(plan));
  return composite(writing, [x, value], { ...plan, shape, accumulates });
}

/** Refuses a value that does not broadcast to what is written. */
export function requireBroadcast(value: Shape, wanted: Shape): void {
  const ahead = wanted.length - value.length;
  const fits = ahead >= 0 && value.every((n, axis) => n === 1 || n === wanted[axis + ahead]);
  if (fits) return;
  fail(
    "indexPut",
    `shape mismatch: value tensor of shape ${showShape(value)} cannot be broadcast to indexing ` +
      `result of shape ${showShape(wanted)}`,
  );
}
