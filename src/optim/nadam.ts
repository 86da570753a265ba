// NAdam: Adam with Nesterov's momentum, whose strength grows with the steps.

import { anything, bool, number, only, operand, scalars } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import { eachTime } from "../graph/live.ts";
import type { Value } from "../graph/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { minus, over, power, times, told } from "./amounts.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkMoments,
  checkPaths,
  demand,
  type OptionArguments,
  type SettingsOf,
  settingsOf,
} from "./options.ts";
import type { ParamGroup, Params } from "./parameter-groups.ts";
import { counted, keep, kept, type State, stateOf } from "./state.ts";
import { approached, averagedSquares, minimizedGradient, update } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.002),
  scalars("betas", [0.9, 0.999]),
  number("eps", 1e-8),
  number("weightDecay", 0),
  number("momentumDecay", 0.004),
  bool("decoupledWeightDecay", false),
  only(bool("foreach", null)),
  only(bool("maximize", false)),
  only(bool("capturable", false)),
  only(bool("differentiable", false)),
]);

export type NAdamSettings = SettingsOf<typeof options>;
type Group = ParamGroup<NAdamSettings>;

export class NAdam extends Optimizer<NAdamSettings> {
  constructor(params: Params<NAdamSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("NAdam", options, [params, ...rest]);
    const { momentumDecay } = settings;
    checkMoments("NAdam", settings);
    demand("NAdam", momentumDecay >= 0, `Invalid momentum_decay value: ${momentumDecay}`);
    checkPaths("NAdam", settings);
    super(params, settings, "NAdam");
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const state = stateOf(this.state, param);
    const step = counted(state);
    eachTime(() => multiplyMomenta(state, group));
    const amounts = this.shared(step, () => amountsOf(group, state));
    const p = param.value;
    const g = minimizedGradient([gradient, p], group, amounts.decay);
    const m = keep(state, "expAvg", approached(kept(state, "expAvg", param), g, amounts.weight));
    const v = averagedSquares([kept(state, "expAvgSq", param), g], amounts.beta2, amounts.rest);
    keep(state, "expAvgSq", v);
    const { shrink, alongGradient, alongAverage, correction, eps } = amounts;
    param.store(
      nadamMoved([p, g, m, v], shrink, alongGradient, alongAverage, correction, eps).node,
    );
  }
}

/** β₁·(1 - 0.96^(t·ψ)/2) */
const momentumAt = (step: number, { betas, momentumDecay }: Group): number =>
  (betas[0] as number) * (1 - 0.5 * 0.96 ** (step * momentumDecay));

/** The product of the momenta of all steps so far. */
function multiplyMomenta(state: State, group: Group): void {
  const before = (state.muProduct as number | undefined) ?? 1;
  state.muProduct = before * momentumAt(state.step as number, group);
}

/** p·(1 - lr·λ) - (a·g + b·m)/(√(v/(1-β₂ᵗ)) + ε); λ is 0 unless the decay is decoupled. */
const nadamMoved = update("nadam", (k, p, g, m, v, shrink, a, b, correction, eps) => {
  const divisor = k.add(k.sqrt(k.div(v, correction)), eps);
  const moved = k.sub(k.mul(p, shrink), k.div(k.mul(g, a), divisor));
  return k.sub(moved, k.div(k.mul(m, b), divisor));
});

function amountsOf(group: Group, state: State) {
  const lr = told(() => group.lr);
  const decay = told(() => group.weightDecay);
  const beta2 = told(() => group.betas[1] as number);
  const step = told(() => state.step as number);
  const product = told(() => state.muProduct as number);
  const momentum = told(() => momentumAt(state.step as number, group));
  const next = told(() => momentumAt((state.step as number) + 1, group));
  return {
    decay,
    shrink: group.decoupledWeightDecay ? minus(1, times(lr, decay)) : 1,
    weight: told(() => 1 - (group.betas[0] as number)),
    beta2,
    rest: minus(1, beta2),
    correction: minus(1, power(beta2, step)),
    eps: told(() => group.eps),
    alongGradient: over(times(lr, minus(1, momentum)), minus(1, product)),
    alongAverage: over(times(lr, next), minus(1, times(product, next))),
  };
}
