// Activations. Composites of primitives; fusion makes them fast.

import { type Composite, composite } from "../autograd/composite.ts";
import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { beside } from "../ops/beside.ts";
import { erfc, exp, log1p, sigmoid } from "../ops/transcendental.ts";

function requireFloat(op: string, x: Value): void {
  if (isFloat(x.node.dtype)) return;
  fail(op, `wants a floating point tensor, got ${x.node.dtype}. Cast it first: x.to("float32")`);
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
export function silu(x: Value): Value {
  requireFloat("silu", x);
  return composite(siluSpec, [x], null);
}

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
  requireFloat("gelu", x);
  if (approximate === "none") return composite(geluSpec, [x], null);
  if (approximate === "tanh") return composite(geluTanhSpec, [x], null);
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
export function softplus(x: Value, beta = 1, threshold = 20): Value {
  requireFloat("softplus", x);
  return composite(softplusSpec, [x], { beta, threshold });
}

const leakyReluSpec: Composite<number> = {
  name: "LeakyReluBackward0",
  body: ([x], slope) => ops.where(ops.gt(x, 0), x, ops.mul(x, slope)),
  // Of the chain rule's, but reaching x: the mask has no derivative.
  gradient: (g, [x], _, slope) => [beside(ops.where(ops.gt(x, 0), g, ops.mul(g, slope)), x)],
};

export function leakyRelu(x: Value, negativeSlope = 0.01): Value {
  requireFloat("leakyRelu", x);
  return composite(leakyReluSpec, [x], negativeSlope);
}
