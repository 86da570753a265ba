// The plain recurrence: h' = tanh or relu of (what the input gives + h·weightᵀ), over all steps as one
// entry of the Tape.

import { type Composite, composite } from "../autograd/composite.ts";
import type { Value } from "../graph/tape.ts";
import * as ops from "../ops/arithmetic.ts";
import { permute } from "../ops/linear.ts";
import { tanh, tanhSlope } from "./recurrent-activations.ts";
import * as over from "./recurrent-course.ts";
import { specVariants } from "./spec-variants.ts";

interface Activation {
  readonly of: (x: Value) => Value;
  /** Gradients through all steps, by their sums or by their results. */
  readonly through: (sums: () => Value, ended: Value) => (g: Value, time: number) => Value;
}

const activations = {
  tanh: {
    of: tanh,
    through: (sums) => {
      const slopes = tanhSlope(sums());
      return (g, time) => ops.mul(g, over.at(slopes, time));
    },
  },
  relu: {
    of: ops.relu,
    through: (_, ended) => (g, time) => ops.where(ops.le(over.at(ended, time), 0), 0, g),
  },
} satisfies Record<string, Activation>;

export type Nonlinearity = keyof typeof activations;

const widened = (mask: Value | undefined, like: Value): Value | null =>
  mask ? over.overWidth(mask, like.node.shape[1] as number) : null;

const recurrence = ({ of, through }: Activation): Composite<over.Course> => ({
  name: "StackBackward0",
  body: ([given, first, weight, mask], course) => {
    const on = widened(mask, first);
    return over.statesOf(first, course, (h, time) => {
      const next = of(ops.add(over.projected(h, weight), over.at(given, time)));
      return over.whereOn(over.onAt(on, time), next, h);
    });
  },
  // One product for the weight's gradient, where the chain rule has one a step.
  gradient: (g, [given, first, weight, mask], states, course) => {
    const on = widened(mask, first);
    const before = over.statesBefore(states, course);
    const passing = through(
      () => ops.add(over.projected(before, weight), given),
      over.statesAfter(states, course),
    );
    const back = permute(weight, [1, 0]);
    let sums = over.roomFor(first, course.steps);
    const initial = over.backToFirst(g, course, (dh, time) => {
      const isOn = over.onAt(on, time);
      const sum = over.whereOn(isOn, passing(dh, time), 0);
      sums = over.put(sums, sum, time);
      const passed = over.projected(sum, back);
      return isOn ? ops.add(passed, ops.where(isOn, 0, dh)) : passed;
    });
    const weights = over.weightGradient(sums, before);
    return [sums, initial, weights, ...(mask ? [null] : [])];
  },
});

const variants = {
  tanh: specVariants(recurrence(activations.tanh)),
  relu: specVariants(recurrence(activations.relu)),
};

/** All states of [steps, batch, width] that the input gives; `mask` says which sequences go on. */
export const plainStates = (
  nonlinearity: Nonlinearity,
  [given, first, weight]: readonly [given: Value, first: Value, weight: Value],
  mask: Value | null,
  course: over.Course,
): Value =>
  composite(
    variants[nonlinearity](over.extentOf(first, course.steps)),
    mask ? [given, first, weight, mask] : [given, first, weight],
    course,
  );
