// Adamax: Adam with the largest gradient, which fades, in the place of the average square.

import { anything, bool, number, only, operand, scalars } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import type { Value } from "../graph/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { minus, over, power, told } from "./amounts.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkMoments,
  checkPaths,
  type OptionArguments,
  type SettingsOf,
  settingsOf,
} from "./options.ts";
import type { ParamGroup, Params } from "./parameter-groups.ts";
import { counted, keep, kept, type State, stateOf } from "./state.ts";
import { approached, minimizedGradient, movedByQuotient, update } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.002),
  scalars("betas", [0.9, 0.999]),
  number("eps", 1e-8),
  number("weightDecay", 0),
  bool("foreach", null),
  only(bool("maximize", false)),
  only(bool("differentiable", false)),
  only(bool("capturable", false)),
]);

export type AdamaxSettings = SettingsOf<typeof options>;
type Group = ParamGroup<AdamaxSettings>;

export class Adamax extends Optimizer<AdamaxSettings> {
  constructor(params: Params<AdamaxSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("Adamax", options, [params, ...rest]);
    checkMoments("Adamax", settings);
    checkPaths("Adamax", settings);
    super(params, settings, "Adamax");
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const state = stateOf(this.state, param);
    const amounts = this.shared(counted(state), () => amountsOf(group, state));
    const p = param.value;
    const g = minimizedGradient([gradient, p], group, amounts.decay);
    const m = keep(state, "expAvg", approached(kept(state, "expAvg", param), g, amounts.weight));
    const largest = fadingMaximum([kept(state, "expInf", param), g], amounts.beta2, amounts.eps);
    keep(state, "expInf", largest);
    param.store(movedByQuotient([p, m, largest], amounts.rate).node);
  }
}

/** max(β₂·u, |g| + ε) */
const fadingMaximum = update("adamax", (k, u, g, beta, eps) =>
  k.max(k.mul(u, beta), k.add(k.abs(g), eps)),
);

function amountsOf(group: Group, state: State) {
  const beta1 = told(() => group.betas[0] as number);
  const step = told(() => state.step as number);
  return {
    decay: told(() => group.weightDecay),
    weight: minus(1, beta1),
    beta2: told(() => group.betas[1] as number),
    eps: told(() => group.eps),
    rate: over(
      told(() => group.lr),
      minus(1, power(beta1, step)),
    ),
  };
}
