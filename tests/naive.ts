// Evaluates the Node graph in plain loops: the oracle for tests. Pointwise bodies run lane by lane as
// written (float32 rounds after every step); reductions run in float64 and round once, at the end.

import { type DType, dtypes, isHalf, type TypedArray } from "../src/base/dtypes.ts";
import { compileLanes } from "../src/base/evaluate-lanes.ts";
import type { LaneBody, LaneType } from "../src/base/lanes.ts";
import { contiguousStrides, type Shape } from "../src/base/shapes.ts";
import type { Node } from "../src/graph/node.ts";
import type { Kind } from "../src/graph/structure.ts";

/** Elements of a node whose value lies in memory, row-major. */
export type ReadMemory = (node: Node) => ArrayLike<number>;

/** Halves as their values. */
const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Float32Array,
  bfloat16: Float32Array,
  int32: Int32Array,
  int64: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

export const emptyArray = (dtype: DType, length: number): TypedArray => new arrays[dtype](length);

/** A data fault: an index that names no element. */
export class IndexFault extends Error {}

/** The node's elements, row-major. */
export function evaluateNode(node: Node, read: ReadMemory): TypedArray {
  return new Evaluator(read).valueOf(node);
}

/** The elements of several nodes; what they share is evaluated once. */
export function evaluateNodes(nodes: readonly Node[], read: ReadMemory): TypedArray[] {
  const evaluator = new Evaluator(read);
  return nodes.map((node) => evaluator.valueOf(node));
}

type Rules = { readonly [K in Kind]: (node: Node<K>, inputs: readonly TypedArray[]) => TypedArray };

class Evaluator {
  private readonly known = new Map<Node, TypedArray>();

  constructor(private readonly read: ReadMemory) {}

  /** Without recursion, for graphs may be thousands of nodes deep. */
  valueOf(root: Node): TypedArray {
    const open = [root];
    for (let node = open.at(-1); node; node = open.at(-1)) {
      const missing = node.memory ? [] : node.inputs.filter((input) => !this.known.has(input));
      if (this.known.has(node)) open.pop();
      else if (missing.length > 0) open.push(...missing);
      else this.known.set(node, this.evaluate(node));
    }
    return this.known.get(root) as TypedArray;
  }

  private evaluate(node: Node): TypedArray {
    if (node.memory || node.kind === "memory") {
      const elements = this.read(node);
      return filled(node, (i) => elements[i]);
    }
    const inputs = node.inputs.map((input) => this.known.get(input) as TypedArray);
    const rule = rules[node.kind] as (node: Node, inputs: readonly TypedArray[]) => TypedArray;
    return rule(node, inputs);
  }
}

function filled(node: Node, element: (i: number) => number): TypedArray {
  const out = emptyArray(node.dtype, node.size);
  for (let i = 0; i < out.length; i++) out[i] = element(i);
  return out;
}

const rules: Rules = {
  scalar: (node) => filled(node as Node, () => node.parameter),
  memory: (node) => emptyArray(node.dtype, node.size),
  iota: (node) => filled(node as Node, (i) => i),
  pointwise: evaluatePointwise,
  view: (node, [base]) => {
    const positions = walk(node.shape, node.attributes.strides, node.parameter);
    return filled(node as Node, (i) => base[positions[i]]);
  },
  place: (node, [base, value]) => {
    const { window, strides, offset } = node.attributes;
    const out = filled(node as Node, (i) => base[i]);
    walk(window, strides, offset).forEach((at, i) => {
      out[at] = value[i];
    });
    return out;
  },
  reduce: evaluateReduce,
  contract: (node, [a, b]) => {
    const { batch, depth: deep } = node.attributes;
    const size = (shape: Shape) => shape.reduce((product, length) => product * length, 1);
    const rowsOf = ({ shape }: Node) => size(shape.slice(batch, shape.length - deep));
    const [rows, columns] = node.inputs.map(rowsOf);
    const { shape } = node.inputs[0];
    const depth = size(shape.slice(shape.length - deep));
    return filled(node as Node, (i) => {
      const [n, row] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows];
      const [atA, atB] = [(n * rows + row) * depth, (n * columns + (i % columns)) * depth];
      let sum = 0;
      for (let k = 0; k < depth; k++) sum += a[atA + k] * b[atB + k];
      return sum;
    });
  },
  scan: evaluateScan,
  gather: (node, [x, index]) => {
    const { axis } = node.attributes;
    const shape = node.inputs[0].shape;
    const at = indexedPositions({ index, own: node.shape, shape, axis });
    return filled(node as Node, (i) => x[at(i)]);
  },
  scatter: (node, [base, index, value]) => {
    const { axis, combine } = node.attributes;
    const out = filled(node as Node, (i) => base[i]);
    const own = node.inputs[1].shape;
    const at = indexedPositions({ index, own, shape: node.shape, axis });
    const combined = compileLanes(combine);
    const isMask = dtypes[node.dtype].lane === "mask";
    for (let i = 0; i < index.length; i++) {
      const result = toNumber(combined([out[at(i)], value[i]])[0]);
      out[at(i)] = isMask ? Number(result !== 0) : result;
    }
    return out;
  },
  sort: (node, [keys]) => {
    const length = node.shape.at(-1) ?? 1;
    const places = Array.from(keys, (_, i) => i).sort(
      (a, b) => Math.floor(a / length) - Math.floor(b / length) || keys[a] - keys[b] || a - b,
    );
    return filled(node as Node, (i) => places[i] % length);
  },
  compact: (node, [x, mask]) => {
    const chosen = Array.from(x).filter((_, i) => mask[i] !== 0);
    return filled(node as Node, (i) => chosen[i]);
  },
};

const toNumber = (lane: number | bigint): number => Number(lane);

function evaluatePointwise(node: Node<"pointwise">, inputs: readonly TypedArray[]): TypedArray {
  const { body } = node.attributes;
  const run = compileLanes(body);
  const isMask = dtypes[node.dtype].lane === "mask";
  const arguments_ = new Array<number>(inputs.length);
  const single = inputs.map(
    (input, at) => node.inputs[at].shape.length === 0 && input.length === 1,
  );
  return filled(node as Node, (i) => {
    for (let at = 0; at < inputs.length; at++) arguments_[at] = inputs[at][single[at] ? 0 : i];
    const result = toNumber(run(arguments_)[0]);
    return isMask ? Number(result !== 0) : result;
  });
}

/** Flat positions of a window's elements, in row-major order of the window. */
function walk(shape: Shape, strides: readonly number[], offset: number): number[] {
  let positions = [offset];
  shape.forEach((n, axis) => {
    const next: number[] = [];
    for (const position of positions) {
      for (let i = 0; i < n; i++) next.push(position + i * strides[axis]);
    }
    positions = next;
  });
  return positions;
}

/** A body over float64 in place of float32, but where it is made for the bits of one. */
function widened(body: LaneBody): LaneBody {
  if (body.instructions.some(({ op }) => op === "bitcast")) return body;
  const wide = (type: LaneType): LaneType => (type === "f32" ? "f64" : type);
  return {
    inputs: body.inputs.map(wide),
    instructions: body.instructions.map((one) => ({
      ...one,
      type: wide(one.type),
      to: wide(one.to),
    })),
    outputs: body.outputs,
  };
}

function evaluateReduce(node: Node<"reduce">, [x]: readonly TypedArray[]): TypedArray {
  const { axes, reducer } = node.attributes;
  const { shape } = node.inputs[0];
  const strides = contiguousStrides(shape);
  const kept = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const pick = (list: readonly number[], which: readonly number[]) =>
    which.map((axis) => list[axis]);
  const starts = walk(pick(shape, kept), pick(strides, kept), 0);
  const steps = walk(pick(shape, axes), pick(strides, axes), 0);
  // What ends in a half is rounded bit by bit, from float32.
  const step = compileLanes(widened(reducer.step));
  const finish = compileLanes(isHalf(node.dtype) ? reducer.finish : widened(reducer.finish));
  const isMask = dtypes[node.dtype].lane === "mask";
  return filled(node as Node, (i) => {
    let state = reducer.state.map(({ initial }): number | bigint => initial);
    steps.forEach((offset, at) => {
      state = step([...state, x[starts[i] + offset], at]);
    });
    const result = toNumber(finish(state)[0]);
    return isMask ? Number(result !== 0) : result;
  });
}

function evaluateScan(node: Node<"scan">, inputs: readonly TypedArray[]): TypedArray {
  const { axis, reverse, scanner } = node.attributes;
  const [lift, merge, finish] = [scanner.lift, scanner.merge, scanner.finish].map((body) =>
    compileLanes(widened(body)),
  );
  const { shape } = node;
  const stride = contiguousStrides(shape)[axis];
  const isMask = dtypes[node.dtype].lane === "mask";
  const out = emptyArray(node.dtype, node.size);
  for (const start of walk(shape.with(axis, 1), contiguousStrides(shape), 0)) {
    let state = scanner.state.map(({ initial }): number | bigint => initial);
    for (let index = 0; index < shape[axis]; index++) {
      const at = start + (reverse ? shape[axis] - 1 - index : index) * stride;
      state = merge([...state, ...lift([...inputs.map((input) => input[at]), index])]);
      const result = toNumber(finish(state)[0]);
      out[at] = isMask ? Number(result !== 0) : result;
    }
  }
  return out;
}

interface Indexed {
  readonly index: ArrayLike<number>;
  /** The index' shape, and the shape it points into. */
  readonly own: Shape;
  readonly shape: Shape;
  readonly axis: number;
}

/** Where element i of an index points. */
function indexedPositions({ index, own, shape, axis }: Indexed): (i: number) => number {
  const strides = contiguousStrides(shape);
  const still = strides.map((stride, at) => (at === axis ? 0 : stride));
  const base = walk(own, still, 0);
  const count = shape[axis];
  return (i) => {
    const position = index[i];
    if (position >= 0 && position < count) return base[i] + position * strides[axis];
    throw new IndexFault(
      `index ${position} is out of bounds for dimension ${axis} with size ${count}`,
    );
  };
}
