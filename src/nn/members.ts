// What a module is made of: its own properties that are parameters, buffers or modules, in the order of
// their definition, and walks over all modules below it.

import { fail } from "../base/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Buffer } from "./buffer.ts";
import { Parameter } from "./parameter.ts";

/** Marks modules, for those who cannot import their class. */
export const moduleBrand: unique symbol = Symbol("shardgrad.module");

export interface Composed {
  readonly [moduleBrand]: true;
  /** The name of a property in the state dict. */
  nameOf(property: string): string;
}

export type Named<T> = [name: string, member: T];

const isModule = (value: unknown): boolean =>
  typeof value === "object" && value !== null && moduleBrand in value;

/** Module → registered buffers' properties → whether the state dict has them. */
const bufferNames = new WeakMap<Composed, Map<string, boolean>>();

export function buffersOf(module: Composed): Map<string, boolean> {
  const found = bufferNames.get(module) ?? new Map<string, boolean>();
  bufferNames.set(module, found);
  return found;
}

function ownMembers<T>(module: Composed, isOne: (value: unknown, property: string) => boolean) {
  const found: Named<T>[] = [];
  for (const [property, value] of Object.entries(module)) {
    if (isOne(value, property)) found.push([module.nameOf(property), value as T]);
  }
  return found;
}

export const ownParameters = (module: Composed): Named<Parameter>[] =>
  ownMembers(module, (value) => value instanceof Parameter);

export function ownBuffers(module: Composed, onlyPersistent = false): Named<Tensor>[] {
  const known = bufferNames.get(module);
  return ownMembers(module, (value, property) => {
    if (!(value instanceof Tensor)) return false;
    const isKept = known?.get(property) ?? (value instanceof Buffer ? value.persistent : null);
    return isKept === null ? false : isKept || !onlyPersistent;
  });
}

export const ownChildren = <M extends Composed>(module: M): Named<M>[] =>
  ownMembers(module, isModule);

const joined = (prefix: string, name: string): string => (prefix ? `${prefix}.${name}` : name);

interface ModuleWalk {
  readonly prefix: string;
  readonly removeDuplicate: boolean;
}

/** The module itself, then those below, each before its own. */
export function allModules<M extends Composed>(
  module: M,
  { prefix, removeDuplicate }: ModuleWalk,
  seen = new Set<Composed>(),
): Named<M>[] {
  if (removeDuplicate && seen.has(module)) return [];
  seen.add(module);
  const below = ownChildren(module).flatMap(([name, child]) =>
    allModules(child, { prefix: joined(prefix, name), removeDuplicate }, seen),
  );
  return [[prefix, module], ...below];
}

export interface MemberWalk extends ModuleWalk {
  readonly recurse: boolean;
}

/** What `own` finds in the module, and in those below. */
export function allMembers<T>(
  module: Composed,
  { prefix, recurse, removeDuplicate }: MemberWalk,
  own: (module: Composed) => Named<T>[],
): Named<T>[] {
  const modules: Named<Composed>[] = recurse
    ? allModules(module, { prefix, removeDuplicate })
    : [[prefix, module]];
  const seen = new Set<T>();
  const found: Named<T>[] = [];
  for (const [path, one] of modules) {
    for (const [name, member] of own(one)) {
      if (removeDuplicate && seen.has(member)) continue;
      seen.add(member);
      found.push([joined(path, name), member]);
    }
  }
  return found;
}

/** The module at a path: "encoder.layers.0"; the path of the module itself is "". */
export function submodule<M extends Composed>(op: string, module: M, target: string): M {
  if (target === "") return module;
  return target.split(".").reduce((from, name) => {
    const found = ownChildren(from).find(([known]) => known === name);
    if (!found) fail(op, `${from.constructor.name} has no module ${name} (in "${target}")`);
    return found[1];
  }, module);
}

/** The member at a path, which `own` finds in its module. */
export function memberAt<T>(
  op: string,
  module: Composed,
  target: string,
  own: (module: Composed) => Named<T>[],
): T {
  const cut = target.lastIndexOf(".");
  const owner = submodule(op, module, target.slice(0, Math.max(cut, 0)));
  const name = target.slice(cut + 1);
  const found = own(owner).find(([known]) => known === name);
  if (!found) fail(op, `${owner.constructor.name} has no ${name} (in "${target}")`);
  return found[1];
}

/** `runningMean` → running_mean, `weightIhL0` → weight_ih_l0 */
export const snakeCase = (name: string): string =>
  name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
