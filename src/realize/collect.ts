// collect: from the wanted nodes back to what lies in memory. One walk gives the program's key (its
// structure, spelled in numbers), its inputs and its scalars; the graph itself is only written out when
// no program of that key is known.

import { lineOf } from "../graph/lines.ts";
import { isGiven, type Node } from "../graph/node.ts";
import type { Graph, GraphNode } from "../graph/serialize.ts";

export interface Collected {
  /** Everything that makes the program; equal words mean the same program. */
  readonly words: readonly number[];
  /** Nodes in order, inputs first; `position` of each is its place here. */
  readonly nodes: readonly Node[];
  /** Realized nodes that the program reads, and the elements at which views on them start. */
  readonly inputs: readonly Node[];
  readonly offsets: readonly number[];
  readonly scalars: readonly number[];
  readonly outputs: readonly Node[];
  /** Outputs from this position on are only kept for a later backward. */
  readonly keptFrom: number;
  /** Where nodes that can fault were recorded, if that is known without `nodes`. */
  readonly sites?: readonly Site[];
}

/** An op that can fault on data, and the user's line that called it. */
export interface Site {
  readonly name: string;
  readonly line: string;
}

/** Of the nodes of a program. */
export function sitesOf({ nodes, sites }: Collected): readonly Site[] {
  if (sites) return sites;
  return nodes.flatMap((node) => {
    const line = lineOf(node);
    return line === undefined ? [] : [{ name: node.name, line }];
  });
}

let visits = 0;

export class Collector {
  private readonly stamp = ++visits;
  private readonly words: number[] = [];
  private readonly nodes: Node[] = [];
  private readonly inputs: Node[] = [];
  private readonly offsets: number[] = [];
  private readonly scalars: number[] = [];
  private readonly outputs: Node[] = [];
  private readonly wanted = new Set<Node>();
  private keptFrom = 0;
  /** On the way: met, and not added before what they need. */
  private readonly pending: Node[] = [];

  /** Adds a wanted node and all it needs; a node of given data is only an input. */
  want(output: Node): void {
    if (output.memory || this.wanted.has(output)) return;
    this.wanted.add(output);
    this.walk(output);
    if (output.kind !== "memory") this.outputs.push(output);
  }

  /** Adds what is kept for a later backward, all of it met already; after everything that is wanted. */
  keep(nodes: readonly Node[]): void {
    this.keptFrom = this.outputs.length;
    for (const node of nodes) this.outputs.push(node);
  }

  get hasOutputs(): boolean {
    return this.outputs.length > 0;
  }

  /** Whether the node becomes an output. */
  wants(node: Node): boolean {
    return this.wanted.has(node);
  }

  /** Whether the walk has met the node. */
  has(node: Node): boolean {
    return node.visit === this.stamp;
  }

  finish(): Collected {
    const { words, nodes, inputs, offsets, scalars, outputs } = this;
    words.push(-1);
    for (const output of outputs) words.push(output.position);
    const keptFrom = this.keptFrom || outputs.length;
    return { words, nodes, inputs, offsets, scalars, outputs, keptFrom };
  }

  /** Depth first, inputs before those who need them; no recursion: graphs may be thousands deep. */
  private walk(root: Node): void {
    const { pending } = this;
    pending.push(root);
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
      words.push(node.looks.memory.number);
      this.inputs.push(node);
      this.offsets.push(0);
    } else if (node.kind === "view" && isLeaf(node)) {
      // Told from the same view of a computed node, whose position would follow.
      words.push(-2, node.structure.number);
      this.inputs.push(node.inputs[0] as Node);
      this.offsets.push(node.parameter);
    } else if (node.kind === "scalar") {
      words.push(node.structure.number);
      if (!(node as Node<"scalar">).attributes.structural) this.scalars.push(node.parameter);
    } else {
      words.push(node.structure.number);
      for (let at = 0; at < node.inputs.length; at++)
        words.push((node.inputs[at] as Node).position);
      // Of a view made on memory that is not there any more, the structure does not say where it starts.
      if (node.kind === "view") words.push(node.parameter);
    }
  }
}

/**
 * The graph behind some nodes as data, as it is now. The walk leaves no trace: who looks whether a request
 * has met a node finds what was there before.
 */
export function graphBehind(wanted: readonly Node[]): Graph {
  const visits = new Map<Node, number>();
  const open = [...wanted];
  for (let node = open.pop(); node; node = open.pop()) {
    if (visits.has(node)) continue;
    visits.set(node, node.visit);
    open.push(...node.inputs);
  }
  const collector = new Collector();
  for (const node of wanted) collector.want(node);
  const graph = graphOf(collector.finish());
  for (const [node, visit] of visits) node.visit = visit;
  return graph;
}

/** A window on memory, or on data not brought there yet, counts as memory: its start is a parameter. */
function isLeaf(node: Node): boolean {
  return isGiven(node) || (node.kind === "view" && isGiven(node.inputs[0] as Node));
}

/**
 * The graph as data, for the compiler: in the order of recording, which keeps values alive for shorter than
 * the order of the walk. Inputs and scalars keep the numbers that the walk gave them.
 */
export function graphOf({ nodes, outputs, inputs, scalars }: Collected): Graph {
  const written: GraphNode[] = [];
  const places: number[] = [];
  const leaves = leafNumbers(nodes);
  for (const node of [...nodes].sort((a, b) => a.id - b.id)) {
    const { name, dtype, shape } = node;
    const common = { name, dtype, shape, leaf: leaves[node.position] as number, value: 0 };
    if (isGiven(node)) {
      written.push({ ...common, kind: "memory", inputs: [], attributes: null });
    } else if (node.is("view") && isLeaf(node)) {
      const base = node.inputs[0] as Node;
      const { strides } = node.attributes;
      const memory = { kind: "memory", inputs: [], attributes: null, shape: base.shape } as const;
      written.push({ ...common, ...memory });
      const inputs = [written.length - 1];
      const attributes = { strides, offset: 0 };
      written.push({ ...common, kind: "view", inputs, attributes, leaf: -1 });
    } else if (node.is("scalar")) {
      const { attributes } = node;
      const value = attributes.structural ? node.parameter : 0;
      written.push({ ...common, kind: "scalar", inputs: [], attributes, value });
    } else {
      const inputs = node.inputs.map(({ position }) => places[position] as number);
      const attributes = node.is("view")
        ? { ...node.attributes, offset: node.parameter }
        : (node.attributes as GraphNode["attributes"]);
      written.push({ ...common, kind: node.kind, inputs, attributes });
    }
    places[node.position] = written.length - 1;
  }
  return {
    nodes: written,
    outputs: outputs.map(({ position }) => places[position] as number),
    inputCount: inputs.length,
    scalarCount: scalars.length,
  };
}

/** Each node's number among the inputs, or among the scalar parameters; -1 where it is neither. */
function leafNumbers(nodes: readonly Node[]): number[] {
  let inputCount = 0;
  let scalarCount = 0;
  return nodes.map((node) => {
    if (isLeaf(node)) return inputCount++;
    const isParameter = node.is("scalar") && !node.attributes.structural;
    return isParameter ? scalarCount++ : -1;
  });
}
