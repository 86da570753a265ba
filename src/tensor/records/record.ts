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
  /** The result may be the first argument itself. */
  readonly mayBeSelf: boolean;
  /** Some parameter takes a tensor: without one there is nothing to compute with. */
  readonly wantsTensor: boolean;
  /** Where the parameter `requiresGrad` stands, which makes the result a leaf; or -1. */
  readonly requiresGradAt: number;
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

const takesTensor = new Set<string>(["tensor", "operand", "tensors"]);

/** A form that computes something new. */
export function on<
  const Params extends readonly Param[],
  Run extends (...values: BoundArguments<Params, Value>) => unknown,
>(params: Params, run: Run): Form<Params, Run> {
  const wantsTensor = params.some(({ kind }) => takesTensor.has(kind));
  const requiresGradAt = params.findIndex((param) => param.name === "requiresGrad");
  return {
    params: declare(params),
    run,
    window: null,
    copy: null,
    mayBeSelf: false,
    wantsTensor,
    requiresGradAt,
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

type Named<Specs> = { readonly [Name in keyof Specs]: Specs[Name] & { readonly name: Name } };

/** Several records by name; each learns its own. */
export function family<const Specs extends Record<string, Spec & Uses>>(
  specs: Specs,
): Named<Specs> {
  const named = Object.entries(specs).map(([name, spec]) => [name, { ...spec, name }]);
  return Object.fromEntries(named) as Named<Specs>;
}
