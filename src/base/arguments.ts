// Types of calls, derived from records: what a method or function takes, what a record's own function
// is given, what comes back. `T` stands for the tensor type: Tensor outside, Value inside.

import type { ArgumentKinds, Param } from "./parameters.ts";

type Argument<P, T> =
  P extends Param<string, infer Kind, boolean, infer Nullable, boolean, infer Choice>
    ?
        | (Kind extends keyof ArgumentKinds<T> ? ArgumentKinds<T>[Kind] : Choice)
        | (Nullable extends true ? null : never)
    : never;

/** What a record's function is called with: one value a parameter. */
export type BoundArguments<Params extends readonly Param[], T> = {
  -readonly [At in keyof Params]: Argument<Params[At], T>;
};

/** Accepted everywhere and ignored: there is one device and one layout. */
interface Ignored {
  device?: unknown;
  layout?: unknown;
  memoryFormat?: unknown;
}

type Named<P, T> = P extends Param<infer Name> ? { [K in Name]?: Argument<P, T> } : never;

type Merge<U> = (U extends unknown ? (member: U) => void : never) extends (all: infer All) => void
  ? { [K in keyof All]: All[K] }
  : never;

export type Options<Params extends readonly Param[], T> = Merge<Named<Params[number], T>> & Ignored;

/** `(dim?, keepdim?, options?)`: an optional position may also be where the options stand. */
type Positional<Params extends readonly Param[], All, T> = Params extends readonly [
  infer First extends Param,
  ...infer Rest extends readonly Param[],
]
  ? First["isKeyword"] extends true
    ? [options?: All]
    : First["isRequired"] extends true
      ? [...Labelled<First["name"], Argument<First, T>>, ...Positional<Rest, All, T>]
      : [...Partial<Labelled<First["name"], Argument<First, T> | All>>, ...Positional<Rest, All, T>]
  : [options?: All];

/** Several integers or tensors, or a list of them. */
type Several<Item, All> =
  | [...items: Item[]]
  | [...items: Item[], options: All]
  | [items: readonly Item[], options?: All];

export type Arguments<Params extends readonly Param[], T> = Params extends readonly [
  infer First extends Param,
  ...(readonly Param[]),
]
  ? First["kind"] extends "sizes"
    ? Several<number, Options<Params, T>>
    : First["kind"] extends "severalTensors"
      ? Several<T, Options<Params, T>>
      : Positional<Params, Options<Params, T>, T>
  : [];

type Tail<Params extends readonly Param[]> = Params extends readonly [
  Param,
  ...infer Rest extends readonly Param[],
]
  ? Rest
  : readonly [];

/** Among several results may be lists, and null for what is absent. */
type WrappedNames<Result, Value, T> = {
  readonly [K in keyof Result]: Wrapped<Result[K], Value, T>;
} & Iterable<Wrapped<Result[keyof Result], Value, T>>;

/** Tensors for values, also in lists, in named results and in promises of them. */
export type Wrapped<Result, Value, T> =
  Result extends Promise<infer Kept>
    ? Promise<Wrapped<Kept, Value, T>>
    : Result extends Value
      ? T
      : Result extends readonly Value[]
        ? T[]
        : Result extends object & { readonly [K in keyof Result]: Value }
          ? { readonly [K in keyof Result]: T } & Iterable<T>
          : Result extends object & {
                readonly [K in keyof Result]: Value | readonly Value[] | null;
              }
            ? WrappedNames<Result, Value, T>
            : Result;

interface TypedForm {
  readonly params: readonly Param[];
  readonly run: (...values: never[]) => unknown;
}

type FormAsFunction<Form, Value, T> = Form extends TypedForm
  ? (...args: Arguments<Form["params"], T>) => Wrapped<ReturnType<Form["run"]>, Value, T>
  : never;

type FormAsMethod<Form, Value, T> = Form extends TypedForm
  ? (...args: Arguments<Tail<Form["params"]>, T>) => Wrapped<ReturnType<Form["run"]>, Value, T>
  : never;

type FormInPlace<Form, T> = Form extends TypedForm
  ? (...args: Arguments<Tail<Form["params"]>, T>) => T
  : never;

type Intersection<U> = (U extends unknown ? (member: U) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;

/** Overloads become an intersection of functions, which TypeScript tries in order. */
export type AsFunction<Forms extends readonly unknown[], Value, T> = Intersection<
  { [At in keyof Forms]: FormAsFunction<Forms[At], Value, T> }[number]
>;
export type AsMethod<Forms extends readonly unknown[], Value, T> = Intersection<
  { [At in keyof Forms]: FormAsMethod<Forms[At], Value, T> }[number]
>;
export type AsInPlace<Forms extends readonly unknown[], T> = Intersection<
  { [At in keyof Forms]: FormInPlace<Forms[At], T> }[number]
>;

/** Parameters that editors show by name; any other shows as `args_0`. */
interface Labels<A> {
  input: [input: A];
  other: [other: A];
  dim: [dim: A];
  keepdim: [keepdim: A];
  dtype: [dtype: A];
  exponent: [exponent: A];
  min: [min: A];
  max: [max: A];
  dim0: [dim0: A];
  dim1: [dim1: A];
  dim2: [dim2: A];
  start: [start: A];
  end: [end: A];
  step: [step: A];
  length: [length: A];
  index: [index: A];
  src: [src: A];
  source: [source: A];
  destination: [destination: A];
  mask: [mask: A];
  value: [value: A];
  tensors: [tensors: A];
  size: [size: A];
  offset: [offset: A];
  condition: [condition: A];
  startDim: [startDim: A];
  endDim: [endDim: A];
  correction: [correction: A];
  unbiased: [unbiased: A];
  fillValue: [fillValue: A];
  diagonal: [diagonal: A];
}

type Labelled<Name, A> = Name extends keyof Labels<A> ? Labels<A>[Name] : [A];
