// Lines: where a node was recorded, for those that can fault on data: by then the user's code is long
// past the call. Noting costs about as much as recording, so no other node does.

import type { Node } from "./node.ts";

const lines = new WeakMap<Node, string>();

/** Frames of a stack that an error keeps: from the user's call to here are about ten. */
const deepest = 30;

/** The library's own files begin so; where it was bundled with the user's, nothing tells them apart. */
const ownFiles = (): string =>
  import.meta.url.replace(/^file:\/\//, "").replace(/(graph\/)?[^/]*$/, "");

/** Of V8; other engines keep whole stacks. */
const engine = Error as { stackTraceLimit?: number | undefined };

/** Remembers the line on which the user made the call that is being recorded. */
export function noteLine<N extends Node>(node: N): N {
  if (lines.has(node)) return node;
  const limit = engine.stackTraceLimit;
  engine.stackTraceLimit = deepest;
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  engine.stackTraceLimit = limit;
  const own = ownFiles();
  const outside = frames.find((frame) => !frame.includes(own)) ?? frames.at(-1);
  if (outside) lines.set(node, outside.trim());
  return node;
}

export const lineOf = (node: Node): string | undefined => lines.get(node);
