// Parameters of public functions: their kinds (what values they take) and the builders that records
// are written with. `int("dim")` is required, `int("dim", 0)` has a default; a default of null also
// means that null (Python's None) may be given.

import { type DType, isDType } from "./dtypes.ts";
import { invariant } from "./errors.ts";
import { Float, type Scalar } from "./scalars.ts";

/** Marks tensors, so that the binder knows one without importing it. */
export const tensorBrand: unique symbol = Symbol("shardgrad.tensor");
/** Marks random generators. */
export const generatorBrand: unique symbol = Symbol("shardgrad.generator");

const branded = (value: unknown, brand: symbol): boolean =>
  typeof value === "object" && value !== null && (value as Record<symbol, unknown>)[brand] === true;

export const isTensor = (value: unknown): boolean => branded(value, tensorBrand);

const isScalar = (value: unknown): boolean =>
  typeof value === "number" || typeof value === "boolean" || value instanceof Float;

const isInts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((n) => Number.isInteger(n));

/** The type of an argument, by kind of parameter. */
export interface ArgumentKinds<T> {
  tensor: T;
  operand: T | Scalar;
  tensors: readonly T[];
  /** As `tensors`; they may also be given one by one. */
  severalTensors: readonly T[];
  /** One or several; null where one is absent. */
  someTensors: T | readonly (T | null)[];
  callback: (...args: never[]) => unknown;
  scalar: Scalar;
  number: number;
  int: number;
  bool: boolean;
  ints: number | readonly number[];
  /** One integer, or a list in which some are left open. */
  openInts: number | readonly (number | null)[];
  /** Only one of the two truths: by it one of two forms is meant. */
  yes: true;
  no: false;
  /** -1: a number that the data tells. */
  inferred: -1;
  scalars: readonly Scalar[];
  /** Numbers, or tensors of one element. */
  operands: readonly (T | Scalar)[];
  /** A list of numbers in which some are left open. */
  openScalars: readonly (Scalar | null)[];
  /** One number, or a list of them. */
  numbers: Scalar | readonly Scalar[];
  sizes: readonly number[];
  shape: readonly number[];
  lists: readonly (readonly number[])[];
  dtype: DType;
  string: string;
  generator: object;
  anything: unknown;
}

interface KindRule {
  /** Completes "dim must be …". */
  readonly wanted: string;
  readonly accepts: (value: unknown, param: Param) => boolean;
}

/** What may be passed, by kind. */
export const kinds: Record<KindName, KindRule> = {
  tensor: { wanted: "a tensor", accepts: isTensor },
  operand: { wanted: "a tensor or a number", accepts: (v) => isScalar(v) || isTensor(v) },
  tensors: {
    wanted: "a list of tensors",
    accepts: (v) => Array.isArray(v) && v.every((item) => isTensor(item)),
  },
  severalTensors: {
    wanted: "tensors, or a list of them",
    accepts: (v) => Array.isArray(v) && v.every((item) => isTensor(item)),
  },
  someTensors: {
    wanted: "a tensor or a list of tensors",
    accepts: (v) => isTensor(v) || (Array.isArray(v) && v.every((t) => t === null || isTensor(t))),
  },
  callback: { wanted: "a function", accepts: (v) => typeof v === "function" },
  scalar: { wanted: "a number or a boolean", accepts: isScalar },
  number: {
    wanted: "a number",
    accepts: (v) => typeof v === "number" || v instanceof Float,
  },
  int: { wanted: "an integer", accepts: (v) => Number.isInteger(v) },
  bool: { wanted: "true or false", accepts: (v) => typeof v === "boolean" },
  ints: {
    wanted: "an integer or a list of integers",
    accepts: (v) => Number.isInteger(v) || isInts(v),
  },
  openInts: {
    wanted: "an integer or a list of integers and nulls",
    accepts: (v) =>
      Number.isInteger(v) ||
      (Array.isArray(v) && v.every((n) => n === null || Number.isInteger(n))),
  },
  yes: { wanted: "true", accepts: (v) => v === true },
  no: { wanted: "false", accepts: (v) => v === false },
  inferred: { wanted: "-1", accepts: (v) => v === -1 },
  scalars: {
    wanted: "a list of numbers",
    accepts: (v) => Array.isArray(v) && v.every(isScalar),
  },
  operands: {
    wanted: "a list of numbers or tensors",
    accepts: (v) => Array.isArray(v) && v.every((item) => isScalar(item) || isTensor(item)),
  },
  openScalars: {
    wanted: "a list of numbers and nulls",
    accepts: (v) => Array.isArray(v) && v.every((item) => item === null || isScalar(item)),
  },
  numbers: {
    wanted: "a number or a list of numbers",
    accepts: (v) => isScalar(v) || (Array.isArray(v) && v.every(isScalar)),
  },
  sizes: { wanted: "integers, or a list of them", accepts: isInts },
  shape: { wanted: "a list of integers", accepts: isInts },
  lists: {
    wanted: "a list of lists of integers",
    accepts: (v) => Array.isArray(v) && v.every(isInts),
  },
  dtype: { wanted: "a dtype", accepts: isDType },
  string: { wanted: "a string", accepts: (v) => typeof v === "string" },
  choice: {
    wanted: "one of a few strings",
    accepts: (v, param) => param.choices?.includes(v as string) === true,
  },
  generator: { wanted: "a generator", accepts: (v) => branded(v, generatorBrand) },
  anything: { wanted: "a value", accepts: () => true },
};

export type KindName = keyof ArgumentKinds<unknown> | "choice";

/** A parameter; `Kind` and the flags are literal types, from which argument types are derived. */
export interface Param<
  Name extends string = string,
  Kind extends KindName = KindName,
  Required extends boolean = boolean,
  Nullable extends boolean = boolean,
  Keyword extends boolean = boolean,
  Choice extends string = string,
> {
  readonly name: Name;
  readonly kind: Kind;
  readonly isRequired: Required;
  readonly isNullable: Nullable;
  /** Only in the last object, never by position. */
  readonly isKeyword: Keyword;
  readonly fallback: unknown;
  readonly choices?: readonly Choice[];
}

interface Builder<Kind extends KindName> {
  <const Name extends string>(name: Name): Param<Name, Kind, true, false, false>;
  <const Name extends string>(name: Name, fallback: null): Param<Name, Kind, false, true, false>;
  <const Name extends string>(
    name: Name,
    fallback: number | boolean | string | readonly (number | null)[],
  ): Param<Name, Kind, false, false, false>;
}

function builder<Kind extends KindName>(kind: Kind): Builder<Kind> {
  const build = (name: string, fallback?: unknown): Param => ({
    name,
    kind,
    isRequired: fallback === undefined,
    isNullable: fallback === null,
    isKeyword: false,
    fallback,
  });
  return build as Builder<Kind>;
}

export const tensor = builder("tensor");
export const operand = builder("operand");
export const tensors = builder("tensors");
/** A list, or several arguments, as `sizes`. */
export const severalTensors = builder("severalTensors");
export const someTensors = builder("someTensors");
export const callback = builder("callback");
export const scalar = builder("scalar");
export const number = builder("number");
export const int = builder("int");
export const bool = builder("bool");
export const ints = builder("ints");
/** An integer, or a list with null where one is left open. */
export const openInts = builder("openInts");
/** Parameters that tell two forms apart: `returnIndices` true, or false. */
export const yes = builder("yes");
export const no = builder("no");
export const inferred = builder("inferred");
/** A list of numbers. */
export const scalars = builder("scalars");
/** A list of numbers, or of tensors of one element. */
export const operands = builder("operands");
/** A list of numbers, with null where one is left open. */
export const openScalars = builder("openScalars");
/** A number, or a list of them. */
export const numbers = builder("numbers");
/** A list, or several arguments: the last parameter that can be given by position. */
export const sizes = builder("sizes");
/** A list of integers. */
export const shape = builder("shape");
/** A list of lists of integers. */
export const lists = builder("lists");
export const dtype = builder("dtype");
export const string = builder("string");
export const generator = builder("generator");
export const anything = builder("anything");

/** One of a few strings; the first is the default. */
export function choice<const Name extends string, const Choice extends string>(
  name: Name,
  choices: readonly Choice[],
): Param<Name, "choice", false, false, false, Choice> {
  invariant(choices.length > 0, `${name}: no choices`);
  return {
    name,
    kind: "choice",
    isRequired: false,
    isNullable: false,
    isKeyword: false,
    fallback: choices[0],
    choices,
  };
}

/** As choice, with null for none of them, which is the default. */
export function maybeChoice<const Name extends string, const Choice extends string>(
  name: Name,
  choices: readonly Choice[],
): Param<Name, "choice", false, true, false, Choice> {
  return { ...choice(name, choices), isNullable: true, fallback: null };
}

/** Only by name: what follows the `*` in PyTorch's signature. */
export function only<
  Name extends string,
  Kind extends KindName,
  R extends boolean,
  N extends boolean,
  C extends string,
>(param: Param<Name, Kind, R, N, boolean, C>): Param<Name, Kind, R, N, true, C> {
  return { ...param, isKeyword: true };
}

/** A parameter that has a default and may be null besides. */
export function nullable<
  Name extends string,
  Kind extends KindName,
  R extends boolean,
  K extends boolean,
  C extends string,
>(param: Param<Name, Kind, R, boolean, K, C>): Param<Name, Kind, R, true, K, C> {
  return { ...param, isNullable: true };
}

/** index_add → indexAdd, atleast_1d → atleast1d */
export const camelCase = (name: string): string =>
  name.replace(/(?<=.)_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Options are plain objects; tensors, floats, slices and arrays are not. */
export function plainObject(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
