// Activations.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import { bool, choice, int, number } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { sigmoid, tanh } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, inputOnly, placement } from "../arguments.ts";
import * as functional from "../functional.ts";
import { constant_ } from "../init.ts";
import { Module } from "../module.ts";
import { emptyParameter, type Parameter } from "../parameter.ts";
import { ofOne } from "../simple-module.ts";

const inplace = bool("inplace", false);
const alpha = number("alpha", 1);
const lambd = number("lambd", 0.5);

type InPlace = (x: Tensor, inplace: boolean) => Tensor;

const plain = (run: (x: Tensor) => Tensor) => ofOne([], (x) => run(x));
const orInPlace = (run: InPlace) =>
  ofOne([inplace], (x, { inplace }) => run(x, inplace), { shown: ["inplace?"] });
/** The setting is not printed. */
const quietlyInPlace = (run: InPlace) => ofOne([inplace], (x, { inplace }) => run(x, inplace));

export class Sigmoid extends plain(sigmoid) {}
export class Tanh extends plain(tanh) {}
export class LogSigmoid extends plain(functional.logsigmoid) {}
export class Softsign extends plain(functional.softsign) {}
export class Tanhshrink extends plain(functional.tanhshrink) {}
export class ReLU extends orInPlace(functional.relu) {}
export class ReLU6 extends orInPlace(functional.relu6) {}
export class SELU extends orInPlace(functional.selu) {}
export class SiLU extends orInPlace(functional.silu) {}
export class Mish extends orInPlace(functional.mish) {}
export class Hardsigmoid extends quietlyInPlace(functional.hardsigmoid) {}
export class Hardswish extends quietlyInPlace(functional.hardswish) {}

const exponential = (run: (x: Tensor, alpha: number, inplace: boolean) => Tensor) =>
  ofOne([alpha, inplace], (x, { alpha, inplace }) => run(x, alpha, inplace), {
    shown: ["alpha", "inplace?"],
  });

export class ELU extends exponential(functional.elu) {}
export class CELU extends exponential(functional.celu) {}

export class LeakyReLU extends ofOne(
  [number("negativeSlope", 0.01), inplace],
  (x, { negativeSlope, inplace }) => functional.leakyRelu(x, negativeSlope, inplace),
  { shown: ["negativeSlope", "inplace?"] },
) {}

/** While training, the slope of each element is drawn anew. */
export class RReLU extends ofOne(
  [number("lower", 1 / 8), number("upper", 1 / 3), inplace],
  (x, { lower, upper, training, inplace }) => functional.rrelu(x, lower, upper, training, inplace),
  { shown: ["lower", "upper", "inplace?"] },
) {}

export class Hardtanh extends ofOne(
  [
    number("minVal", -1),
    number("maxVal", 1),
    inplace,
    // The first two under their names of old.
    number("minValue", null),
    number("maxValue", null),
  ],
  (x, { minVal, maxVal, inplace }) => functional.hardtanh(x, minVal, maxVal, inplace),
  {
    shown: ["minVal", "maxVal", "inplace?"],
    settle: (settings, name) => {
      settings.minVal = settings.minValue ?? settings.minVal;
      settings.maxVal = settings.maxValue ?? settings.maxVal;
      if (settings.maxVal <= settings.minVal) fail(name, "maxVal must be larger than minVal");
    },
  },
) {}

export class Threshold extends ofOne(
  [number("threshold"), number("value"), inplace],
  (x, { threshold, value, inplace }) => functional.threshold(x, threshold, value, inplace),
  { shown: ["threshold", "value", "inplace?"] },
) {}

export class Hardshrink extends ofOne([lambd], (x, { lambd }) => functional.hardshrink(x, lambd), {
  shown: ["lambd"],
  bare: ["lambd"],
}) {}

export class Softshrink extends ofOne([lambd], (x, { lambd }) => functional.softshrink(x, lambd), {
  shown: ["lambd"],
  bare: ["lambd"],
}) {}

export class Softplus extends ofOne(
  [number("beta", 1), number("threshold", 20)],
  (x, { beta, threshold }) => functional.softplus(x, beta, threshold),
  { shown: ["beta", "threshold"] },
) {}

export class GELU extends ofOne(
  [choice("approximate", ["none", "tanh"])],
  (x, { approximate }) => functional.gelu(x, { approximate }),
  { shown: ["approximate"] },
) {}

export class GLU extends ofOne([int("dim", -1)], (x, { dim }) => functional.glu(x, dim), {
  shown: ["dim"],
}) {}

const along = (run: (x: Tensor, dim: number | null) => Tensor) =>
  ofOne([int("dim", null)], (x, { dim }) => run(x, dim), { shown: ["dim"] });

export class Softmax extends along(functional.softmax) {}
export class Softmin extends along(functional.softmin) {}
export class LogSoftmax extends along(functional.logSoftmax) {}

/** Over the channels of images. */
export class Softmax2d extends ofOne([], (x) => {
  if (x.ndim !== 3 && x.ndim !== 4) {
    fail("Softmax2d", `expected input to be 3D or 4D, got ${x.ndim}D instead`);
  }
  return functional.softmax(x, -3);
}) {}

const leaking = declare([int("numParameters", 1), number("init", 0.25), ...placement]);

/** A leak that is learned, one for all channels or for each. */
export class PReLU extends Module {
  readonly numParameters: number;
  readonly init: number;
  weight: Parameter;

  constructor(...args: Arguments<typeof leaking, Tensor>) {
    super();
    const [numParameters, init, , dtype] = bound(this.constructor.name, leaking, args);
    this.numParameters = numParameters;
    this.init = init;
    this.weight = emptyParameter([numParameters], dtype);
    this.resetParameters();
  }

  resetParameters(): void {
    constant_(this.weight, this.init);
  }

  override forward(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound(this.constructor.name, inputOnly, args);
    return functional.prelu(input, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}
