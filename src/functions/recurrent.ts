// Recurrent networks: layers over layers, each in one direction or both, as one entry of the Tape. What
// an input gives to all steps and gates of a layer is one product.

import { type CompositeOfMany, compositeOfMany } from "../autograd/composite.ts";
import { accumulated } from "../base/dtypes.ts";
import type { Value } from "../graph/tape.ts";
import { add, cast } from "../ops/arithmetic.ts";
import { permute } from "../ops/linear.ts";
import { linearLayer } from "./added-products.ts";
import { dropout } from "./dropout.ts";
import { cat, stack } from "./joins.ts";
import type { Draw } from "./random.ts";
import * as over from "./recurrent-course.ts";
import { gruStates } from "./recurrent-gru.ts";
import { lstmStates } from "./recurrent-lstm.ts";
import { plainStates } from "./recurrent-plain.ts";

export type RecurrentKind = "tanh" | "relu" | "lstm" | "gru";

export interface RecurrentOptions {
  readonly hasBiases: boolean;
  readonly numLayers: number;
  /** Between layers. */
  readonly dropout: number;
  readonly train: boolean;
  readonly bidirectional: boolean;
  readonly batchFirst: boolean;
}

export interface RecurrentInputs {
  /** [steps, batch, features], or with the batch first. */
  readonly input: Value;
  /** [layers · directions, batch, width]: h, and of an LSTM c. */
  readonly hx: readonly Value[];
  /** Of each layer, of each direction: weights of input and state, biases of both, a projection. */
  readonly params: readonly Value[];
  /** [steps, batch]: which sequences still go on. */
  readonly mask: Value | null;
}

interface Stack extends RecurrentOptions {
  readonly kind: RecurrentKind;
  /** Weights of each layer and direction. */
  readonly count: number;
  readonly hasMask: boolean;
  readonly draws: readonly Draw[];
}

/** One layer in one direction. */
interface Pass extends over.Course {
  readonly weights: readonly Value[];
  readonly first: readonly Value[];
  readonly mask: Value | null;
}

interface Passed {
  readonly output: Value;
  readonly last: readonly Value[];
}

function statesOf(x: Value, pass: Pass, { kind, hasBiases }: Stack): readonly Value[] {
  const { weights, first, mask } = pass;
  const [ofInput, weight, bias, ownBias] = weights as [Value, Value, Value, Value];
  const h = first[0] as Value;
  if (kind === "gru") {
    const given = linearLayer(x, ofInput, hasBiases ? bias : null);
    return [gruStates(given, h, { weight, bias: hasBiases ? ownBias : null }, mask, pass)];
  }
  const given = linearLayer(x, ofInput, hasBiases ? add(bias, ownBias) : null);
  if (kind !== "lstm") return [plainStates(kind, [given, h, weight], mask, pass)];
  const projection = weights[hasBiases ? 4 : 2] ?? null;
  const states = lstmStates(given, { h, c: first[1] as Value }, { weight, projection }, mask, pass);
  return [states.h, states.c];
}

function passed(x: Value, pass: Pass, network: Stack): Passed {
  const states = statesOf(x, pass, network);
  return {
    output: over.statesAfter(states[0] as Value, pass),
    last: states.map((one) => over.at(one, over.lastSlot(pass))),
  };
}

const swapped = (x: Value, isBatchFirst: boolean): Value =>
  isBatchFirst ? permute(x, [1, 0, 2]) : x;

/** What stands for the inputs of the entry, in their order. */
function partsOf(inputs: readonly Value[], network: Stack): RecurrentInputs {
  const states = network.kind === "lstm" ? 2 : 1;
  const end = network.hasMask ? inputs.length - 1 : inputs.length;
  return {
    input: swapped(inputs[0] as Value, network.batchFirst),
    hx: inputs.slice(1, 1 + states),
    params: inputs.slice(1 + states, end),
    mask: network.hasMask ? (inputs[end] as Value) : null,
  };
}

function body(given: readonly Value[], network: Stack): readonly Value[] {
  const { dtype } = (given[0] as Value).node;
  const wide = given.map((x) => (x.node.dtype === dtype ? cast(x, accumulated(dtype)) : x));
  const { input, hx, params, mask } = partsOf(wide, network);
  const steps = input.node.shape[0] as number;
  const directions = network.bidirectional ? [false, true] : [false];
  const last: Value[][] = hx.map(() => []);
  let x = input;
  for (let layer = 0; layer < network.numLayers; layer++) {
    if (layer > 0) x = dropped(x, network, layer - 1);
    const outputs = directions.map((isReverse, direction) => {
      const at = layer * directions.length + direction;
      const weights = params.slice(at * network.count, (at + 1) * network.count);
      const first = hx.map((states) => over.at(states, at));
      const pass = passed(x, { steps, isReverse, weights, first, mask }, network);
      for (const [which, state] of pass.last.entries()) last[which]?.push(state);
      return pass.output;
    });
    x = outputs.length === 1 ? (outputs[0] as Value) : cat(outputs, 2);
  }
  const results = [swapped(x, network.batchFirst), ...last.map((states) => stack(states, 0))];
  return results.map((result) => cast(result, dtype));
}

function dropped(x: Value, network: Stack, layer: number): Value {
  const draw = network.draws[layer];
  return draw ? dropout(x, { p: network.dropout, training: true }, () => draw) : x;
}

const specs = new Map<string, CompositeOfMany<Stack>>();

/** The entry's name is the output's in PyTorch. */
function tapeName({ kind, batchFirst, bidirectional }: Stack): string {
  if (batchFirst) return "TransposeBackward1";
  if (bidirectional) return "CatBackward0";
  return kind === "lstm" ? "MkldnnRnnLayerBackward0" : "StackBackward0";
}

/** What a derivative reads is kept with a spec: each order of inputs has its own. */
function specOf(network: Stack, extent: string): CompositeOfMany<Stack> {
  const { kind, numLayers, hasBiases, count, bidirectional, batchFirst, hasMask } = network;
  const ways = [kind, numLayers, hasBiases, count, bidirectional, batchFirst, hasMask];
  const key = [...ways, extent].join(" ");
  let spec = specs.get(key);
  if (!spec) {
    spec = { name: tapeName(network), body };
    specs.set(key, spec);
  }
  return spec;
}

/** The last layer's output, and of all layers and directions the last states: [output, h, c of an LSTM]. */
export function recurrent(
  kind: RecurrentKind,
  { input, hx, params, mask }: RecurrentInputs,
  options: RecurrentOptions,
  draw: () => Draw,
): readonly Value[] {
  const between = options.train && options.dropout > 0 ? options.numLayers - 1 : 0;
  const inputs = [input, ...hx, ...params, ...(mask ? [mask] : [])];
  const network: Stack = {
    ...options,
    kind,
    count: params.length / (options.numLayers * (options.bidirectional ? 2 : 1)),
    hasMask: mask !== null,
    draws: Array.from({ length: between }, draw),
  };
  const steps = input.node.shape[options.batchFirst ? 1 : 0] as number;
  const extent = over.extentOf(hx[0] as Value, steps);
  return compositeOfMany(specOf(network, extent), inputs, network);
}
