// contract: rows with rows, the one primitive behind every product of matrices, in any transposition, and
// behind convolution. A primitive, because as a product and a sum it would write all the products.
//
//   out[n, i, j] = Σ_k a[n, i, k]·b[n, j, k]        n, i, j, k may each be several axes, or none

import { invariant } from "../base/errors.ts";
import { sameShape, showShape, sizeOf } from "../base/shapes.ts";
import { contractNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/tape.ts";
import { mul } from "./arithmetic.ts";
import { expand, permute, reshape, sum } from "./linear.ts";
import { apply, type Primitive } from "./primitive.ts";

/** How many axes of both operands, from the first on, are n; and how many, up to the last, are k. */
export interface ContractAttrs {
  readonly batch: number;
  readonly depth: number;
}

export const contractPrimitive: Primitive<ContractAttrs> = {
  name: "contract",
  build: ([a, b], attrs) => {
    checkOperands(a, b, attrs);
    return contractNode(a, b, attrs.batch, attrs.depth);
  },
  // dA = g·B, dB = gᵀ·A; here both by rows.
  vjp: (g, [a, b], _, { batch, depth }) => {
    const rowsOf = ({ node }: Value): number => node.shape.length - batch - depth;
    const [i, j] = [rowsOf(a), rowsOf(b)];
    return [
      a.edge && contract(g, turned(b, batch, j), { batch, depth: j }),
      b.edge && contract(turned(g, batch, i), turned(a, batch, i), { batch, depth: i }),
    ];
  },
};

/** The `first` axes behind the batch's go last. */
function turned(x: Value, batch: number, first: number): Value {
  const axes = x.node.shape.map((_, axis) => axis);
  const [n, i, rest] = [
    axes.slice(0, batch),
    axes.slice(batch, batch + first),
    axes.slice(batch + first),
  ];
  return permute(x, [...n, ...rest, ...i]);
}

function checkOperands(a: Node, b: Node, { batch, depth }: ContractAttrs): void {
  const commons = [a, b].map(({ shape }) => [
    ...shape.slice(0, batch),
    ...shape.slice(shape.length - depth),
  ]);
  const fits = sameShape(commons[0] as number[], commons[1] as number[]) && a.dtype === b.dtype;
  if (fits) return;
  invariant(
    false,
    `contract of ${showShape(a.shape)} ${a.dtype} and ${showShape(b.shape)} ${b.dtype}`,
  );
}

const one: ContractAttrs = { batch: 1, depth: 1 };

/** a [n, i, k] and b [n, j, k], float32, float64, int32 or int64 → [n, i, j]. */
export function contract(a: Value, b: Value, attrs: ContractAttrs = one): Value {
  const { batch, depth } = attrs;
  const [x, y] = [a.node.shape, b.node.shape];
  const [i, j] = [x.slice(batch, x.length - depth), y.slice(batch, y.length - depth)];
  const isThin = [i, j, x.slice(x.length - depth)].some((part) => sizeOf(part) === 1);
  return isThin ? thin(a, b, attrs) : apply(contractPrimitive, [a, b], attrs);
}

/** A depth of so few elements is summed across what lies along the lanes. */
const shallow = 64;

/** With one row, or a depth of one, nothing is read twice: products and a sum go at memory's speed. */
function thin(a: Value, b: Value, { batch, depth }: ContractAttrs): Value {
  const [x, y] = [a.node.shape, b.node.shape];
  const [n, k] = [x.slice(0, batch), x.slice(x.length - depth)];
  const [i, j] = [x.slice(batch, x.length - depth), y.slice(batch, y.length - depth)];
  const rows = [...i, ...j];
  const inFront = sizeOf(k) <= shallow ? k.length : 0;
  const ordered = (value: Value): Value => {
    const at = (part: number, from: number): number[] =>
      Array.from({ length: part }, (_, axis) => from + axis);
    const first = n.length + rows.length;
    const axes = [at(n.length, 0), at(rows.length, n.length), at(k.length, first)] as const;
    const order = inFront > 0 ? [axes[0], axes[2], axes[1]] : axes;
    return permute(value, order.flat());
  };
  const space = [...n, ...rows, ...k];
  const [left, right] = [
    expand(reshape(a, [...n, ...i, ...j.map(() => 1), ...k]), space),
    expand(reshape(b, [...n, ...i.map(() => 1), ...j, ...k]), space),
  ];
  const first = n.length + (inFront > 0 ? 0 : rows.length);
  return sum(
    mul(ordered(left), ordered(right)),
    k.map((_, axis) => first + axis),
  );
}
