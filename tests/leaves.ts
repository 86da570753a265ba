// Values with known elements and a place on the Tape, for tests below the Tensor: leaves, constants,
// gradients, and what the naive evaluator makes of them.

import { type Root, reverse } from "../src/autograd/reverse.ts";
import type { DType, TypedArray } from "../src/base/dtypes.ts";
import { type Shape, sizeOf } from "../src/base/shapes.ts";
import { memoryNode, type Node } from "../src/graph/node.ts";
import { type Edge, Entry, type Gradient, type Value } from "../src/graph/tape.ts";
import { full } from "../src/ops/source.ts";
import { emptyArray, evaluateNode } from "./naive.ts";

const elements = new WeakMap<Node, TypedArray>();

class LeafEntry extends Entry {
  backward(): readonly Gradient[] {
    return [];
  }
}

/** A value of given elements that wants no gradient. */
export function constant(dtype: DType, shape: Shape, data: ArrayLike<number>): Value {
  const node = memoryNode(dtype, shape, null);
  const held = emptyArray(dtype, sizeOf(shape));
  held.set(data);
  elements.set(node, held);
  return { node, edge: null };
}

/** A value of given elements whose gradient is wanted. */
export function leaf(dtype: DType, shape: Shape, data: ArrayLike<number>): Value {
  const { node } = constant(dtype, shape, data);
  const entry = new LeafEntry("AccumulateGrad", [], [{ shape, dtype }]);
  return { node, edge: { entry, output: 0 } };
}

export function read(node: Node): TypedArray {
  const held = elements.get(node);
  if (!held) throw new Error(`node ${node.id} was read, and its elements are unknown`);
  return held;
}

export const evaluate = (value: Value): number[] => Array.from(evaluateNode(value.node, read));

export interface GradOptions {
  gradient?: Value;
  retainGraph?: boolean;
  createGraph?: boolean;
}

/** Gradients of one value with respect to others. */
export function gradients(
  of: Value,
  inputs: readonly Value[],
  { gradient, createGraph = false, retainGraph = createGraph }: GradOptions = {},
): Gradient[] {
  if (!of.edge) return inputs.map(() => null);
  const roots: Root[] = [
    { edge: of.edge, gradient: gradient ?? full(of.node.dtype, of.node.shape, 1) },
  ];
  const targets = inputs.map(({ edge }) => edge as Edge);
  return reverse({ roots, targets, retainGraph, createGraph });
}

/** Numbers that are the same in every run: in (low, high). */
export function seeded(seed: number): (low?: number, high?: number) => number {
  let state = (seed * 2654435761) >>> 0;
  return (low = 0, high = 1) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), 2246822519) >>> 0;
    return low + ((mixed + 0.5) / 2 ** 32) * (high - low);
  };
}
