// Modules that hold modules: in a row, in a list, by name. What they hold is their own properties, under
// the names it has in the state dict, so `list[0]` and `dict.head` find it.

import { fail } from "../../base/errors.ts";
import { Slice } from "../../tensor/slice.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Composed } from "../members.ts";
import { ownChildren } from "../members.ts";
import { Module } from "../module.ts";
import { bracketed } from "../printed-tree.ts";
import { chosenBySlice, positionOf } from "./positions.ts";

/** Modules by name: an object, or a Map where integers among the names must keep their order. */
export type NamedModules<M extends Module = Module> =
  | Readonly<Record<string, M>>
  | ReadonlyMap<string, M>;

const entriesOf = <M extends Module>(named: NamedModules<M>): [string, M][] =>
  named instanceof Map ? [...named] : Object.entries(named as Readonly<Record<string, M>>);

/** Modules in order, with the manners of an array. */
abstract class ModuleRow<M extends Module> extends Module implements Iterable<M> {
  readonly [index: number]: M;

  /** Names are given, not derived: they stay what they are. */
  override nameOf(property: string): string {
    return property;
  }

  protected get held(): [string, M][] {
    return ownChildren<Composed>(this) as unknown as [string, M][];
  }

  get length(): number {
    return this.held.length;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.held.map(([, module]) => module)[Symbol.iterator]();
  }

  /** Counted from the end where negative. */
  at(index: number): M {
    return this.entryAt("at", index)[1];
  }

  /** One, or those of a slice as a row of their own. */
  index(at: number): M;
  index(at: Slice): this;
  index(at: number | Slice): M | this {
    if (!(at instanceof Slice)) return this.entryAt("index", at)[1];
    return this.ofEntries(chosenBySlice(this.held, at));
  }

  /** As of an array. */
  slice(start: number | null = null, end: number | null = null): this {
    return this.index(new Slice(start, end, null));
  }

  append(module: M): this {
    this.registerModule(String(this.length), module);
    return this;
  }

  extend(modules: Iterable<M>): this {
    for (const module of [...modules]) this.append(module);
    return this;
  }

  insert(index: number, module: M): this {
    const { held } = this;
    const at = index < 0 ? Math.max(0, index + held.length) : Math.min(index, held.length);
    const all = held.map(([, one]) => one);
    all.splice(at, 0, module);
    this.replaceAll(all);
    return this;
  }

  /** Removes one, the last by default, and gives it. */
  pop(index = -1): M {
    const [name, module] = this.entryAt("pop", index);
    const rest = this.held.filter(([other]) => other !== name).map(([, one]) => one);
    this.replaceAll(rest);
    return module;
  }

  protected abstract ofEntries(entries: [string, M][]): this;

  private replaceAll(modules: readonly M[]): void {
    for (const [name] of this.held) Reflect.deleteProperty(this, name);
    modules.forEach((module, at) => void this.registerModule(String(at), module));
  }

  private entryAt(op: string, index: number): [string, M] {
    const { held } = this;
    return held[positionOf(`${this.constructor.name}.${op}`, index, held.length)] as [string, M];
  }
}

/** A module of one input, as a row calls it. */
interface Step {
  call(input: unknown): unknown;
}

/** Modules one after the other: each takes what the one before gives. */
export class Sequential<Input = Tensor, Output = Tensor> extends ModuleRow<Module> {
  constructor(...modules: readonly Module[]);
  constructor(named: NamedModules);
  constructor(...given: readonly (Module | NamedModules)[]) {
    super();
    const [first] = given;
    const isNamed = given.length === 1 && !(first instanceof Module);
    const entries = isNamed
      ? entriesOf(first as NamedModules)
      : given.map((module, at): [string, Module] => [String(at), module as Module]);
    for (const [name, module] of entries) this.registerModule(name, module);
  }

  override forward(input: Input): Output {
    let passed: unknown = input;
    for (const module of this) passed = (module as unknown as Step).call(passed);
    return passed as Output;
  }

  protected override ofEntries(entries: [string, Module][]): this {
    return new Sequential(new Map(entries)) as unknown as this;
  }
}

/** Modules in a list; what is done with them is for its owner to say. */
export class ModuleList<M extends Module = Module> extends ModuleRow<M> {
  constructor(modules: Iterable<M> = []) {
    super();
    this.extend(modules);
  }

  override forward(): never {
    return fail(this.constructor.name, "a list has no forward pass: call its modules");
  }

  protected override ofEntries(entries: [string, M][]): this {
    return new ModuleList(entries.map(([, module]) => module)) as unknown as this;
  }

  /** What repeats is printed once: `(0-2): 3 x Linear(…)`. */
  override toString(): string {
    const runs: { from: number; to: number; text: string }[] = [];
    [...this].forEach((module, at) => {
      const text = String(module);
      const last = runs.at(-1);
      if (last?.text === text) last.to = at;
      else runs.push({ from: at, to: at, text });
    });
    const lines = runs.map(({ from, to, text }) => {
      const body = text.split("\n").join("\n  ");
      return from === to ? `(${from}): ${body}` : `(${from}-${to}): ${to - from + 1} x ${body}`;
    });
    return bracketed(this, lines);
  }
}

/** Modules by name, with the manners of a Map. */
export class ModuleDict<M extends Module = Module> extends Module implements Iterable<[string, M]> {
  constructor(modules: NamedModules<M> = {}) {
    super();
    this.update(modules);
  }

  override forward(): never {
    return fail(this.constructor.name, "a dict has no forward pass: call its modules");
  }

  override nameOf(property: string): string {
    return property;
  }

  /** As Python's `dict[name]`: of a name that is not there, an error. */
  index(name: string): M {
    return this.get(name) ?? fail(this.constructor.name, `has no module "${name}"`);
  }

  get(name: string): M | undefined {
    return this.all.find(([key]) => key === name)?.[1];
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, module: M): this {
    this.registerModule(name, module);
    return this;
  }

  delete(name: string): boolean {
    return this.has(name) && Reflect.deleteProperty(this, name);
  }

  /** Removes one and gives it. */
  pop(name: string): M {
    const found = this.index(name);
    this.delete(name);
    return found;
  }

  clear(): void {
    for (const name of this.keys()) this.delete(name);
  }

  update(modules: NamedModules<M>): void {
    for (const [name, module] of entriesOf(modules)) this.set(name, module);
  }

  get size(): number {
    return this.all.length;
  }

  keys(): string[] {
    return this.all.map(([name]) => name);
  }

  values(): M[] {
    return this.all.map(([, module]) => module);
  }

  entries(): [string, M][] {
    return this.all;
  }

  [Symbol.iterator](): Iterator<[string, M]> {
    return this.all[Symbol.iterator]();
  }

  private get all(): [string, M][] {
    return ownChildren<Composed>(this) as unknown as [string, M][];
  }
}
