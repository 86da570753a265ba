// What halves are computed in: a composite of halves runs over float32 and is rounded once.

import { type Composite, composite } from "../autograd/composite.ts";
import { accumulated } from "../base/dtypes.ts";
import type { Value } from "../graph/tape.ts";
import { cast } from "../ops/arithmetic.ts";

const wideOnes = new WeakMap<object, Composite<never>>();

function widened<Attrs>(spec: Composite<Attrs>): Composite<Attrs> {
  let wide = wideOnes.get(spec) as Composite<Attrs> | undefined;
  if (!wide) {
    wide = {
      name: spec.name,
      body: ([x, ...others], attrs) => {
        const { dtype } = x.node;
        const inputs = [cast(x, accumulated(dtype)), ...others];
        return cast(composite(spec, inputs, attrs), dtype);
      },
    };
    wideOnes.set(spec, wide as Composite<never>);
  }
  return wide;
}

/** Calls a composite whose result has the dtype of its first input, which may be one of halves. */
export function roundedOnce<Attrs>(
  spec: Composite<Attrs>,
  inputs: readonly [Value, ...Value[]],
  attrs: Attrs,
): Value {
  const { dtype } = inputs[0].node;
  return composite(accumulated(dtype) === dtype ? spec : widened(spec), inputs, attrs);
}
