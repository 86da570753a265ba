// Muon: matrices step along their momentum made orthogonal, by Newton–Schulz iterations in bfloat16.

import { fail } from "../base/errors.ts";
import { anything, bool, int, number, operand, scalars, string } from "../base/parameters.ts";
import { type Shape, showShape } from "../base/shapes.ts";
import { declare } from "../base/signature.ts";
import { addmm } from "../functions/added-products.ts";
import { clampMin, div } from "../functions/arithmetic.ts";
import { to } from "../functions/casts.ts";
import { vectorNorm } from "../functions/norms.ts";
import { mm } from "../functions/products.ts";
import { t as transposed } from "../functions/shapes.ts";
import type { Value } from "../graph/tape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { minus, times, told } from "./amounts.ts";
import { Optimizer } from "./optimizer.ts";
import {
  checkRate,
  demand,
  knownNumber,
  type OptionArguments,
  type SettingsOf,
  settingsOf,
} from "./options.ts";
import type { ParamGroup, Params } from "./parameter-groups.ts";
import { keep, kept, stateOf } from "./state.ts";
import { approached, moved, scaled } from "./updates.ts";

const options = declare([
  anything("params"),
  operand("lr", 0.001),
  operand("weightDecay", 0.1),
  number("momentum", 0.95),
  bool("nesterov", true),
  scalars("nsCoefficients", [3.4445, -4.775, 2.0315]),
  number("eps", 1e-7),
  int("nsSteps", 5),
  string("adjustLrFn", null),
]);

export type MuonSettings = SettingsOf<typeof options>;
type Group = ParamGroup<MuonSettings>;

export class Muon extends Optimizer<MuonSettings> {
  constructor(params: Params<MuonSettings>, ...rest: OptionArguments<typeof options>) {
    const settings = settingsOf("Muon", options, [params, ...rest]);
    check(settings);
    super(params, settings, "Muon");
    for (const { shape } of this.paramGroups.flatMap((group) => group.params)) {
      if (shape.length === 2) continue;
      fail(
        "Muon",
        `Muon only supports 2D parameters whereas we found a parameter with size: ${showShape(shape)}`,
      );
    }
  }

  protected override update(param: Tensor, gradient: Value, group: Group): void {
    const state = stateOf(this.state, param);
    const { lr, weight, momentum, shrink } = this.shared(0, () => amountsOf(group));
    const before = kept(state, "momentumBuffer", param);
    const buffer = keep(state, "momentumBuffer", approached(before, gradient, weight));
    const along = group.nesterov ? approached(gradient, buffer, momentum) : buffer;
    const direction = to(orthogonal(along, group), param.dtype);
    const rate = times(lr, adjustment(group.adjustLrFn, param.shape));
    param.store(moved([scaled([param.value], shrink), direction], rate).node);
  }
}

function amountsOf(group: Group) {
  const lr = told(() => group.lr);
  return {
    lr,
    weight: told(() => 1 - group.momentum),
    momentum: told(() => group.momentum),
    shrink: minus(
      1,
      times(
        lr,
        told(() => group.weightDecay),
      ),
    ),
  };
}

/** X ← aX + (bA + cA²)X with A = XXᵀ, from X/‖X‖: towards UVᵀ of the singular value decomposition. */
function orthogonal(given: Value, { nsCoefficients, nsSteps, eps }: Group): Value {
  const [a, b, c] = nsCoefficients as [number, number, number];
  const [rows, columns] = given.node.shape as [number, number];
  const half = to(given, "bfloat16");
  let x = rows > columns ? transposed(half) : half;
  x = div(x, clampMin(vectorNorm("Muon", x, 2), eps));
  for (let step = 0; step < nsSteps; step++) {
    const gram = mm(x, transposed(x));
    const polynomial = addmm(gram, gram, gram, { beta: b, alpha: c });
    x = addmm(x, polynomial, x, { beta: a, alpha: 1 });
  }
  return rows > columns ? transposed(x) : x;
}

/** What makes the step's size independent of the matrix's shape. */
function adjustment(name: string | null, [rows, columns]: Shape): number {
  const [a, b] = [rows as number, columns as number];
  return name === "match_rms_adamw"
    ? 0.2 * Math.sqrt(Math.max(a, b))
    : Math.sqrt(Math.max(1, a / b));
}

const adjustments: readonly (string | null)[] = [null, "original", "match_rms_adamw"];

function check(settings: MuonSettings): void {
  const { momentum, weightDecay, adjustLrFn, nsSteps, nsCoefficients } = settings;
  checkRate("Muon", settings, "Learning rate should be >= 0 but is");
  demand("Muon", momentum >= 0, `momentum should be >= 0 but is: ${momentum}`);
  const decay = knownNumber(weightDecay);
  demand("Muon", decay === null || decay >= 0, `weight decay should be >= 0 but is: ${decay}`);
  const isKnown = adjustments.includes(adjustLrFn);
  demand("Muon", isKnown, `Adjust learning rate function ${adjustLrFn} is not supported`);
  demand(
    "Muon",
    nsSteps < 100,
    "Number of steps must be less than 100 for computational efficiency",
  );
  const isTriple = nsCoefficients.length === 3;
  demand("Muon", isTriple, "Coefficients must be a tuple of exactly 3 values");
}
