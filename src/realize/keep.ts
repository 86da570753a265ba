// keep: of the values that a later backward will read, which are worth their memory. What a few cheap
// steps compute from something given or kept is computed again, as in one program; the rest is kept.

import { bytesOf } from "../graph/build.ts";
import { isGiven, type Node } from "../graph/node.ts";
import type { Reading } from "../graph/tape.ts";
import type { Collector } from "./collect.ts";

/** Lane instructions an element may cost to be computed again: some 4 bytes written and read. */
const cheapInstructions = 24;

/** Nodes that the request computes, in the order in which it does. */
export function chooseKept(readings: readonly Reading[], collector: Collector): Node[] {
  const kept = new Set<Node>();
  const needed = new Set<Node>();
  for (const { nodes } of readings) {
    for (const node of nodes) {
      const owner = ownerOf(node);
      if (collector.has(owner) && !isFree(owner)) needed.add(owner);
    }
  }
  const isHad = (node: Node): boolean => isFree(node) || kept.has(node) || collector.wants(node);
  for (const node of [...needed].sort((a, b) => a.position - b.position)) {
    if (isHad(node)) continue;
    for (const one of leastFor(node, isHad)) kept.add(one);
  }
  return [...kept];
}

/** What must be kept so that the node can be had cheaply. */
function leastFor(node: Node, isHad: (node: Node) => boolean): readonly Node[] {
  if (!isCheap(node)) return [node];
  const { instructions, missing } = costOf(node, isHad);
  if (instructions > cheapInstructions) return [node];
  let bytes = 0;
  for (const one of missing) bytes += bytesOf(one);
  return 2 * bytes <= bytesOf(node) ? [...missing] : [node];
}

/** Of computing a node again: instructions an element, and the nodes that are not cheap. */
function costOf(root: Node, isHad: (node: Node) => boolean) {
  const missing = new Set<Node>();
  const seen = new Set<Node>();
  const open = [root];
  let instructions = 0;
  for (let node = open.pop(); node; node = open.pop()) {
    if (seen.has(node) || isHad(node)) continue;
    seen.add(node);
    if (!isCheap(node)) {
      missing.add(node);
      continue;
    }
    if (node.is("pointwise")) instructions += node.attributes.body.instructions.length;
    if (instructions > cheapInstructions) break;
    open.push(...node.inputs);
  }
  return { instructions, missing };
}

const isCheap = ({ kind }: Node): boolean => kind === "pointwise" || kind === "view";

const isFree = (node: Node): boolean =>
  isGiven(node) || node.kind === "scalar" || node.kind === "iota";

/** A window is read through. */
function ownerOf(node: Node): Node {
  let owner = node;
  while (owner.kind === "view" && !owner.memory) owner = owner.inputs[0] as Node;
  return owner;
}
