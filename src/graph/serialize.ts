// The graph as plain data, in topological order: what crosses to the compiler. Leaves are what the
// program is given when it runs: memory (an address) and scalars (a number).

import type { DType } from "../base/dtypes.ts";
import type { Shape } from "../base/shapes.ts";
import type { Attributes, Kind } from "./structure.ts";

/** As a node's; but where a view starts is part of a program, unless it is on memory. */
interface GraphAttributes extends Omit<Attributes, "view"> {
  view: Attributes["view"] & { readonly offset: number };
}

export interface GraphNode<K extends Kind = Kind> {
  readonly kind: K;
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Positions of earlier nodes. */
  readonly inputs: readonly number[];
  readonly attributes: GraphAttributes[K];
  /** memory: which input of the program; scalar: which scalar, or -1 where the value is structure. */
  readonly leaf: number;
  /** scalar with leaf -1: its value. */
  readonly value: number;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  /** Positions of the nodes whose values are wanted, each once. */
  readonly outputs: readonly number[];
  readonly inputCount: number;
  readonly scalarCount: number;
}

/** Narrows a graph node by its kind. */
export function isKind<K extends Kind>(node: GraphNode, kind: K): node is GraphNode<K> {
  return node.kind === kind;
}
