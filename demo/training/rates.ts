// Rates: how fast the last steps were.

import { median } from "../page/quantities.ts";
import type { Step } from "./trainer.ts";

const kept = 200;
const windowMilliseconds = 2000;

export class Rates {
  private steps: (Step & { readonly at: number })[] = [];

  clear(): void {
    this.steps = [];
  }

  add(step: Step): void {
    this.steps.push({ ...step, at: performance.now() });
    if (this.steps.length > kept) this.steps.shift();
  }

  /** Of the last two seconds of steps; looking at what is known does not count. */
  perSecond(): number | null {
    const last = this.steps.at(-1);
    if (!last) return null;
    const recent = this.steps.filter(({ at }) => at > last.at - windowMilliseconds);
    return 1000 / mean(recent.map(({ milliseconds }) => milliseconds));
  }

  /** Of the main thread, for one step. */
  askingMilliseconds(): number | null {
    if (this.steps.length === 0) return null;
    return median(this.steps.map(({ askingMilliseconds }) => askingMilliseconds));
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
