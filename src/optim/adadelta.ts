// Adadelta: steps measured by the average square of the steps before.

import { anything, bool, number, only, operand } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import type { Value } from "../graph/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { told } from "./amounts.ts";
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
import { counted, keep, kept, stateOf } from "./state.ts";
import { averagedSquares, minimizedGradient, moved, update } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 1),
  number("rho", 0.9),
  number("eps", 1e-6),
  number("weightDecay", 0),
  bool("foreach", null),
  only(bool("capturable", false)),
  only(bool("maximize", false)),
  only(bool("differentiable", false)),
]);

export type AdadeltaSettings = SettingsOf<typeof options>;
type Group = ParamGroup<AdadeltaSettings>;

export class Adadelta extends Optimizer<AdadeltaSettings> {
  constructor(params: Params<AdadeltaSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("Adadelta", options, [params, ...rest]);
    const { rho, eps, weightDecay } = settings;
    checkRate("Adadelta", settings);
    demand("Adadelta", rho >= 0 && rho <= 1, `Invalid rho value: ${rho}`);
    demand("Adadelta", eps >= 0, `Invalid epsilon value: ${eps}`);
    demand("Adadelta", weightDecay >= 0, `Invalid weight_decay value: ${weightDecay}`);
    checkPaths("Adadelta", settings);
    super(params, settings, "Adadelta");
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const state = stateOf(this.state, param);
    const amounts = this.shared(counted(state), () => amountsOf(group));
    const { rho, rest, eps } = amounts;
    const p = param.value;
    const g = minimizedGradient([gradient, p], group, amounts.decay);
    const squares = averagedSquares([kept(state, "squareAvg", param), g], rho, rest);
    const before = kept(state, "accDelta", param);
    const delta = measured([g, before, squares], eps);
    keep(state, "squareAvg", squares);
    keep(state, "accDelta", averagedSquares([before, delta], rho, rest));
    param.store(moved([p, delta], amounts.rate).node);
  }
}

/** √(d + ε)/√(v + ε)·g */
const measured = update("adadelta", (k, g, d, v, eps) =>
  k.mul(k.div(k.sqrt(k.add(d, eps)), k.sqrt(k.add(v, eps))), g),
);

const amountsOf = (group: Group) => ({
  rate: told(() => group.lr),
  decay: told(() => group.weightDecay),
  rho: told(() => group.rho),
  rest: told(() => 1 - group.rho),
  eps: told(() => group.eps),
});
