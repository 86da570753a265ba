// Schedules that multiply the learning rate, at every step or at some.

import { fail } from "../../base/errors.ts";
import { anything, int, number, shape } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { demand, type OptionArguments, type SettingsOf, settingsOf } from "../options.ts";
import { type AnyOptimizer, LRScheduler } from "./scheduler.ts";

const lastEpoch = int("lastEpoch", -1);

const stepOptions = declare([
  anything("optimizer"),
  number("stepSize"),
  number("gamma", 0.1),
  lastEpoch,
]);

/** lr·γ every `stepSize` epochs. */
export class StepLR extends LRScheduler<SettingsOf<typeof stepOptions>> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof stepOptions>) {
    const settings = settingsOf("StepLR", stepOptions, [optimizer, ...rest]);
    super(optimizer, settings.lastEpoch, settings);
  }

  override getLr(): number[] {
    const { stepSize, gamma } = this.settings;
    const isDue = this.lastEpoch !== 0 && this.lastEpoch % stepSize === 0;
    return isDue ? this.rates.map((lr) => lr * gamma) : this.rates;
  }

  protected override closedFormLr(): number[] {
    const { stepSize, gamma } = this.settings;
    return this.baseLrs.map((base) => base * gamma ** Math.floor(this.lastEpoch / stepSize));
  }
}

const multiStepOptions = declare([
  anything("optimizer"),
  shape("milestones"),
  number("gamma", 0.1),
  lastEpoch,
]);

/** lr·γ at each milestone; one that is named twice counts twice. */
export class MultiStepLR extends LRScheduler<SettingsOf<typeof multiStepOptions>> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof multiStepOptions>) {
    const settings = settingsOf("MultiStepLR", multiStepOptions, [optimizer, ...rest]);
    super(optimizer, settings.lastEpoch, settings);
  }

  override getLr(): number[] {
    const { milestones, gamma } = this.settings;
    const count = milestones.filter((milestone) => milestone === this.lastEpoch).length;
    return count === 0 ? this.rates : this.rates.map((lr) => lr * gamma ** count);
  }

  protected override closedFormLr(): number[] {
    const { milestones, gamma } = this.settings;
    const count = milestones.filter((milestone) => milestone <= this.lastEpoch).length;
    return this.baseLrs.map((base) => base * gamma ** count);
  }
}

const exponentialOptions = declare([anything("optimizer"), number("gamma"), lastEpoch]);

/** lr·γ every epoch. */
export class ExponentialLR extends LRScheduler<SettingsOf<typeof exponentialOptions>> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof exponentialOptions>) {
    const settings = settingsOf("ExponentialLR", exponentialOptions, [optimizer, ...rest]);
    super(optimizer, settings.lastEpoch, settings);
  }

  override getLr(): number[] {
    if (this.isInitial) return this.rates;
    return this.rates.map((lr) => lr * this.settings.gamma);
  }

  protected override closedFormLr(): number[] {
    return this.baseLrs.map((base) => base * this.settings.gamma ** this.lastEpoch);
  }
}

const constantOptions = declare([
  anything("optimizer"),
  number("factor", 1 / 3),
  int("totalIters", 5),
  lastEpoch,
]);

/** base·factor for `totalIters` epochs, then the base. */
export class ConstantLR extends LRScheduler<SettingsOf<typeof constantOptions>> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof constantOptions>) {
    const settings = settingsOf("ConstantLR", constantOptions, [optimizer, ...rest]);
    const { factor } = settings;
    const isInside = factor >= 0 && factor <= 1;
    const text = "Constant multiplicative factor expected to be between 0 and 1.";
    demand("ConstantLR", isInside, text);
    super(optimizer, settings.lastEpoch, settings);
  }

  override getLr(): number[] {
    const { factor, totalIters } = this.settings;
    if (this.lastEpoch === 0) return this.rates.map((lr) => lr * factor);
    if (this.lastEpoch !== totalIters) return this.rates;
    return this.rates.map((lr) => lr * (1 / factor));
  }

  protected override closedFormLr(): number[] {
    const { factor, totalIters } = this.settings;
    const share = this.lastEpoch >= totalIters ? 1 : factor;
    return this.baseLrs.map((base) => base * share);
  }
}

const linearOptions = declare([
  anything("optimizer"),
  number("startFactor", 1 / 3),
  number("endFactor", 1),
  int("totalIters", 5),
  lastEpoch,
]);

/** base·factor, the factor going from its start to its end in equal steps. */
export class LinearLR extends LRScheduler<SettingsOf<typeof linearOptions>> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof linearOptions>) {
    const settings = settingsOf("LinearLR", linearOptions, [optimizer, ...rest]);
    const { startFactor, endFactor } = settings;
    if (!(startFactor > 0 && startFactor <= 1)) {
      fail(
        "LinearLR",
        "Starting multiplicative factor expected to be greater than 0 and less or equal to 1.",
      );
    }
    if (!(endFactor >= 0 && endFactor <= 1)) {
      fail("LinearLR", "Ending multiplicative factor expected to be between 0 and 1.");
    }
    super(optimizer, settings.lastEpoch, settings);
  }

  override getLr(): number[] {
    const { startFactor, endFactor, totalIters } = this.settings;
    const { lastEpoch } = this;
    if (lastEpoch === 0) return this.rates.map((lr) => lr * startFactor);
    if (this.isInitial || lastEpoch > totalIters) return this.rates;
    const change = endFactor - startFactor;
    const before = totalIters * startFactor + (lastEpoch - 1) * change;
    return this.rates.map((lr) => lr * (1 + change / before));
  }

  protected override closedFormLr(): number[] {
    const { startFactor, endFactor, totalIters } = this.settings;
    const share = Math.min(totalIters, this.lastEpoch) / totalIters;
    return this.baseLrs.map((base) => base * (startFactor + (endFactor - startFactor) * share));
  }
}

const polynomialOptions = declare([
  anything("optimizer"),
  int("totalIters", 5),
  number("power", 1),
  lastEpoch,
]);

/** base·(1 - t/T)^power */
export class PolynomialLR extends LRScheduler<SettingsOf<typeof polynomialOptions>> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof polynomialOptions>) {
    const settings = settingsOf("PolynomialLR", polynomialOptions, [optimizer, ...rest]);
    super(optimizer, settings.lastEpoch, settings);
  }

  override getLr(): number[] {
    const { totalIters, power } = this.settings;
    const { lastEpoch } = this;
    if (this.isInitial || lastEpoch > totalIters) return this.rates;
    const left = (1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters);
    return this.rates.map((lr) => lr * left ** power);
  }

  protected override closedFormLr(): number[] {
    const { totalIters, power } = this.settings;
    const left = 1 - Math.min(totalIters, this.lastEpoch) / totalIters;
    return this.baseLrs.map((base) => base * left ** power);
  }
}
