// Sums of products in Einstein's notation, two operands at a time; and the bilinear form.

import { type Composite, composite } from "../autograd/composite.ts";
import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { type Shape, sameShape, showShape } from "../base/shapes.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import * as linear from "../ops/linear.ts";
import { type Labels, product, productDType, requireProducts } from "./contraction.ts";
import { contractionOrder, keptLabels, type Tree } from "./contraction-order.ts";
import { type Equation, readEquation } from "./equation.ts";
import * as geometry from "./geometry.ts";
import { fitted, resultDType } from "./operands.ts";

/** A value, its axes' labels each once. */
interface Term {
  readonly value: Value;
  readonly labels: Labels;
}

/** Axes with one label become their diagonal. */
function distinct({ value, labels }: Term): Term {
  const axis = labels.findIndex((label, at) => labels.indexOf(label) !== at);
  if (axis < 0) return { value, labels };
  const first = labels.indexOf(labels[axis]);
  const diagonal = linear.review(
    value,
    (view) => geometry.diagonal(view, 0, first, axis),
    "DiagonalBackward0",
  );
  const rest = labels.filter((_, at) => at !== first && at !== axis);
  return distinct({ value: diagonal, labels: [...rest, labels[axis]] });
}

/** Without axes of one element: the result has its own again in the end. */
function bare({ value, labels }: Term): Term {
  const { shape } = value.node;
  const kept = labels.filter((_, axis) => shape[axis] !== 1);
  if (kept.length === labels.length) return { value, labels };
  const sizes = shape.filter((n) => n !== 1);
  return { value: linear.reshape(value, sizes), labels: kept };
}

/** Summed over what nothing else wants; sums of integers are int64, as in PyTorch. */
function summed({ value, labels }: Term, wanted: Labels): Term {
  const axes = labels.flatMap((label, axis) => (wanted.includes(label) ? [] : [axis]));
  if (axes.length === 0) return { value, labels };
  const { dtype } = value.node;
  const wide = isFloat(dtype) ? productDType(dtype) : "int64";
  const total = linear.sum(ops.cast(value, wide), axes);
  return {
    value: ops.cast(total, isFloat(dtype) ? dtype : wide),
    labels: labels.filter((label) => wanted.includes(label)),
  };
}

function multiplied(name: string, x: Term, y: Term, wanted: Labels): Term {
  const out = keptLabels(x.labels, y.labels, wanted);
  const common = resultDType(x.value, y.value);
  const values = [x.value, y.value].map((value) => ops.cast(value, common));
  const labels = { a: x.labels, b: y.labels, out };
  return { value: product(name, values[0], values[1], labels), labels: out };
}

/** The product of all that stands in a tree; `wanted` is what is outside of it. */
function evaluated(name: string, tree: Tree, terms: readonly Term[], wanted: Labels): Term {
  if (typeof tree === "number") return terms[tree];
  const [left, right] = tree;
  const within = (part: Tree): Labels =>
    typeof part === "number" ? terms[part].labels : part.flatMap(within);
  const x = evaluated(name, left, terms, [...wanted, ...within(right)]);
  const y = evaluated(name, right, terms, [...wanted, ...within(left)]);
  return multiplied(name, x, y, wanted);
}

function sumOfProducts(name: string, inputs: readonly Value[], equation: Equation): Value {
  const { operands, out } = equation;
  const sizes = new Map<number, number>();
  const whole = inputs.map((value, at) => distinct({ value, labels: operands[at] }));
  // Of one operand alone an axis of one element is summed as any other: integers become int64.
  const given = inputs.length === 1 ? whole : whole.map(bare);
  for (const { value, labels } of given) {
    labels.forEach((label, axis) => {
      sizes.set(label, value.node.shape[axis]);
    });
  }
  const terms = given.map((term, at) => {
    const others = given.flatMap(({ labels }, other) => (other === at ? [] : labels));
    return summed(term, [...out, ...others]);
  });
  const order = contractionOrder({ operands: terms.map(({ labels }) => labels), out, sizes });
  const { value, labels } = evaluated(name, order, terms, out);
  const present = out.filter((label) => labels.includes(label));
  const turned = linear.permute(
    value,
    present.map((label) => labels.indexOf(label)),
  );
  const shape = out.map((label) => sizes.get(label) ?? 1);
  return sameShape(turned.node.shape, shape) ? turned : linear.reshape(turned, shape);
}

const einsumSpec = (name: string): Composite<Equation> => ({
  name,
  body: (inputs, equation) => sumOfProducts(name, inputs, equation),
});

const specs = {
  products: einsumSpec("MulBackward0"),
  sums: einsumSpec("SumBackward1"),
  views: einsumSpec("PermuteBackward0"),
  contractions: einsumSpec("ViewBackward0"),
} as const;

/** What `equation` says of the operands. */
export function einsum(equation: string, inputs: readonly Value[]): Value {
  const read = readEquation(
    equation,
    inputs.map(({ node }) => node.shape),
  );
  const gone = read.operands.flat().filter((label) => !read.out.includes(label));
  const isSummed = gone.length > 0;
  const shared = gone.some(
    (label) => read.operands.filter((labels) => labels.includes(label)).length > 1,
  );
  if (shared) requireProducts("einsum", inputs[0], ...inputs.slice(1));
  if (inputs.length > 1) {
    return composite(isSummed ? specs.contractions : specs.products, inputs, read);
  }
  return composite(isSummed ? specs.sums : specs.views, inputs, read);
}

// bilinear

interface Form extends Equation {
  readonly shape: Shape;
}

const form = (name: string): Composite<Form> => ({
  name,
  body: ([x, y, weight, bias], attrs) => {
    const { dtype } = weight.node;
    const wide = productDType(dtype);
    const inputs = [x, weight, y].map((value) => ops.cast(value, wide));
    const sum = sumOfProducts(name, inputs, attrs);
    const total = bias ? ops.add(sum, fitted(bias, { shape: attrs.shape, dtype: wide })) : sum;
    return ops.cast(total, dtype);
  },
});

const formSpecs = { withBias: form("AddBackward0"), plain: form("ViewBackward0") } as const;

/** out[…, o] = Σ x[…, i]·weight[o, i, j]·y[…, j] + bias[o] */
export function bilinear(x: Value, y: Value, weight: Value, bias: Value | null): Value {
  const op = "bilinear";
  const [left, right, middle] = [x, y, weight].map(({ node }) => node.shape);
  const isAlike = left.length > 0 && sameShape(left.slice(0, -1), right.slice(0, -1));
  if (!isAlike || left.length !== right.length) {
    fail(
      op,
      `input dimensions do not match: got ${showShape(left)} and ${showShape(right)}, which may ` +
        "differ in the last only",
    );
  }
  const [outputs, rows, columns] = middle;
  if (middle.length !== 3 || rows !== left.at(-1) || columns !== right.at(-1)) {
    fail(
      op,
      `weight must be [out, ${left.at(-1)}, ${right.at(-1)}] for inputs ${showShape(left)} and ` +
        `${showShape(right)}, got ${showShape(middle)}`,
    );
  }
  const shape = [...left.slice(0, -1), outputs];
  if (bias) geometry.expandedShape(op, bias.node.shape, [outputs]);
  requireProducts(op, x, y, weight, ...(bias ? [bias] : []));
  const lead = left.slice(0, -1).map((_, axis) => axis);
  const [i, j, o] = [-1, -2, -3];
  const equation = {
    operands: [
      [...lead, i],
      [o, i, j],
      [...lead, j],
    ],
    out: [...lead, o],
  };
  const attrs = { ...equation, shape };
  if (bias) return composite(formSpecs.withBias, [x, y, weight, bias], attrs);
  return composite(formSpecs.plain, [x, y, weight], attrs);
}
