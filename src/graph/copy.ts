// Copies: nodes of the same value as another, that are not that one.

import { dtypes } from "../base/dtypes.ts";
import type { LaneBody, LaneType } from "../base/lanes.ts";
import { traceLanes } from "../base/trace-lanes.ts";
import { pointwiseNode, viewNode } from "./build.ts";
import type { Node } from "./node.ts";

const bodies = new Map<string, LaneBody>();

function bodyOf(...lanes: readonly LaneType[]): LaneBody {
  const key = lanes.join(" ");
  let body = bodies.get(key);
  if (!body) {
    body = traceLanes([...lanes], (_, x) => x as NonNullable<typeof x>);
    bodies.set(key, body);
  }
  return body;
}

const laneOf = ({ dtype }: Node): LaneType => dtypes[dtype].lane;

/** x's value, in a memory of its own. */
export const copyNode = (x: Node): Node =>
  pointwiseNode({ name: "copy", dtype: x.dtype, inputs: [x], body: bodyOf(laneOf(x)) });

/** x's value, had only once `after` is there: what is computed from it cannot come sooner. */
export function laterNode(x: Node, after: Node): Node {
  if (after.size === 0) return x;
  const body = bodyOf(laneOf(x), laneOf(after));
  const first = viewNode(after, { shape: x.shape, strides: x.shape.map(() => 0), offset: 0 });
  return pointwiseNode({ name: "later", dtype: x.dtype, inputs: [x, first], body });
}
