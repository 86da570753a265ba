// The views of shapes.ts and splits.ts as copies, by one rule: the same parameters and values under
// PyTorch's name, and no storage shared.

import { type Composite, composite, compositeOfMany } from "../../autograd/composite.ts";
import { shape, tensor } from "../../base/parameters.ts";
import * as geometry from "../../functions/geometry.ts";
import { reshape } from "../../functions/shapes.ts";
import type { Value } from "../../graph/tape.ts";
import { type Form, family, functionOnly, on, op, type Spec, viewOn } from "./record.ts";
import { views } from "./shapes.ts";
import { sliceForm } from "./slice.ts";
import { splits } from "./splits.ts";

const x = tensor("input");

type Rest = readonly unknown[];
type Run<Result> = (...values: unknown[]) => Result;

/** expand → ExpandBackward0_copy, its second form ExpandBackward1_copy */
const tapeNameOf = (name: string, form: number): string =>
  `${name[0]?.toUpperCase()}${name.slice(1)}Backward${form}_copy`;

/** A form that computes the same and is no view. */
const withRun = <F extends Form>(form: F, run: Run<unknown>): F => ({
  ...form,
  run: run as unknown as F["run"],
  window: null,
  copy: null,
});

function copyOfForm<F extends Form>(form: F, name: string): F {
  const view = form.run as unknown as Run<Value>;
  const spec: Composite<Rest> = { name, body: ([x], rest) => view(x, ...rest) };
  return withRun(form, (x, ...rest) => composite(spec, [x as Value], rest));
}

function copiesOfForm<F extends Form>(form: F, name: string): F {
  const view = form.run as unknown as Run<readonly Value[]>;
  const spec = { name, body: ([x]: readonly Value[], rest: Rest) => view(x, ...rest) };
  return withRun(form, (x, ...rest) => compositeOfMany(spec, [x as Value], rest));
}

type NamedSpec<Forms extends readonly Form[]> = Spec<Forms> & { readonly name: string };

const formsOf = <Forms extends readonly Form[]>(
  { forms, name }: NamedSpec<Forms>,
  copy: (form: Form, name: string) => Form,
): Forms => forms.map((form, at) => copy(form, tapeNameOf(name, at))) as unknown as Forms;

const copyOf = <const Forms extends readonly Form[]>(record: NamedSpec<Forms>) =>
  functionOnly(...formsOf(record, copyOfForm));

const copiesOf = <const Forms extends readonly Form[]>(record: NamedSpec<Forms>) =>
  functionOnly(...formsOf(record, copiesOfForm));

export const copies = family({
  aliasCopy: copyOf({ name: "alias", forms: [on([x], (x) => x)] }),
  detachCopy: functionOnly(on([x], (x): Value => ({ node: x.node, edge: null }))),
  diagonalCopy: copyOf(views.diagonal),
  expandCopy: copyOf(views.expand),
  narrowCopy: op(copyOfForm(views.narrow.forms[0], "NarrowCopyBackward0")),
  permuteCopy: copyOf(views.permute),
  selectCopy: copyOf(views.select),
  sliceCopy: copyOf({ name: "slice", forms: [sliceForm] }),
  splitCopy: copiesOf(splits.split),
  splitWithSizesCopy: copiesOf(splits.splitWithSizes),
  squeezeCopy: copyOf(views.squeeze),
  tCopy: copyOf(views.t),
  transposeCopy: copyOf(views.transpose),
  unbindCopy: copiesOf(splits.unbind),
  unfoldCopy: copyOf(views.unfold),
  unsqueezeCopy: copyOf(views.unsqueeze),
  viewCopy: copyOf({ name: "view", forms: [viewOn([x, shape("size")], geometry.view, reshape)] }),
});
