// One step of a recurrent network, of rows [batch, features] and states [batch, width].

import {
  type Composite,
  type CompositeOfMany,
  composite,
  compositeOfMany,
} from "../autograd/composite.ts";
import { accumulated, type DType } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { linearLayer } from "./added-products.ts";
import { tanh } from "./recurrent-activations.ts";
import * as gru from "./recurrent-gru.ts";
import * as lstm from "./recurrent-lstm.ts";
import { specVariants } from "./spec-variants.ts";

export interface CellWeights {
  readonly weightIh: Value;
  readonly weightHh: Value;
  readonly biasIh: Value | null;
  readonly biasHh: Value | null;
}

interface Step {
  readonly dtype: DType;
  readonly hasBiasIh: boolean;
  readonly hasBiasHh: boolean;
}

interface Sums {
  /** What the input gives, and what the state does. */
  readonly given: Value;
  readonly own: Value;
}

/** Of inputs [input, states…, weights, biases]. */
function sumsOf(inputs: readonly Value[], states: number, { hasBiasIh, hasBiasHh }: Step): Sums {
  const [x, h] = inputs as [Value, Value];
  const [weightIh, weightHh, ...biases] = inputs.slice(1 + states) as [Value, Value, ...Value[]];
  return {
    given: linearLayer(x, weightIh, hasBiasIh ? (biases[0] as Value) : null),
    own: linearLayer(h, weightHh, hasBiasHh ? (biases.at(-1) as Value) : null),
  };
}

const widened = (inputs: readonly Value[], { dtype }: Step): Value[] =>
  inputs.map((x) => ops.cast(x, accumulated(dtype)));

const plain = (name: string, of: (x: Value) => Value): Composite<Step> => ({
  name,
  body: (inputs, step) => {
    const { given, own } = sumsOf(widened(inputs, step), 1, step);
    return ops.cast(of(ops.add(given, own)), step.dtype);
  },
});

const gruSpec: Composite<Step> = {
  name: "AddBackward0",
  body: (inputs, step) => {
    const wide = widened(inputs, step);
    const { given, own } = sumsOf(wide, 1, step);
    const h = wide[1] as Value;
    const gates = gru.gatesOf(given, own, h.node.shape[1] as number);
    return ops.cast(gru.mixed(gates, h), step.dtype);
  },
};

const lstmSpec: CompositeOfMany<Step> = {
  name: "MulBackward0",
  body: (inputs, step) => {
    const wide = widened(inputs, step);
    const { given, own } = sumsOf(wide, 2, step);
    const c = wide[2] as Value;
    const gates = lstm.gatesOf(ops.add(given, own), c.node.shape[1] as number);
    const cell = lstm.nextCell(gates, c);
    return [ops.mul(gates.o, tanh(cell)), cell].map((state) => ops.cast(state, step.dtype));
  },
};

// Checks, with PyTorch's words

const widthOf = ({ node }: Value): number => node.shape[1] as number;

function requireStates(op: string, input: Value, hx: readonly Value[], weights: CellWeights): void {
  const { weightIh, weightHh } = weights;
  if (input.node.shape.length !== 2) fail(op, `input must be [batch, features]`);
  if (widthOf(input) !== widthOf(weightIh)) {
    const wanted = widthOf(weightIh);
    fail(op, `input has inconsistent input_size: got ${widthOf(input)} expected ${wanted}`);
  }
  const rows = input.node.shape[0];
  for (const [at, h] of hx.entries()) {
    if (h.node.shape.length !== 2) fail(op, `hidden${at} must be [batch, hidden size]`);
    if (h.node.shape[0] !== rows) {
      const own = h.node.shape[0];
      fail(op, `Input batch size ${rows} doesn't match hidden${at} batch size ${own}`);
    }
    if (widthOf(h) !== widthOf(weightHh)) {
      const wanted = widthOf(weightHh);
      fail(op, `hidden${at} has inconsistent hidden_size: got ${widthOf(h)}, expected ${wanted}`);
    }
  }
}

interface Ready {
  readonly inputs: readonly Value[];
  readonly step: Step;
  /** Names the order of the inputs: what a derivative reads is kept with a spec, and of no rows it is less. */
  readonly order: string;
}

function ready(op: string, input: Value, hx: readonly Value[], weights: CellWeights): Ready {
  requireStates(op, input, hx, weights);
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const biases = [biasIh, biasHh].filter((bias) => bias !== null);
  const step = {
    dtype: input.node.dtype,
    hasBiasIh: biasIh !== null,
    hasBiasHh: biasHh !== null,
  };
  return {
    inputs: [input, ...hx, weightIh, weightHh, ...biases],
    step,
    order: `${step.hasBiasIh} ${step.hasBiasHh} ${input.node.size === 0}`,
  };
}

type Cell = (input: Value, hx: Value, weights: CellWeights) => Value;

function cellOf(op: string, spec: Composite<Step>): Cell {
  const variant = specVariants(spec);
  return (input, hx, weights) => {
    const { inputs, step, order } = ready(op, input, [hx], weights);
    return composite(variant(order), inputs, step);
  };
}

/** tanh of (x·weightIhᵀ + biasIh + h·weightHhᵀ + biasHh) */
export const rnnTanhCell = cellOf("rnnTanhCell", plain("TanhBackward0", tanh));
export const rnnReluCell = cellOf("rnnReluCell", plain("ReluBackward0", ops.relu));
export const gruCell = cellOf("gruCell", gruSpec);

const lstmVariants = new Map<string, CompositeOfMany<Step>>();

/** The next h and c. */
export function lstmCell(
  input: Value,
  hx: readonly [h: Value, c: Value],
  weights: CellWeights,
): readonly [Value, Value] {
  const { inputs, step, order } = ready("lstmCell", input, hx, weights);
  const spec = lstmVariants.get(order) ?? { ...lstmSpec };
  lstmVariants.set(order, spec);
  return compositeOfMany(spec, inputs, step) as readonly [Value, Value];
}
