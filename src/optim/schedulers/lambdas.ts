// Schedules that a function tells.

import { describe } from "../../base/binding-errors.ts";
import { fail } from "../../base/errors.ts";
import { anything, int } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { type OptionArguments, settingsOf } from "../options.ts";
import {
  type AnyOptimizer,
  LRScheduler,
  requireOptimizer,
  type SchedulerStateDict,
} from "./scheduler.ts";

/** Epoch → factor. */
export type Factor = (epoch: number) => number;

interface Lambdas {
  readonly lrLambdas: readonly Factor[];
}

const options = declare([anything("optimizer"), anything("lrLambda"), int("lastEpoch", -1)]);

type Rest = [
  lrLambda:
    | Factor
    | readonly Factor[]
    | { lrLambda: Factor | readonly Factor[]; lastEpoch?: number },
  lastEpoch?: number | { lastEpoch?: number },
];

/** One function for all groups, or one for each. */
function lambdasOf(name: string, optimizer: AnyOptimizer, given: unknown): Lambdas {
  requireOptimizer(name, optimizer);
  const { length } = optimizer.paramGroups;
  const list = Array.isArray(given) ? given : new Array<unknown>(length).fill(given);
  if (list.length !== length) fail(name, `Expected ${length} lrLambdas, but got ${list.length}`);
  const wrong = list.find((item) => typeof item !== "function");
  if (wrong !== undefined) fail(name, `lrLambda should be a function, but got ${describe(wrong)}`);
  return { lrLambdas: list as Factor[] };
}

abstract class ByLambdas extends LRScheduler<Lambdas> {
  /** Functions are not saved: they are those that the schedule is made with. */
  override stateDict(): SchedulerStateDict {
    const { lrLambdas } = this.settings;
    return { ...super.stateDict(), lr_lambdas: lrLambdas.map(() => null) };
  }

  override loadStateDict({ lr_lambdas: _, ...stateDict }: SchedulerStateDict): void {
    super.loadStateDict(stateDict);
  }
}

/** base·λ(t) */
export class LambdaLR extends ByLambdas {
  constructor(optimizer: AnyOptimizer, ...rest: Rest);
  constructor(optimizer: AnyOptimizer, ...rest: unknown[]) {
    const args = [optimizer, ...rest] as [AnyOptimizer, ...OptionArguments<typeof options>];
    const { lrLambda, lastEpoch } = settingsOf("LambdaLR", options, args);
    super(optimizer, lastEpoch, lambdasOf("LambdaLR", optimizer, lrLambda));
  }

  override getLr(): number[] {
    const { lrLambdas } = this.settings;
    return this.baseLrs.map((base, at) => base * (lrLambdas[at] as Factor)(this.lastEpoch));
  }
}

/** lr·λ(t), from the second epoch on. */
export class MultiplicativeLR extends ByLambdas {
  constructor(optimizer: AnyOptimizer, ...rest: Rest);
  constructor(optimizer: AnyOptimizer, ...rest: unknown[]) {
    const args = [optimizer, ...rest] as [AnyOptimizer, ...OptionArguments<typeof options>];
    const { lrLambda, lastEpoch } = settingsOf("MultiplicativeLR", options, args);
    super(optimizer, lastEpoch, lambdasOf("MultiplicativeLR", optimizer, lrLambda));
  }

  override getLr(): number[] {
    if (this.isInitial) return this.rates;
    const { lrLambdas } = this.settings;
    return this.rates.map((lr, at) => lr * (lrLambdas[at] as Factor)(this.lastEpoch));
  }
}
