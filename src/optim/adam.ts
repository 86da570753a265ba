// Adam and AdamW: steps along the average gradient, measured by the root of the average square.

import { anything, bool, number, only, operand, operands } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { minus, over, power, root, times, told } from "./amounts.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkForeachTensor,
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

const common = [
  anything("params"),
  operand("lr", 0.001),
  operands("betas", [0.9, 0.999]),
  number("eps", 1e-8),
] as const;

const paths = [
  only(bool("foreach", null)),
  only(bool("maximize", false)),
  only(bool("capturable", false)),
  only(bool("differentiable", false)),
  only(bool("fused", null)),
] as const;

const adamOptions = declare([
  ...common,
  number("weightDecay", 0),
  bool("amsgrad", false),
  ...paths,
  only(bool("decoupledWeightDecay", false)),
]);

const adamWOptions = declare([
  ...common,
  number("weightDecay", 0.01),
  bool("amsgrad", false),
  ...paths,
]);

export type AdamSettings = SettingsOf<typeof adamOptions>;
type Group = ParamGroup<AdamSettings>;

abstract class AdamLike extends Optimizer<AdamSettings> {
  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const { amsgrad } = group;
    const state = stateOf(this.state, param);
    const amounts = this.shared(counted(state), () => amountsOf(group, state));
    const p = param.value;
    const g = minimizedGradient([gradient, p], group, amounts.decay);
    const m = approached(kept(state, "expAvg", param), g, amounts.weight);
    const v = averagedSquares([kept(state, "expAvgSq", param), g], amounts.kept, amounts.rest);
    keep(state, "expAvg", m);
    keep(state, "expAvgSq", v);
    const largest = amsgrad
      ? keep(state, "maxExpAvgSq", ops.maximum(kept(state, "maxExpAvgSq", param), v))
      : v;
    const { shrink, rate, correction, eps } = amounts;
    param.store(adamMoved([p, m, largest], shrink, rate, correction, eps).node);
  }
}

/** p·(1 - lr·λ) - lr/(1-β₁ᵗ) · m / (√v/√(1-β₂ᵗ) + ε); λ is 0 unless the decay is decoupled. */
const adamMoved = update("adam", (k, p, m, v, shrink, rate, correction, eps) =>
  k.sub(k.mul(p, shrink), k.div(k.mul(m, rate), k.add(k.div(k.sqrt(v), correction), eps))),
);

function amountsOf(group: Group, state: State) {
  const lr = told(() => group.lr);
  const decay = told(() => group.weightDecay);
  const beta1 = told(() => group.betas[0] as number | Tensor);
  const beta2 = told(() => group.betas[1] as number | Tensor);
  const step = told(() => state.step as number);
  return {
    decay,
    shrink: group.decoupledWeightDecay ? minus(1, times(lr, decay)) : 1,
    weight: minus(1, beta1),
    kept: beta2,
    rest: minus(1, beta2),
    rate: over(lr, minus(1, power(beta1, step))),
    correction: root(minus(1, power(beta2, step))),
    eps: told(() => group.eps),
  };
}

export class Adam extends AdamLike {
  constructor(params: Params<AdamSettings>, ...rest: OptionArguments<typeof adamOptions>) {
    const settings = settingsOf("Adam", adamOptions, [params, ...rest]);
    check("Adam", settings);
    super(params, settings, "Adam");
  }
}

export class AdamW extends AdamLike {
  constructor(params: Params<AdamSettings>, ...rest: OptionArguments<typeof adamWOptions>) {
    const own = settingsOf("AdamW", adamWOptions, [params, ...rest]);
    const settings = { ...own, decoupledWeightDecay: true };
    check("AdamW", settings);
    super(params, settings, "AdamW");
  }
}

function check(name: string, settings: AdamSettings): void {
  const { lr, betas } = settings;
  if (typeof lr !== "number") checkForeachTensor(name, "lr", settings);
  checkMoments(name, settings);
  const tensors = betas.filter((beta) => typeof beta !== "number");
  const areAlike = tensors.length === 0 || tensors.length === betas.length;
  demand(name, areAlike, "betas must be either both floats or both Tensors");
  betas.forEach((beta, at) => {
    if (typeof beta === "number") return;
    checkForeachTensor(name, `betas[${at}]`, settings);
    demand(name, beta.numel() === 1, `Tensor betas[${at}] must be 1-element`);
  });
  checkPaths(name, settings);
}
