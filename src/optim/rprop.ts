// Rprop: each element has a step size of its own, which grows while the gradient keeps its sign.

import { anything, bool, only, operand, scalars } from "../base/parameters.ts";
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
  type OptionArguments,
  type SettingsOf,
  settingsOf,
} from "./options.ts";
import type { ParamGroup, Params } from "./parameter-groups.ts";
import { counted, keep, kept, stateOf } from "./state.ts";
import { update } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.01),
  scalars("etas", [0.5, 1.2]),
  scalars("stepSizes", [1e-6, 50]),
  only(bool("capturable", false)),
  only(bool("foreach", null)),
  only(bool("maximize", false)),
  only(bool("differentiable", false)),
]);

export type RpropSettings = SettingsOf<typeof options>;
type Group = ParamGroup<RpropSettings>;

export class Rprop extends Optimizer<RpropSettings> {
  constructor(params: Params<RpropSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("Rprop", options, [params, ...rest]);
    const [less, more] = settings.etas as [number, number];
    checkRate("Rprop", settings);
    demand("Rprop", 0 < less && less < 1 && 1 < more, `Invalid eta values: ${less}, ${more}`);
    checkPaths("Rprop", settings);
    super(params, settings, "Rprop");
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const state = stateOf(this.state, param);
    const isFirst = counted(state) === 1;
    const { lr, less, more, least, most } = this.shared(0, () => amountsOf(group));
    const p = param.value;
    const g = group.maximize ? ops.neg(gradient) : gradient;
    const before = kept(state, "prev", param);
    const size = isFirst ? filled([p], lr) : kept(state, "stepSize", param);
    const grown = resized([size, g, before], less, more, least, most);
    const used = withoutTurns([g, before]);
    keep(state, "prev", used);
    keep(state, "stepSize", grown);
    param.store(movedBySign([p, used, grown]).node);
  }
}

const filled = update("rprop", (_, __, value) => value);

/** The size times η₊ where the sign stayed, η₋ where it turned, within its limits. */
const resized = update("rprop", (k, size, g, before, less, more, least, most) => {
  const agreement = k.mul(g, before);
  const turned = k.select(k.lt(agreement, 0), k.mul(size, less), size);
  const changed = k.select(k.gt(agreement, 0), k.mul(size, more), turned);
  return k.min(k.max(changed, least), most);
});

/** 0 where the sign turned: no step back, and the next one counts as a first. */
const withoutTurns = update("rprop", (k, g, before) => k.select(k.lt(k.mul(g, before), 0), 0, g));

/** p - sign(g)·size */
const movedBySign = update("rprop", (k, p, g, size) => {
  const up = k.select(k.lt(g, 0), k.add(p, size), p);
  return k.select(k.gt(g, 0), k.sub(p, size), up);
});

const amountsOf = (group: Group) => ({
  lr: told(() => group.lr),
  less: told(() => group.etas[0] as number),
  more: told(() => group.etas[1] as number),
  least: told(() => group.stepSizes[0] as number),
  most: told(() => group.stepSizes[1] as number),
});
