// What `gradFn` shows of the Tape: names and edges, for looking only.

import type { Entry } from "../graph/tape.ts";

export class GraphNode {
  readonly #entry: Entry;

  constructor(entry: Entry) {
    this.#entry = entry;
  }

  /** PyTorch's class name: `MulBackward0`. */
  get name(): string {
    return this.#entry.name;
  }

  /** The entries that this one sends gradients to, each with which of its outputs; null where none. */
  get nextFunctions(): readonly (readonly [GraphNode | null, number])[] {
    return this.#entry.next.map((edge) =>
      edge ? [graphNodeOf(edge.entry), edge.output] : [null, 0],
    );
  }

  toString(): string {
    return `<${this.name}>`;
  }
}

const known = new WeakMap<Entry, GraphNode>();

/** One object an entry, so that they can be compared. */
export function graphNodeOf(entry: Entry): GraphNode {
  const node = known.get(entry) ?? new GraphNode(entry);
  known.set(entry, node);
  return node;
}
