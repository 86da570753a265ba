// Schedules that cycle the momentum against the learning rate: SGD's, or the first of Adam's betas.

import { fail } from "../../base/errors.ts";
import { type AnyOptimizer, groupsOf } from "./scheduler.ts";

type Group = ReturnType<typeof groupsOf>[number];

/** Which setting is the momentum. */
export type MomentumKey = "momentum" | "betas";

export function momentumKeyOf(name: string, { defaults }: AnyOptimizer): MomentumKey {
  if ("betas" in defaults) return "betas";
  if ("momentum" in defaults) return "momentum";
  fail(name, "optimizer must support momentum or beta1 with `cycleMomentum` option enabled");
}

export function setMomentum(group: Group, key: MomentumKey, value: number): void {
  if (key === "momentum") group.momentum = value;
  else group.betas = [value, ...(group.betas as readonly number[]).slice(1)];
}

/** Starts all groups at the largest momentum, and notes the limits in them as PyTorch does. */
export function startMomenta(
  optimizer: AnyOptimizer,
  key: MomentumKey,
  { base, max }: { base: readonly number[]; max: readonly number[] },
): void {
  groupsOf(optimizer).forEach((group, at) => {
    setMomentum(group, key, max[at] as number);
    group.maxMomentum = max[at];
    group.baseMomentum = base[at];
  });
}
