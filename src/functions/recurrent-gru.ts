// The gated recurrent unit over all steps as one entry of the Tape:
//
//   r = σ(xr + ar)   z = σ(xz + az)   n = tanh(xn + r·an)   h' = n + z·(h - n)
//
// x is what the input gives, a = h·weightᵀ + bias; both hold r, z and n side by side.

import { type Composite, composite } from "../autograd/composite.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, permute, reshape, slice, sum, wholeSlice } from "../ops/linear.ts";
import { stack } from "./joins.ts";
import { sigmoid, sigmoidSlope, tanh, tanhSlope } from "./recurrent-activations.ts";
import * as over from "./recurrent-course.ts";
import { specVariants } from "./spec-variants.ts";

/** One of several gates that lie side by side in the last axis. */
export function gateOf(x: Value, gate: number, width: number): Value {
  const { shape } = x.node;
  const slices = shape.map((n, axis) =>
    axis === shape.length - 1 ? { start: gate * width, size: width, step: 1 } : wholeSlice(n),
  );
  return slice(x, slices);
}

/** `x` once for each gate: […, width] → […, count, width]. */
export function forEachGate(x: Value, count: number): Value {
  const { shape } = x.node;
  const [lead, width] = [shape.slice(0, -1), shape.at(-1) as number];
  return expand(reshape(x, [...lead, 1, width]), [...lead, count, width]);
}

/** Side by side again: […, count, width] → […, count·width]. */
export function sideBySide(x: Value): Value {
  const { shape } = x.node;
  const [count, width] = shape.slice(-2) as [number, number];
  return reshape(x, [...shape.slice(0, -2), count * width]);
}

interface Gates {
  readonly z: Value;
  readonly n: Value;
  readonly r: Value;
  readonly an: Value;
  /** What r, z and n are of. */
  readonly sums: readonly [Value, Value, Value];
}

/** Of one step, or of all at once. */
export function gatesOf(x: Value, a: Value, width: number): Gates {
  const gate = (side: Value, at: number): Value => gateOf(side, at, width);
  const ofR = ops.add(gate(x, 0), gate(a, 0));
  const ofZ = ops.add(gate(x, 1), gate(a, 1));
  const r = sigmoid(ofR);
  const an = gate(a, 2);
  const ofN = ops.add(gate(x, 2), ops.mul(r, an));
  return { z: sigmoid(ofZ), n: tanh(ofN), r, an, sums: [ofR, ofZ, ofN] };
}

/** n + z·(h - n) */
export const mixed = ({ z, n }: Gates, h: Value): Value => ops.add(n, ops.mul(z, ops.sub(h, n)));

interface Run extends over.Course {
  readonly hasBias: boolean;
  readonly isMasked: boolean;
}

interface Parts {
  readonly given: Value;
  readonly first: Value;
  readonly weight: Value;
  readonly bias: Value | null;
  readonly on: Value | null;
  readonly width: number;
}

function partsOf(inputs: readonly Value[], { hasBias, isMasked }: Run): Parts {
  const [given, first, weight] = inputs as [Value, Value, Value];
  const width = first.node.shape[1] as number;
  const mask = isMasked ? (inputs.at(-1) as Value) : null;
  return {
    given,
    first,
    weight,
    bias: hasBias ? (inputs[3] as Value) : null,
    on: mask && over.overWidth(mask, width),
    width,
  };
}

function ownPart(h: Value, { weight, bias }: Parts): Value {
  const own = over.projected(h, weight);
  return bias ? ops.add(own, expand(bias, own.node.shape)) : own;
}

/** What a state's gradient is multiplied by: for x, for a, and for the state before itself. */
function factorsOf(states: Value, parts: Parts, run: Run): Record<"x" | "a" | "kept", Value> {
  const { given, on, width } = parts;
  const before = over.statesBefore(states, run);
  const { r, z, n, an, sums } = gatesOf(given, ownPart(before, parts), width);
  const [ofR, ofZ, ofN] = sums;
  const dn = over.whereOn(on, ops.mul(sigmoid(ops.neg(ofZ)), tanhSlope(ofN)), 0);
  const dz = over.whereOn(on, ops.mul(ops.sub(before, n), sigmoidSlope(ofZ)), 0);
  const dr = ops.mul(ops.mul(dn, an), sigmoidSlope(ofR));
  return {
    x: stack([dr, dz, dn], 2),
    a: stack([dr, dz, ops.mul(dn, r)], 2),
    kept: over.whereOn(on, z, 1),
  };
}

const gruSpec: Composite<Run> = {
  name: "StackBackward0",
  body: (inputs, run) => {
    const parts = partsOf(inputs, run);
    const { given, first, on, width } = parts;
    return over.statesOf(first, run, (h, time) => {
      const gates = gatesOf(over.at(given, time), ownPart(h, parts), width);
      return over.whereOn(over.onAt(on, time), mixed(gates, h), h);
    });
  },
  // All gates again at once, and one product for the weight's gradient: the chain rule has one a step.
  gradient: (g, inputs, states, run): Gradient[] => {
    const parts = partsOf(inputs, run);
    const { first, weight } = parts;
    const factors = factorsOf(states, parts, run);
    const back = permute(weight, [1, 0]);
    let all = over.roomFor(first, run.steps);
    const initial = over.backToFirst(g, run, (dh, time) => {
      all = over.put(all, dh, time);
      const own = ops.mul(forEachGate(dh, 3), over.at(factors.a, time));
      const kept = ops.mul(dh, over.at(factors.kept, time));
      return ops.add(over.projected(sideBySide(own), back), kept);
    });
    const spread = forEachGate(all, 3);
    const own = sideBySide(ops.mul(spread, factors.a));
    const weights = over.weightGradient(own, over.statesBefore(states, run));
    const biases = run.hasBias ? [sum(own, [0, 1])] : [];
    const masks = run.isMasked ? [null] : [];
    return [sideBySide(ops.mul(spread, factors.x)), initial, weights, ...biases, ...masks];
  },
};

const variant = specVariants(gruSpec);

export interface GruWeights {
  readonly weight: Value;
  readonly bias: Value | null;
}

/** All states of [steps, batch, 3·width] that the input gives; `mask` says which sequences go on. */
export function gruStates(
  given: Value,
  first: Value,
  { weight, bias }: GruWeights,
  mask: Value | null,
  course: over.Course,
): Value {
  const inputs = [given, first, weight, bias, mask].filter((value) => value !== null);
  const run = { ...course, hasBias: bias !== null, isMasked: mask !== null };
  const extent = over.extentOf(first, course.steps);
  return composite(variant(`${run.hasBias} ${run.isMasked} ${extent}`), inputs, run);
}
