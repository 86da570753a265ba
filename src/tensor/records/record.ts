// Records of public functions: for each form its parameters, what it does on Values, and for views how
// the window changes. Methods, functions and in-place methods, and their types, derive from them.

import type { BoundArguments } from "../../base/arguments.ts";
import type { Param } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import type { View } from "../../base/views.ts";
import type { Value } from "../../graph/tape.ts";

export interface Form<
  Params extends readonly Param[] = readonly Param[],
  Run extends (...values: never[]) => unknown = (...values: never[]) => unknown,
> {
  readonly params: Params;
  readonly run: Run;
  /** For views: the window, or windows, on the first argument's storage; null when it takes a copy. */
  readonly window: ((view: View, ...values: never[]) => View | readonly View[] | null) | null;
  /** What is done where `window` is null, if not the same. */
  readonly copy: Run | null;
  /** For views of several tensors, which are the first argument: the window on each one's storage. */
  readonly windows: ((views: readonly View[], ...values: never[]) => readonly View[]) | null;
  /** Several views, none of which knows of the others. */
  readonly areApart: boolean;
  /** What runs once the elements of the tensor at a position are read, with these in its place. */
  readonly afterReading: { readonly at: number; readonly form: Form } | null;
  /** Positions of the tensors that change in place: `run` gives a `Changing`; or null. */
  readonly changes: readonly number[] | null;
  /** The result may be the first argument itself. */
  readonly mayBeSelf: boolean;
  /** Some parameter takes a tensor: without one there is nothing to compute with. */
  readonly wantsTensor: boolean;
  /** Where the parameter `requiresGrad` stands, which makes the result a leaf; or -1. */
  readonly requiresGradAt: number;
  /** Where the parameter `inplace` stands, which puts the result in the first argument's place; or -1. */
  readonly inplaceAt: number;
}

export interface Spec<Forms extends readonly Form[] = readonly Form[]> {
  readonly forms: Forms;
}

/** How a record may be called. */
interface Uses {
  readonly function: boolean;
  readonly method: boolean;
  /** Under its name with `_`: the result replaces the first argument's elements. */
  readonly inPlace: boolean;
}

export interface FunctionRecord<Forms extends readonly Form[] = readonly Form[]>
  extends Spec<Forms>,
    Uses {
  readonly name: string;
}

const takesTensor = new Set<string>(["tensor", "operand", "tensors", "severalTensors"]);

/** A form that computes something new. */
export function on<
  const Params extends readonly Param[],
  Run extends (...values: BoundArguments<Params, Value>) => unknown,
>(params: Params, run: Run): Form<Params, Run> {
  const wantsTensor = params.some(({ kind }) => takesTensor.has(kind));
  const positionOf = (name: string) => params.findIndex((param) => param.name === name);
  return {
    params: declare(params),
    run,
    window: null,
    copy: null,
    windows: null,
    areApart: false,
    afterReading: null,
    changes: null,
    mayBeSelf: false,
    wantsTensor,
    requiresGradAt: positionOf("requiresGrad"),
    inplaceAt: positionOf("inplace"),
  };
}

/** A form that gives the first argument itself when there is nothing to do. */
export function orSelf<
  const Params extends readonly Param[],
  Run extends (...values: BoundArguments<Params, Value>) => unknown,
>(params: Params, run: Run): Form<Params, Run> {
  return { ...on(params, run), mayBeSelf: true };
}

type Rest<Values extends readonly unknown[]> = Values extends readonly [unknown, ...infer Tail]
  ? Tail
  : [];

/** A form whose result shares the first argument's storage. */
export function viewOn<
  const Params extends readonly Param[],
  Run extends (...values: BoundArguments<Params, Value>) => Value | readonly Value[],
>(
  params: Params,
  window: (
    view: View,
    ...values: Rest<BoundArguments<Params, Value>>
  ) => View | readonly View[] | null,
  run: Run,
  copy: Run | null = null,
): Form<Params, Run> {
  return { ...on(params, run), window: window as Form["window"], copy };
}

/** A view that is the first argument itself where it would show the same. */
export const maybeSelf = <View extends Form>(form: View): View => ({ ...form, mayBeSelf: true });

/** The views of a form as so many single ones: each may be changed in place. */
export const apart = <Views extends Form>(form: Views): Views => ({ ...form, areApart: true });

/** A form whose results each share the storage of one of several tensors, which come first. */
export function viewsOn<
  const Params extends readonly Param[],
  Run extends (...values: BoundArguments<Params, Value>) => readonly Value[],
>(
  params: Params,
  windows: (views: readonly View[], ...values: BoundArguments<Params, Value>) => readonly View[],
  run: Run,
): Form<Params, Run> {
  return { ...on(params, run), windows: windows as Form["windows"] };
}

type Later<Params extends readonly Param[], Then extends Form> = (
  ...values: BoundArguments<Params, Value>
) => Promise<ReturnType<Then["run"]>>;

/**
 * A form whose result's shape depends on the last of its tensors, the parameter at `at`: this is read,
 * then `form` runs with a number or a list in its place. The result is a promise.
 */
export function afterReading<const Params extends readonly Param[], Then extends Form>(
  params: Params,
  at: number,
  form: Then,
): Form<Params, Later<Params, Then>> {
  const run = form.run as unknown as Later<Params, Then>;
  return { ...on(params, run), afterReading: { at, form } };
}

/** A result, and in the order of a form's `changes` the new elements; null where they stay. */
export interface Changing {
  readonly result: Value;
  readonly changed: readonly (Value | null)[];
}

/** A form that computes something new and, off the Tape, changes the tensors at `changes` in place. */
export function changing<const Params extends readonly Param[]>(
  params: Params,
  changes: readonly number[],
  run: (...values: BoundArguments<Params, Value>) => Changing,
): Form<Params, (...values: BoundArguments<Params, Value>) => Value> {
  type Run = (...values: BoundArguments<Params, Value>) => Value;
  return { ...on(params, run as unknown as Run), changes };
}

/** Function and method. */
export const op = <const Forms extends readonly Form[]>(...forms: Forms) =>
  ({ forms, function: true, method: true, inPlace: false }) as const;

/** Function, method and in-place method. */
export const alsoInPlace = <const Forms extends readonly Form[]>(...forms: Forms) =>
  ({ forms, function: true, method: true, inPlace: true }) as const;

export const methodOnly = <const Forms extends readonly Form[]>(...forms: Forms) =>
  ({ forms, function: false, method: true, inPlace: false }) as const;

export const functionOnly = <const Forms extends readonly Form[]>(...forms: Forms) =>
  ({ forms, function: true, method: false, inPlace: false }) as const;

/** In-place method alone: `x.uniform_()`. */
export const inPlaceOnly = <const Forms extends readonly Form[]>(...forms: Forms) =>
  ({ forms, function: false, method: false, inPlace: true }) as const;

type Named<Specs> = { readonly [Name in keyof Specs]: Specs[Name] & { readonly name: Name } };

/** Several records by name; each learns its own. */
export function family<const Specs extends Record<string, Spec & Uses>>(
  specs: Specs,
): Named<Specs> {
  const named = Object.entries(specs).map(([name, spec]) => [name, { ...spec, name }]);
  return Object.fromEntries(named) as Named<Specs>;
}
