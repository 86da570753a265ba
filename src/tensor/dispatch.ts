// From a call to its result: bind, take the tensors' values, run the record's function on them, wrap
// what comes back, and note on the Tape's new entry which versions of which storages it has seen.

import type { AsFunction, AsInPlace, AsMethod } from "../base/arguments.ts";
import { fail } from "../base/errors.ts";
import { isTensor } from "../base/parameters.ts";
import { bind } from "../base/signature.ts";
import { contiguousView, type View } from "../base/views.ts";
import { clone } from "../functions/casts.ts";
import { viewAs } from "../functions/shapes.ts";
import { Node } from "../graph/node.ts";
import {
  type Edge,
  type Entry,
  isRecording,
  type Saved,
  type Value,
  withRecording,
} from "../graph/tape.ts";
import { read } from "../realize.ts";
import type { Handle, Origin } from "./handle.ts";
import { type Changing, type Form, type FunctionRecord, on } from "./records/record.ts";

/** A call with its tensors as values. */
export interface Ready {
  readonly form: Form;
  readonly values: unknown[];
  /** The tensors among the arguments, in order. */
  readonly handles: readonly Handle[];
}

const noHandles: readonly Handle[] = [];

/** `receiver` is undefined when the record is called as a function. */
export function prepare(
  record: FunctionRecord,
  receiver: Handle | undefined,
  args: readonly unknown[],
): Ready {
  const { form, values } = bind(record.name, record.forms, receiver, args);
  let handles: readonly Handle[] = noHandles;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (typeof value !== "object" || value === null) continue;
    if (isTensor(value)) {
      handles = handles.length === 0 ? [value as Handle] : [...handles, value as Handle];
      values[at] = (value as Handle).value;
    } else if (Array.isArray(value) && isTensor(value[0])) {
      handles = [...handles, ...(value as Handle[])];
      values[at] = (value as Handle[]).map((handle) => handle.value);
    }
  }
  return { form, values, handles };
}

/** `maker` makes the tensors of calls that are given none; `change` is for those with `inplace`. */
export function call(
  record: FunctionRecord,
  receiver: Handle | undefined,
  args: readonly unknown[],
  { maker, change }: Means = {},
): unknown {
  const ready = prepare(record, receiver, args);
  const { form, values, handles } = ready;
  const [first] = handles;
  if (first && change && values[form.inplaceAt] === true) return change(record, first, ready);
  if (form.changes && change) return runAndChange(record, ready, change);
  return run(record, ready, maker);
}

/** Versions are noted last: what changes here is no fault of the Tape. */
function runAndChange(record: FunctionRecord, ready: Ready, change: Change): unknown {
  const { form, values, handles } = ready;
  const [first] = handles;
  if (!first) fail(record.name, "wants at least one tensor");
  const compute = form.run as unknown as (...values: unknown[]) => Changing;
  const { result, changed } = compute(...values);
  withRecording(false, () => {
    for (const [order, value] of changed.entries()) {
      if (!value) continue;
      const at = form.changes?.[order] ?? 0;
      const target = handles[values.slice(0, at).filter(isValue).length] as Handle;
      change(record, target, { form: replacing, values: [value], handles: [target] });
    }
  });
  return wrap(result, handles, first);
}

const replacing = on([], ((value: Value) => value) as () => Value);

function run(record: FunctionRecord, ready: Ready, maker: Maker | undefined): unknown {
  const { form, values, handles } = ready;
  const first = handles[0];
  if (!first) return create(record, form, values, maker);
  if (form.afterReading) return runWhenRead(record, ready, maker);
  if (form.windows) return viewsOfEach(ready);
  const window = form.window && (form.window as WindowRule)(first.window, ...values.slice(1));
  if (form.mayBeSelf && window === first.window) return first;
  if (window && !(isRecording() && first.requiresGrad)) return unrecordedViews(window, first, form);
  const compute = form.window && !window ? (form.copy ?? form.run) : form.run;
  const result = (compute as (...values: unknown[]) => unknown)(...values);
  if (form.mayBeSelf && result === first.value) return first;
  if (window) return recordedViews(window, result, first, form);
  const wrapped = wrap(result, handles, first);
  return form.requiresGradAt < 0 ? wrapped : asLeaf(wrapped as Handle, form, values);
}

export type Maker = (value: Value) => Handle;

/** Puts the result of a call in the place of the target's elements. */
export type Change = (record: FunctionRecord, target: Handle, ready: Ready) => Handle;

interface Means {
  readonly maker?: Maker | undefined;
  readonly change?: Change | undefined;
}

function create(
  record: FunctionRecord,
  form: Form,
  values: readonly unknown[],
  maker: Maker | undefined,
): unknown {
  if (!maker || form.wantsTensor) fail(record.name, "wants at least one tensor");
  const made = maker((form.run as (...values: unknown[]) => Value)(...values));
  return asLeaf(made, form, values);
}

function asLeaf(made: Handle, form: Form, values: readonly unknown[]): Handle {
  if (values[form.requiresGradAt] === true) made.requiresGrad = true;
  return made;
}

type WindowRule = (view: View, ...values: unknown[]) => View | readonly View[] | null;

/** Values become tensors, in lists and named results too; anything else is passed on. */
function wrap(result: unknown, handles: readonly Handle[], maker: Handle): unknown {
  if (isValue(result)) return wrapOne(result, handles, maker);
  if (result instanceof Promise) return result.then((kept) => wrap(kept, handles, maker));
  if (Array.isArray(result)) return result.map((item) => wrap(item, handles, maker));
  if (typeof result !== "object" || result === null) return result;
  const named = Object.entries(result).map(([key, item]) => [key, wrap(item, handles, maker)]);
  return new NamedResult(named as [string, unknown][]);
}

export const isValue = (result: unknown): result is Value =>
  typeof result === "object" && result !== null && (result as Value).node instanceof Node;

function wrapOne(result: Value, handles: readonly Handle[], maker: Handle): Handle {
  const { edge } = result;
  if (!edge) return maker.fresh(result);
  // A function that had nothing to do must not give an input's place on the Tape to another tensor.
  for (const handle of handles) {
    if (handle.edge === edge) return wrapOne(clone(result), handles, maker);
  }
  const made = maker.fresh(result);
  noteVersions(edge.entry, handles, made);
  return made;
}

/** Of the inputs once, of each output as it comes; of those only that the derivative reads. */
function noteVersions(entry: Entry, handles: readonly Handle[], made: Handle): void {
  let { saved } = entry;
  if (saved.length === 0) {
    for (let input = 0; input < handles.length; input++) {
      if (entry.needs(input)) saved = [...saved, seen(handles[input] as Handle, input)];
    }
  }
  if (entry.needs(-1)) saved = [...saved, seen(made, -1)];
  entry.saved = saved;
}

const seen = ({ storage }: Handle, input: number): Saved => ({
  of: storage,
  version: storage.version,
  input,
});

/** Storages and versions of an entry's inputs, position by position. */
export function inputVersions(handles: readonly Handle[]): Saved[] {
  return handles.map(seen);
}

function unrecordedViews(window: View | readonly View[], of: Handle, form: Form): unknown {
  if (isView(window)) return of.follow(window, null, of.requiresGrad ? "unrecorded" : "single");
  const origin = of.requiresGrad ? "unrecorded" : originOfMany(form);
  return window.map((one) => of.follow(one, null, origin));
}

/** Only edges are taken from `result`: the window on the storage says more directly what is seen. */
function recordedViews(
  window: View | readonly View[],
  result: unknown,
  of: Handle,
  form: Form,
): unknown {
  if (!isView(window)) {
    return window.map((one, at) =>
      of.follow(one, (result as Value[])[at]?.edge ?? null, originOfMany(form)),
    );
  }
  const { edge } = result as Value;
  return of.follow(window, edge === of.edge ? aliasEdge(of.value) : edge, "single");
}

const originOfMany = ({ areApart }: Form): Origin => (areApart ? "single" : "several");

/** Views of several tensors, each of its own storage. */
function viewsOfEach({ form, values, handles }: Ready): Handle[] {
  const windowsOf = form.windows as (...values: unknown[]) => readonly View[];
  const windows = windowsOf(
    handles.map((handle) => handle.window),
    ...values,
  );
  const isWanted = isRecording() && handles.some((handle) => handle.requiresGrad);
  const results = isWanted ? (form.run as (...values: unknown[]) => Value[])(...values) : null;
  return handles.map((of, at) => {
    const window = windows[at] as View;
    if (form.mayBeSelf && window === of.window) return of;
    const view =
      results && of.requiresGrad
        ? recordedViews(window, results[at], of, form)
        : unrecordedViews(window, of, form);
    return view as Handle;
  });
}

/** Runs a form that must know the elements of the last tensor it is given. */
async function runWhenRead(
  record: FunctionRecord,
  { form, values, handles }: Ready,
  maker: Maker | undefined,
): Promise<unknown> {
  const { at, form: then } = form.afterReading as NonNullable<Form["afterReading"]>;
  const isOn = isRecording();
  const { node } = values[at] as Value;
  const data = await read(node);
  const others = handles.slice(0, -1);
  // What was changed in place meanwhile is seen, as by any view made now.
  const known = values.map((value, position) => {
    if (position === at) return node.shape.length === 0 ? data[0] : [...data];
    return isValue(value) ? (others[position] as Handle).value : value;
  });
  return withRecording(isOn, () =>
    run(record, { form: then, values: known, handles: others }, maker),
  );
}

/** A view that shows what its base shows has a place of its own on the Tape all the same. */
const aliasEdge = (value: Value): Edge | null =>
  viewAs(value, contiguousView(value.node.shape), "AliasBackward0").edge;

const isView = (window: View | readonly View[]): window is View => !Array.isArray(window);

/** Several results: `{ values, indices }` by name, `[values, indices]` in order. */
export class NamedResult {
  readonly #inOrder: readonly unknown[];

  constructor(named: readonly (readonly [string, unknown])[]) {
    this.#inOrder = named.map(([, value]) => value);
    for (const [key, value] of named) Object.defineProperty(this, key, { value, enumerable: true });
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.#inOrder[Symbol.iterator]();
  }
}

type Records = Readonly<Record<string, FunctionRecord>>;

/** The methods of some records, as types. */
export type Methods<R extends Records, T> = {
  readonly [K in keyof R as R[K]["method"] extends true ? K : never]: AsMethod<
    R[K]["forms"],
    Value,
    T
  >;
} & {
  readonly [K in keyof R as R[K]["inPlace"] extends true ? `${K & string}_` : never]: AsInPlace<
    R[K]["forms"],
    T
  >;
};

/** The functions of some records, as types. */
export type Functions<R extends Records, T> = {
  readonly [K in keyof R as R[K]["function"] extends true ? K : never]: AsFunction<
    R[K]["forms"],
    Value,
    T
  >;
};

/** The functions of some records. */
export function functionsOf<R extends Records, T extends Handle>(
  records: R,
  maker: (value: Value) => T,
  change?: Change,
): Functions<R, T> {
  const means = { maker, change };
  const functions = Object.values(records)
    .filter((record) => record.function)
    .map((record) => [record.name, (...args: unknown[]) => call(record, undefined, args, means)]);
  return Object.fromEntries(functions) as Functions<R, T>;
}

/** The methods of some records, for a prototype. */
export function methodsOf(
  records: Records,
  inPlace: (record: FunctionRecord, target: Handle, args: readonly unknown[]) => unknown,
): Record<string, (this: Handle, ...args: unknown[]) => unknown> {
  const methods: Record<string, (this: Handle, ...args: unknown[]) => unknown> = {};
  for (const record of Object.values(records)) {
    if (record.method) {
      methods[record.name] = function (...args) {
        return call(record, this, args);
      };
    }
    if (record.inPlace) {
      methods[`${record.name}_`] = function (...args) {
        return inPlace(record, this, args);
      };
    }
  }
  return methods;
}
