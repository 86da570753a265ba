// fuse: Step[] → Kernel[]. Steps are grouped into loops that can run one after the other, and each loop is
// lowered to a kernel.

import { sizeOf } from "../base/shapes.ts";
import { Buffers } from "./buffers.ts";
import { type Group, groupSteps } from "./group.ts";
import { materializedSteps } from "./inline.ts";
import type { Kernel } from "./kernel.ts";
import { Lowering } from "./lower.ts";
import type { Step } from "./step.ts";

export function fuse(steps: readonly Step[]): Kernel[] {
  const groupOf = groupSteps(steps);
  const materialized = materializedSteps(steps, groupOf);
  const buffers = new Buffers(steps);
  const groups = runningOrder(new Set(groupOf.values()));
  return groups
    .filter((group) => sizeOf(group.space) > 0)
    .map((group) => new Lowering(group, materialized, buffers).kernel())
    .filter((kernel) => kernel !== null);
}

/** Groups after all that they need. */
function runningOrder(groups: ReadonlySet<Group>): Group[] {
  const order: Group[] = [];
  const seen = new Set<Group>();
  const pending = [...groups].reverse().map((group) => ({ group, isReady: false }));
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { group, isReady } = next;
    if (isReady) order.push(group);
    else if (!seen.has(group)) {
      seen.add(group);
      pending.push({ group, isReady: true });
      for (const needed of group.needs) pending.push({ group: needed, isReady: false });
    }
  }
  return order;
}
