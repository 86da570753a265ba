// OneCycleLR: up to the largest rate, then down to almost none, the momentum the other way.

import { fail } from "../../base/errors.ts";
import { anything, bool, int, number, numbers, string } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { demand, type OptionArguments, type SettingsOf, settingsOf } from "../options.ts";
import { type MomentumKey, momentumKeyOf, setMomentum, startMomenta } from "./momenta.ts";
import {
  type AnyOptimizer,
  forGroups,
  groupsOf,
  LRScheduler,
  requireOptimizer,
} from "./scheduler.ts";

const options = declare([
  anything("optimizer"),
  numbers("maxLr"),
  number("totalSteps", null),
  number("epochs", null),
  number("stepsPerEpoch", null),
  number("pctStart", 0.3),
  string("annealStrategy", "cos"),
  bool("cycleMomentum", true),
  numbers("baseMomentum", 0.85),
  numbers("maxMomentum", 0.95),
  number("divFactor", 25),
  number("finalDivFactor", 1e4),
  bool("threePhase", false),
  int("lastEpoch", -1),
]);

type Given = SettingsOf<typeof options>;
type Rate = "initialLr" | "maxLr" | "minLr";
type Momentum = "maxMomentum" | "baseMomentum";

/** Up to which step it goes, and between which settings of a group. */
interface Phase {
  readonly endStep: number;
  readonly lr: readonly [Rate, Rate];
  readonly momentum: readonly [Momentum, Momentum];
}

interface Cycle {
  readonly totalSteps: number;
  readonly phases: readonly Phase[];
  readonly annealStrategy: string;
  readonly momentumKey: MomentumKey | null;
}

const name = "OneCycleLR";

export class OneCycleLR extends LRScheduler<Cycle> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof options>) {
    requireOptimizer(name, optimizer);
    const given = settingsOf(name, options, [optimizer, ...rest]);
    const { pctStart, annealStrategy, lastEpoch } = given;
    const totalSteps = totalOf(given);
    const isShare = pctStart >= 0 && pctStart <= 1;
    demand(name, isShare, `Expected float between 0 and 1 pct_start, but got ${pctStart}`);
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      const text = "anneal_strategy must be one of 'cos' or 'linear', instead got";
      fail(name, `${text} ${annealStrategy}`);
    }
    const momentumKey = given.cycleMomentum ? momentumKeyOf(name, optimizer) : null;
    if (lastEpoch === -1) start(optimizer, given, momentumKey);
    const phases = phasesOf(totalSteps, given);
    super(optimizer, lastEpoch, { totalSteps, phases, annealStrategy, momentumKey });
  }

  override getLr(): number[] {
    const { totalSteps, phases, momentumKey, annealStrategy } = this.settings;
    const { lastEpoch } = this;
    if (lastEpoch > totalSteps) {
      const text = "The specified number of total steps is";
      fail("step", `Tried to step ${lastEpoch} times. ${text} ${totalSteps}`);
    }
    const found = phases.findIndex(({ endStep }) => lastEpoch <= endStep);
    const at = found < 0 ? phases.length - 1 : found;
    const phase = phases[at] as Phase;
    const begin = at === 0 ? 0 : (phases[at - 1] as Phase).endStep;
    const share = (lastEpoch - begin) / (phase.endStep - begin);
    return groupsOf(this.optimizer).map((group) => {
      const between = ([from, to]: readonly [string, string]): number =>
        annealed(annealStrategy, [group[from] as number, group[to] as number], share);
      if (momentumKey) setMomentum(group, momentumKey, between(phase.momentum));
      return between(phase.lr);
    });
  }
}

function annealed(strategy: string, [from, to]: readonly [number, number], share: number): number {
  if (strategy === "linear") return (to - from) * share + from;
  return to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1);
}

function totalOf({ totalSteps, epochs, stepsPerEpoch }: Given): number {
  if (totalSteps !== null) return positive("total_steps", totalSteps);
  if (epochs !== null && stepsPerEpoch !== null) {
    return positive("epochs", epochs) * positive("steps_per_epoch", stepsPerEpoch);
  }
  fail(name, "You must define either totalSteps OR (epochs AND stepsPerEpoch)");
}

function positive(setting: string, value: number): number {
  if (value > 0 && Number.isInteger(value)) return value;
  fail(name, `Expected positive integer ${setting}, but got ${value}`);
}

function start(optimizer: AnyOptimizer, given: Given, key: MomentumKey | null): void {
  const rates = forGroups(name, optimizer, "maxLr", given.maxLr);
  groupsOf(optimizer).forEach((group, at) => {
    const max = rates[at] as number;
    const initialLr = max / given.divFactor;
    Object.assign(group, { initialLr, maxLr: max, minLr: initialLr / given.finalDivFactor });
  });
  if (!key) return;
  const base = forGroups(name, optimizer, "baseMomentum", given.baseMomentum);
  const max = forGroups(name, optimizer, "maxMomentum", given.maxMomentum);
  startMomenta(optimizer, key, { base, max });
}

/** Up and down; or up, as long down to where it began, and down from there. */
function phasesOf(totalSteps: number, { pctStart, threePhase }: Given): Phase[] {
  const rise: Phase = {
    endStep: pctStart * totalSteps - 1,
    lr: ["initialLr", "maxLr"],
    momentum: ["maxMomentum", "baseMomentum"],
  };
  const endStep = totalSteps - 1;
  const flat = ["maxMomentum", "maxMomentum"] as const;
  const back = ["baseMomentum", "maxMomentum"] as const;
  if (!threePhase) return [rise, { endStep, lr: ["maxLr", "minLr"], momentum: back }];
  return [
    rise,
    { endStep: 2 * pctStart * totalSteps - 2, lr: ["maxLr", "initialLr"], momentum: back },
    { endStep, lr: ["initialLr", "minLr"], momentum: flat },
  ];
}
