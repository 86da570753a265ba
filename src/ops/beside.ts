// beside: a gradient that depends on x by a mask alone has a place on the Tape behind x all the same, as
// PyTorch's backward formulas have: x is reached, and its own derivative is zero.

import type { Value } from "../graph/tape.ts";
import { apply, type Primitive } from "./primitive.ts";
import { zerosLike } from "./source.ts";

export const besidePrimitive: Primitive<null> = {
  name: "beside",
  build: ([value]) => value,
  vjp: (g, [, x]) => [g, zerosLike(x)],
};

/** `value`, with an edge to x along which zeros flow. */
export const beside = (value: Value, x: Value): Value => apply(besidePrimitive, [value, x], null);
