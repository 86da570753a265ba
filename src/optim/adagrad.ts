// Adagrad: each element's steps shrink with all the squares of its gradient so far.

import { anything, bool, number, only, operand } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import { full } from "../functions/creation.ts";
import type { Value } from "../graph/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { over, told } from "./amounts.ts";
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
import { minimizedGradient, update } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.01),
  number("lrDecay", 0),
  number("weightDecay", 0),
  number("initialAccumulatorValue", 0),
  number("eps", 1e-10),
  bool("foreach", null),
  only(bool("maximize", false)),
  only(bool("differentiable", false)),
  only(bool("fused", null)),
]);

export type AdagradSettings = SettingsOf<typeof options>;
type Group = ParamGroup<AdagradSettings>;

export class Adagrad extends Optimizer<AdagradSettings> {
  constructor(params: Params<AdagradSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("Adagrad", options, [params, ...rest]);
    check(settings);
    super(params, settings, "Adagrad");
    for (const group of this.paramGroups) this.#start(group);
  }

  /** Unlike others', the state is there from the start. */
  #start({ params, initialAccumulatorValue }: Group): void {
    for (const param of params) {
      const state = stateOf(this.state, param);
      state.step = 0;
      keep(state, "sum", full(param.shape, initialAccumulatorValue, param.dtype));
    }
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const { initialAccumulatorValue: initial } = group;
    const state = stateOf(this.state, param);
    const amounts = this.shared(counted(state), () => amountsOf(group, state));
    const p = param.value;
    const g = minimizedGradient([gradient, p], group, amounts.decay);
    const sum = keep(state, "sum", withSquare([kept(state, "sum", param, initial), g]));
    param.store(adagradMoved([p, g, sum], amounts.rate, amounts.eps).node);
  }
}

/** s + g² */
const withSquare = update("addSquare", (k, sum, g) => k.add(sum, k.mul(g, g)));

/** p - rate·g/(√s + ε) */
const adagradMoved = update("adagrad", (k, p, g, sum, rate, eps) =>
  k.sub(p, k.div(k.mul(g, rate), k.add(k.sqrt(sum), eps))),
);

const amountsOf = (group: Group, state: State) => ({
  decay: told(() => group.weightDecay),
  eps: told(() => group.eps),
  rate: over(
    told(() => group.lr),
    told(() => 1 + ((state.step as number) - 1) * group.lrDecay),
  ),
});

function check(settings: AdagradSettings): void {
  const { lrDecay, weightDecay, initialAccumulatorValue: initial, eps } = settings;
  checkRate("Adagrad", settings);
  demand("Adagrad", lrDecay >= 0, `Invalid lr_decay value: ${lrDecay}`);
  demand("Adagrad", weightDecay >= 0, `Invalid weight_decay value: ${weightDecay}`);
  demand("Adagrad", initial >= 0, `Invalid initial_accumulator_value value: ${initial}`);
  demand("Adagrad", eps >= 0, `Invalid epsilon value: ${eps}`);
  checkPaths("Adagrad", settings);
}
