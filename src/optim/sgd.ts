// SGD: gradient descent, with momentum.

import { anything, bool, number, only, operand } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { told } from "./amounts.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkPaths,
  checkRate,
  demand,
  knownNumber,
  type OptionArguments,
  type SettingsOf,
  settingsOf,
} from "./options.ts";
import type { ParamGroup, Params } from "./parameter-groups.ts";
import { keep, type State, stateOf } from "./state.ts";
import { moved, penalized, update } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.001),
  number("momentum", 0),
  number("dampening", 0),
  operand("weightDecay", 0),
  bool("nesterov", false),
  only(bool("maximize", false)),
  only(bool("foreach", null)),
  only(bool("differentiable", false)),
  only(bool("fused", null)),
]);

export type SGDSettings = SettingsOf<typeof options>;
type Group = ParamGroup<SGDSettings>;

export class SGD extends Optimizer<SGDSettings> {
  constructor(params: Params<SGDSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("SGD", options, [params, ...rest]);
    check(settings);
    super(params, settings, "SGD");
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const { momentum, weightDecay, maximize } = group;
    const amounts = this.shared(0, () => amountsOf(group));
    const p = param.value;
    let d = maximize ? ops.neg(gradient) : gradient;
    if (weightDecay !== 0) d = penalized([d, p], amounts.decay);
    if (momentum !== 0) d = withMomentum(stateOf(this.state, param), d, { group, amounts });
    param.store(moved([p, d], amounts.rate).node);
  }
}

type Amounts = ReturnType<typeof amountsOf>;

const amountsOf = (group: Group) => ({
  rate: told(() => group.lr),
  decay: told(() => group.weightDecay),
  momentum: told(() => group.momentum),
  share: told(() => 1 - group.dampening),
});

const accumulated = update("momentum", (k, buffer, d, momentum, share) =>
  k.add(k.mul(buffer, momentum), k.mul(d, share)),
);

/** b ← μb + (1 - dampening)·d, at first d; the step goes along b, with Nesterov along d + μb. */
function withMomentum(
  state: State,
  d: Value,
  { group, amounts: { momentum, share } }: { group: Group; amounts: Amounts },
): Value {
  const before = state.momentumBuffer as Tensor | undefined;
  const buffer = before ? accumulated([before.value, d], momentum, share) : d;
  keep(state, "momentumBuffer", buffer);
  return group.nesterov ? penalized([d, buffer], momentum) : buffer;
}

function check(settings: SGDSettings): void {
  const { momentum, dampening, weightDecay, nesterov } = settings;
  checkRate("SGD", settings);
  demand("SGD", momentum >= 0, `Invalid momentum value: ${momentum}`);
  const decay = knownNumber(weightDecay);
  demand("SGD", decay === null || decay >= 0, `Invalid weight_decay value: ${decay}`);
  const isMomentum = momentum > 0 && dampening === 0;
  demand(
    "SGD",
    !nesterov || isMomentum,
    "Nesterov momentum requires a momentum and zero dampening",
  );
  checkPaths("SGD", settings);
}
