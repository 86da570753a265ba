// Interprets a recorded program: Python-like statements on the public API. Evaluation is a generator
// that yields the promises it needs, so that the body of `noGrad(() => …)` can run synchronously.

import { type Adapter, camelCase, functionOfOperator, isPromise, Tuple } from "./adapter.ts";
import { isRecord, type RecordedProgram, type Step, type Tree } from "./corpus.ts";
import { checkObservation } from "./observation.ts";
import { CaseFailure, isRefusal, MissingName, mismatched, textOf } from "./outcome.ts";
import { builtins, itemsOf, pythonEquals, truthOf } from "./python.ts";

export type Steps<T> = Generator<unknown, T, unknown>;
type Tagged = { readonly [key: string]: Tree };

export class ProgramRun {
  readonly #adapter: Adapter;
  readonly #steps: readonly Step[];
  readonly #variables: Map<string, unknown>;
  /** Promises met where nothing can be awaited. */
  readonly #late: Promise<Error | null>[] = [];

  /** `variables` are those that the program starts with, and the ones it leaves. */
  constructor(
    adapter: Adapter,
    { steps }: Pick<RecordedProgram, "steps">,
    variables = new Map<string, unknown>(),
  ) {
    this.#adapter = adapter;
    this.#steps = steps;
    this.#variables = variables;
  }

  async run(): Promise<void> {
    const steps = this.#runSteps(this.#steps);
    let next = steps.next();
    while (!next.done) {
      try {
        next = steps.next(await next.value);
      } catch (error) {
        next = steps.throw(error);
      }
    }
    const errors = await Promise.all(this.#late);
    for (const error of errors) if (error) throw error;
  }

  /** As far as it goes without waiting; what is not needed at once is awaited at the end. */
  #runAtOnce<T>(steps: Steps<T>): T {
    let next = steps.next();
    while (!next.done) {
      this.#late.push(
        Promise.resolve(next.value).then(
          () => null,
          (error) => (error instanceof Error ? error : new Error(String(error))),
        ),
      );
      next = steps.next(undefined);
    }
    return next.value;
  }

  *#runSteps(steps: readonly Step[]): Steps<void> {
    for (const step of steps) yield* this.#checked(step);
  }

  *#checked(step: Step): Steps<void> {
    const at = step.line === undefined ? "" : `line ${step.line}: `;
    try {
      const value = yield* this.#execute(step);
      if (step.observe !== undefined) yield* checkObservation(this.#adapter, value, step.observe);
      else if (step.raises) yield* this.#settle(value);
    } catch (error) {
      // A property that is not there is undefined here, and an error in Python.
      if (error instanceof MissingName && step.raises?.type === "AttributeError") return;
      if (error instanceof MissingName) throw error;
      if (error instanceof CaseFailure) {
        throw new CaseFailure(error.stage, `${at}${error.message}`, error.isMismatch);
      }
      if (step.raises && isRefusal(error)) return;
      throw new CaseFailure(step.raises ? "error" : "call", `${at}${textOf(error)}`, false);
    }
    if (!step.raises) return;
    const { type, message } = step.raises;
    throw mismatched("error", `${at}nothing was thrown; PyTorch: ${type}: ${message}`);
  }

  /** An error that depends on data shows when the value is read. */
  *#settle(value: unknown): Steps<unknown> {
    const found = isPromise(value) ? yield value : value;
    for (const tensor of [found].flat()) {
      if (this.#adapter.isTensor(tensor)) yield tensor.data();
    }
    return found;
  }

  *#execute(step: Step): Steps<unknown> {
    if (step.eval !== undefined) {
      const value = yield* this.#value(step.eval);
      return isPromise(value) ? yield value : value;
    }
    if (step.with !== undefined) return this.#runWith(step);
    if (step.delete !== undefined) return this.#variables.delete(step.delete);
    if (step.augassign !== undefined) return yield* this.#augment(step);
    const value = yield* this.#value(step.value ?? null);
    const settled = isPromise(value) ? yield value : value;
    if (step.assign !== undefined) this.#assign(step.assign, settled);
    else if (step.setattr !== undefined) {
      const target = yield* this.#value(step.on!);
      Object.assign(Object(target), { [camelCase(step.setattr)]: settled });
    } else {
      const target = yield* this.#value(step.on!);
      yield* this.#setItem(target, yield* this.#value(step.setitem!), settled);
    }
    return undefined;
  }

  #assign(names: string | readonly string[], value: unknown): void {
    if (typeof names === "string") this.#variables.set(names, value);
    else {
      const items = itemsOf(this.#adapter, value);
      names.forEach((name, i) => void this.#variables.set(name, items[i]));
    }
  }

  *#setItem(target: unknown, key: unknown, value: unknown): Steps<void> {
    if (this.#adapter.isTensor(target)) {
      const indices = key instanceof Tuple ? [...key] : [key];
      yield* this.#settle(this.#adapter.method(target, "index_put_", [indices, value]));
    } else Object.assign(Object(target), { [key as string | number]: value });
  }

  *#augment({ augassign = "", target = null, value = null }: Step): Steps<void> {
    const operator = augassign.slice(0, -1);
    const [before, operand] = [yield* this.#value(target), yield* this.#value(value)];
    const name = functionOfOperator(operator);
    const after = this.#adapter.isTensor(before)
      ? this.#adapter.method(before, `${name.replace("torch.", "")}_`, [operand])
      : binary(this.#adapter, operator, before, operand);
    const place = target as Tagged;
    if ("var" in place) this.#variables.set(place.var as string, after);
    else if ("index" in place) {
      yield* this.#setItem(yield* this.#value(place.on!), yield* this.#value(place.index!), after);
    } else throw new Error("corpus: an augmented assignment to an attribute");
  }

  /** with torch.no_grad(): body → noGrad(() => body). */
  #runWith({ with: manager, body = [] }: Step): unknown {
    const { fn, args } = manager as Tagged;
    const values = (args as readonly Tree[]).map((arg) => this.#runAtOnce(this.#value(arg)));
    const run = () => this.#runAtOnce(this.#runSteps(body));
    return this.#adapter.call(fn as string, [...values, run]);
  }

  *#values(items: readonly Tree[]): Steps<unknown[]> {
    const found: unknown[] = [];
    for (const item of items) {
      if (isRecord(item) && "spread" in item) {
        found.push(...itemsOf(this.#adapter, yield* this.#value(item.spread!)));
      } else found.push(yield* this.#settled(item));
    }
    return found;
  }

  *#settled(tree: Tree): Steps<unknown> {
    const value = yield* this.#value(tree);
    return isPromise(value) ? yield value : value;
  }

  *#record(record: Tree | undefined): Steps<object> {
    const entries: [string, unknown][] = [];
    for (const [name, tree] of Object.entries((record ?? {}) as Tagged)) {
      entries.push([name, yield* this.#settled(tree)]);
    }
    return Object.fromEntries(entries);
  }

  *#value(tree: Tree): Steps<unknown> {
    if (Array.isArray(tree)) return yield* this.#values(tree as readonly Tree[]);
    if (!isRecord(tree)) return tree;
    if ("var" in tree) return this.#variable(tree.var as string);
    if ("global" in tree) return this.#adapter.lookUp(tree.global as string);
    if ("tuple" in tree) return Tuple.from(yield* this.#values(tree.tuple as readonly Tree[]));
    if ("dict" in tree) return yield* this.#dictionary(tree.dict as readonly (readonly Tree[])[]);
    if ("slice" in tree) {
      const [start, stop, step] = yield* this.#values(tree.slice as readonly Tree[]);
      return this.#adapter.root.slice(start, stop, step);
    }
    if ("lambda" in tree) return this.#lambda(tree);
    if ("if" in tree) {
      return yield* this.#value((yield* this.#truth(tree.if!)) ? tree.then! : tree.else!);
    }
    if ("map" in tree) return yield* this.#map(tree);
    if ("fn" in tree || "method" in tree || "call" in tree) return yield* this.#call(tree);
    return yield* this.#operation(tree);
  }

  *#call(tree: Tagged): Steps<unknown> {
    const on = "on" in tree ? yield* this.#settled(tree.on!) : null;
    const args = yield* this.#values((tree.args ?? []) as readonly Tree[]);
    const options = yield* this.#record(tree.kwargs);
    if ("fn" in tree) return this.#adapter.call(tree.fn as string, args, options);
    if ("method" in tree) {
      const name = tree.method as string;
      if (Array.isArray(on) && name === "append") return void on.push(args[0]);
      return this.#adapter.method(on, name, args, options);
    }
    return this.#adapter.callValue(yield* this.#settled(tree.call!), args, options);
  }

  *#operation(tree: Tagged): Steps<unknown> {
    const adapter = this.#adapter;
    if ("builtin" in tree) {
      const builtin = builtins[tree.builtin as string];
      if (!builtin) throw new Error(`corpus: no builtin ${tree.builtin}`);
      return builtin(adapter, yield* this.#values(tree.args as readonly Tree[]));
    }
    if ("attr" in tree)
      return attribute(adapter, yield* this.#settled(tree.on!), tree.attr as string);
    if ("index" in tree) {
      const target = yield* this.#settled(tree.on!);
      return item(adapter, target, yield* this.#settled(tree.index!));
    }
    if ("binary" in tree) {
      const [a, b] = yield* this.#values(tree.args as readonly Tree[]);
      return binary(adapter, tree.binary as string, a, b);
    }
    if ("unary" in tree) {
      if (tree.unary === "not") return !(yield* this.#truth(tree.arg!));
      const value = yield* this.#settled(tree.arg!);
      if (!adapter.isTensor(value)) return tree.unary === "-" ? -Number(value) : value;
      return tree.unary === "+"
        ? value
        : adapter.call(functionOfOperator(`unary ${tree.unary}`), [value]);
    }
    if ("compare" in tree) {
      const [a, b] = yield* this.#values(tree.args as readonly Tree[]);
      return yield* compare(adapter, tree.compare as string, a, b);
    }
    return adapter.decode(tree, []);
  }

  *#truth(tree: Tree): Steps<boolean> {
    const truth = truthOf(this.#adapter, yield* this.#settled(tree));
    return (isPromise(truth) ? yield truth : truth) as boolean;
  }

  #variable(name: string): unknown {
    if (!this.#variables.has(name)) throw new Error(`corpus: ${name} has no value`);
    return this.#variables.get(name);
  }

  *#dictionary(entries: readonly (readonly Tree[])[]): Steps<object> {
    const found: [string, unknown][] = [];
    for (const [key, value] of entries) {
      found.push([String(yield* this.#value(key!)), yield* this.#settled(value!)]);
    }
    return Object.fromEntries(found);
  }

  #lambda({ lambda, body }: Tagged): (...args: unknown[]) => unknown {
    return (...args) => {
      this.#assign(lambda as readonly string[], args);
      return this.#runAtOnce(this.#value(body!));
    };
  }

  *#map({ map, body, over }: Tagged): Steps<unknown[]> {
    const names = map as readonly string[];
    const found: unknown[] = [];
    for (const entry of itemsOf(this.#adapter, yield* this.#settled(over!))) {
      this.#assign(names.length === 1 ? names[0]! : names, entry);
      found.push(yield* this.#settled(body!));
    }
    return found;
  }
}

function attribute(adapter: Adapter, target: unknown, name: string): unknown {
  // `data()` reads elements here; PyTorch's `x.data` is `x.detach()`.
  if (name === "data" && adapter.isTensor(target)) return adapter.method(target, "detach", []);
  return adapter.property(target, name);
}

function item(adapter: Adapter, target: unknown, key: unknown): unknown {
  if (adapter.isTensor(target)) return adapter.index(target, key);
  if (Array.isArray(target) && typeof key === "number") return target.at(key);
  if (typeof target === "object" && target !== null && "index" in target) {
    return adapter.index(target, key);
  }
  if (Symbol.iterator in Object(target) && typeof key === "number") {
    return [...(target as Iterable<unknown>)].at(key);
  }
  return adapter.property(target, String(key));
}

function binary(adapter: Adapter, operator: string, a: unknown, b: unknown): unknown {
  if (adapter.isTensor(a) || adapter.isTensor(b)) {
    return adapter.call(functionOfOperator(operator), [a, b]);
  }
  if (Array.isArray(a) && Array.isArray(b) && operator === "+") return [...a, ...b];
  const [x, y] = [Number(a), Number(b)];
  const results: Readonly<Record<string, number>> = {
    "+": x + y,
    "-": x - y,
    "*": x * y,
    "/": x / y,
    "//": Math.floor(x / y),
    "%": x - y * Math.floor(x / y),
    "**": x ** y,
  };
  const result = results[operator];
  if (result === undefined) throw new Error(`corpus: ${operator} of two numbers`);
  return result;
}

function* compare(adapter: Adapter, operator: string, a: unknown, b: unknown): Steps<unknown> {
  if (operator === "is") return a === b;
  if (operator === "is not") return a !== b;
  if (operator === "in" || operator === "not in") {
    const truth = adapter.isTensor(b)
      ? truthOf(adapter, adapter.call("torch.any", [adapter.call("torch.eq", [b, a])]))
      : itemsOf(adapter, b).some((one) => pythonEquals(one, a));
    const found = isPromise(truth) ? yield truth : truth;
    return operator === "in" ? found : !found;
  }
  if (adapter.isTensor(a) || adapter.isTensor(b)) {
    return adapter.call(functionOfOperator(operator), [a, b]);
  }
  const results: Readonly<Record<string, boolean>> = {
    "==": pythonEquals(a, b),
    "!=": !pythonEquals(a, b),
    "<": Number(a) < Number(b),
    "<=": Number(a) <= Number(b),
    ">": Number(a) > Number(b),
    ">=": Number(a) >= Number(b),
  };
  return results[operator];
}
