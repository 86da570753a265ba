// The course of a recurrence: its steps in the order they are taken, and the slots in which its states
// lie, the initial one beside the first step's. [steps + 1, batch, width], in the order of time:
//
//   forwards   initial | 0 | 1 | … | T-1        in reverse   0 | 1 | … | T-1 | initial

import type { View } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import { add, where } from "../ops/arithmetic.ts";
import { contract } from "../ops/contract.ts";
import { expand, permute, place, reshape, slice, wholeSlice } from "../ops/linear.ts";
import { full } from "../ops/source.ts";
import { select } from "./shapes.ts";

export interface Course {
  readonly steps: number;
  readonly isReverse: boolean;
}

/** Of one step, or of no rows, a derivative reads less than of others: its variants are told apart. */
export const extentOf = (first: Value, steps: number): string =>
  first.node.size === 0 ? "none" : steps > 1 ? "several" : "one";

/** Every time, in the order of the steps. */
export const timesOf = ({ steps, isReverse }: Course): number[] =>
  Array.from({ length: steps }, (_, at) => (isReverse ? steps - 1 - at : at));

/** The slot of the state that the step at `time` starts from, or ends in. */
export const slotBefore = (time: number, { isReverse }: Course): number =>
  isReverse ? time + 1 : time;
export const slotAfter = (time: number, { isReverse }: Course): number =>
  isReverse ? time : time + 1;

export const firstSlot = ({ steps, isReverse }: Course): number => (isReverse ? steps : 0);
export const lastSlot = ({ steps, isReverse }: Course): number => (isReverse ? 0 : steps);

const run = (states: Value, start: number, size: number): Value =>
  slice(
    states,
    states.node.shape.map((n, axis) => (axis === 0 ? { start, size, step: 1 } : wholeSlice(n))),
  );

/** The states that the steps start from, in the order of time. */
export const statesBefore = (states: Value, course: Course): Value =>
  run(states, course.isReverse ? 1 : 0, course.steps);

/** The states that the steps end in, in the order of time. */
export const statesAfter = (states: Value, course: Course): Value =>
  run(states, course.isReverse ? 0 : 1, course.steps);

export const at = (sequence: Value, time: number): Value => select(sequence, 0, time);

/** Room for `count` values like `one`, one after the other. */
export const roomFor = (one: Value, count: number): Value =>
  full(one.node.dtype, [count, ...one.node.shape], 0);

/** `one` at a position of a row of its like, which starts at element `offset` of `room`. */
export function put(room: Value, one: Value, position: number, offset = 0): Value {
  const [rows, width] = one.node.shape as readonly [number, number];
  const window: View = {
    shape: [rows, width],
    strides: [width, 1],
    offset: offset + position * rows * width,
  };
  return place(room, one, window);
}

/** x·weightᵀ: [batch, in] or [time, batch, in], and [out, in]. */
export const projected = (x: Value, weight: Value): Value =>
  contract(x, weight, { batch: 0, depth: 1 });

/** Σ over time and batch of gᵀ·x: a projection's gradient for its weight, in one product. */
export const weightGradient = (g: Value, x: Value): Value =>
  contract(permute(g, [2, 0, 1]), permute(x, [2, 0, 1]), { batch: 0, depth: 2 });

/** A mask of [time, batch] for elements of [time, batch, width]. */
export const overWidth = (mask: Value, width: number): Value => {
  const { shape } = mask.node;
  return expand(reshape(mask, [...shape, 1]), [...shape, width]);
};

/** `x` where the steps go on, else `other`: sequences that are shorter wait. */
export const whereOn = (on: Value | null, x: Value, other: Value | number): Value =>
  on ? where(on, x, other) : x;

export const onAt = (on: Value | null, time: number): Value | null => on && at(on, time);

/** All states, from the first on; `step` gives the next of one. */
export function statesOf(
  first: Value,
  course: Course,
  step: (state: Value, time: number) => Value,
): Value {
  let states = put(roomFor(first, course.steps + 1), first, firstSlot(course));
  let state = first;
  for (const time of timesOf(course)) {
    state = step(state, time);
    states = put(states, state, slotAfter(time, course));
  }
  return states;
}

/** The first state's gradient, of those of all states; `step` sends one back through its step. */
export function backToFirst(
  g: Value,
  course: Course,
  step: (g: Value, time: number) => Value,
): Value {
  let gradient = at(g, lastSlot(course));
  for (const time of timesOf(course).reverse()) {
    gradient = add(step(gradient, time), at(g, slotBefore(time, course)));
  }
  return gradient;
}
