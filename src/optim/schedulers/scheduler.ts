// LRScheduler: what changes the learning rates of an optimizer's groups, step by step. A learning rate
// is a number, and a parameter of the program: no step of a schedule compiles anything.

import { describe } from "../../base/binding-errors.ts";
import { fail } from "../../base/errors.ts";
import { eachTime } from "../../graph/live.ts";
import { withRecording } from "../../graph/tape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Optimizer } from "../optimizer.ts";
import { knownNumber } from "../options.ts";
import { snakeCase } from "../state-dict.ts";

/** An optimizer whatever its settings. */
export type AnyOptimizer = Optimizer<object>;

interface RatedGroup {
  lr: number | Tensor;
  initialLr?: number;
  [setting: string]: unknown;
}

export const groupsOf = (optimizer: AnyOptimizer): RatedGroup[] =>
  optimizer.paramGroups as unknown as RatedGroup[];

/** The learning rate of a group as a number. */
export function rateOf({ lr }: RatedGroup): number {
  const known = knownNumber(lr);
  if (known === null) {
    fail("LRScheduler", "the learning rate is a lazy tensor. First await it: await lr.realize()");
  }
  return known;
}

export function setRate(group: RatedGroup, lr: number): void {
  const { lr: before } = group;
  if (typeof before === "number") group.lr = lr;
  else withRecording(false, () => before.fill_(lr));
}

export function requireOptimizer(name: string, optimizer: unknown): void {
  if (!(optimizer instanceof Optimizer)) fail(name, `${describe(optimizer)} is not an Optimizer`);
}

/** One value for all groups, or a list with one for each. */
export function forGroups(
  name: string,
  optimizer: AnyOptimizer,
  setting: string,
  given: number | readonly number[],
): number[] {
  const count = optimizer.paramGroups.length;
  if (typeof given === "number") return new Array<number>(count).fill(given);
  if (given.length === count) return [...given];
  fail(
    name,
    `${setting} must have the same length as optimizer.paramGroups. ${setting} has ` +
      `${given.length} values, paramGroups has ${count}.`,
  );
}

export type SchedulerStateDict = { [key: string]: unknown };

export abstract class LRScheduler<Settings extends object = object> {
  readonly optimizer: AnyOptimizer;
  /** What the schedule was made with: there before the first step is made, in the constructor. */
  readonly settings: Settings;
  /** The learning rates that the schedule starts from. */
  baseLrs: number[];
  lastEpoch: number;
  stepCount = 0;
  protected lastLr: number[] = [];
  /** While the constructor makes the first step. */
  protected isInitial = false;

  constructor(optimizer: AnyOptimizer, lastEpoch = -1, settings: Settings = {} as Settings) {
    requireOptimizer("LRScheduler", optimizer);
    this.optimizer = optimizer;
    this.settings = settings;
    this.lastEpoch = lastEpoch;
    groupsOf(optimizer).forEach((group, at) => {
      if (lastEpoch === -1) group.initialLr ??= rateOf(group);
      if (group.initialLr !== undefined) return;
      fail(
        "LRScheduler",
        `param 'initialLr' is not specified in paramGroups[${at}] when resuming an optimizer`,
      );
    });
    this.baseLrs = groupsOf(optimizer).map((group) => group.initialLr as number);
    this.makeFirstStep();
  }

  /** The groups' learning rates at `lastEpoch`, from those they have now. */
  abstract getLr(): number[];

  /** The same from the base rates alone, where there is such a form. */
  protected closedFormLr?(): number[];

  /** The groups' learning rates as numbers. */
  protected get rates(): number[] {
    return groupsOf(this.optimizer).map(rateOf);
  }

  /** For schedules made of others. */
  makeFirstStep(): void {
    this.stepCount = 0;
    this.isInitial = true;
    this.advance(null);
    this.isInitial = false;
  }

  /** The learning rates set last. */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  /** The next learning rates; of a given epoch in closed form, where there is one. */
  step(epoch: number | null = null): void {
    eachTime(() => this.advance(epoch));
  }

  /** A step that is not noted for replay: one of a schedule that is part of another. */
  advance(epoch: number | null): void {
    if (this.stepCount === 1 && !this.optimizer.isStepped) {
      console.warn(
        "Detected call of `lrScheduler.step()` before `optimizer.step()`. Call them in the opposite " +
          "order: otherwise the first value of the schedule is skipped.",
      );
    }
    this.stepCount++;
    this.updateLr(epoch);
  }

  updateLr(epoch: number | null): void {
    this.lastEpoch = epoch ?? this.lastEpoch + 1;
    const isClosed = epoch !== null && this.closedFormLr;
    this.setLr(isClosed && this.closedFormLr ? this.closedFormLr() : this.getLr());
  }

  protected setLr(values: readonly number[]): void {
    const groups = groupsOf(this.optimizer);
    groups.forEach((group, at) => {
      const value = values[at];
      if (value !== undefined) setRate(group, value);
    });
    this.lastLr = groups.map((group, at) =>
      typeof group.lr === "number" ? group.lr : (values[at] ?? rateOf(group)),
    );
  }

  /** As PyTorch's: settings and counts by name; functions are left out. */
  stateDict(): SchedulerStateDict {
    const settings = Object.entries(this.settings).filter(([, value]) => !isFunction(value));
    const named = settings.map(([key, value]) => [snakeCase(key), value]);
    return {
      ...Object.fromEntries(named),
      base_lrs: this.baseLrs,
      last_epoch: this.lastEpoch,
      _step_count: this.stepCount,
      _last_lr: this.lastLr,
    };
  }

  loadStateDict(stateDict: SchedulerStateDict): void {
    const settings = this.settings as Record<string, unknown>;
    for (const key of Object.keys(settings)) {
      const saved = stateDict[snakeCase(key)];
      if (saved !== undefined && !isFunction(settings[key])) settings[key] = saved;
    }
    this.baseLrs = stateDict.base_lrs as number[];
    this.lastEpoch = stateDict.last_epoch as number;
    this.stepCount = stateDict._step_count as number;
    this.lastLr = stateDict._last_lr as number[];
  }
}

const isFunction = (value: unknown): boolean => typeof value === "function";
