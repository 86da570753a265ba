// The elements that a mask chooses, about half of 16 M. Least traffic: numbers and mask read once, the
// chosen ones written once.

import type { Tensor } from "../../src/index.ts";
import type { Outputs, Shardgrad, TimedWorkload, Trial } from "../contract.ts";
import { readOurs } from "../trials/ours-trial.ts";
import { errorOf } from "../verify.ts";

const ELEMENTS = 1 << 24;
const SHARE = 0.5;

function ours(sg: Shardgrad): Trial {
  let x: Tensor;
  let mask: Tensor;
  let chosen: Tensor | null = null;
  return {
    async prepare() {
      x = sg.randn([ELEMENTS]);
      mask = sg.rand([ELEMENTS]).lt(SHARE);
      await Promise.all([x.realize(), mask.realize()]);
    },
    async run() {
      chosen?.dispose();
      chosen = await (await x.maskedSelect(mask)).realize();
    },
    async check() {
      if (chosen === null) throw new Error("maskedSelect16M: nothing was run");
      return readOurs({ x, mask, chosen });
    },
    dispose() {
      chosen?.dispose();
      mask.dispose();
      x.dispose();
    },
  };
}

function worstError({ x, mask, chosen }: Outputs): number {
  if (x === undefined || mask === undefined || chosen === undefined) {
    return Number.POSITIVE_INFINITY;
  }
  let at = 0;
  let worst = 0;
  for (let index = 0; index < ELEMENTS; index += 1) {
    if (mask[index] === 0) continue;
    worst = Math.max(worst, errorOf(chosen[at], x[index] ?? Number.NaN));
    at += 1;
  }
  return at === chosen.length ? worst : Number.POSITIVE_INFINITY;
}

export const maskedSelect16M: TimedWorkload = {
  kind: "timed",
  name: "maskedSelect16M",
  about: "half of 16 M elements chosen by a boolean mask",
  bytes: ELEMENTS * (4 + 1 + 4 * SHARE),
  limit: "copy",
  tolerance: 1e-6,
  ours,
  worstError,
};
