// Schedules along a cosine, once or again and again.

import { anything, int, number } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { demand, type OptionArguments, type SettingsOf, settingsOf } from "../options.ts";
import { type AnyOptimizer, LRScheduler } from "./scheduler.ts";

const annealingOptions = declare([
  anything("optimizer"),
  number("TMax"),
  number("etaMin", 0),
  int("lastEpoch", -1),
]);

/** η + (base - η)·(1 + cos(π·t/T))/2, each rate from the one before. */
export class CosineAnnealingLR extends LRScheduler<SettingsOf<typeof annealingOptions>> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof annealingOptions>) {
    const settings = settingsOf("CosineAnnealingLR", annealingOptions, [optimizer, ...rest]);
    super(optimizer, settings.lastEpoch, settings);
  }

  override getLr(): number[] {
    const { TMax, etaMin } = this.settings;
    const { lastEpoch, baseLrs } = this;
    if (lastEpoch === 0) return this.rates;
    if (this.stepCount === 1 && lastEpoch > 0) return this.closedFormLr();
    // At the turn the quotient below is 0/0.
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0) {
      const rise = (1 - Math.cos(Math.PI / TMax)) / 2;
      return this.rates.map((lr, at) => lr + ((baseLrs[at] as number) - etaMin) * rise);
    }
    const height = (epoch: number): number => 1 + Math.cos((Math.PI * epoch) / TMax);
    const change = height(lastEpoch) / height(lastEpoch - 1);
    return this.rates.map((lr) => change * (lr - etaMin) + etaMin);
  }

  protected override closedFormLr(): number[] {
    const { TMax, etaMin } = this.settings;
    const height = (1 + Math.cos((Math.PI * this.lastEpoch) / TMax)) / 2;
    return this.baseLrs.map((base) => etaMin + (base - etaMin) * height);
  }
}

const restartOptions = declare([
  anything("optimizer"),
  number("T0"),
  number("TMult", 1),
  number("etaMin", 0),
  int("lastEpoch", -1),
]);

interface Restarts extends SettingsOf<typeof restartOptions> {
  /** Length of the present period, and where in it the schedule stands. */
  TI: number;
  TCur: number;
}

/** A cosine from the base rate down, begun anew after T₀ epochs, then T₀·m, T₀·m² … */
export class CosineAnnealingWarmRestarts extends LRScheduler<Restarts> {
  constructor(optimizer: AnyOptimizer, ...rest: OptionArguments<typeof restartOptions>) {
    const name = "CosineAnnealingWarmRestarts";
    const settings = settingsOf(name, restartOptions, [optimizer, ...rest]);
    const { T0, TMult } = settings;
    const isPeriod = T0 > 0 && Number.isInteger(T0);
    demand(name, isPeriod, `Expected positive integer T_0, but got ${T0}`);
    const isFactor = TMult >= 1 && Number.isInteger(TMult);
    demand(name, isFactor, `Expected integer T_mult >= 1, but got ${TMult}`);
    super(optimizer, settings.lastEpoch, { ...settings, TI: T0, TCur: settings.lastEpoch });
  }

  override getLr(): number[] {
    const { TI, TCur, etaMin } = this.settings;
    const height = (1 + Math.cos((Math.PI * TCur) / TI)) / 2;
    return this.baseLrs.map((base) => etaMin + (base - etaMin) * height);
  }

  /** The epoch may have a fraction: `step(epoch + batch / batches)`. */
  override updateLr(given: number | null): void {
    const { settings } = this;
    const epoch = given ?? (this.lastEpoch < 0 ? 0 : null);
    if (epoch === null) {
      settings.TCur++;
      if (settings.TCur >= settings.TI) {
        settings.TCur -= settings.TI;
        settings.TI *= settings.TMult;
      }
      this.lastEpoch++;
    } else {
      demand("step", epoch >= 0, `Expected non-negative epoch, but got ${epoch}`);
      Object.assign(settings, placeOf(epoch, settings));
      this.lastEpoch = Math.floor(epoch);
    }
    this.setLr(this.getLr());
  }
}

/** In which period an epoch lies, and where. */
function placeOf(epoch: number, { T0, TMult }: Restarts): Pick<Restarts, "TI" | "TCur"> {
  if (epoch < T0) return { TI: T0, TCur: epoch };
  if (TMult === 1) return { TI: T0, TCur: epoch % T0 };
  const periods = Math.floor(Math.log((epoch / T0) * (TMult - 1) + 1) / Math.log(TMult));
  const begin = (T0 * (TMult ** periods - 1)) / (TMult - 1);
  return { TI: T0 * TMult ** periods, TCur: epoch - begin };
}
