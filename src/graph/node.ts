// Node: a pure value of the lazy graph. Built by one smart constructor, interned until the tick ends.
//
// `structure` numbers everything that makes the code of a program (op, dtype, shape, attributes);
// what may change from step to step without a compile (scalar values, a view's offset on realized
// memory) is kept beside it. A node that was realized has `memory` and no inputs: its past is cut.

import type { DType } from "../base/dtypes.ts";
import { invariant } from "../base/errors.ts";
import type { LaneBody } from "../base/lanes.ts";
import type { Reducer } from "../base/reducers.ts";
import type { Shape } from "../base/shapes.ts";
import { sizeOf } from "../base/shapes.ts";

/** What the compiler must know of a node, by kind. Nothing here names an op. */
export interface Attributes {
  /** A number known when recording; a parameter of the program unless `structural`. */
  scalar: { readonly structural: boolean };
  /** Realized memory, row-major. */
  memory: null;
  /** 0, 1, 2 … along a flat axis, as int32. */
  iota: null;
  /** Inputs are of the node's shape, or scalar nodes. */
  pointwise: { readonly body: LaneBody };
  /** Window on the one input, taken flat. */
  view: { readonly strides: readonly number[]; readonly offset: number };
  /** Inputs (base, value): the base with the window's elements replaced by the value's. */
  place: {
    readonly window: Shape;
    readonly strides: readonly number[];
    readonly offset: number;
  };
  /** Shape is the input's without `axes`. */
  reduce: { readonly axes: readonly number[]; readonly reducer: Reducer };
  /** Inputs (x, index): out[i] = x[i with i[axis] = index[i]]. May fault on data. */
  gather: { readonly axis: number };
  /** Inputs (base, index, value): base[i with i[axis] = index[i]] combined with value[i], in order. */
  scatter: { readonly axis: number; readonly combine: LaneBody };
}

export type Kind = keyof Attributes;

/** Realized memory of a node: its elements lie there row-major. Owned by realize. */
export interface Memory {
  readonly bytes: number;
}

let nodeCount = 0;

export class Node<K extends Kind = Kind> {
  readonly id = nodeCount++;
  readonly size: number;
  /** Set once, when a program that computed this node was committed. */
  memory: Memory | null = null;
  /** Why this node can never be had: the first cause of the request that failed. */
  failure: Error | null = null;
  /** Stamp and position of the last walk over the graph that met this node. */
  visit = 0;
  position = 0;
  /** How many nodes were built on this one: none means that nobody can still need its memory. */
  readers = 0;
  /** How often storages show this node, now or as what they fall back to. */
  holders = 0;
  leafStructure = -1;

  constructor(
    readonly kind: K,
    /** Name of the op, for labels and errors only. */
    readonly name: string,
    readonly dtype: DType,
    readonly shape: Shape,
    public inputs: readonly Node[],
    readonly attributes: Attributes[K],
    /** Number of (kind, name, dtype, shape, attributes less what is a parameter). */
    readonly structure: number,
    /** Value of a scalar node, else 0. */
    readonly scalar: number,
  ) {
    this.size = sizeOf(shape);
  }

  is<Wanted extends Kind>(kind: Wanted): this is Node<Wanted> {
    return (this.kind as Kind) === kind;
  }
}

const structures = new Map<string, number>();

/** The number of a structure, the same for equal texts for the life of the page. */
export function structureOf(text: string): number {
  const known = structures.get(text);
  if (known !== undefined) return known;
  structures.set(text, structures.size);
  return structures.size - 1;
}

const interned = new Map<string, Node>();

export interface NodeSpec<K extends Kind> {
  kind: K;
  name: string;
  dtype: DType;
  shape: Shape;
  inputs: readonly Node[];
  attributes: Attributes[K];
  /** Spells the attributes that are structure. */
  spelled: string;
  /** A parameter: a scalar's value, a view's offset. Tells nodes apart, not programs. */
  parameter?: number;
}

/** Builds a node, or finds the equal one that this tick has built already. */
export function makeNode<K extends Kind>(spec: NodeSpec<K>): Node<K> {
  const { kind, name, dtype, shape, inputs, attributes, parameter = 0 } = spec;
  const structure = structureOf(`${kind} ${name} ${dtype} ${shape} ${spec.spelled}`);
  let key = Object.is(parameter, -0) ? `${structure}:-0` : `${structure}:${parameter}`;
  for (const input of inputs) key += `,${input.id}`;
  const known = interned.get(key);
  if (known && !known.failure) return known as Node<K>;
  if (interned.size === 0) queueMicrotask(clearInterned);
  const node = new Node(kind, name, dtype, shape, inputs, attributes, structure, parameter);
  for (const input of inputs) input.readers++;
  interned.set(key, node as Node);
  return node;
}

/** Forgets this tick's nodes; they live on where handles hold them. */
function clearInterned(): void {
  interned.clear();
}

/** A node of given memory: what creation from data and realized results start from. */
export function memoryNode(dtype: DType, shape: Shape, memory: Memory | null): Node<"memory"> {
  const structure = structureOf(`memory ${dtype} ${shape}`);
  const node = new Node("memory", "memory", dtype, shape, [], null, structure, 0);
  node.memory = memory;
  node.leafStructure = structure;
  return node;
}

/** Whether the node's elements are there already, or are data that is only to be brought there. */
export const isGiven = (node: Node): boolean => node.memory !== null || node.kind === "memory";

/** Cuts a node from its past once its value lies in memory. */
export function settle(node: Node, memory: Memory): void {
  invariant(node.memory === null, `node ${node.id} (${node.name}) was realized twice`);
  node.memory = memory;
  for (const input of node.inputs) input.readers--;
  node.inputs = [];
}

/** The structure of a node's memory, whatever computed it. */
export function memoryStructure(node: Node): number {
  if (node.leafStructure < 0) {
    node.leafStructure = structureOf(`memory ${node.dtype} ${node.shape}`);
  }
  return node.leafStructure;
}
