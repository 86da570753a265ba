// RMSprop: steps along the gradient, measured by the root of its average square, centered or not.

import { anything, bool, number, operand } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import type { Value } from "../graph/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Amount, told } from "./amounts.ts";
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
import { counted, keep, kept, type State, stateOf } from "./state.ts";
import {
  approached,
  averagedSquares,
  minimizedGradient,
  moved,
  movedByQuotient,
  update,
} from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.01),
  number("alpha", 0.99),
  number("eps", 1e-8),
  number("weightDecay", 0),
  number("momentum", 0),
  bool("centered", false),
  bool("capturable", false),
  bool("foreach", null),
  bool("maximize", false),
  bool("differentiable", false),
]);

export type RMSpropSettings = SettingsOf<typeof options>;
type Group = ParamGroup<RMSpropSettings>;

export class RMSprop extends Optimizer<RMSpropSettings> {
  constructor(params: Params<RMSpropSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("RMSprop", options, [params, ...rest]);
    const { eps, momentum, weightDecay, alpha } = settings;
    checkRate("RMSprop", settings);
    demand("RMSprop", eps >= 0, `Invalid epsilon value: ${eps}`);
    demand("RMSprop", momentum >= 0, `Invalid momentum value: ${momentum}`);
    demand("RMSprop", weightDecay >= 0, `Invalid weight_decay value: ${weightDecay}`);
    demand("RMSprop", alpha >= 0, `Invalid alpha value: ${alpha}`);
    checkPaths("RMSprop", settings);
    super(params, settings, "RMSprop");
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const { momentum, centered } = group;
    const state = stateOf(this.state, param);
    const amounts = this.shared(counted(state), () => amountsOf(group));
    const p = param.value;
    const g = minimizedGradient([gradient, p], group, amounts.decay);
    const squares = [kept(state, "squareAvg", param), g] as const;
    const v = keep(state, "squareAvg", averagedSquares(squares, amounts.alpha, amounts.rest));
    const divisor = centered
      ? centeredRoot([v, withAverage(state, param, g, amounts.rest)], amounts.eps)
      : rootWith([v], amounts.eps);
    if (momentum > 0) {
      const before = kept(state, "momentumBuffer", param);
      const buffer = withQuotient([before, g, divisor], amounts.momentum);
      param.store(moved([p, keep(state, "momentumBuffer", buffer)], amounts.rate).node);
    } else {
      param.store(movedByQuotient([p, g, divisor], amounts.rate).node);
    }
  }
}

const withAverage = (state: State, param: Tensor, g: Value, rest: Amount): Value =>
  keep(state, "gradAvg", approached(kept(state, "gradAvg", param), g, rest));

/** √v + ε */
const rootWith = update("rmsprop", (k, v, eps) => k.add(k.sqrt(v), eps));

/** √(v - a²) + ε: the average gradient a is taken out. */
const centeredRoot = update("rmsprop", (k, v, a, eps) => k.add(k.sqrt(k.sub(v, k.mul(a, a))), eps));

/** μ·b + g/divisor */
const withQuotient = update("rmsprop", (k, buffer, g, divisor, momentum) =>
  k.add(k.mul(buffer, momentum), k.div(g, divisor)),
);

const amountsOf = (group: Group) => ({
  rate: told(() => group.lr),
  decay: told(() => group.weightDecay),
  alpha: told(() => group.alpha),
  rest: told(() => 1 - group.alpha),
  eps: told(() => group.eps),
  momentum: told(() => group.momentum),
});
