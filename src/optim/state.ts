// The state an optimizer keeps for a parameter: tensors that a step replaces, and numbers.

import type { DType } from "../base/dtypes.ts";
import type { Shape } from "../base/shapes.ts";
import { full } from "../functions/creation.ts";
import { eachTime } from "../graph/live.ts";
import type { Value } from "../graph/tape.ts";
import { makeTensor } from "../tensor/make.ts";
import type { Tensor } from "../tensor/tensor.ts";

export type State = { [key: string]: unknown };

export function stateOf(states: Map<Tensor, State>, param: Tensor): State {
  let state = states.get(param);
  if (!state) {
    state = {};
    states.set(param, state);
  }
  return state;
}

/** Counts a step, now and at each replay; the first is 1. */
export function counted(state: State): number {
  eachTime(() => {
    state.step = ((state.step as number | undefined) ?? 0) + 1;
  });
  return state.step as number;
}

interface Like {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The state's tensor of that name; until there is one, `initial` throughout. */
export function kept(state: State, key: string, like: Like, initial = 0): Value {
  const known = state[key] as Tensor | undefined;
  return known ? known.value : full(like.shape, initial, like.dtype);
}

/** Puts a new value in the place of the state's tensor. */
export function keep(state: State, key: string, value: Value): Value {
  const known = state[key] as Tensor | undefined;
  if (known) known.store(value.node);
  else state[key] = changedTo(value);
  return value;
}

/**
 * A tensor whose value counts as a change of what was 0: a request computes changes, asked for or not,
 * and one that fails takes them back.
 */
export function changedTo({ node }: Value): Tensor {
  const made = makeTensor(full(node.shape, 0, node.dtype));
  made.store(node);
  return made;
}
