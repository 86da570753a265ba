// CyclicLR: up and down between two rates, the momentum the other way.

import { fail } from "../../base/errors.ts";
import { anything, bool, callback, int, number, numbers, string } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { type OptionArguments, settingsOf } from "../options.ts";
import { type MomentumKey, momentumKeyOf, setMomentum, startMomenta } from "./momenta.ts";
import {
  type AnyOptimizer,
  forGroups,
  groupsOf,
  LRScheduler,
  requireOptimizer,
  setRate,
} from "./scheduler.ts";

const options = declare([
  anything("optimizer"),
  numbers("baseLr"),
  numbers("maxLr"),
  number("stepSizeUp", 2000),
  number("stepSizeDown", null),
  string("mode", "triangular"),
  number("gamma", 1),
  callback("scaleFn", null),
  string("scaleMode", "cycle"),
  bool("cycleMomentum", true),
  numbers("baseMomentum", 0.8),
  numbers("maxMomentum", 0.9),
  int("lastEpoch", -1),
]);

type Scale = (at: number) => number;

interface Cycles {
  readonly maxLrs: number[];
  /** Steps of a whole cycle, and the share of them that goes up. */
  readonly totalSize: number;
  readonly stepRatio: number;
  readonly scale: Scale;
  /** Whether the height is scaled by the cycle's number, or the step's. */
  readonly scaleMode: string;
  readonly momentumKey: MomentumKey | null;
  readonly baseMomentums: number[];
  readonly maxMomentums: number[];
}

const name = "CyclicLR";

export class CyclicLR extends LRScheduler<Cycles> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof options>) {
    requireOptimizer(name, optimizer);
    const given = settingsOf(name, options, [optimizer, ...rest]);
    const baseLrs = forGroups(name, optimizer, "baseLr", given.baseLr);
    const maxLrs = forGroups(name, optimizer, "maxLr", given.maxLr);
    const up = given.stepSizeUp;
    const totalSize = up + (given.stepSizeDown ?? up);
    const { scale, scaleMode } = scaling(given);
    const momentumKey = given.cycleMomentum ? momentumKeyOf(name, optimizer) : null;
    const base = forGroups(name, optimizer, "baseMomentum", given.baseMomentum);
    const max = forGroups(name, optimizer, "maxMomentum", given.maxMomentum);
    if (given.lastEpoch === -1) {
      groupsOf(optimizer).forEach((group, at) => setRate(group, baseLrs[at] as number));
      if (momentumKey) startMomenta(optimizer, momentumKey, { base, max });
    }
    super(optimizer, given.lastEpoch, {
      maxLrs,
      totalSize,
      stepRatio: up / totalSize,
      scale,
      scaleMode,
      momentumKey,
      baseMomentums: base,
      maxMomentums: max,
    });
    this.baseLrs = baseLrs;
  }

  override getLr(): number[] {
    const { maxLrs, momentumKey, baseMomentums, maxMomentums } = this.settings;
    const height = heightAt(this.lastEpoch, this.settings);
    if (momentumKey) {
      groupsOf(this.optimizer).forEach((group, at) => {
        const [base, max] = [baseMomentums[at] as number, maxMomentums[at] as number];
        setMomentum(group, momentumKey, max - (max - base) * height);
      });
    }
    return this.baseLrs.map((base, at) => base + ((maxLrs[at] as number) - base) * height);
  }
}

/** 0 at the lower rate, 1 at the upper one, scaled. */
function heightAt(epoch: number, { totalSize, stepRatio, scale, scaleMode }: Cycles): number {
  const cycle = Math.floor(1 + epoch / totalSize);
  const x = 1 + epoch / totalSize - cycle;
  const height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1);
  return height * scale(scaleMode === "cycle" ? cycle : epoch);
}

interface Scaled {
  readonly mode: string;
  readonly gamma: number;
  readonly scaleFn: unknown;
  readonly scaleMode: string;
}

function scaling({ mode, gamma, scaleFn, scaleMode }: Scaled): Pick<Cycles, "scale" | "scaleMode"> {
  if (scaleFn !== null) return { scale: scaleFn as Scale, scaleMode };
  if (mode === "triangular") return { scale: () => 1, scaleMode: "cycle" };
  if (mode === "triangular2") return { scale: (cycle) => 2 ** (1 - cycle), scaleMode: "cycle" };
  if (mode === "exp_range") return { scale: (step) => gamma ** step, scaleMode: "iterations" };
  fail(name, "mode is invalid and scaleFn is null");
}
