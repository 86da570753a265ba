// Contractions against loops written out, what of them is in the graph, and what they refuse.

import { describe, expect, test } from "vitest";
import type { DType } from "../../src/base/dtypes.ts";
import { type Shape, sizeOf } from "../../src/base/shapes.ts";
import { addmm, addmv, addr, linearLayer } from "../../src/functions/added-products.ts";
import { contractionOrder } from "../../src/functions/contraction-order.ts";
import { convolution, convolutionTransposed } from "../../src/functions/convolution.ts";
import { einsum } from "../../src/functions/einsum.ts";
import { readEquation } from "../../src/functions/equation.ts";
import { fold, unfold } from "../../src/functions/folds.ts";
import { matrixPower, multiDot } from "../../src/functions/matrix-chains.ts";
import { bmm, dot, matmul, mm, tensordot } from "../../src/functions/products.ts";
import type { Node } from "../../src/graph/node.ts";
import type { Value } from "../../src/graph/tape.ts";
import { constant, evaluate, gradients, leaf, seeded } from "../leaves.ts";

const draw = seeded(7);
const numbers = (shape: Shape): number[] =>
  Array.from({ length: sizeOf(shape) }, () => Math.round(draw(-9, 9)));
const given = (...shape: number[]): Value => leaf("float64", shape, numbers(shape));
const integers = (dtype: DType, ...shape: number[]): Value =>
  constant(dtype, shape, numbers(shape));

/** All nodes that a value is made of, by name. */
function namesIn(...values: readonly Value[]): string[] {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    node.inputs.forEach(visit);
  };
  values.forEach(({ node }) => visit(node));
  return [...seen].map((node) => node.name);
}

const count = (names: readonly string[], name: string): number =>
  names.filter((other) => other === name).length;

/** An equation's meaning: the sum over all indices, each operand read where it says. */
function summed(equation: string, operands: readonly Value[]): number[] {
  const { operands: labels, out } = readEquation(
    equation,
    operands.map(({ node }) => node.shape),
  );
  const sizes = new Map<number, number>();
  labels.forEach((list, at) => {
    list.forEach((label, axis) => {
      const size = operands[at].node.shape[axis];
      if ((sizes.get(label) ?? 1) === 1) sizes.set(label, size);
    });
  });
  const data = operands.map(evaluate);
  const result = new Array<number>(sizeOf(out.map((label) => sizes.get(label) ?? 1))).fill(0);
  const all = [...sizes];
  const index = new Map<number, number>();
  const walk = (depth: number): void => {
    if (depth < all.length) {
      const [label, size] = all[depth];
      for (let i = 0; i < size; i++) {
        index.set(label, i);
        walk(depth + 1);
      }
      return;
    }
    const position = (list: readonly number[], shape: Shape): number =>
      list.reduce(
        (flat, label, axis) =>
          flat * shape[axis] + Math.min(index.get(label) ?? 0, shape[axis] - 1),
        0,
      );
    const product = data.reduce(
      (total, elements, at) => total * elements[position(labels[at], operands[at].node.shape)],
      1,
    );
    result[
      position(
        out,
        out.map((label) => sizes.get(label) ?? 1),
      )
    ] += product;
  };
  walk(0);
  return result;
}

describe("einsum", () => {
  test.each<[string, ...number[][]]>([
    ["ij->ji", [2, 3]],
    ["iji->j", [2, 3, 2]],
    ["ij->", [2, 3]],
    ["i->", [1]],
    ["ij,jk", [2, 3], [3, 4]],
    ["ij,kj->ki", [2, 3], [4, 3]],
    ["bij,bjk->bik", [2, 3, 2], [2, 2, 4]],
    ["ij,bjk->bik", [3, 2], [2, 2, 4]],
    ["aik,bkj->aibj", [2, 3, 2], [4, 2, 3]],
    ["...ij,...jk", [2, 1, 2, 3], [4, 3, 2]],
    ["...ik, ...j -> ij", [1, 2, 3], [3]],
    ["aij,jk->aik", [2, 3, 1], [4, 5]],
    ["ij,ij->", [2, 3], [2, 3]],
    ["ab,cd->acbd", [2, 3], [2, 2]],
    ["iij,jk,kl->il", [3, 3, 2], [2, 4], [4, 2]],
    ["a,a,b,bc,...->c...", [2], [2], [3], [3, 2], [2]],
    ["bn,anm,bm->ba", [2, 3], [4, 3, 5], [2, 5]],
    ["ij,jk,kl,lm,mn,no,op,pq,qr->ir", ...new Array<number[]>(9).fill([2, 2])],
  ])("%s", (equation, ...shapes) => {
    const operands = shapes.map((shape) => given(...shape));
    const result = einsum(equation, operands);
    expect(evaluate(result)).toEqual(summed(equation, operands));
  });

  test("sums of integers are int64, products keep their dtype", () => {
    const [x, y] = [integers("int32", 2, 3), integers("int32", 3, 2)];
    expect(einsum("ij->i", [x]).node.dtype).toBe("int64");
    expect(einsum("ij->i", [integers("int32", 3, 1)]).node.dtype).toBe("int64");
    expect(einsum("ij,jk->ik", [x, y]).node.dtype).toBe("int32");
    expect(einsum("ij,kl->jk", [x, y]).node.dtype).toBe("int64");
  });

  test.each<[string, number[][], RegExp]>([
    ["ij,jk", [[2, 3]], /fewer operands were provided/],
    ["ij", [[2, 3, 4]], /does not match the number of dimensions \(3\) for operand 0/],
    ["i.j", [[2, 3]], /not part of any ellipsis/],
    ["i1", [[2, 3]], /subscripts must be in \[a-zA-Z\]/],
    ["ij->ii", [[2, 3]], /appears more than once in the output/],
    ["ij->k", [[2, 3]], /does not appear in the equation/],
    ["ii", [[2, 3]], /the sizes don't match/],
    [
      "ij,jk",
      [
        [2, 3],
        [2, 3],
      ],
      /do not broadcast/,
    ],
    ["......", [[2]], /may appear only once/],
  ])("refuses %s of %j", (equation, shapes, message) => {
    const operands = shapes.map((shape) => given(...shape));
    expect(() => einsum(equation, operands)).toThrow(message);
  });

  test("several operands are multiplied in the cheapest order", () => {
    const sizes = new Map([100, 2, 100, 2].map((size, label) => [label, size]));
    const operands = [
      [0, 1],
      [1, 2],
      [2, 3],
    ];
    expect(contractionOrder({ operands, out: [0, 3], sizes })).toEqual([0, [1, 2]]);
  });
});

describe("what is in the graph", () => {
  const made = (value: Value): string[] => namesIn(value);

  test("a product of any ranks is one contraction of views", () => {
    const shapes: [number[], number[]][] = [
      [
        [4, 3],
        [3, 5],
      ],
      [
        [2, 4, 3],
        [3, 5],
      ],
      [
        [4, 3],
        [2, 3, 5],
      ],
      [
        [2, 4, 3],
        [2, 3, 5],
      ],
      [
        [2, 1, 4, 3],
        [6, 3, 5],
      ],
    ];
    for (const [a, b] of shapes) {
      const names = made(matmul(given(...a), given(...b)));
      expect(count(names, "contract")).toBe(1);
      expect(names.filter((name) => !["contract", "view", "memory"].includes(name))).toEqual([]);
    }
  });

  test("the gradient of what a batch shares is one contraction, and no sum", () => {
    const [x, w] = [given(6, 4, 3), given(3, 5)];
    const y = matmul(x, w);
    const [dx, dw] = gradients(y, [x, w], { gradient: given(6, 4, 5) }) as Value[];
    expect(count(made(dw), "contract")).toBe(1);
    expect(count(made(dx), "contract")).toBe(1);
    expect(made(dw)).not.toContain("sum");
  });

  test("a convolution and each of its gradients are one contraction", () => {
    const [x, w] = [given(2, 3, 6, 6), given(4, 3, 3, 3)];
    const options = { stride: 1, padding: 1, dilation: 1, groups: 1 };
    const y = convolution(2, [x, w, null], options);
    const [dx, dw] = gradients(y, [x, w], { gradient: given(2, 4, 6, 6) }) as Value[];
    for (const value of [y, dx, dw]) {
      const names = made(value);
      expect(count(names, "contract")).toBe(1);
      expect(count(names, "scatter")).toBe(0);
    }
  });

  test("a depthwise convolution is a sum of products over its taps", () => {
    const [x, w] = [given(2, 3, 5, 5), given(3, 1, 3, 3)];
    const y = convolution(2, [x, w, null], { stride: 1, padding: 1, dilation: 1, groups: 3 });
    expect(made(y)).not.toContain("contract");
    expect(count(made(y), "mul")).toBe(1);
    expect(count(made(y), "sum")).toBe(1);
  });
});

interface Case {
  readonly x: number[];
  readonly w: number[];
  readonly stride?: number[];
  readonly padding?: number[];
  readonly dilation?: number[];
  readonly groups?: number;
}

const optionsOf = ({ stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 }: Case) => ({
  stride,
  padding,
  dilation,
  groups,
});

/** A convolution of two axes, written out. */
function convolved(x: Value, w: Value, one: Case): number[] {
  const { stride, padding, dilation, groups } = optionsOf(one);
  const [n, , height, width] = one.x;
  const [outputs, channels, kh, kw] = one.w;
  const reach = (size: number, k: number, at: number): number =>
    Math.floor((size + 2 * padding[at] - dilation[at] * (k - 1) - 1) / stride[at]) + 1;
  const [oh, ow] = [reach(height, kh, 0), reach(width, kw, 1)];
  const [xs, ws] = [evaluate(x), evaluate(w)];
  const at = (b: number, c: number, row: number, column: number): number => {
    const isInside = row >= 0 && row < height && column >= 0 && column < width;
    return isInside ? xs[((b * channels * groups + c) * height + row) * width + column] : 0;
  };
  const result: number[] = [];
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < outputs; o++) {
      for (let place = 0; place < oh * ow; place++) {
        const [row, column] = [Math.floor(place / ow) * stride[0], (place % ow) * stride[1]];
        let sum = 0;
        for (let k = 0; k < channels * kh * kw; k++) {
          const c = Math.floor(k / (kh * kw)) + Math.floor((o * groups) / outputs) * channels;
          const [i, j] = [Math.floor(k / kw) % kh, k % kw];
          const y = row + i * dilation[0] - padding[0];
          sum +=
            at(b, c, y, column + j * dilation[1] - padding[1]) * ws[o * channels * kh * kw + k];
        }
        result.push(sum);
      }
    }
  }
  return result;
}

const cases: Case[] = [
  { x: [2, 3, 5, 6], w: [4, 3, 3, 2] },
  { x: [2, 3, 5, 6], w: [4, 3, 3, 3], padding: [1, 2], stride: [2, 1] },
  { x: [1, 4, 7, 6], w: [6, 2, 2, 3], groups: 2, dilation: [2, 1], stride: [1, 2] },
  { x: [2, 4, 5, 5], w: [4, 1, 3, 3], groups: 4, padding: [1, 1] },
  { x: [2, 2, 5, 5], w: [6, 1, 3, 2], groups: 2, stride: [2, 2] },
  { x: [1, 3, 6, 6], w: [2, 3, 2, 2], stride: [2, 2] },
  { x: [1, 3, 7, 7], w: [2, 3, 2, 2], stride: [3, 3] },
  { x: [1, 2, 9, 8], w: [2, 2, 3, 3], stride: [2, 3], dilation: [2, 3], padding: [2, 1] },
  { x: [2, 3, 4, 4], w: [5, 3, 1, 1], stride: [2, 1] },
  { x: [1, 2, 9, 9], w: [2, 2, 7, 7], stride: [6, 6], padding: [3, 3] },
];

describe("convolution", () => {
  test.each(cases)("%j", (one) => {
    const [x, w] = [given(...one.x), given(...one.w)];
    const y = convolution(2, [x, w, null], optionsOf(one));
    const { shape } = y.node;
    expect(evaluate(y)).toEqual(convolved(x, w, one));
    // Both gradients against the form that is linear in each: Σ g·y(x, w).
    const g = given(...shape);
    const [dx, dw] = gradients(y, [x, w], { gradient: g }) as Value[];
    const [gs, dxs, dws] = [g, dx, dw].map(evaluate);
    const inner = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, value, at) => sum + value * b[at], 0);
    const [other, kernels] = [given(...one.x), given(...one.w)];
    expect(inner(dxs, evaluate(other))).toBe(inner(gs, convolved(other, w, one)));
    expect(inner(dws, evaluate(kernels))).toBe(inner(gs, convolved(x, kernels, one)));
  });

  test("the transposed one is its adjoint, of any size that the output padding asks for", () => {
    const one: Case = { x: [2, 4, 7, 8], w: [6, 2, 3, 2], groups: 2, stride: [2, 3] };
    const [x, w] = [given(...one.x), given(...one.w)];
    const y = given(2, 6, 3, 3);
    const back = convolutionTransposed(2, [y, w, null], {
      ...optionsOf(one),
      outputPadding: [0, 0],
    });
    expect(back.node.shape).toEqual([2, 4, 7, 8]);
    const inner = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, value, at) => sum + value * b[at], 0);
    expect(inner(evaluate(back), evaluate(x))).toBe(inner(evaluate(y), convolved(x, w, one)));
    const wider = convolutionTransposed(2, [y, w, null], {
      ...optionsOf(one),
      outputPadding: [1, 2],
    });
    expect(wider.node.shape).toEqual([2, 4, 8, 10]);
  });

  test("'same' pads one more behind", () => {
    const x = leaf("float64", [1, 1, 4], [1, 2, 3, 4]);
    const w = leaf("float64", [1, 1, 2], [1, 10]);
    const options = { stride: 1, dilation: 1, groups: 1 };
    const same = convolution(1, [x, w, null], { ...options, padding: "same" });
    expect(evaluate(same)).toEqual([21, 32, 43, 4]);
    expect(() => convolution(1, [x, w, null], { ...options, stride: 2, padding: "same" })).toThrow(
      /not supported for strided/,
    );
  });

  test("an empty batch gives an empty result", () => {
    const y = convolution(1, [given(0, 2, 4), given(3, 2, 2), given(3)], {
      stride: 1,
      padding: 1,
      dilation: 1,
      groups: 1,
    });
    expect(y.node.shape).toEqual([0, 3, 5]);
  });

  test("fold is the adjoint of unfold", () => {
    const sliding = { kernelSize: [2, 3], dilation: [1, 2], padding: [1, 0], stride: [2, 1] };
    const x = given(2, 3, 4, 6);
    const columns = unfold(x, sliding);
    const y = given(...columns.node.shape);
    const back = fold(y, [4, 6], sliding);
    const inner = (a: Value, b: Value): number => {
      const [xs, ys] = [evaluate(a), evaluate(b)];
      return xs.reduce((sum, value, at) => sum + value * ys[at], 0);
    };
    expect(inner(back, x)).toBe(inner(y, columns));
  });
});

describe("dtypes and weights", () => {
  test("halves and small integers are rounded once", () => {
    const ones = constant("int8", [1, 300], new Array<number>(300).fill(1));
    const column = constant("int8", [300, 2], new Array<number>(600).fill(1));
    expect(evaluate(mm(ones, column))).toEqual([44, 44]);
    expect(mm(ones, column).node.dtype).toBe("int8");
  });

  test("beta = 0 leaves out an input that is not a number", () => {
    const x = leaf("float64", [1], [Number.NaN]);
    const [a, b] = [given(2, 3), given(3, 2)];
    const sum = addmm(x, a, b, { beta: 0, alpha: 2 });
    expect(evaluate(sum)).toEqual(evaluate(mm(a, b)).map((value) => 2 * value));
  });

  test("weights of integers are cut to integers, but for addr, which refuses", () => {
    const [x, matrix, vector] = [
      integers("int32", 2),
      integers("int32", 2, 3),
      integers("int32", 3),
    ];
    const sum = addmv(x, matrix, vector, { beta: 1.7, alpha: 0.6 });
    expect(evaluate(sum)).toEqual(evaluate(x));
    expect(() => addr(x, x, x, { beta: 0.5, alpha: 1 })).toThrow(/beta must not be a floating/);
  });

  test("what does not fit is refused in words", () => {
    const [matrix, vector] = [given(2, 3), given(4)];
    expect(() => mm(matrix, matrix)).toThrow(/cannot be multiplied \(2x3 and 2x3\)/);
    expect(() => matmul(matrix, vector)).toThrow(/\[2, 3\] · \[4\] \(3 ≠ 4\)/);
    expect(() => bmm(given(2, 2, 3), given(3, 3, 2))).toThrow(/first two dimensions of batch2/);
    expect(() => matmul(given(2, 2, 3), given(3, 3, 2))).toThrow(/size of tensor a \(2\)/);
    expect(() => dot(vector, given(3))).toThrow(/inconsistent tensor size/);
    expect(() => dot(vector, integers("int32", 4))).toThrow(/same dtype/);
    const bools = constant("bool", [2, 2], [1, 0, 1, 1]);
    expect(() => mm(bools, bools)).toThrow(/not implemented for bool/);
    expect(() => tensordot("tensordot", matrix, vector, [[0], [0]])).toThrow(/size 2 in dim 0/);
    expect(() => linearLayer(vector, matrix, null)).toThrow(/4 ≠ 3/);
    expect(() => multiDot([matrix])).toThrow(/at least 2 tensors/);
    expect(() => matrixPower("matrixPower", matrix, 2)).toThrow(/2 by 3/);
  });
});
