// Records of the activations that PyTorch has at its root besides relu.

import { bool, generator, number, only, tensor } from "../../base/parameters.ts";
import * as activations from "../../functions/activations.ts";
import * as gated from "../../functions/gated-activations.ts";
import * as hard from "../../functions/hard-activations.ts";
import { rand } from "../../functions/random.ts";
import type { Value } from "../../graph/tape.ts";
import { drawFrom } from "../generator.ts";
import { rectifiers } from "./pointwise.ts";
import { family, functionOnly, on, op } from "./record.ts";

const x = tensor("input");

/** Parameters of the leak that is drawn anew in training. */
export const leak = [
  number("lower", 1 / 8),
  number("upper", 1 / 3),
  bool("training", false),
] as const;

/** A leak between `lower` and `upper`. */
export const randomLeak = (
  x: Value,
  options: activations.RandomLeak,
  given: object | null = null,
): Value =>
  activations.rrelu(x, options, () => rand(x.node.shape, x.node.dtype, drawFrom(given), "rrelu"));

export const rootActivations = family({
  prelu: op(on([x, tensor("weight")], gated.prelu)),
  hardshrink: op(on([x, number("lambd", 0.5)], hard.hardshrink)),
  selu: functionOnly(on([x], activations.selu)),
  celu: functionOnly(on([x, number("alpha", 1)], activations.celu)),
  threshold: functionOnly(on([x, number("threshold"), number("value")], hard.threshold)),
  rrelu: functionOnly(
    on([x, ...leak, only(generator("generator", null))], (x, lower, upper, training, given) =>
      randomLeak(x, { lower, upper, training }, given),
    ),
  ),
});

const { selu, celu, threshold, rrelu } = rootActivations;

/** Those that are also functions under their name with `_`. */
export const inPlaceRoots = { relu: rectifiers.relu, selu, celu, threshold, rrelu } as const;
