// RAdam: Adam that measures by the average square only once enough steps tell its variance.

import { anything, bool, number, only, operand, scalars } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import type { Value } from "../graph/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { minus, over, power, times, told } from "./amounts.ts";
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
import { approached, averagedSquares, minimizedGradient, update } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.001),
  scalars("betas", [0.9, 0.999]),
  number("eps", 1e-8),
  number("weightDecay", 0),
  bool("decoupledWeightDecay", false),
  only(bool("foreach", null)),
  only(bool("maximize", false)),
  only(bool("capturable", false)),
  only(bool("differentiable", false)),
]);

export type RAdamSettings = SettingsOf<typeof options>;
type Group = ParamGroup<RAdamSettings>;

export class RAdam extends Optimizer<RAdamSettings> {
  constructor(params: Params<RAdamSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("RAdam", options, [params, ...rest]);
    checkMoments("RAdam", settings);
    checkPaths("RAdam", settings);
    super(params, settings, "RAdam");
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const state = stateOf(this.state, param);
    const amounts = this.shared(counted(state), () => amountsOf(group, state));
    const p = param.value;
    const g = minimizedGradient([gradient, p], group, amounts.decay);
    const m = keep(state, "expAvg", approached(kept(state, "expAvg", param), g, amounts.weight));
    const v = averagedSquares([kept(state, "expAvgSq", param), g], amounts.beta2, amounts.rest);
    keep(state, "expAvgSq", v);
    const { shrink, rate, rectified, eps } = amounts;
    param.store(radamMoved([p, m, v], shrink, rate, rectified, eps).node);
  }
}

/**
 * p·(1 - lr·λ) - rate·m·r/(√v + ε), or without the quotient while the rectification r is 0: one body for
 * both. λ is 0 unless the decay is decoupled.
 */
const radamMoved = update("radam", (k, p, m, v, shrink, rate, rectified, eps) => {
  const measured = k.div(rectified, k.add(k.sqrt(v), eps));
  const factor = k.select(k.gt(rectified, 0), measured, 1);
  return k.sub(k.mul(p, shrink), k.mul(k.mul(m, rate), factor));
});

/** √(1-β₂ᵗ) times the rectification of the variance; 0 where that cannot be told yet: ρ_t ≤ 5. */
function rectification(beta2: number, step: number): number {
  const correction = 1 - beta2 ** step;
  const most = 2 / (1 - beta2) - 1;
  const length = most - (2 * step * beta2 ** step) / correction;
  if (length <= 5) return 0;
  const share = ((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length);
  return Math.sqrt(share) * Math.sqrt(correction);
}

function amountsOf(group: Group, state: State) {
  const lr = told(() => group.lr);
  const decay = told(() => group.weightDecay);
  const beta1 = told(() => group.betas[0] as number);
  const beta2 = told(() => group.betas[1] as number);
  const step = told(() => state.step as number);
  return {
    decay,
    shrink: group.decoupledWeightDecay ? minus(1, times(lr, decay)) : 1,
    weight: minus(1, beta1),
    beta2,
    rest: minus(1, beta2),
    rate: over(lr, minus(1, power(beta1, step))),
    rectified: told(() => rectification(group.betas[1] as number, state.step as number)),
    eps: told(() => group.eps),
  };
}
