// Buffers: where each step's value lies. place and scatter take over their target's; what is kept of a row
// lies in scratch.

import type { Buffer } from "./kernel.ts";
import type { Step } from "./step.ts";

/** The buffer in which each step's value lies: place and scatter take over their target's. */
export class Buffers {
  private readonly outputs = new Map<Step, number>();

  constructor(
    steps: readonly Step[],
    private readonly kept: ReadonlyMap<Step, number>,
  ) {
    for (const step of steps) if (step.output !== null) this.outputs.set(rootOf(step), step.output);
  }

  of(step: Step): Buffer {
    const scratch = this.kept.get(step);
    if (scratch !== undefined) return { kind: "scratch", index: scratch };
    const root = rootOf(step);
    const output = this.outputs.get(root);
    return output === undefined
      ? { kind: "temp", index: root.position }
      : { kind: "output", index: output };
  }
}

function rootOf(step: Step): Step {
  let root = step;
  while (root.kind === "place" || root.kind === "scatter") root = root.target;
  return root;
}
