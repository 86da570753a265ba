// Which values a derivative reads is derived, not declared: the rule runs once on blanks, and what its
// gradients reach was read. A rule that reads shapes alone (add, sum, reshape) needs no value kept.

import type { DType } from "../base/dtypes.ts";
import type { Shape } from "../base/shapes.ts";
import { memoryNode, type Node } from "../graph/node.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import { constantValue, withRecording } from "../graph/tape.ts";

/** One flag an input, the last for the output. */
export type Reads = readonly boolean[];

const known = new WeakMap<object, Map<string, Reads>>();

/** The reads of a record's rule when the inputs flagged in `wanted` want gradients; derived once. */
export function readsOf(record: object, wanted: readonly boolean[], derive: () => Reads): Reads {
  let byWanted = known.get(record);
  if (!byWanted) {
    byWanted = new Map();
    known.set(record, byWanted);
  }
  const key = wanted.join();
  let reads = byWanted.get(key);
  if (!reads) {
    reads = derive();
    byWanted.set(key, reads);
  }
  return reads;
}

/** A value nobody knows, of the looks of another. */
export const blank = (like: { dtype: DType; shape: Shape }): Value =>
  constantValue(memoryNode(like.dtype, like.shape, null));

/** Blanks with the edges of inputs; a number among tensors stays, for it is no tensor's value. */
export function blanksOf(inputs: readonly Value[], out: { shape: Shape }): Value[] {
  return inputs.map((input) => {
    const isNumber = input.node.shape.length === 0 && out.shape.length > 0;
    return isNumber ? input : { node: blank(input.node).node, edge: input.edge };
  });
}

/** Runs a rule on blanks and looks which of them its wanted gradients reach. */
export function deriveReads(
  blanks: readonly Value[],
  wanted: readonly boolean[],
  rule: () => readonly Gradient[],
): Reads {
  const gradients = withRecording(false, rule);
  const reached = new Set<Node>();
  const open: Node[] = [];
  gradients.forEach((gradient, at) => {
    if (gradient && wanted[at]) open.push(gradient.node);
  });
  for (let node = open.pop(); node; node = open.pop()) {
    if (reached.has(node)) continue;
    reached.add(node);
    open.push(...node.inputs);
  }
  return blanks.map(({ node }) => reached.has(node));
}
