// Which values a derivative reads is derived, not declared: the rule runs once on blanks, and what its
// gradients reach was read. A rule that reads shapes alone (add, sum, reshape) needs no value kept.

import { Trie } from "../base/trie.ts";
import { memoryNode, type Node } from "../graph/node.ts";
import { type Looks, looksOf } from "../graph/structure.ts";
import type { Edge, Gradient, OutputLooks, Value } from "../graph/tape.ts";
import { constantValue, withRecording } from "../graph/tape.ts";

/** One flag an input, the last for the output. */
export type Reads = readonly boolean[];

const known = new WeakMap<object, Trie<Reads>>();

/**
 * Where the reads of a record's rule are kept, for calls in which these inputs want gradients. Scar: of an
 * empty input nothing is read, and that was then believed of all.
 */
export function readsAt(
  record: object,
  next: readonly (Edge | null)[],
  inputs: readonly Value[],
): Trie<Reads> {
  let end = known.get(record);
  if (!end) {
    end = new Trie();
    known.set(record, end);
  }
  for (let at = 0; at < next.length; at++) {
    end = end.at(next[at] !== null).at(inputs[at]?.node.size === 0);
  }
  return end;
}

const blankNode = ({ dtype, shape }: OutputLooks): Node => memoryNode(dtype, shape, null);

/** A value nobody knows, of the looks of another. */
export const blank = (like: OutputLooks): Value => constantValue(blankNode(like));

/** Blanks with the edges of inputs; a number among tensors stays, for it is no tensor's value. */
export const blanksOf = (inputs: readonly Value[], out: OutputLooks): Value[] =>
  replaced(inputs, out, blankNode);

const forgottenNodes = new Map<Looks, Node>();

/** What stands for all values of these looks that nothing will read. */
export function forgottenNode({ dtype, shape }: OutputLooks): Node {
  const looks = looksOf(dtype, shape);
  let node = forgottenNodes.get(looks);
  if (!node) {
    node = blankNode(looks);
    forgottenNodes.set(looks, node);
  }
  return node;
}

/** As blanksOf, for inputs of which only the looks will be read. */
export const forgottenOf = (inputs: readonly Value[], out: OutputLooks): Value[] =>
  replaced(inputs, out, forgottenNode);

function replaced(
  inputs: readonly Value[],
  out: OutputLooks,
  standIn: (like: OutputLooks) => Node,
): Value[] {
  return inputs.map((input) => {
    const isNumber = input.node.shape.length === 0 && out.shape.length > 0;
    return isNumber ? input : { node: standIn(input.node), edge: input.edge };
  });
}

/** Runs a rule on blanks and looks which of them its wanted gradients reach. */
export function deriveReads(
  blanks: readonly Value[],
  next: readonly (Edge | null)[],
  rule: () => readonly Gradient[],
): Reads {
  const gradients = withRecording(false, rule);
  const reached = new Set<Node>();
  const open: Node[] = [];
  gradients.forEach((gradient, at) => {
    if (gradient && next[at]) open.push(gradient.node);
  });
  for (let node = open.pop(); node; node = open.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    open.push(...node.inputs);
  }
  return blanks.map(({ node }) => reached.has(node));
}
