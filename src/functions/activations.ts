// Activations that are smooth but at 0. Composites of primitives; fusion makes them fast.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { constantValue, type Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { beside } from "../ops/beside.ts";
import { erfc, exp, expm1, log1p, sigmoid, tanh } from "../ops/transcendental.ts";
import { requireFloat } from "./loss-reductions.ts";
import { inFloat } from "./operands.ts";
import { roundedOnce } from "./rounded-once.ts";
import { logSigmoidSpec, softplusOf } from "./smooth-rectifiers.ts";

/** Calls an activation of floating point numbers. */
export function activation<Attrs>(
  op: string,
  spec: Composite<Attrs>,
  x: Value,
  attrs: Attrs,
): Value {
  requireFloat(op, x);
  return roundedOnce(spec, [x], attrs);
}

/** max(x, 0) */
export function relu(x: Value): Value {
  if (x.node.dtype === "bool") fail("relu", "Boolean inputs not supported for relu");
  return ops.relu(x);
}

const siluSpec: Composite<null> = {
  name: "SiluBackward0",
  body: ([x]) => ops.mul(x, sigmoid(x)),
};

/** x·σ(x) */
export const silu = (x: Value): Value => activation("silu", siluSpec, x, null);

// x·Φ(x), Φ(x) = ½·erfc(-x/√2): relatively accurate where Φ is tiny
const geluSpec: Composite<null> = {
  name: "GeluBackward0",
  body: ([x]) => ops.mul(x, ops.mul(erfc(ops.mul(x, -Math.SQRT1_2)), 0.5)),
};

// ½·(1 + tanh u) = σ(2u), u = √(2/π)·(x + 0.044715·x³): σ keeps the negative tail, 1 + tanh does not
const geluTanhSpec: Composite<null> = {
  name: "GeluBackward0",
  body: ([x]) => {
    const cubed = ops.mul(ops.mul(ops.mul(x, x), x), 0.044715);
    return ops.mul(x, sigmoid(ops.mul(ops.add(x, cubed), 2 * Math.sqrt(2 / Math.PI))));
  },
};

export function gelu(x: Value, approximate: string = "none"): Value {
  if (approximate === "none") return activation("gelu", geluSpec, x, null);
  if (approximate === "tanh") return activation("gelu", geluTanhSpec, x, null);
  fail("gelu", `approximate argument must be either none or tanh, got '${approximate}'`);
}

interface Softplus {
  readonly beta: number;
  readonly threshold: number;
}

const softplusSpec: Composite<Softplus> = {
  name: "SoftplusBackward0",
  body: ([x], { beta, threshold }) => {
    const grown = ops.mul(x, beta);
    const curve = ops.div(log1p(exp(ops.minimum(grown, threshold))), beta);
    return ops.where(ops.gt(grown, threshold), x, curve);
  },
  // The chain rule would halve the gradient where both sides of the minimum meet.
  gradient: (g, [x], _, { beta, threshold }) => {
    const grown = ops.mul(x, beta);
    return [ops.where(ops.gt(grown, threshold), g, ops.mul(g, sigmoid(grown)))];
  },
};

/** log(1 + e^(βx))/β, and x where βx is above the threshold. */
export const softplus = (x: Value, beta = 1, threshold = 20): Value =>
  activation("softplus", softplusSpec, x, { beta, threshold });

/** log σ(x) */
export const logsigmoid = (x: Value): Value => activation("logsigmoid", logSigmoidSpec, x, null);

const mishSpec: Composite<null> = {
  name: "MishBackward0",
  body: ([x]) => ops.mul(x, tanh(softplusOf(x))),
};

/** x·tanh log(1 + eˣ) */
export const mish = (x: Value): Value => activation("mish", mishSpec, x, null);

// Leaky lines

const leakySpec = (name: string): Composite<number> => ({
  name,
  body: ([x], slope) => ops.where(ops.gt(x, 0), x, ops.mul(x, slope)),
  // Of the chain rule's, but reaching x: the mask has no derivative.
  gradient: (g, [x], _, slope) => [beside(ops.where(ops.gt(x, 0), g, ops.mul(g, slope)), x)],
});

const leakyReluSpec = leakySpec("LeakyReluBackward0");
const meanLeakSpec = leakySpec("RreluWithNoiseBackward0");

export const leakyRelu = (x: Value, negativeSlope = 0.01): Value =>
  activation("leakyRelu", leakyReluSpec, x, negativeSlope);

const noisySpec: Composite<null> = {
  name: "RreluWithNoiseBackward0",
  body: ([x, slopes]) => ops.mul(x, slopes),
  // Of the chain rule's, but reaching x.
  gradient: (g, [x, slopes]) => [beside(ops.mul(g, slopes), x), null],
};

export interface RandomLeak {
  readonly lower: number;
  readonly upper: number;
  readonly training: boolean;
}

/** A leak between two slopes: in training drawn for each element, from `draw` on [0, 1); else their mean. */
export function rrelu(x: Value, { lower, upper, training }: RandomLeak, draw: () => Value): Value {
  if (!(lower <= upper)) {
    fail("rrelu", "Lower bound should be less than or equal to the upper bound");
  }
  if (!training) return activation("rrelu", meanLeakSpec, x, (lower + upper) / 2);
  requireFloat("rrelu", x);
  const slopes = ops.add(ops.mul(draw(), upper - lower), lower);
  const isBelow = ops.le(constantValue(x.node), 0);
  return composite(noisySpec, [x, ops.where(isBelow, slopes, 1)], null);
}

// Exponential lines

interface Exponential {
  readonly alpha: number;
  readonly scale: number;
  readonly inputScale: number;
}

/** scale·x above 0, else scale·α·(e^(inputScale·x) - 1). */
const exponentialSpec = (name: string): Composite<Exponential> => ({
  name,
  body: ([x], { alpha, scale, inputScale }) => {
    const curve = ops.mul(expm1(ops.mul(x, inputScale)), alpha * scale);
    return ops.where(ops.le(x, 0), curve, ops.mul(x, scale));
  },
  // The chain rule gives NaN where the exponential of what is above 0 overflows.
  gradient: (g, [x], _, { alpha, scale, inputScale }) => {
    const isBelow = ops.le(x, 0);
    const grown = exp(ops.mul(ops.where(isBelow, x, 0), inputScale));
    const slope = ops.where(isBelow, ops.mul(grown, inputScale * alpha * scale), scale);
    return [ops.mul(g, slope)];
  },
});

const eluSpec = exponentialSpec("EluBackward0");
const celuSpec = exponentialSpec("CeluBackward0");

export const elu = (x: Value, alpha: number): Value =>
  activation("elu", eluSpec, x, { alpha, scale: 1, inputScale: 1 });

const selfNormalizing = {
  alpha: 1.6732632423543772,
  scale: 1.0507009873554805,
  inputScale: 1,
};

export const selu = (x: Value): Value => activation("selu", eluSpec, x, selfNormalizing);

/** max(x, 0) + min(α·(e^(x/α) - 1), 0) */
export function celu(x: Value, alpha: number): Value {
  if (alpha === 0) fail("celu", "ZeroDivisionError: alpha cannot be 0 for CELU");
  return activation("celu", celuSpec, x, { alpha, scale: 1, inputScale: 1 / alpha });
}

// Ratios and differences, also of integers

const softsignSpec: Composite<null> = {
  name: "DivBackward0",
  body: ([x]) => ops.div(x, ops.add(ops.abs(x), 1)),
};

const tanhshrinkSpec: Composite<null> = {
  name: "SubBackward0",
  body: ([x]) => ops.sub(x, tanh(x)),
};

const alsoOfIntegers = (op: string, spec: Composite<null>, x: Value): Value => {
  if (x.node.dtype === "bool") fail(op, 'not implemented for bool. Cast it first: x.to("int64")');
  return activation(op, spec, ops.cast(x, inFloat(x.node.dtype)), null);
};

/** x/(1 + |x|) */
export const softsign = (x: Value): Value => alsoOfIntegers("softsign", softsignSpec, x);

/** x - tanh x */
export const tanhshrink = (x: Value): Value => alsoOfIntegers("tanhshrink", tanhshrinkSpec, x);
