// A copy of a tensor with what a view shows replaced: selectScatter, sliceScatter and their like.

import { type Composite, composite } from "../autograd/composite.ts";
import { fail } from "../base/errors.ts";
import { sameShape, showShape } from "../base/shapes.ts";
import type { View } from "../base/views.ts";
import type { Value } from "../graph/tape.ts";
import { cast } from "../ops/arithmetic.ts";
import { place } from "../ops/linear.ts";
import { tapeNameOf } from "../ops/primitive.ts";

/** What writes through a window on x's row-major elements, under its own name. */
export function writing(name: string): (x: Value, src: Value, window: View) => Value {
  const spec: Composite<View> = {
    name: tapeNameOf(name),
    body: ([x, src], window) => place(x, cast(src, x.node.dtype), window),
  };
  return (x, src, window) => {
    requireSource(name, src, window);
    return composite(spec, [x, src], window);
  };
}

export function requireSource(op: string, src: Value, window: View): void {
  const { shape } = src.node;
  if (sameShape(shape, window.shape)) return;
  fail(
    op,
    "expected src to have a size equal to the slice of self. " +
      `src size = ${showShape(shape)}, slice size = ${showShape(window.shape)}`,
  );
}
