// collect: from the wanted nodes back to what lies in memory. One walk gives the program's key (its
// structure, spelled in numbers), its inputs and its scalars; the graph itself is only written out when
// no program of that key is known.

import { isGiven, memoryStructure, type Node } from "../graph/node.ts";
import type { Graph, GraphNode } from "../graph/serialize.ts";

export interface Collected {
  /** Everything that makes the program; equal words mean the same program. */
  readonly words: readonly number[];
  /** Nodes in order, inputs first; `position` of each is its place here. */
  readonly nodes: readonly Node[];
  /** Realized nodes that the program reads, with the element at which a view on one starts. */
  readonly inputs: readonly { readonly node: Node; readonly offset: number }[];
  readonly scalars: readonly number[];
  readonly outputs: readonly Node[];
}

let visits = 0;

export class Collector {
  private readonly stamp = ++visits;
  private readonly words: number[] = [];
  private readonly nodes: Node[] = [];
  private readonly inputs: { node: Node; offset: number }[] = [];
  private readonly scalars: number[] = [];
  private readonly outputs: Node[] = [];
  private readonly wanted = new Set<Node>();

  /** Adds a wanted node and all it needs; a node of given data is only an input. */
  want(output: Node): void {
    if (output.memory || this.wanted.has(output)) return;
    this.wanted.add(output);
    this.walk(output);
    if (output.kind !== "memory") this.outputs.push(output);
  }

  /** Whether the walk has met the node. */
  has(node: Node): boolean {
    return node.visit === this.stamp;
  }

  finish(): Collected {
    const { words, nodes, inputs, scalars, outputs } = this;
    words.push(-1);
    for (const output of outputs) words.push(output.position);
    return { words, nodes, inputs, scalars, outputs };
  }

  /** Depth first, inputs before those who need them; no recursion: graphs may be thousands deep. */
  private walk(root: Node): void {
    const pending: Node[] = [root];
    while (pending.length > 0) {
      const node = pending[pending.length - 1] as Node;
      if (node.visit === this.stamp) {
        pending.pop();
        continue;
      }
      if (node.failure) throw node.failure;
      let isReady = true;
      if (!isLeaf(node)) {
        for (let at = node.inputs.length - 1; at >= 0; at--) {
          const input = node.inputs[at] as Node;
          if (input.visit === this.stamp) continue;
          pending.push(input);
          isReady = false;
        }
      }
      if (!isReady) continue;
      pending.pop();
      this.add(node);
    }
  }

  private add(node: Node): void {
    const { words } = this;
    node.visit = this.stamp;
    node.position = this.nodes.length;
    this.nodes.push(node);
    if (isGiven(node)) {
      words.push(memoryStructure(node));
      this.inputs.push({ node, offset: 0 });
    } else if (node.kind === "view" && isLeaf(node)) {
      // Told from the same view of a computed node, whose position would follow.
      words.push(-2, node.structure);
      this.inputs.push({ node: node.inputs[0] as Node, offset: node.scalar });
    } else if (node.kind === "scalar") {
      words.push(node.structure);
      if (!(node as Node<"scalar">).attributes.structural) this.scalars.push(node.scalar);
    } else {
      words.push(node.structure);
      for (const input of node.inputs) words.push(input.position);
    }
  }
}

/** A window on memory, or on data not brought there yet, counts as memory: its start is a parameter. */
function isLeaf(node: Node): boolean {
  return isGiven(node) || (node.kind === "view" && isGiven(node.inputs[0] as Node));
}

/** The graph as data, for the compiler. */
export function graphOf({ nodes, outputs, inputs, scalars }: Collected): Graph {
  const written: GraphNode[] = [];
  const places: number[] = [];
  let inputCount = 0;
  let scalarCount = 0;
  for (const node of nodes) {
    const { name, dtype, shape } = node;
    const common = { name, dtype, shape, leaf: -1, value: 0 };
    if (isGiven(node)) {
      written.push({ ...common, kind: "memory", inputs: [], attributes: null, leaf: inputCount++ });
    } else if (node.is("view") && isLeaf(node)) {
      const base = node.inputs[0] as Node;
      const { strides } = node.attributes;
      const memory = {
        ...common,
        shape: base.shape,
        kind: "memory",
        inputs: [],
        attributes: null,
      } as const;
      written.push({ ...memory, leaf: inputCount++ });
      const inputs = [written.length - 1];
      written.push({ ...common, kind: "view", inputs, attributes: { strides, offset: 0 } });
    } else if (node.is("scalar")) {
      const { structural } = node.attributes;
      const leaf = structural ? -1 : scalarCount++;
      const value = structural ? node.scalar : 0;
      written.push({
        ...common,
        kind: "scalar",
        inputs: [],
        attributes: node.attributes,
        leaf,
        value,
      });
    } else {
      const inputs = node.inputs.map(({ position }) => places[position] as number);
      written.push({ ...common, kind: node.kind, inputs, attributes: node.attributes });
    }
    places.push(written.length - 1);
  }
  return {
    nodes: written,
    outputs: outputs.map(({ position }) => places[position] as number),
    inputCount: inputs.length,
    scalarCount: scalars.length,
  };
}
