// ReduceLROnPlateau: a smaller rate once a metric has stopped getting better.

import { fail } from "../../base/errors.ts";
import { anything, int, number, numbers, string } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { Tensor } from "../../tensor/tensor.ts";
import {
  demand,
  knownNumber,
  type OptionArguments,
  type SettingsOf,
  settingsOf,
} from "../options.ts";
import { snakeCase } from "../state-dict.ts";
import {
  type AnyOptimizer,
  forGroups,
  groupsOf,
  rateOf,
  requireOptimizer,
  type SchedulerStateDict,
  setRate,
} from "./scheduler.ts";

const options = declare([
  anything("optimizer"),
  string("mode", "min"),
  number("factor", 0.1),
  int("patience", 10),
  number("threshold", 1e-4),
  string("thresholdMode", "rel"),
  int("cooldown", 0),
  numbers("minLr", 0),
  number("eps", 1e-8),
]);

const name = "ReduceLROnPlateau";

interface Counts {
  best: number;
  lastEpoch: number;
  numBadEpochs: number;
  cooldownCounter: number;
  minLrs: number[];
}

export class ReduceLROnPlateau {
  readonly optimizer: AnyOptimizer;
  readonly settings: SettingsOf<typeof options>;
  readonly counts: Counts;
  #lastLr: number[];

  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof options>) {
    requireOptimizer(name, optimizer);
    const settings = settingsOf(name, options, [optimizer, ...rest]);
    const { mode, factor, thresholdMode } = settings;
    demand(name, factor < 1, "Factor should be < 1.0.");
    demand(name, mode === "min" || mode === "max", `mode ${mode} is unknown!`);
    const isKnown = thresholdMode === "rel" || thresholdMode === "abs";
    demand(name, isKnown, `threshold mode ${thresholdMode} is unknown!`);
    this.optimizer = optimizer;
    this.settings = settings;
    this.counts = {
      best: mode === "min" ? Infinity : -Infinity,
      lastEpoch: 0,
      numBadEpochs: 0,
      cooldownCounter: 0,
      minLrs: forGroups(name, optimizer, "minLr", settings.minLr),
    };
    this.#lastLr = groupsOf(optimizer).map(rateOf);
  }

  getLastLr(): number[] {
    return [...this.#lastLr];
  }

  /** With a lazy tensor the step is made, and the promise resolves, once its value is there. */
  step(metrics: number): void;
  step(metrics: Tensor): void | Promise<void>;
  step(metrics: number | Tensor): void | Promise<void> {
    if (!(typeof metrics === "number" || metrics instanceof Tensor)) {
      fail("step", "metrics must be a number or a tensor of one element");
    }
    const known = knownNumber(metrics);
    if (known === null) {
      return (metrics as Tensor).item().then((value) => this.#count(Number(value)));
    }
    this.#count(known);
  }

  #count(metric: number): void {
    const { counts } = this;
    const { patience, cooldown } = this.settings;
    counts.lastEpoch++;
    if (this.#isBetter(metric)) {
      counts.best = metric;
      counts.numBadEpochs = 0;
    } else {
      counts.numBadEpochs++;
    }
    if (counts.cooldownCounter > 0) {
      counts.cooldownCounter--;
      counts.numBadEpochs = 0;
    }
    if (counts.numBadEpochs > patience) {
      this.#reduce();
      counts.cooldownCounter = cooldown;
      counts.numBadEpochs = 0;
    }
    this.#lastLr = groupsOf(this.optimizer).map(rateOf);
  }

  #isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.settings;
    const { best } = this.counts;
    const sign = mode === "min" ? -1 : 1;
    const limit = thresholdMode === "rel" ? best * (1 + sign * threshold) : best + sign * threshold;
    return mode === "min" ? metric < limit : metric > limit;
  }

  #reduce(): void {
    const { factor, eps } = this.settings;
    groupsOf(this.optimizer).forEach((group, at) => {
      const before = rateOf(group);
      const after = Math.max(before * factor, this.counts.minLrs[at] ?? 0);
      if (before - after > eps) setRate(group, after);
    });
  }

  stateDict(): SchedulerStateDict {
    const { minLr: _, ...settings } = this.settings;
    const named = Object.entries({ ...settings, ...this.counts });
    const packed = named.map(([key, value]) => [snakeCase(key), value]);
    return { ...Object.fromEntries(packed), _last_lr: this.#lastLr };
  }

  loadStateDict(stateDict: SchedulerStateDict): void {
    for (const part of [this.settings, this.counts] as Record<string, unknown>[]) {
      for (const key of Object.keys(part)) part[key] = stateDict[snakeCase(key)] ?? part[key];
    }
    this.#lastLr = stateDict._last_lr as number[];
  }
}
