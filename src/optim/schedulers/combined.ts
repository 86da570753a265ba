// Schedules made of others: one after the other, or all at once.

import { describe } from "../../base/binding-errors.ts";
import { fail } from "../../base/errors.ts";
import { anything, int, shape } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { eachTime } from "../../graph/live.ts";
import { settingsOf } from "../options.ts";
import { ReduceLROnPlateau } from "./plateau.ts";
import {
  type AnyOptimizer,
  groupsOf,
  LRScheduler,
  rateOf,
  requireOptimizer,
  type SchedulerStateDict,
  setRate,
} from "./scheduler.ts";

/** What can be part of another: a schedule, or one made of several. */
type Part = LRScheduler<object> | SequentialLR | ChainedScheduler;

/** All are schedules of one optimizer that step without a metric. */
function checkParts(name: string, given: unknown, optimizer: AnyOptimizer | null): Part[] {
  if (!Array.isArray(given) || given.length === 0) {
    fail(name, `${name} expects at least one scheduler to be chained, but got no scheduler.`);
  }
  const wanted = optimizer ?? (given[0] as Part).optimizer;
  given.forEach((part: unknown, at) => {
    if (part instanceof ReduceLROnPlateau) {
      fail(
        name,
        "does not support `ReduceLROnPlateau` scheduler as it requires a metric when calling " +
          `\`step\`, but got one at index ${at} in the given schedulers.`,
      );
    }
    const isSchedule =
      part instanceof LRScheduler ||
      part instanceof SequentialLR ||
      part instanceof ChainedScheduler;
    if (!isSchedule) fail(name, `wants schedulers, got ${describe(part)} at index ${at}`);
    if (part.optimizer === wanted) return;
    fail(
      name,
      `expects all schedulers to belong to the same optimizer, but got a scheduler at index ${at} ` +
        "of another one",
    );
  });
  return given as Part[];
}

abstract class Combined {
  abstract readonly optimizer: AnyOptimizer;
  protected abstract readonly parts: readonly Part[];
  protected lastLr: number[] = [];

  step(): void {
    eachTime(() => this.advance());
  }

  /** A step that is not noted for replay. */
  abstract advance(epoch?: null): void;

  getLastLr(): number[] {
    return [...this.lastLr];
  }

  stateDict(): SchedulerStateDict {
    return { _schedulers: this.parts.map((part) => part.stateDict()), _last_lr: this.lastLr };
  }

  loadStateDict(stateDict: SchedulerStateDict): void {
    const saved = stateDict._schedulers as SchedulerStateDict[];
    this.parts.forEach((part, at) => part.loadStateDict(saved[at] as SchedulerStateDict));
    this.lastLr = stateDict._last_lr as number[];
  }

  /** Takes back the step that each part made when it was constructed. */
  undo(): void {
    for (const part of this.parts) {
      if (part instanceof LRScheduler) part.lastEpoch--;
      else part.undo();
    }
  }
}

const sequentialOptions = declare([
  anything("optimizer"),
  anything("schedulers"),
  shape("milestones"),
  int("lastEpoch", -1),
]);

interface Sequence {
  schedulers: readonly Part[];
  milestones: readonly number[];
  lastEpoch?: number;
}

type SequentialRest =
  | [schedulers: readonly Part[], milestones: readonly number[], lastEpoch?: number]
  | [schedulers: readonly Part[], options: Omit<Sequence, "schedulers">]
  | [options: Sequence];

/** One schedule up to each milestone, which the next begins at anew. */
export class SequentialLR extends Combined {
  readonly optimizer: AnyOptimizer;
  readonly milestones: readonly number[];
  lastEpoch: number;
  protected readonly parts: readonly Part[];

  constructor(optimizer: AnyOptimizer, ...rest: SequentialRest) {
    super();
    const name = "SequentialLR";
    requireOptimizer(name, optimizer);
    const given = settingsOf(name, sequentialOptions, [optimizer, ...rest]);
    const { milestones } = given;
    this.optimizer = optimizer;
    this.parts = checkParts(name, given.schedulers, optimizer);
    this.milestones = milestones;
    this.lastEpoch = given.lastEpoch + 1;
    if (milestones.length !== this.parts.length - 1) {
      fail(
        name,
        "Sequential Schedulers expects number of schedulers provided to be one more than the number " +
          `of milestone points, but got number of schedulers ${this.parts.length} and the number of ` +
          `milestones to be equal to ${milestones.length}`,
      );
    }
    for (const group of groupsOf(optimizer)) setRate(group, group.initialLr as number);
    this.undo();
    this.makeFirstStep();
  }

  makeFirstStep(): void {
    const first = this.parts[0] as Part;
    first.makeFirstStep();
    this.lastLr = first.getLastLr();
  }

  override advance(): void {
    this.lastEpoch++;
    const { milestones, lastEpoch } = this;
    const at = milestones.filter((milestone) => milestone <= lastEpoch).length;
    const part = this.parts[at] as Part;
    const begins = at > 0 && milestones[at - 1] === lastEpoch;
    if (begins && part instanceof LRScheduler) part.updateLr(0);
    else part.advance(null);
    this.lastLr = part.getLastLr();
  }

  override stateDict(): SchedulerStateDict {
    const { milestones, lastEpoch } = this;
    return { ...super.stateDict(), _milestones: milestones, last_epoch: lastEpoch };
  }

  override loadStateDict(stateDict: SchedulerStateDict): void {
    super.loadStateDict(stateDict);
    this.lastEpoch = stateDict.last_epoch as number;
  }
}

const chainedOptions = declare([anything("schedulers"), anything("optimizer", null)]);

/** All schedules at every step: their factors are multiplied. */
export class ChainedScheduler extends Combined {
  readonly optimizer: AnyOptimizer;
  protected readonly parts: readonly Part[];

  constructor(
    schedulers: readonly Part[],
    ...rest: [optimizer?: AnyOptimizer | { optimizer?: AnyOptimizer | null } | null]
  ) {
    super();
    const { optimizer } = settingsOf("ChainedScheduler", chainedOptions, [schedulers, ...rest]);
    this.parts = checkParts("ChainedScheduler", schedulers, optimizer as AnyOptimizer | null);
    this.optimizer = (this.parts[0] as Part).optimizer;
    this.lastLr = groupsOf(this.optimizer).map(rateOf);
  }

  makeFirstStep(): void {
    for (const part of this.parts) part.makeFirstStep();
  }

  override advance(): void {
    for (const part of this.parts) part.advance(null);
    this.lastLr = groupsOf(this.optimizer).map(rateOf);
  }
}
