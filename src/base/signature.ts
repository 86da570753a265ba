// The binder: a public function declares its parameters once, in a record, and every call is bound by
// it. Any prefix positionally in the declared order, the rest in a last plain object; `undefined` is
// absent, `null` is None; several overloads are tried in order and the first that fits is taken.
//
//   x.sum(0, true)   x.sum({ dim: 0 })   x.view(2, 3)   x.view([2, 3])   ones(2, { dtype: "int64" })

import { bindingError, type Fault, nearest } from "./binding-errors.ts";
import { invariant } from "./errors.ts";
import { camelCase, kinds, type Param, plainObject } from "./parameters.ts";
import { Float } from "./scalars.ts";

/** A form of a function: its parameters, and what is done with them. */
export interface Overload {
  readonly params: readonly Param[];
}

export interface Bound<Form extends Overload> {
  readonly form: Form;
  /** One value a parameter, defaults filled in. */
  readonly values: unknown[];
}

/** What `device`, `layout` and `memoryFormat` ask is the only thing there is. */
const ignored = new Set(["device", "layout", "memoryFormat", "pinMemory"]);

/**
 * Binds a call. `receiver` is the tensor a method was called on (the first parameter), or undefined
 * for a function. Throws an error that says who, wanted, got, and a hint.
 */
export function bind<Form extends Overload>(
  name: string,
  forms: readonly Form[],
  receiver: unknown,
  args: readonly unknown[],
): Bound<Form> {
  let count = args.length;
  while (count > 0 && args[count - 1] === undefined) count--;
  let options: Record<string, unknown> | undefined;
  if (count > 0 && plainObject(args[count - 1])) {
    options = args[--count] as Record<string, unknown>;
    while (count > 0 && args[count - 1] === undefined) count--;
  }
  const call = { receiver, args, count, options };
  let faults: Fault[] | null = null;
  for (let at = 0; at < forms.length; at++) {
    const form = forms[at] as Form;
    const values = new Array<unknown>(form.params.length);
    const fault = fill(form.params, values, call);
    if (fault === null) return { form, values };
    faults ??= [];
    faults.push(fault);
  }
  throw bindingError(name, forms, faults ?? [], receiver === undefined ? 0 : 1);
}

interface Call {
  readonly receiver: unknown;
  readonly args: readonly unknown[];
  /** How many of `args` are positional. */
  readonly count: number;
  readonly options: Record<string, unknown> | undefined;
}

/** Fills `values` for one form; says what is wrong, or null. */
function fill(params: readonly Param[], values: unknown[], call: Call): Fault | null {
  const { args, count, receiver } = call;
  let to = 0;
  if (receiver !== undefined) values[to++] = receiver;
  for (let from = 0; from < count; from++) {
    const param = params[to];
    if (!param || param.isKeyword) return { why: "many", got: count, wanted: to };
    if (takesSeveral(param) && !Array.isArray(args[from])) {
      values[to++] = args.slice(from, count);
      break;
    }
    values[to++] = args[from];
  }
  const misnamed = call.options ? takeOptions(params, values, call.options, to) : null;
  return misnamed ?? complete(params, values, receiver === undefined ? 0 : 1);
}

const takesSeveral = ({ kind }: Param): boolean => kind === "sizes" || kind === "severalTensors";

/** Checks what was given and puts defaults in the place of what was not. */
function complete(params: readonly Param[], values: unknown[], from: number): Fault | null {
  for (let at = from; at < params.length; at++) {
    const param = params[at] as Param;
    const value = values[at];
    if (value === undefined) {
      // A method's sizes may be none: a tensor without dimensions is permuted by no arguments.
      const isEmptySizes = from > 0 && param.kind === "sizes";
      if (param.isRequired && !isEmptySizes) return { why: "missing", param };
      values[at] = isEmptySizes ? [] : param.fallback;
    } else if (value === null) {
      if (!param.isNullable) return { why: "type", param, got: null };
    } else if (!kinds[param.kind].accepts(value, param)) {
      return { why: "type", param, got: value };
    } else if (param.kind === "number" && value instanceof Float) {
      values[at] = value.float;
    }
  }
  return null;
}

function takeOptions(
  params: readonly Param[],
  values: unknown[],
  options: Record<string, unknown>,
  positional: number,
): Fault | null {
  for (const key of Object.keys(options)) {
    if (options[key] === undefined) continue;
    const at = indexOfParam(params, key);
    if (at < 0) {
      if (ignored.has(camelCase(key))) continue;
      return {
        why: "unknown",
        key,
        hint: nearest(
          key,
          params.map((param) => param.name),
        ),
      };
    }
    if (at < positional) return { why: "twice", key };
    values[at] = options[key];
  }
  return null;
}

function indexOfParam(params: readonly Param[], key: string): number {
  for (let at = 0; at < params.length; at++) if (params[at]?.name === key) return at;
  if (!key.includes("_")) return -1;
  const camel = camelCase(key);
  return params.findIndex((param) => param.name === camel);
}

/** A declared list of parameters, checked once: required ones come first, keyword-only ones last. */
export function declare<const Params extends readonly Param[]>(params: Params): Params {
  let seenOptional = false;
  let seenKeyword = false;
  for (const param of params) {
    invariant(!(seenKeyword && !param.isKeyword), `${param.name} follows a keyword parameter`);
    invariant(
      !(seenOptional && param.isRequired && !param.isKeyword),
      `${param.name} is required but follows an optional one`,
    );
    seenOptional ||= !param.isRequired;
    seenKeyword ||= param.isKeyword;
  }
  return params;
}
