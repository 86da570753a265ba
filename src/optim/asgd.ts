// ASGD: gradient descent with steps that shrink, and beside it the average of where it went.

import { anything, bool, number, operand } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import { eachTime } from "../graph/live.ts";
import type { Value } from "../graph/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { minus, numberNow, over, plus, power, times, told } from "./amounts.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkPaths,
  checkRate,
  demand,
  type OptionArguments,
  type SettingsOf,
  settingsOf,
} from "./options.ts";
import type { ParamGroup, Params } from "./parameter-groups.ts";
import { changedTo, counted, keep, kept, type State, stateOf } from "./state.ts";
import { approached, minimizedGradient, moved, scaled } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.01),
  number("lambd", 1e-4),
  number("alpha", 0.75),
  number("t0", 1e6),
  number("weightDecay", 0),
  bool("foreach", null),
  bool("maximize", false),
  bool("differentiable", false),
  bool("capturable", false),
]);

export type ASGDSettings = SettingsOf<typeof options>;
type Group = ParamGroup<ASGDSettings>;

export class ASGD extends Optimizer<ASGDSettings> {
  constructor(params: Params<ASGDSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("ASGD", options, [params, ...rest]);
    const { weightDecay } = settings;
    checkRate("ASGD", settings);
    demand("ASGD", weightDecay >= 0, `Invalid weight_decay value: ${weightDecay}`);
    checkPaths("ASGD", settings);
    super(params, settings, "ASGD");
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const state = stateOf(this.state, param);
    const amounts = this.shared(counted(state), () => amountsOf(group, state));
    const before = param.value;
    const g = minimizedGradient([gradient, before], group, amounts.decay);
    const p = moved([scaled([before], amounts.shrink), g], amounts.eta);
    param.store(p.node);
    keep(state, "ax", approached(kept(state, "ax", param), p, amounts.mu));
    const { next } = amounts;
    eachTime(() => {
      const step = state.step as number;
      state.eta = numberNow(next) ?? changedTo(next as Value);
      state.mu = 1 / Math.max(1, step - group.t0);
    });
  }
}

/** The step size η ← lr/(1 + λ·lr·t)^α, and the weight μ of the latest point in the average. */
function amountsOf(group: Group, state: State) {
  const lr = told(() => group.lr);
  const lambd = told(() => group.lambd);
  const eta = told(() => (state.eta as number | Tensor | undefined) ?? group.lr);
  const growth = times(
    times(lr, lambd),
    told(() => state.step as number),
  );
  return {
    decay: told(() => group.weightDecay),
    eta,
    shrink: minus(1, times(eta, lambd)),
    mu: told(() => (state.mu as number | undefined) ?? 1),
    next: over(
      lr,
      power(
        plus(1, growth),
        told(() => group.alpha),
      ),
    ),
  };
}
