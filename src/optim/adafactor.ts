// Adafactor: the average squares of a matrix kept as those of its rows and columns, and steps in
// proportion to the size of the parameter.

import { anything, bool, number, only, openScalars, operand } from "../base/parameters.ts";
import { declare } from "../base/signature.ts";
import { mul } from "../functions/arithmetic.ts";
import { vectorNorm } from "../functions/norms.ts";
import { mean } from "../functions/reductions.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, withOnes } from "../ops/linear.ts";
import { finfo } from "../tensor/dtype-info.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Amount, minus, over, power, root, smaller, times, told } from "./amounts.ts";
import { Optimizer } from "./optimizer.ts";
import { checkRate, demand, type OptionArguments, type SettingsOf, settingsOf } from "./options.ts";
import type { ParamGroup, Params } from "./parameter-groups.ts";
import { counted, keep, kept, type State, stateOf } from "./state.ts";
import { approached, scaled, update } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.01),
  number("beta2Decay", -0.8),
  openScalars("eps", [null, 1e-3]),
  number("d", 1),
  number("weightDecay", 0),
  only(bool("foreach", null)),
  only(bool("maximize", false)),
]);

export type AdafactorSettings = SettingsOf<typeof options>;
type Group = ParamGroup<AdafactorSettings>;

export class Adafactor extends Optimizer<AdafactorSettings> {
  constructor(params: Params<AdafactorSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("Adafactor", options, [params, ...rest]);
    check(settings);
    super(params, settings, "Adafactor");
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const state = stateOf(this.state, param);
    const amounts = this.shared(counted(state), () => amountsOf(group, state));
    const { eps } = finfo(param.dtype);
    const least = group.eps[0] ?? eps;
    const before = param.value;
    const g = group.maximize ? ops.neg(gradient) : gradient;
    const p = group.weightDecay === 0 ? before : scaled([before], amounts.shrink);
    const size = ops.maximum(rootMeanSquare(before), group.eps[1] as number);
    const rate = scaled([size], amounts.rate);
    const estimate = estimated({ state, param, g, weight: amounts.weight, least });
    const u = measured([g, estimate], least * least);
    const clip = ops.maximum(ops.div(rootMeanSquare(u), group.d), 1);
    const { shape } = p.node;
    param.store(clippedMoved([p, u, expand(rate, shape), expand(clip, shape)]).node);
  }
}

function amountsOf(group: Group, state: State) {
  const lr = told(() => group.lr);
  const step = told(() => state.step as number);
  return {
    shrink: minus(
      1,
      times(
        lr,
        told(() => group.weightDecay),
      ),
    ),
    rate: smaller(lr, over(1, root(step))),
    weight: power(
      step,
      told(() => group.beta2Decay),
    ),
  };
}

/** ‖x‖/√n */
const rootMeanSquare = (x: Value): Value =>
  ops.div(vectorNorm("Adafactor", x, 2), Math.sqrt(x.node.size));

interface Estimated {
  readonly state: State;
  readonly param: Tensor;
  readonly g: Value;
  readonly weight: Amount;
  readonly least: number;
}

/** The average squares: of vectors themselves, of matrices R·C/mean(R), rows' and columns' averages. */
function estimated({ state, param, g, weight, least }: Estimated): Value {
  const squares = ops.mul(g, g);
  const { shape, dtype } = param;
  const rank = shape.length;
  if (rank < 2) {
    return keep(state, "variance", approached(kept(state, "variance", param), squares, weight));
  }
  const average = (key: string, axis: number): Value => {
    const before = kept(state, key, { shape: withOnes(shape, [axis]), dtype });
    return keep(state, key, approached(before, mean(squares, axis, true), weight));
  };
  const rows = average("rowVar", rank - 1);
  const columns = average("colVar", rank - 2);
  const divisor = ops.maximum(mean(rows, rank - 2, true), least);
  return ops.div(mul(rows, columns), expand(divisor, shape));
}

/** g/√max(v, ε²) */
const measured = update("adafactor", (k, g, v, least) => k.div(g, k.sqrt(k.max(v, least))));

/** p - rate/clip·u */
const clippedMoved = update("adafactor", (k, p, u, rate, clip) =>
  k.sub(p, k.mul(u, k.div(rate, clip))),
);

function check(settings: AdafactorSettings): void {
  const { beta2Decay, eps, d, weightDecay } = settings;
  demand("Adafactor", eps.length === 2, `eps must be two numbers, got ${eps.length}`);
  const [eps1, eps2] = eps as [number | null, number];
  checkRate("Adafactor", settings, "Learning rate should be >= 0 but is");
  demand("Adafactor", beta2Decay <= 0, `beta2_decay should be <= 0 but is: ${beta2Decay}`);
  demand("Adafactor", eps1 === null || eps1 >= 0, `epsilon1 should be >= 0 but is: ${eps1}`);
  demand("Adafactor", eps2 !== null && eps2 >= 0, `epsilon2 should be >= 0 but is: ${eps2}`);
  demand("Adafactor", d >= 1, `Clipping threshold d should be >= 1 but is: ${d}`);
  demand("Adafactor", weightDecay >= 0, `weight_decay should be >= 0 but is: ${weightDecay}`);
}
