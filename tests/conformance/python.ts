// The few Python builtins that recorded programs use, on the public API's values.

import { type Adapter, isPromise } from "./adapter.ts";

/** Returns a promise where a tensor has to be read. */
export type Builtin = (adapter: Adapter, args: readonly unknown[]) => unknown;

export function itemsOf(adapter: Adapter, value: unknown): unknown[] {
  if (adapter.isTensor(value)) {
    if (value.shape.length === 0) throw new Error("iter: a tensor without dimensions has no items");
    return [...(adapter.call("torch.unbind", [value]) as Iterable<unknown>)];
  }
  if (value instanceof Map) return [...value.keys()];
  if (typeof value === "object" && value !== null) {
    return Symbol.iterator in value ? [...(value as Iterable<unknown>)] : Object.keys(value);
  }
  throw new Error(`iter: ${String(value)} has no items`);
}

export function pythonEquals(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => pythonEquals(item, b[i]));
  }
  return a === b || (isNumber(a) && isNumber(b) && Number(a) === Number(b));
}

/** Numbers come branded when they are Python floats. */
function isNumber(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return true;
  }
  return typeof value === "object" && value !== null && !Number.isNaN(Number(value));
}

/** What `use` makes of the number in `value`. */
function withNumber<T>(adapter: Adapter, value: unknown, use: (x: number) => T): T | Promise<T> {
  if (!adapter.isTensor(value)) return use(Number(value));
  const item = adapter.method(value, "item", []);
  return isPromise(item) ? Promise.resolve(item).then((x) => use(Number(x))) : use(Number(item));
}

function lengthOf(adapter: Adapter, value: unknown): number {
  if (!adapter.isTensor(value)) return itemsOf(adapter, value).length;
  if (value.shape.length === 0) throw new Error("len: a tensor without dimensions has no length");
  return value.shape[0]!;
}

function printed(adapter: Adapter, value: unknown): string | Promise<string> {
  return adapter.isTensor(value) ? value.realize().then(String) : String(value);
}

export function truthOf(adapter: Adapter, value: unknown): boolean | Promise<boolean> {
  if (adapter.isTensor(value)) return withNumber(adapter, value, (x) => x !== 0);
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

export const builtins: Readonly<Record<string, Builtin>> = {
  repr: (adapter, [value]) => printed(adapter, value),
  str: (adapter, [value]) => printed(adapter, value),
  len: (adapter, [value]) => lengthOf(adapter, value),
  float: (adapter, [value]) => withNumber(adapter, value, Number),
  int: (adapter, [value]) => withNumber(adapter, value, Math.trunc),
  bool: (adapter, [value]) => truthOf(adapter, value),
  list: (adapter, [value]) => itemsOf(adapter, value),
  tuple: (adapter, [value]) => itemsOf(adapter, value),
  sorted: (adapter, [value]) =>
    itemsOf(adapter, value).sort((a, b) => (Number(a) < Number(b) ? -1 : 1)),
  sum: (adapter, [value]) => {
    const [head = 0, ...tail] = itemsOf(adapter, value);
    return tail.reduce((total, one) => plus(adapter, total, one), head);
  },
  abs: (adapter, [value]) =>
    adapter.isTensor(value) ? adapter.call("torch.abs", [value]) : Math.abs(Number(value)),
  type_name: (_, [value]) => Object(value).constructor.name,
};

function plus(adapter: Adapter, a: unknown, b: unknown): unknown {
  return adapter.isTensor(a) ? adapter.call("torch.add", [a, b]) : Number(a) + Number(b);
}
