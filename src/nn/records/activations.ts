// Records of activations. With `inplace` the result takes the input's place.

import { bool, choice, int, number, only, tensor } from "../../base/parameters.ts";
import * as activations from "../../functions/activations.ts";
import * as gated from "../../functions/gated-activations.ts";
import * as hard from "../../functions/hard-activations.ts";
import { exponentials } from "../../functions/random.ts";
import type { Value } from "../../graph/tape.ts";
import { cast, neg } from "../../ops/arithmetic.ts";
import { log } from "../../ops/transcendental.ts";
import { drawFrom } from "../../tensor/generator.ts";
import {
  inPlaceRoots,
  leak,
  randomLeak,
  rootActivations,
} from "../../tensor/records/activations.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

const x = tensor("input");
const inplace = bool("inplace", false);
const alpha = number("alpha", 1);
const limits = [number("minVal", -1), number("maxVal", 1)] as const;
const step = [number("threshold"), number("value")] as const;
const slope = number("negativeSlope", 0.01);

const unary = (run: (x: Value) => Value) => functionOnly(on([x], run));
const orInPlace = (run: (x: Value) => Value) => functionOnly(on([x, inplace], (x) => run(x)));

/** What makes the largest of several logits a sample of their softmax. */
function gumbelNoise({ node: { shape, dtype } }: Value): Value {
  const drawn = exponentials(shape, dtype === "float64" ? dtype : "float32", drawFrom(null));
  return cast(neg(log(drawn)), dtype);
}

export const activationRecords = family({
  relu: orInPlace(activations.relu),
  relu6: orInPlace(hard.relu6),
  silu: orInPlace(activations.silu),
  mish: orInPlace(activations.mish),
  selu: orInPlace(activations.selu),
  hardswish: orInPlace(hard.hardswish),
  hardsigmoid: orInPlace(hard.hardsigmoid),
  logsigmoid: unary(activations.logsigmoid),
  softsign: unary(activations.softsign),
  tanhshrink: unary(activations.tanhshrink),
  elu: functionOnly(on([x, alpha, inplace], (x, alpha) => activations.elu(x, alpha))),
  celu: functionOnly(on([x, alpha, inplace], (x, alpha) => activations.celu(x, alpha))),
  leakyRelu: functionOnly(on([x, slope, inplace], (x, slope) => activations.leakyRelu(x, slope))),
  rrelu: functionOnly(
    on([x, ...leak, inplace], (x, lower, upper, training) =>
      randomLeak(x, { lower, upper, training }),
    ),
  ),
  hardtanh: functionOnly(on([x, ...limits, inplace], (x, min, max) => hard.hardtanh(x, min, max))),
  threshold: functionOnly(
    on([x, ...step, inplace], (x, limit, value) => hard.threshold(x, limit, value)),
  ),
  softshrink: functionOnly(on([x, number("lambd", 0.5)], hard.softshrink)),
  gelu: functionOnly(on([x, only(choice("approximate", ["none", "tanh"]))], activations.gelu)),
  softplus: functionOnly(on([x, number("beta", 1), number("threshold", 20)], activations.softplus)),
  glu: functionOnly(on([x, int("dim", -1)], gated.glu)),
  gumbelSoftmax: functionOnly(
    on(
      [
        tensor("logits"),
        number("tau", 1),
        bool("hard", false),
        // Of old; nothing depends on it.
        number("eps", 1e-10),
        int("dim", -1),
      ],
      (logits, tau, hard, _, dim) =>
        gated.gumbelSoftmax(logits, gumbelNoise(logits), { tau, hard, dim }),
    ),
  ),
  prelu: rootActivations.prelu,
  hardshrink: rootActivations.hardshrink,
});

/** Those that PyTorch also has under their name with `_`, without `inplace`. */
export const inPlaceActivations = family({
  ...inPlaceRoots,
  elu: functionOnly(on([x, alpha], activations.elu)),
  leakyRelu: functionOnly(on([x, slope], activations.leakyRelu)),
  hardtanh: functionOnly(on([x, ...limits], hard.hardtanh)),
});
