// Every primitive against plain arithmetic, and its derivatives against finite differences.

import { describe, expect, test } from "vitest";
import type { DType } from "../../src/base/dtypes.ts";
import { sizeOf } from "../../src/base/shapes.ts";
import { contiguousView, type View } from "../../src/base/views.ts";
import * as geometry from "../../src/functions/geometry.ts";
import * as shapes from "../../src/functions/shapes.ts";
import { nodeView } from "../../src/graph/build.ts";
import type { Value } from "../../src/graph/tape.ts";
import * as arithmetic from "../../src/ops/arithmetic.ts";
import * as linear from "../../src/ops/linear.ts";
import { type PrimitiveName, pointwiseOps } from "../../src/ops/primitives.ts";
import { rand, randn, randomBits } from "../../src/ops/random.ts";
import * as reduce from "../../src/ops/reduce.ts";
import { full, fullLike } from "../../src/ops/source.ts";
import { pow } from "../../src/ops/transcendental.ts";
import { type Case, cases, type Input, windowPositions } from "../cases.ts";
import { constant, evaluate, gradients, leaf, seeded } from "../leaves.ts";

const names = Object.keys(cases) as PrimitiveName[];

function drawn({ inputs }: Case, seed: number): number[][] {
  const draw = seeded(seed);
  return inputs.map(({ shape, from, to, data }) =>
    data ? [...data] : Array.from({ length: sizeOf(shape) }, () => draw(from, to)),
  );
}

const isFloating = ({ dtype }: Input): boolean => dtype === undefined;
const asHeld = ({ dtype }: Input, data: number[]): number[] =>
  dtype === undefined ? data : data.map((x) => Math.floor(x));

const valuesOf = (one: Case, data: number[][], dtype: DType): Value[] =>
  one.inputs.map((input, at) =>
    isFloating(input)
      ? leaf(dtype, input.shape, data[at])
      : constant(input.dtype as DType, input.shape, asHeld(input, data[at])),
  );

const roundedTo = (dtype: DType, { inputs }: Case, data: number[][]): number[][] =>
  data.map((list, at) => {
    if (!isFloating(inputs[at])) return asHeld(inputs[at], list);
    return dtype === "float32" ? list.map(Math.fround) : list;
  });

describe("forward", () => {
  for (const name of names) {
    for (const dtype of ["float32", "float64"] as const) {
      test(`${name} on ${dtype} is what plain arithmetic says`, () => {
        const one: Case = cases[name];
        const data = drawn(one, 1);
        const actual = evaluate(one.call(...valuesOf(one, data, dtype)));
        const wanted = one.expected(...roundedTo(dtype, one, data));
        expect(actual.length).toBe(wanted.length);
        const close = dtype === "float32" ? 3e-6 : 1e-13;
        actual.forEach((x, i) => {
          expect(Math.abs(x - wanted[i])).toBeLessThanOrEqual(
            close * Math.max(1, Math.abs(wanted[i])),
          );
        });
      });
    }
  }
});

/** Random weights of the shape of a value. */
function weightsFor(value: Value, seed: number): Value {
  const draw = seeded(seed);
  const data = Array.from({ length: value.node.size }, () => draw(-1, 1));
  return constant("float64", value.node.shape, data);
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);

const floating = <T>(one: Case, list: readonly T[]): T[] =>
  list.filter((_, at) => isFloating(one.inputs[at]));

/** Σ w·f(x), as numbers. */
function projected(one: Case, data: number[][]): number {
  const value = one.call(...valuesOf(one, data, "float64"));
  return dot(evaluate(value), evaluate(weightsFor(value, 7)));
}

/** Gradients of the projection, as elements; zeros where no gradient flows. */
function projectedGradients(one: Case, data: number[][]): number[][] {
  const values = valuesOf(one, data, "float64");
  const out = one.call(...values);
  const found = gradients(out, floating(one, values), { gradient: weightsFor(out, 7) });
  return found.map((g, at) =>
    g ? evaluate(g) : new Array(floating(one, values)[at].node.size).fill(0),
  );
}

/** ∂/∂h f(x + h·u) at 0, by central differences. */
function alongDirection(one: Case, data: number[][], of: (data: number[][]) => number): number {
  const h = 1e-5;
  const draw = seeded(11);
  const directions = data.map((list) => list.map(() => draw(-1, 1)));
  const moved = (step: number) =>
    data.map((list, at) =>
      isFloating(one.inputs[at]) ? list.map((x, i) => x + step * directions[at][i]) : list,
    );
  return (of(moved(h)) - of(moved(-h))) / (2 * h);
}

const directionsOf = (one: Case, data: number[][]): number[][] => {
  const draw = seeded(11);
  return floating(
    one,
    data.map((list) => list.map(() => draw(-1, 1))),
  );
};

const secondWeights = (one: Case, data: number[][]): number[][] => {
  const draw = seeded(23);
  return floating(one, data).map((list) => list.map(() => draw(-1, 1)));
};

describe("gradients", () => {
  for (const name of names) {
    const one: Case = cases[name];
    const { orders = 2 } = one;
    if (orders < 1) continue;
    test(`${name} has the gradient that finite differences show`, () => {
      const data = drawn(one, 3);
      const analytic = projectedGradients(one, data)
        .map((g, at) => dot(g, directionsOf(one, data)[at]))
        .reduce((sum, x) => sum + x, 0);
      const numeric = alongDirection(one, data, (moved) => projected(one, moved));
      expect(Math.abs(analytic - numeric)).toBeLessThan(1e-6 * Math.max(1, Math.abs(numeric)));
    });
    if (orders < 2) continue;
    test(`${name} has the second derivative that finite differences show`, () => {
      const data = drawn(one, 5);
      const values = valuesOf(one, data, "float64");
      const inputs = floating(one, values);
      const out = one.call(...values);
      const first = gradients(out, inputs, { gradient: weightsFor(out, 7), createGraph: true });
      const weights = secondWeights(one, data);
      let analytic = 0;
      first.forEach((g, at) => {
        if (!g?.edge) return;
        const gradient = constant("float64", g.node.shape, weights[at]);
        const second = gradients(g, inputs, { gradient, retainGraph: true });
        second.forEach((h, input) => {
          if (h) analytic += dot(evaluate(h), directionsOf(one, data)[input]);
        });
      });
      const numeric = alongDirection(one, data, (moved) =>
        projectedGradients(one, moved)
          .map((g, at) => dot(g, weights[at]))
          .reduce((sum, x) => sum + x, 0),
      );
      expect(Math.abs(analytic - numeric)).toBeLessThan(1e-5 * Math.max(1, Math.abs(numeric)));
    });
  }
});

test("the table of pointwise ops names each by its own name", () => {
  for (const [name, op] of Object.entries(pointwiseOps)) expect(op.primitive.name).toBe(name);
});

describe("laws", () => {
  const x = constant("float32", [2, 3], [-0, 1, -2, Number.NaN, Infinity, 5]);
  const kept: [string, Value][] = [
    ["x·1", arithmetic.mul(x, 1)],
    ["1·x", arithmetic.mul(1, x)],
    ["x/1", arithmetic.div(x, 1)],
    ["x - 0", arithmetic.sub(x, 0)],
    ["x + (-0)", arithmetic.add(x, -0)],
    ["--x", arithmetic.neg(arithmetic.neg(x))],
    ["x^1", pow(x, 1)],
    ["a cast to its own dtype", arithmetic.cast(x, "float32")],
    ["max(x, x)", arithmetic.maximum(x, x)],
    ["where(true, x, y)", arithmetic.where(full("bool", [2, 3], 1), x, arithmetic.neg(x))],
    ["a sum over nothing", linear.sum(x, [])],
    ["a permutation and its inverse", linear.permute(linear.permute(x, [1, 0]), [1, 0])],
    ["a reshape and back", linear.reshape(linear.reshape(x, [6]), [2, 3])],
  ];
  test.each(kept)("%s is x", (_, value) => expect(value.node).toBe(x.node));

  test("x + 0 is not x, for it has no -0", () => {
    const sum = arithmetic.add(x, 0);
    expect(sum.node).not.toBe(x.node);
    expect(evaluate(sum)[0]).toBe(0);
  });

  test("a law on a number keeps the shape of the call", () => {
    const one = full("float32", [2, 3], 1);
    expect(arithmetic.mul(constant("float32", [], [3]), 1).node.shape).toEqual([]);
    expect(arithmetic.mul(fullLike(x, 3), one).node.shape).toEqual([2, 3]);
    expect(arithmetic.where(full("bool", [2, 3], 1), 7, x).node.shape).toEqual([2, 3]);
  });

  test("x^2 and x·x are one node; so are x + y and y + x", () => {
    expect(pow(x, 2).node).toBe(arithmetic.mul(x, x).node);
    const y = constant("float32", [2, 3], [1, 2, 3, 4, 5, 6]);
    expect(arithmetic.add(x, y).node).toBe(arithmetic.add(y, x).node);
    expect(arithmetic.add(x, arithmetic.neg(y)).node).toBe(arithmetic.sub(x, y).node);
  });

  test("a number as base has a gradient for its exponent", () => {
    const z = leaf("float64", [2], [0, 2]);
    const [g] = gradients(pow(3, z), [z]);
    expect(evaluate(g as Value)).toEqual(
      [Math.log(3), 9 * Math.log(3)].map((n) => expect.closeTo(n, 9)),
    );
    expect(evaluate(gradients(pow(0, z), [z])[0] as Value)).toEqual([0, 0]);
  });

  test("the gradient of x² builds no power and no product with 1", () => {
    const z = leaf("float32", [2], [3, 4]);
    const [g] = gradients(pow(z, 2), [z]);
    expect(g?.node.name).toBe("mul");
    expect(evaluate(g as Value)).toEqual([6, 8]);
  });
});

describe("reductions", () => {
  const rows = (data: number[]) => constant("float32", [data.length], data);
  test.each([
    [[1, 3, 3, 2], 1],
    [[1, Number.NaN, 5, Number.NaN], 1],
    [[-Infinity, -Infinity], 0],
    [[2], 0],
  ])("the first largest of %j is at %i, NaN above all", (data, at) => {
    expect(evaluate(reduce.argmax(rows(data), [0]))).toEqual([at]);
  });

  test("the extremum of bools is any or all", () => {
    const mask = constant("bool", [2, 2], [0, 1, 1, 1]);
    expect(evaluate(reduce.amax(mask, [1]))).toEqual([1, 1]);
    expect(evaluate(reduce.amin(mask, [1]))).toEqual([0, 1]);
  });

  test("equal extrema share the gradient", () => {
    const x = leaf("float32", [4], [1, 3, 3, 2]);
    expect(evaluate(gradients(reduce.amax(x, [0]), [x])[0] as Value)).toEqual([0, 0.5, 0.5, 0]);
  });

  test.each([
    [
      [2, 0, 3],
      [0, 6, 0],
    ],
    [
      [0, 0, 3],
      [0, 0, 0],
    ],
    [
      [2, 3, 4, 5, 6],
      [360, 240, 180, 144, 120],
    ],
  ])("the gradient of the product of %j is %j", (data, wanted) => {
    const x = leaf("float64", [data.length], data);
    const [g] = gradients(reduce.prod(x, [0]), [x], { createGraph: true });
    expect(evaluate(g as Value)).toEqual(wanted);
  });

  test("the second derivative of a product is right at zeros", () => {
    const x = leaf("float64", [3], [0, 0, 5]);
    const [g] = gradients(reduce.prod(x, [0]), [x], { createGraph: true });
    const [h] = gradients(g as Value, [x], { gradient: constant("float64", [3], [1, 0, 0]) });
    expect(evaluate(h as Value)).toEqual([0, 5, 0]);
  });
});

describe("geometry", () => {
  const data = Array.from({ length: 24 }, (_, i) => i);
  const x = constant("float32", [2, 3, 4], data);
  const of = contiguousView([2, 3, 4]);
  const pairs: [string, View | null, Value][] = [
    ["permute", geometry.permute(of, [2, 0, 1]), shapes.permute(x, [2, 0, 1])],
    ["transpose", geometry.transpose(of, 0, -1), shapes.transpose(x, 0, -1)],
    ["movedim", geometry.movedim(of, [0, 1], [-1, 0]), shapes.movedim(x, [0, 1], [-1, 0])],
    ["narrow", geometry.narrow(of, 1, 1, 2), shapes.narrow(x, 1, 1, 2)],
    ["select", geometry.select(of, 1, -1), shapes.select(x, 1, -1)],
    ["slice", geometry.slice(of, 2, -3, null, 2), shapes.slice(x, 2, -3, null, 2)],
    ["unsqueeze", geometry.unsqueeze(of, -2), shapes.unsqueeze(x, -2)],
    ["flatten", geometry.flatten(of, 1), shapes.flatten(x, 1)],
    ["unflatten", geometry.unflatten(of, 2, [2, -1]), shapes.unflatten(x, 2, [2, -1])],
    ["view", geometry.view(of, [4, -1]), shapes.reshape(x, [4, -1])],
    ["diagonal", geometry.diagonal(of, 1, 1, 2), shapes.diagonal(x, 1, 1, 2)],
    ["unfold", geometry.unfold(of, 2, 2, 1), shapes.unfold(x, 2, 2, 1)],
    ["expand", geometry.expand(of, [2, -1, -1, 4]), shapes.expand(x, [2, -1, -1, 4])],
  ];
  test.each(pairs)("%s as geometry and as a value show the same elements", (_, view, value) => {
    const { shape, strides, offset } = view as View;
    expect(value.node.shape).toEqual(shape);
    expect(evaluate(value)).toEqual(windowPositions(shape, strides, offset));
    expect(nodeView(value.node)).toEqual(view);
  });

  test("a reshape that strides cannot say copies first, once", () => {
    const turned = shapes.permute(x, [2, 0, 1]);
    expect(geometry.reshape(geometry.permute(of, [2, 0, 1]), [24])).toBeNull();
    expect(() => geometry.view(geometry.permute(of, [2, 0, 1]), [24])).toThrow(/Use .reshape/);
    expect(evaluate(shapes.reshape(turned, [24]))).toEqual(evaluate(turned));
  });

  test.each([
    [() => geometry.select(of, 0, 2), /select: index 2 out of range/],
    [() => geometry.narrow(of, 2, 3, 2), /exceeds dimension size \(4\)/],
    [() => geometry.expand(of, [2, 5, 4]), /must match the existing size \(3\)/],
    [() => geometry.permute(of, [0, 1]), /is not equal to len\(dims\) = 2/],
    [() => geometry.squeeze(of, 3), /Dimension out of range/],
    [() => geometry.view(of, [5, -1]), /invalid for input of size 24/],
    [() => geometry.transpose(of, 0, 3), /expected to be in range of \[-3, 2\]/],
  ])("a mistake throws at once: %s", (call, message) => expect(call).toThrow(message));
});

describe("random numbers", () => {
  const words = { seed0: 42, seed1: 7, counter: 0 };

  test("the same words give the same numbers, another counter others, and no new structure", () => {
    const first = rand("float32", 8, words);
    const next = rand("float32", 8, { ...words, counter: 1 });
    expect(evaluate(first)).toEqual(evaluate(rand("float32", 8, words)));
    expect(evaluate(first)).not.toEqual(evaluate(next));
    for (const draw of [first, next]) expect(draw.node.structure).toBe(first.node.structure);
    const scalars = [first, next].flatMap(({ node }) => node.inputs.slice(1));
    expect(new Set(scalars.map(({ structure }) => structure)).size).toBe(1);
  });

  test("an element does not depend on how many there are", () => {
    expect(evaluate(randomBits(5, words))).toEqual(evaluate(randomBits(9, words)).slice(0, 5));
  });

  test.each(["float32", "float64"] as const)(
    "%s: the moments are those of the distributions",
    (dtype) => {
      const uniform = evaluate(rand(dtype, 20_000, words));
      const normal = evaluate(randn(dtype, 20_000, words));
      const mean = (list: number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
      const spread = (list: number[]) => mean(list.map((x) => (x - mean(list)) ** 2));
      expect(uniform.every((x) => x >= 0 && x < 1)).toBe(true);
      expect(mean(uniform)).toBeCloseTo(0.5, 1);
      expect(Math.abs(mean(uniform.map((x) => x * x)) - 1 / 3)).toBeLessThan(0.01);
      expect(Math.abs(mean(normal))).toBeLessThan(0.03);
      const sample = normal.slice(0, 2000);
      expect(Math.abs(spread(sample) - 1)).toBeLessThan(0.1);
    },
  );
});
