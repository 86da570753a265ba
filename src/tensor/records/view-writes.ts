// Records of copies with what a view shows replaced: the view's form with a source behind the input.

import type { BoundArguments } from "../../base/arguments.ts";
import { type Param, tensor } from "../../base/parameters.ts";
import { contiguousView, type View } from "../../base/views.ts";
import { writing } from "../../functions/view-writes.ts";
import type { Value } from "../../graph/tape.ts";
import { type Form, family, on, op } from "./record.ts";
import { views } from "./shapes.ts";
import { sliceForm } from "./slice.ts";

const x = tensor("input");
const src = tensor("src");

type Written<Tail extends readonly Param[]> = readonly [typeof x, typeof src, ...Tail];

/** `views.select` (input, dim, index) → selectScatter(input, src, dim, index) */
function through<const Tail extends readonly Param[]>(
  name: string,
  view: Form<readonly [typeof x, ...Tail]>,
) {
  const write = writing(name);
  const windowOf = view.window as unknown as (view: View, ...values: readonly unknown[]) => View;
  const [, ...tail] = view.params;
  const params: Written<Tail> = [x, src, ...(tail as unknown as Tail)];
  return op(
    on(params, (...values: BoundArguments<Written<Tail>, Value>): Value => {
      const [x, src, ...rest] = values as unknown as [Value, Value, ...unknown[]];
      return write(x, src, windowOf(contiguousView(x.node.shape), ...rest));
    }),
  );
}

export const viewWrites = family({
  selectScatter: through("selectScatter", views.select.forms[0]),
  sliceScatter: through("sliceScatter", sliceForm),
  diagonalScatter: through("diagonalScatter", views.diagonal.forms[0]),
});
