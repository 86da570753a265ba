// The smart constructors: one function a kind. They check, fold, apply laws and intern, so that the
// graph is always simplified and gradients, built by the same doors, arrive clean.

import type { DType } from "../base/dtypes.ts";
import { dtypes, isFloat, roundTo } from "../base/dtypes.ts";
import { invariant } from "../base/errors.ts";
import { evaluateLanes } from "../base/evaluate-lanes.ts";
import type { LaneBody, LaneOp } from "../base/lanes.ts";
import { narrowBody, narrowReducer } from "../base/narrowing.ts";
import type { Reducer } from "../base/reducers.ts";
import type { Scanner } from "../base/scanners.ts";
import type { Shape } from "../base/shapes.ts";
import { sameShape, showShape, sizeOf } from "../base/shapes.ts";
import type { View } from "../base/views.ts";
import { isContiguous, reshapeView } from "../base/views.ts";
import { isLive, liveScalarNode, numberNow } from "./live.ts";
import { isGiven, makeNode, type Node } from "./node.ts";
import { looksOf, requireCountable, Structure } from "./structure.ts";

const noAxes: Shape = [];
const noInputs: readonly Node[] = [];

/** Values that change the formula (x·1, x^2, 1/x …) are structure; all others are parameters. */
const structuralValues = new Set([0, 1, -1, 2, 0.5]);

export function scalarNode(dtype: DType, value: number): Node<"scalar"> {
  const rounded = roundTo(dtype, value);
  const structural = structuralValues.has(rounded);
  const looks = looksOf(dtype, noAxes);
  const spelled = structural ? (Object.is(rounded, -0) ? "-0" : rounded) : "parameter";
  const end = looks.structures.at("scalar").at(spelled);
  end.value ??= new Structure("scalar", "scalar", looks, { structural });
  return makeNode(end.value as Structure<"scalar">, noInputs, rounded);
}

export function iotaNode(size: number): Node<"iota"> {
  const looks = looksOf("int32", [size]);
  const end = looks.structures.at("iota");
  end.value ??= new Structure("iota", "iota", looks, null);
  return makeNode(end.value as Structure<"iota">, noInputs);
}

/** The value of a node that is one number throughout, or null. */
export function constantOf(node: Node): number | null {
  if (node.memory) return null;
  if (node.is("scalar")) return isLive(node) ? null : node.parameter;
  const base = node.is("view") ? node.inputs[0] : undefined;
  return base?.is("scalar") && !base.memory && !isLive(base) ? base.parameter : null;
}

/** One number in every element. */
export function fullNode(dtype: DType, shape: Shape, value: number): Node {
  const node = expandedScalar(scalarNode(dtype, value), shape);
  requireCountable("full", node.looks);
  return node;
}

const expandedScalar = (scalar: Node, shape: Shape): Node =>
  shape.length === 0 ? scalar : viewNode(scalar, expandScalar(shape));

const expandScalar = (shape: Shape): View => ({ shape, strides: shape.map(() => 0), offset: 0 });

export interface PointwiseSpec {
  name: string;
  dtype: DType;
  inputs: readonly Node[];
  body: LaneBody;
}

export function pointwiseNode({ name, dtype, inputs: given, body }: PointwiseSpec): Node {
  let shape = noAxes;
  for (let at = 0; at < given.length; at++) {
    const own = (given[at] as Node).shape;
    if (own.length > 0) shape = own;
  }
  const inputs = given.some(isExpanded) ? given.map(withoutExpand) : given;
  for (let at = 0; at < inputs.length; at++) {
    const input = inputs[at] as Node;
    if (input.kind === "scalar" || sameShape(input.shape, shape)) continue;
    invariant(false, `${name} of ${showShape(input.shape)} in ${showShape(shape)}: not expanded`);
  }
  if (isFoldable(inputs, body)) return expandedScalar(foldedScalar(inputs, body, dtype), shape);
  const looks = looksOf(dtype, shape);
  const end = looks.structures.at(body).at(name);
  end.value ??= new Structure("pointwise", name, looks, {
    body: narrowBody(body, inputs.map(dtypeOf), dtype),
  });
  return makeNode(end.value, inputs);
}

const dtypeOf = (node: Node): DType => node.dtype;

/** Whether a node is one number, expanded to some shape. */
function isExpanded(node: Node): boolean {
  if (node.kind !== "view" || node.memory) return false;
  const base = node.inputs[0] as Node;
  return base.kind === "scalar" && !base.memory;
}

/** A scalar expanded to any shape stands as the scalar itself in a pointwise op. */
const withoutExpand = (node: Node): Node => (isExpanded(node) ? (node.inputs[0] as Node) : node);

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

function isFoldable(inputs: readonly Node[], { instructions }: LaneBody): boolean {
  if (inputs.length === 0 || !inputs.every(isKnown)) return false;
  return instructions.length <= 4 && instructions.every(({ op }) => exactlyRounded.has(op));
}

/** What is computed of a live number is live. */
function foldedScalar(inputs: readonly Node[], body: LaneBody, dtype: DType): Node {
  const folded = (): number =>
    resultOf(
      body,
      inputs.map((input, at) => laneValue(body, at, numberNow(input))),
    );
  return inputs.some(isLive) ? liveScalarNode(dtype, folded) : scalarNode(dtype, folded());
}

const isKnown = (node: Node): boolean => node.kind === "scalar" && !node.memory;

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
  const looks = looksOf(input.dtype, shape);
  const end = looks.structures
    .at("view")
    .along(strides)
    .at(isGiven(input) ? "anywhere" : offset);
  end.value ??= new Structure("view", "view", looks, { strides: [...strides] });
  return makeNode(end.value, [input], offset);
}

const isWhole = (input: Node, view: View): boolean =>
  view.offset === 0 && isContiguous(view) && sizeOf(view.shape) === input.size;

/** A node as a window on its base: what view operations start from. */
export function nodeView(node: Node): View {
  if (!node.is("view") || node.memory) return node.looks.whole;
  return { shape: node.shape, strides: node.attributes.strides, offset: node.parameter };
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
  const looks = looksOf(dtype, shape);
  const end = looks.structures.at(reducer).at(name).along(axes).at(input.dtype);
  end.value ??= new Structure("reduce", name, looks, {
    axes,
    reducer: narrowReducer(reducer, dtype),
  });
  return makeNode(end.value, [input]);
}

/** Of the axes of both operands, the first `batch` and the last `depth` are common; between are rows. */
export function contractNode(a: Node, b: Node, batch: number, depth: number): Node {
  const [rowsA, rowsB] = [a, b].map(({ shape }) => shape.slice(batch, shape.length - depth));
  const shape = [...a.shape.slice(0, batch), ...(rowsA as Shape), ...(rowsB as Shape)];
  if (a.size === 0 || b.size === 0) return fullNode(a.dtype, shape, 0);
  const looks = looksOf(a.dtype, shape);
  const end = looks.structures.at("contract").at(batch).along(a.shape).at(depth);
  end.value ??= new Structure("contract", "contract", looks, { batch, depth });
  return makeNode(end.value, [a, b]);
}

export interface ScanSpec {
  name: string;
  dtype: DType;
  /** Of one shape. */
  inputs: readonly Node[];
  axis: number;
  reverse: boolean;
  scanner: Scanner;
}

export function scanNode({ name, dtype, inputs, axis, reverse, scanner }: ScanSpec): Node {
  const { shape, size } = inputs[0] as Node;
  if (size === 0) return fullNode(dtype, shape, 0);
  const looks = looksOf(dtype, shape);
  const way = looks.structures.at(scanner).at(name).at(axis).at(reverse);
  const end = way.along(inputs.map(dtypeOf));
  end.value ??= new Structure("scan", name, looks, {
    axis,
    reverse,
    scanner: narrowScanner(scanner, dtype),
  });
  return makeNode(end.value, inputs);
}

function narrowScanner(scanner: Scanner, dtype: DType): Scanner {
  const unknown = scanner.state.map(() => null);
  return { ...scanner, finish: narrowBody(scanner.finish, unknown, dtype) };
}

export function placeNode(base: Node, value: Node, window: View): Node {
  if (isContiguous(window) && window.offset === 0 && sizeOf(window.shape) === base.size) {
    return viewNode(value, base.looks.whole);
  }
  const { shape, strides, offset } = window;
  const { looks } = base;
  const end = looks.structures.at("place").at(shape.length).along(shape).along(strides).at(offset);
  end.value ??= new Structure("place", "place", looks, { window: shape, strides, offset });
  return makeNode(end.value, [base, value]);
}

export function gatherNode(x: Node, axis: number, index: Node, name = "gather"): Node<"gather"> {
  const looks = looksOf(x.dtype, index.shape);
  const end = looks.structures.at("gather").at(name).at(axis);
  end.value ??= new Structure("gather", name, looks, { axis });
  return makeNode(end.value as Structure<"gather">, [x, index]);
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
  const { looks } = base;
  const end = looks.structures.at(combine).at(name).at(axis);
  end.value ??= new Structure("scatter", name, looks, {
    axis,
    combine: narrowBody(combine, [base.dtype, value.dtype], base.dtype),
  });
  return makeNode(end.value as Structure<"scatter">, [base, index, value]);
}

export interface CompactSpec {
  x: Node;
  mask: Node;
  starts: Node;
  count: number;
  block: number;
}

export function compactNode({ x, mask, starts, count, block }: CompactSpec): Node {
  if (count === 0) return fullNode(x.dtype, [0], 0);
  const looks = looksOf(x.dtype, [count]);
  const end = looks.structures.at("compact").at(block);
  end.value ??= new Structure("compact", "compact", looks, { block });
  return makeNode(end.value, [x, mask, starts]);
}

/** `keys` are int32; positions along the last axis, of any integer dtype of 32 bits. */
export function sortNode(keys: Node, dtype: DType): Node {
  const looks = looksOf(dtype, keys.shape);
  if (keys.size === 0 || (keys.shape.at(-1) ?? 1) === 1) return fullNode(dtype, keys.shape, 0);
  const end = looks.structures.at("sort");
  end.value ??= new Structure("sort", "sort", looks, null);
  return makeNode(end.value, [keys]);
}

/** Bytes of a node's value in memory. */
export const bytesOf = (node: Node): number => node.size * dtypes[node.dtype].bytes;

export const isDifferentiable = (node: Node): boolean => isFloat(node.dtype);
