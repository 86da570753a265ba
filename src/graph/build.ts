// The smart constructors: one function a kind. They check, fold, apply laws and intern, so that the
// graph is always simplified and gradients, built by the same doors, arrive clean.

import type { DType } from "../base/dtypes.ts";
import { dtypes, isFloat } from "../base/dtypes.ts";
import { invariant } from "../base/errors.ts";
import { evaluateLanes } from "../base/evaluate-lanes.ts";
import type { LaneBody, LaneOp } from "../base/lanes.ts";
import type { Reducer } from "../base/reducers.ts";
import type { Shape } from "../base/shapes.ts";
import { sameShape, showShape, sizeOf } from "../base/shapes.ts";
import type { View } from "../base/views.ts";
import { contiguousView, isContiguous, reshapeView } from "../base/views.ts";
import { isGiven, makeNode, type Node } from "./node.ts";

/** Values that change the formula (x·1, x^2, 1/x …) are structure; all others are parameters. */
const structuralValues = new Set([0, 1, -1, 2, 0.5]);

/** A number as dtype `dtype` holds it. */
export function roundTo(dtype: DType, value: number): number {
  if (dtype === "float32") return Math.fround(value);
  if (dtype === "float64") return value;
  if (dtype === "bool") return value === 0 ? 0 : 1;
  return Math.trunc(value) | 0;
}

export function scalarNode(dtype: DType, value: number): Node<"scalar"> {
  const rounded = roundTo(dtype, value);
  const structural = structuralValues.has(rounded);
  const spelled = structural ? (Object.is(rounded, -0) ? "-0" : String(rounded)) : "";
  const attributes = { structural };
  return makeNode({
    kind: "scalar",
    name: "scalar",
    dtype,
    shape: [],
    inputs: [],
    attributes,
    spelled,
    parameter: rounded,
  });
}

export function iotaNode(size: number): Node<"iota"> {
  return makeNode({
    kind: "iota",
    name: "iota",
    dtype: "int32",
    shape: [size],
    inputs: [],
    attributes: null,
    spelled: "",
  });
}

/** The value of a node that is one number throughout, or null. */
export function constantOf(node: Node): number | null {
  if (node.memory) return null;
  if (node.is("scalar")) return node.scalar;
  const base = node.is("view") ? node.inputs[0] : undefined;
  return base?.is("scalar") && !base.memory ? base.scalar : null;
}

/** One number in every element. */
export function fullNode(dtype: DType, shape: Shape, value: number): Node {
  const scalar = scalarNode(dtype, value);
  return shape.length === 0 ? scalar : viewNode(scalar, expandScalar(shape));
}

const expandScalar = (shape: Shape): View => ({ shape, strides: shape.map(() => 0), offset: 0 });

export interface PointwiseSpec {
  name: string;
  dtype: DType;
  inputs: readonly Node[];
  body: LaneBody;
  /** Spells the body apart from others of the same name and dtypes. */
  spelled: string;
}

export function pointwiseNode(spec: PointwiseSpec): Node {
  const { name, dtype, body } = spec;
  let shape: Shape = [];
  for (const input of spec.inputs) if (input.shape.length > 0) shape = input.shape;
  const inputs = spec.inputs.map((input) => withoutExpand(input));
  for (const input of inputs) {
    if (input.kind === "scalar" || sameShape(input.shape, shape)) continue;
    invariant(false, `${name} of ${showShape(input.shape)} in ${showShape(shape)}: not expanded`);
  }
  const folded = inputs.length > 0 ? foldPointwise(inputs, body) : null;
  if (folded !== null) return fullNode(dtype, shape, folded);
  return makeNode({
    kind: "pointwise",
    name,
    dtype,
    shape,
    inputs,
    attributes: { body },
    spelled: spec.spelled,
  });
}

/** A scalar expanded to any shape stands as the scalar itself in a pointwise op. */
function withoutExpand(node: Node): Node {
  if (!node.is("view") || node.memory) return node;
  const base = node.inputs[0] as Node;
  return base.is("scalar") && !base.memory ? base : node;
}

/** Only what JavaScript rounds as the machine does is folded here: no fused or approximated step. */
const exactlyRounded = new Set<LaneOp>([
  "const",
  "add",
  "sub",
  "mul",
  "div",
  "min",
  "max",
  "neg",
  "abs",
  "sqrt",
  "floor",
  "ceil",
  "trunc",
  "nearest",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "and",
  "or",
  "xor",
  "not",
  "select",
  "convert",
]);

function foldPointwise(inputs: readonly Node[], body: LaneBody): number | null {
  if (!inputs.every((input) => input.is("scalar") && !input.memory)) return null;
  if (body.instructions.length > 4) return null;
  if (!body.instructions.every(({ op }) => exactlyRounded.has(op))) return null;
  return resultOf(
    body,
    inputs.map((input, at) => laneValue(body, at, input.scalar)),
  );
}

/** The body's one result as a tensor's element: a mask as 0 or 1. */
function resultOf(body: LaneBody, values: readonly number[]): number {
  const result = Number(evaluateLanes(body, values)[0]);
  return isMaskResult(body) ? Math.abs(result) : result;
}

const laneValue = (body: LaneBody, at: number, value: number): number =>
  body.inputs[at] === "mask" ? (value === 0 ? 0 : -1) : value;

function isMaskResult(body: LaneBody): boolean {
  const at = (body.outputs[0] as number) - body.inputs.length;
  return (at < 0 ? body.inputs[body.outputs[0] as number] : body.instructions[at]?.to) === "mask";
}

/** A window on `input`'s own row-major elements; windows on windows compose where strides can say it. */
export function viewNode(input: Node, view: View): Node {
  if (sameShape(view.shape, input.shape) && isWhole(input, view)) return input;
  if (input.is("view") && !input.memory) {
    const composed = composeViews(nodeView(input), input.shape, view);
    if (composed) return viewNode(input.inputs[0] as Node, composed);
  }
  const { shape, strides, offset } = view;
  const free = isGiven(input);
  return makeNode({
    kind: "view",
    name: "view",
    dtype: input.dtype,
    shape,
    inputs: [input],
    attributes: { strides, offset },
    spelled: free ? `${strides}` : `${strides}+${offset}`,
    parameter: offset,
  });
}

const isWhole = (input: Node, view: View): boolean =>
  view.offset === 0 && isContiguous(view) && sizeOf(view.shape) === input.size;

/** A node as a window on its base: what view operations start from. */
export function nodeView(node: Node): View {
  if (!node.is("view") || node.memory) return contiguousView(node.shape);
  return { shape: node.shape, ...node.attributes };
}

/** `outer` is a window on the row-major elements of a node that is itself the window `inner`. */
function composeViews(inner: View, innerShape: Shape, outer: View): View | null {
  if (sizeOf(innerShape) === 0 || sizeOf(outer.shape) === 0) return null;
  if (isContiguous(inner)) {
    return { ...outer, offset: inner.offset + outer.offset };
  }
  if (outer.offset === 0 && isContiguous(outer) && sizeOf(outer.shape) === sizeOf(innerShape)) {
    return reshapeView(inner, outer.shape);
  }
  return null;
}

/** A view of `node`'s base that replaces the window `node` has: permutes, expands and slices. */
export function reviewNode(node: Node, view: View): Node {
  const base = node.is("view") && !node.memory ? (node.inputs[0] as Node) : node;
  return viewNode(base, view);
}

export interface ReduceSpec {
  name: string;
  dtype: DType;
  input: Node;
  axes: readonly number[];
  reducer: Reducer;
}

export function reduceNode({ name, dtype, input, axes, reducer }: ReduceSpec): Node {
  const shape = input.shape.filter((_, axis) => !axes.includes(axis));
  // Of no elements: no loop would run, so the result is the state that every fold starts from.
  if (input.size === 0) {
    return fullNode(
      dtype,
      shape,
      resultOf(
        reducer.finish,
        reducer.state.map(({ initial }) => initial),
      ),
    );
  }
  return makeNode({
    kind: "reduce",
    name,
    dtype,
    shape,
    inputs: [input],
    attributes: { axes, reducer },
    spelled: `${axes} ${input.dtype}`,
  });
}

export function placeNode(base: Node, value: Node, window: View): Node {
  if (isContiguous(window) && window.offset === 0 && sizeOf(window.shape) === base.size) {
    return viewNode(value, contiguousView(base.shape));
  }
  const { shape, strides, offset } = window;
  return makeNode({
    kind: "place",
    name: "place",
    dtype: base.dtype,
    shape: base.shape,
    inputs: [base, value],
    attributes: { window: shape, strides, offset },
    spelled: `${shape} ${strides} ${offset}`,
  });
}

export function gatherNode(x: Node, axis: number, index: Node): Node<"gather"> {
  return makeNode({
    kind: "gather",
    name: "gather",
    dtype: x.dtype,
    shape: index.shape,
    inputs: [x, index],
    attributes: { axis },
    spelled: `${axis}`,
  });
}

export interface ScatterSpec {
  name: string;
  base: Node;
  index: Node;
  value: Node;
  axis: number;
  combine: LaneBody;
}

export function scatterNode({
  name,
  base,
  index,
  value,
  axis,
  combine,
}: ScatterSpec): Node<"scatter"> {
  return makeNode({
    kind: "scatter",
    name,
    dtype: base.dtype,
    shape: base.shape,
    inputs: [base, index, value],
    attributes: { axis, combine },
    spelled: `${axis}`,
  });
}

/** Bytes of a node's value in memory. */
export const bytesOf = (node: Node): number => node.size * dtypes[node.dtype].bytes;

export const isDifferentiable = (node: Node): boolean => isFloat(node.dtype);
