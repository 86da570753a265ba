// Node: a pure value of the lazy graph. Built by one smart constructor, interned until the tick ends.
//
// What may change from step to step without a compile (scalar values, a view's offset on realized
// memory) is a parameter, kept beside the structure. A node that was realized has `memory` and no
// inputs: its past is cut.

import type { DType } from "../base/dtypes.ts";
import { invariant } from "../base/errors.ts";
import type { Shape } from "../base/shapes.ts";
import { NodeTable } from "./node-table.ts";
import { type Attributes, type Kind, type Looks, looksOf, type Structure } from "./structure.ts";

/** Realized memory of a node: its elements lie there row-major. Owned by realize. */
export interface Memory {
  readonly bytes: number;
}

const noInputs: readonly Node[] = [];

let nodeCount = 0;

export class Node<K extends Kind = Kind> {
  readonly id = nodeCount++;
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

  constructor(
    readonly structure: Structure<K>,
    public inputs: readonly Node[],
    /** A scalar's value, a view's offset, else 0. Tells nodes apart, not programs. */
    readonly parameter: number,
  ) {}

  get kind(): K {
    return this.structure.kind;
  }

  get name(): string {
    return this.structure.name;
  }

  get looks(): Looks {
    return this.structure.looks;
  }

  get dtype(): DType {
    return this.structure.looks.dtype;
  }

  get shape(): Shape {
    return this.structure.looks.shape;
  }

  /** Number of elements. */
  get size(): number {
    return this.structure.looks.size;
  }

  get attributes(): Attributes[K] {
    return this.structure.attributes;
  }

  is<Wanted extends Kind>(kind: Wanted): this is Node<Wanted> {
    return (this.kind as Kind) === kind;
  }
}

const interned = new NodeTable<Node>();

/** Builds a node, or finds the equal one that this tick has built already. */
export function makeNode<K extends Kind>(
  structure: Structure<K>,
  inputs: readonly Node[] = noInputs,
  parameter = 0,
): Node<K> {
  const known = interned.find(structure, inputs, parameter);
  if (known) return known as Node<K>;
  if (interned.isEmpty) queueMicrotask(clearInterned);
  const node = new Node(structure, inputs, parameter);
  for (let at = 0; at < inputs.length; at++) (inputs[at] as Node).readers++;
  interned.add(node);
  return node;
}

/** Forgets this tick's nodes; they live on where handles hold them. */
export function clearInterned(): void {
  interned.clear();
}

/** Nodes made from now on have this id, or a larger one. */
export const nextNodeId = (): number => nodeCount;

/** A node of given memory: what creation from data and realized results start from. */
export function memoryNode(dtype: DType, shape: Shape, memory: Memory | null): Node<"memory"> {
  const node = new Node(looksOf(dtype, shape).memory, noInputs, 0);
  node.memory = memory;
  return node;
}

/** A node of memory that is to come, and looks like `node`. */
export const givenLike = ({ looks }: Node): Node<"memory"> => new Node(looks.memory, noInputs, 0);

/** Whether the node's elements are there already, or are data that is only to be brought there. */
export const isGiven = (node: Node): boolean => node.memory !== null || node.kind === "memory";

/** Cuts a node from its past once its value lies in memory. */
export function settle(node: Node, memory: Memory): void {
  if (node.memory !== null) invariant(false, `node ${node.id} (${node.name}) was realized twice`);
  node.memory = memory;
  for (let at = 0; at < node.inputs.length; at++) (node.inputs[at] as Node).readers--;
  node.inputs = noInputs;
}
