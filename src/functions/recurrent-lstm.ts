// The long short-term memory over all steps as one entry of the Tape:
//
//   i = σ(ai)   f = σ(af)   g = tanh(ag)   o = σ(ao)   c' = f·c + i·g   h' = o·tanh c', or (that)·projectionᵀ
//
// a = what the input gives + h·weightᵀ holds i, f, g and o side by side. The states of one run are one
// value without shape: all h, then all c.

import { composite } from "../autograd/composite.ts";
import type { Gradient, Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { expand, permute, reshape, window } from "../ops/linear.ts";
import { full, iota } from "../ops/source.ts";
import { stack } from "./joins.ts";
import { sigmoid, sigmoidSlope, tanh, tanhSlope } from "./recurrent-activations.ts";
import * as over from "./recurrent-course.ts";
import { forEachGate, gateOf, sideBySide } from "./recurrent-gru.ts";
import { specVariants } from "./spec-variants.ts";

interface Gates {
  readonly i: Value;
  readonly f: Value;
  readonly g: Value;
  readonly o: Value;
}

/** Of one step, or of all at once. */
export function gatesOf(a: Value, width: number): Gates {
  const [i, f, o] = [0, 1, 3].map((gate) => sigmoid(gateOf(a, gate, width))) as [
    Value,
    Value,
    Value,
  ];
  return { i, f, g: tanh(gateOf(a, 2, width)), o };
}

/** f·c + i·g */
export const nextCell = ({ i, f, g }: Gates, c: Value): Value =>
  ops.add(ops.mul(f, c), ops.mul(i, g));

interface Run extends over.Course {
  readonly isProjected: boolean;
  readonly isMasked: boolean;
}

interface Parts {
  readonly given: Value;
  readonly first: States;
  readonly weight: Value;
  readonly projection: Value | null;
  readonly mask: Value | null;
}

/** h and c of one step, or of several in their slots. */
export interface States {
  readonly h: Value;
  readonly c: Value;
}

function partsOf(inputs: readonly Value[], { isProjected, isMasked }: Run): Parts {
  const [given, h, c, weight] = inputs as [Value, Value, Value, Value];
  return {
    given,
    first: { h, c },
    weight,
    projection: isProjected ? (inputs[4] as Value) : null,
    mask: isMasked ? (inputs.at(-1) as Value) : null,
  };
}

const widthOf = ({ node }: Value): number => node.shape[1] as number;

const widened = (mask: Value | null, like: Value): Value | null =>
  mask && over.overWidth(mask, widthOf(like));

/** h and c of all slots, of the value that holds them. */
function slotsOf(flat: Value, { h, c }: States, steps: number): States {
  const part = ({ node }: Value, offset: number): Value => {
    const [rows, width] = node.shape as readonly [number, number];
    const strides = [rows * width, width, 1];
    return window(flat, { shape: [steps + 1, rows, width], strides, offset });
  };
  return { h: part(h, 0), c: part(c, (steps + 1) * h.node.size) };
}

function body(inputs: readonly Value[], run: Run): Value {
  const { given, first, weight, projection, mask } = partsOf(inputs, run);
  const behind = (run.steps + 1) * first.h.node.size;
  const [onH, onC] = [widened(mask, first.h), widened(mask, first.c)];
  const room = full(given.node.dtype, [behind + (run.steps + 1) * first.c.node.size], 0);
  const keep = (states: Value, { h, c }: States, slot: number): Value =>
    over.put(over.put(states, h, slot), c, slot, behind);
  let { h, c } = first;
  let states = keep(room, first, over.firstSlot(run));
  for (const time of over.timesOf(run)) {
    const a = ops.add(over.projected(h, weight), over.at(given, time));
    const gates = gatesOf(a, widthOf(c));
    const cell = nextCell(gates, c);
    const hidden = ops.mul(gates.o, tanh(cell));
    const next = projection ? over.projected(hidden, projection) : hidden;
    h = over.whereOn(over.onAt(onH, time), next, h);
    c = over.whereOn(over.onAt(onC, time), cell, c);
    states = keep(states, { h, c }, over.slotAfter(time, run));
  }
  return states;
}

/** What the gradients of a step are multiplied by, of all steps at once. */
interface Factors {
  /** o·tanh c', which is projected. */
  readonly hidden: Value;
  /** dc' = dc + dh·reach */
  readonly reach: Value;
  /** Of dc' for i, f and g, of dh for o: [steps, batch, 4, width]. */
  readonly gates: Value;
  readonly kept: Value;
}

function factorsOf(states: States, { given, weight, mask }: Parts, run: Run): Factors {
  const before = over.statesBefore(states.c, run);
  const width = before.node.shape[2] as number;
  const on = mask && over.overWidth(mask, width);
  const a = ops.add(over.projected(over.statesBefore(states.h, run), weight), given);
  const { i, f, g, o } = gatesOf(a, width);
  const ended = over.statesAfter(states.c, run);
  const top = tanh(ended);
  const slope = (gate: number): Value => sigmoidSlope(gateOf(a, gate, width));
  const factors = [
    ops.mul(g, slope(0)),
    ops.mul(before, slope(1)),
    ops.mul(i, tanhSlope(gateOf(a, 2, width))),
    ops.mul(top, slope(3)),
  ];
  return {
    hidden: ops.mul(o, top),
    reach: over.whereOn(on, ops.mul(o, tanhSlope(ended)), 0),
    gates: stack(
      factors.map((factor) => over.whereOn(on, factor, 0)),
      2,
    ),
    kept: over.whereOn(on, f, 1),
  };
}

/** For each of four gates, whether it is o. */
function isOutput(shape: readonly number[]): Value {
  return expand(reshape(ops.eq(iota(4), 3), [1, 4, 1]), shape);
}

// All gates again at once, and one product for each weight's gradient: the chain rule has one a step.
function gradient(g: Value, inputs: readonly Value[], out: Value, run: Run): Gradient[] {
  const parts = partsOf(inputs, run);
  const { first, weight, projection, mask } = parts;
  const [states, given] = [out, g].map((flat) => slotsOf(flat, first, run.steps)) as [
    States,
    States,
  ];
  const factors = factorsOf(states, parts, run);
  const [rows, width] = first.c.node.shape as readonly [number, number];
  const [back, backProjected] = [weight, projection].map((x) => x && permute(x, [1, 0]));
  const [onH, isOut] = [widened(mask, first.h), isOutput([rows, 4, width])];
  let sums = full(g.node.dtype, [run.steps, rows, 4 * width], 0);
  let hiddens = over.roomFor(first.h, run.steps);
  let dc = over.at(given.c, over.lastSlot(run));
  const initial = over.backToFirst(given.h, run, (dh, time) => {
    const isOn = over.onAt(onH, time);
    if (projection) hiddens = over.put(hiddens, over.whereOn(isOn, dh, 0), time);
    const hidden = backProjected ? over.projected(dh, backProjected) : dh;
    const cell = ops.add(dc, ops.mul(hidden, over.at(factors.reach, time)));
    const chosen = ops.where(isOut, forEachGate(hidden, 4), forEachGate(cell, 4));
    const sum = sideBySide(ops.mul(chosen, over.at(factors.gates, time)));
    sums = over.put(sums, sum, time);
    const kept = ops.mul(cell, over.at(factors.kept, time));
    dc = ops.add(kept, over.at(given.c, over.slotBefore(time, run)));
    const passed = over.projected(sum, back as Value);
    return isOn ? ops.add(passed, ops.where(isOn, 0, dh)) : passed;
  });
  const weights = over.weightGradient(sums, over.statesBefore(states.h, run));
  const projections = projection ? [over.weightGradient(hiddens, factors.hidden)] : [];
  return [sums, initial, dc, weights, ...projections, ...(mask ? [null] : [])];
}

const variant = specVariants<Run>({ name: "MkldnnRnnLayerBackward0", body, gradient });

export interface LstmWeights {
  readonly weight: Value;
  readonly projection: Value | null;
}

/** All states of [steps, batch, 4·width] that the input gives; `mask` says which sequences go on. */
export function lstmStates(
  given: Value,
  first: States,
  { weight, projection }: LstmWeights,
  mask: Value | null,
  course: over.Course,
): States {
  const inputs = [given, first.h, first.c, weight, projection, mask].filter((x) => x !== null);
  const run = { ...course, isProjected: projection !== null, isMasked: mask !== null };
  const extent = over.extentOf(first.h, course.steps);
  const flat = composite(variant(`${run.isProjected} ${run.isMasked} ${extent}`), inputs, run);
  return slotsOf(flat, first, course.steps);
}
