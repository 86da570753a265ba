// A product of two values summed over the axes that they share: every axis has a label, and which
// operands and result carry it says what becomes of it.
//
//   label in        a, b, out   batch n        a, b   summed k
//                   a, out      row i          b, out column j
//
// matmul: a [n, i, k], b [n, k, j] → [n, i, j]. All operands are views of what they were.

import { type Composite, composite } from "../autograd/composite.ts";
import { type DType, isHalf, isSmall } from "../base/dtypes.ts";
import { fail, invariant } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { contract } from "../ops/contract.ts";
import * as linear from "../ops/linear.ts";

export type Labels = readonly number[];

/** The labels of all axes, in order; none twice in one list. */
export interface Pairing {
  readonly a: Labels;
  readonly b: Labels;
  readonly out: Labels;
}

type Sizes = ReadonlyMap<number, number>;

/** How many elements each label counts. */
function sizesOf(a: Value, b: Value, labels: Pairing): Map<number, number> {
  const sizes = new Map<number, number>();
  labels.a.forEach((label, axis) => {
    sizes.set(label, a.node.shape[axis]);
  });
  labels.b.forEach((label, axis) => {
    const known = sizes.get(label) ?? 1;
    if (known === 1) sizes.set(label, b.node.shape[axis]);
  });
  return sizes;
}

const shapeOf = (labels: Labels, sizes: Sizes): number[] =>
  labels.map((label) => sizes.get(label) ?? 1);

/** x, whose axes are `own`, with axes `order`: those that it lacks are expanded. */
function laidOut(x: Value, own: Labels, order: Labels, sizes: Sizes): Value {
  const [from, to] = [own, order].map((list) => list.filter((label) => sizes.get(label) !== 1));
  const present = to.filter((label) => from.includes(label));
  invariant(present.length === from.length, `axes ${from} laid out as ${to}`);
  const bare = linear.reshape(x, shapeOf(from, sizes));
  const turned = linear.permute(
    bare,
    present.map((label) => from.indexOf(label)),
  );
  const kept = order.map((label) => (own.includes(label) ? (sizes.get(label) ?? 1) : 1));
  return linear.expand(linear.reshape(turned, kept), shapeOf(order, sizes));
}

/** What of the result is a batch, and whether the rows behind it are b's and not a's. */
interface Order {
  readonly batch: Labels;
  readonly isTurned: boolean;
}

/**
 * The shortest batch behind which the result has all axes of one operand, then all of the other: then
 * it is written in its own order. In the batch an operand that lacks an axis is expanded along it.
 */
function orderOf({ a, b, out }: Pairing): Order {
  const owners = out.map((label) => (a.includes(label) ? (b.includes(label) ? "ab" : "a") : "b"));
  for (let count = owners.lastIndexOf("ab") + 1; ; count++) {
    const rest = owners.slice(count);
    const changes = rest.filter((owner, at) => at > 0 && owner !== rest[at - 1]).length;
    if (changes > 1) continue;
    return { batch: out.slice(0, count), isTurned: changes === 1 && rest[0] === "b" };
  }
}

function contracted(a: Value, b: Value, labels: Pairing, sizes: Sizes): Value {
  const { batch, isTurned } = orderOf(labels);
  if (isTurned) return contracted(b, a, { a: labels.b, b: labels.a, out: labels.out }, sizes);
  const rest = labels.out.slice(batch.length);
  const larger = a.node.size < b.node.size ? labels.b : labels.a;
  const summed = larger.filter((label) => !labels.out.includes(label));
  const rowsOf = (x: Value, own: Labels): Value => {
    const rows = rest.filter((label) => own.includes(label));
    return laidOut(x, own, [...batch, ...rows, ...summed], sizes);
  };
  const attrs = { batch: batch.length, depth: summed.length };
  return contract(rowsOf(a, labels.a), rowsOf(b, labels.b), attrs);
}

/** Products that are not summed are pointwise; sums along which nothing else stands are reductions. */
function paired(a: Value, b: Value, given: Pairing): Value {
  const sizes = sizesOf(a, b, given);
  // Axes of one element say nothing.
  const meant = (labels: Labels): Labels => labels.filter((label) => sizes.get(label) !== 1);
  const labels: Pairing = { a: meant(given.a), b: meant(given.b), out: meant(given.out) };
  const summed = labels.a.filter((label) => !labels.out.includes(label));
  const isShared =
    labels.a.length === labels.b.length && labels.a.every((label) => labels.b.includes(label));
  const shape = shapeOf(given.out, sizes);
  if (summed.length > 0 && !isShared) {
    return linear.reshape(contracted(a, b, labels, sizes), shape);
  }
  const order = [...labels.out, ...summed];
  const products = ops.mul(laidOut(a, labels.a, order, sizes), laidOut(b, labels.b, order, sizes));
  const axes = summed.map((_, at) => labels.out.length + at);
  return linear.reshape(axes.length === 0 ? products : linear.sum(products, axes), shape);
}

/** Specs by the Tape's name and kind. */
const specs = new Map<string, Composite<Pairing>>();

function specOf(name: string, kind: string, make: () => Composite<Pairing>): Composite<Pairing> {
  const key = `${kind} ${name}`;
  let spec = specs.get(key);
  if (!spec) {
    spec = make();
    specs.set(key, spec);
  }
  return spec;
}

const pairSpec = (name: string): Composite<Pairing> =>
  specOf(name, "pair", () => ({
    name,
    body: ([a, b], labels) => paired(a, b, labels),
    // Again products of two: no product of all axes is written and then summed.
    gradient: (g, [a, b], _, labels) => [
      a.edge && pair(name, g, b, { a: labels.out, b: labels.b, out: labels.a }),
      b.edge && pair(name, g, a, { a: labels.out, b: labels.a, out: labels.b }),
    ],
  }));

/** Sizes agree, each label is in two of the lists at least, the dtype is one that contract takes. */
const pair = (name: string, a: Value, b: Value, labels: Pairing): Value =>
  composite(pairSpec(name), [a, b], labels);

/** What products of a dtype are summed in. */
export function productDType(dtype: DType): DType {
  if (isHalf(dtype)) return "float32";
  return isSmall(dtype) ? "int32" : dtype;
}

/** x without its axes of one element that others have more of, and summed over those it has alone. */
function narrowed(x: Value, own: Labels, others: Labels, sizes: Sizes): [Value, Labels] {
  const { shape } = x.node;
  const kept = own.filter((label, axis) => shape[axis] === sizes.get(label));
  const bare = kept.length === own.length ? x : linear.reshape(x, shapeOf(kept, sizes));
  const alone = kept.flatMap((label, axis) => (others.includes(label) ? [] : [axis]));
  if (alone.length === 0) return [bare, kept];
  return [linear.sum(bare, alone), kept.filter((label) => others.includes(label))];
}

const broadSpec = (name: string): Composite<Pairing> =>
  specOf(name, "broad", () => ({
    name,
    body: ([a, b], labels) => {
      const { dtype } = a.node;
      const wide = productDType(dtype);
      const sizes = sizesOf(a, b, labels);
      const { out } = labels;
      // What only one has is kept by the result, or summed at once.
      const other = (own: Labels, x: Value): Labels => [
        ...out,
        ...own.filter((label, axis) => x.node.shape[axis] === sizes.get(label)),
      ];
      const [x, ofX] = narrowed(ops.cast(a, wide), labels.a, other(labels.b, b), sizes);
      const [y, ofY] = narrowed(ops.cast(b, wide), labels.b, other(labels.a, a), sizes);
      return ops.cast(pair(name, x, y, { a: ofX, b: ofY, out }), dtype);
    },
  }));

/**
 * Two values of one dtype multiplied and summed; axes of one element broadcast. Halves and small
 * integers are summed in what holds them, and rounded once.
 */
export function product(name: string, a: Value, b: Value, labels: Pairing): Value {
  const { a: ofA, b: ofB, out } = labels;
  const isPlain =
    productDType(a.node.dtype) === a.node.dtype &&
    ofA.every((label, axis) => {
      const at = ofB.indexOf(label);
      return at < 0 ? out.includes(label) : b.node.shape[at] === a.node.shape[axis];
    }) &&
    ofB.every((label) => ofA.includes(label) || out.includes(label));
  return isPlain ? pair(name, a, b, labels) : composite(broadSpec(name), [a, b], labels);
}

/** Operands of one dtype, which is not bool. */
export function requireProducts(op: string, a: Value, ...others: readonly Value[]): void {
  const { dtype } = a.node;
  const other = others.find(({ node }) => node.dtype !== dtype);
  if (other) {
    const wrong = other.node.dtype;
    fail(
      op,
      `expected operands of the same dtype, but got ${dtype} and ${wrong}. ` +
        `Cast one first: y.to("${dtype}")`,
    );
  }
  if (dtype === "bool") fail(op, 'not implemented for bool. Cast first: x.to("int64")');
}
