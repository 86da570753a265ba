// Outputs: which nodes' values are computed where an output lies. An output that shows all of a computed
// node in order, as a reshape does, is written by that node's own step: nothing is copied.

import { sizeOf } from "../base/shapes.ts";
import { type Graph, type GraphNode, isKind } from "../graph/serialize.ts";
import { accessOf, isWhole } from "./access.ts";

/** From the position of a node to the number of an output. */
export function outputsByNode(graph: Graph): Map<number, number> {
  const outputs = new Map(graph.outputs.map((node, output) => [node, output] as const));
  graph.outputs.forEach((node, output) => {
    const shown = shownWhole(graph, node);
    if (shown !== null && !outputs.has(shown)) outputs.set(shown, output);
  });
  return outputs;
}

/** The computed node that views show all of, in order; null where they do not. */
function shownWhole(graph: Graph, position: number): number | null {
  const node = graph.nodes[position] as GraphNode;
  if (!isKind(node, "view")) {
    return isKind(node, "memory") || isKind(node, "iota") || isKind(node, "scalar")
      ? null
      : position;
  }
  const base = node.inputs[0] as number;
  const { shape } = graph.nodes[base] as GraphNode;
  const access = accessOf({ shape: node.shape, ...node.attributes });
  const isAll = sizeOf(shape) === sizeOf(node.shape) && isWhole(access, node.shape);
  return isAll ? shownWhole(graph, base) : null;
}
