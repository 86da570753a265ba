// fuse: Step[] → Kernel[]. Steps are grouped into loops, loops over the same rows chained into one kernel,
// and each chain is lowered, in an order in which they can run one after the other.

import { sizeOf } from "../base/shapes.ts";
import { Buffers } from "./buffers.ts";
import { chainGroups } from "./chain.ts";
import { groupSteps } from "./group.ts";
import { heldSteps } from "./inline.ts";
import type { Kernel } from "./kernel.ts";
import { Lowering } from "./lower.ts";
import type { Step } from "./step.ts";

export function fuse(steps: readonly Step[]): Kernel[] {
  const groupOf = groupSteps(steps);
  const groups = runningOrder(new Set(groupOf.values()));
  const chainOf = chainGroups(groups, groupOf);
  const held = heldSteps(steps, groupOf, chainOf);
  const buffers = new Buffers(steps, held.kept);
  return runningOrder(new Set(chainOf.values()))
    .filter(({ space }) => sizeOf(space) > 0)
    .map((chain) => new Lowering(chain, held, buffers).kernel())
    .filter((kernel) => kernel !== null);
}

interface Ordered<Own> {
  readonly needs: ReadonlySet<Own>;
}

/** Each after all that it needs. */
function runningOrder<Own extends Ordered<Own>>(all: ReadonlySet<Own>): Own[] {
  const order: Own[] = [];
  const seen = new Set<Own>();
  const pending = [...all].reverse().map((own) => ({ own, isReady: false }));
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { own, isReady } = next;
    if (isReady) order.push(own);
    else if (!seen.has(own)) {
      seen.add(own);
      pending.push({ own, isReady: true });
      for (const needed of own.needs) pending.push({ own: needed, isReady: false });
    }
  }
  return order;
}
