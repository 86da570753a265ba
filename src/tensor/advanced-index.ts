// Indexing by tensors of integers: the indexed dimensions are brought to the front and flattened, and
// one flat index reads or writes there. Result dimensions stand where the indexed ones stood if these
// were neighbours, else in front.

import { type Composite, composite } from "../autograd/composite.ts";
import { broadcastShapes, type Shape, sizeOf } from "../base/shapes.ts";
import { add, mul } from "../functions/arithmetic.ts";
import { ge, logicalAnd, lt, where } from "../functions/comparison.ts";
import { indexSelect, scatter, scatterAdd } from "../functions/indexing.ts";
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

/** Out of any range: what a wrong index becomes, so that the reading op reports it. */
const OUT_OF_RANGE = 2 ** 31 - 1;

export function planOf(op: string, shape: Shape, advanced: readonly Advanced[]): Plan {
  const dims = advanced.map(({ dim }) => dim);
  const others = shape.map((_, axis) => axis).filter((axis) => !dims.includes(axis));
  const common = advanced.reduce<Shape>(
    (so, { index }) => broadcastShapes(op, so, index.node.shape),
    [],
  );
  const sizes = dims.map((dim) => shape[dim] as number);
  const areNeighbours = dims.every((dim, i) => i === 0 || dim === (dims[i - 1] as number) + 1);
  return {
    order: [...dims, ...others],
    indexedSize: sizeOf(sizes),
    rest: others.map((axis) => shape[axis] as number),
    common,
    at: areNeighbours ? (dims[0] as number) : 0,
    flat: reshape(expand(flatIndex(advanced, sizes), common), [sizeOf(common)]),
  };
}

/** Σ index·stride over the indexed dimensions, negative indices counted from the end. */
function flatIndex(advanced: readonly Advanced[], sizes: readonly number[]): Value {
  let flat: Value | null = null;
  let isValid: Value | null = null;
  advanced.forEach(({ index, isChecked }, at) => {
    const size = sizes[at] as number;
    let positive = index;
    if (!isChecked) {
      positive = where(lt(index, 0), add(index, size), index);
      const inside = logicalAnd(ge(index, -size), lt(index, size));
      isValid = isValid ? logicalAnd(isValid, inside) : inside;
    }
    flat = flat ? add(mul(flat, size), positive) : positive;
  });
  const found = flat as unknown as Value;
  return isValid ? where(isValid, found, OUT_OF_RANGE) : found;
}

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

interface WritePlan extends Plan {
  readonly shape: Shape;
  readonly accumulates: boolean;
}

const writing: Composite<WritePlan> = {
  name: "IndexPutBackward0",
  body: ([x, value], plan) => {
    const { common, rest, order, shape } = plan;
    const wanted = placing(plan).map((axis) => [...common, ...rest][axis] as number);
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
  return composite(writing, [x, value], {
    ...planOf("indexPut_", shape, advanced),
    shape,
    accumulates,
  });
}
