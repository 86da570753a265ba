// Module: what networks are built of. Its parameters, buffers and children are its own properties, in
// the order of their definition; a property's name in the state dict is the one it has in Python,
// `runningMean` → running_mean, so that a model written in both has the same keys.

import type { Arguments } from "../base/arguments.ts";
import { type DType, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { anything, bool, dtype, nullable, only, string, tensor } from "../base/parameters.ts";
import { bind, declare } from "../base/signature.ts";
import { withRecording } from "../graph/tape.ts";
import type { RemovableHandle } from "../tensor/hooks.ts";
import { inspectSymbol } from "../tensor/printed.ts";
import { Tensor } from "../tensor/tensor.ts";
import { bound } from "./arguments.ts";
import { WatchedCall } from "./backward-hooks.ts";
import type * as hooking from "./hooks.ts";
import { Hooks } from "./hooks.ts";
import * as members from "./members.ts";
import { Parameter } from "./parameter.ts";
import { treeOf } from "./printed-tree.ts";
import { loadState, saveState } from "./state-dict.ts";

const removeDuplicate = bool("removeDuplicate", true);
const memberWalk = declare([string("prefix", ""), bool("recurse", true), removeDuplicate]);
const moduleWalk = declare([string("prefix", ""), removeDuplicate]);
const recursion = declare([bool("recurse", true)]);
const buffer = declare([string("name"), nullable(tensor("tensor")), bool("persistent", true)]);
const zeroing = declare([bool("setToNone", true)]);
const loading = declare([anything("stateDict"), bool("strict", true)]);
const stateOptions = declare([only(string("prefix", "")), only(bool("keepVars", false))]);
const mode = declare([bool("mode", true)]);
const requiring = declare([bool("requiresGrad", true)]);
const nonBlocking = bool("nonBlocking", false);
const conversions = [
  { params: declare([dtype("dtype"), nonBlocking]) },
  { params: declare([string("device", null), dtype("dtype", null), nonBlocking]) },
  { params: declare([tensor("tensor"), nonBlocking]) },
] as const;

type Named<T> = members.Named<T>;
type Call<Params extends Parameters<typeof bound>[1]> = Arguments<Params, Tensor>;

// Not a private field: a copy of a module is made without its constructor.
const hooksOf = new WeakMap<Module, Hooks<Module>>();

export abstract class Module {
  /** Set by train() and eval(). */
  training = true;

  get [members.moduleBrand](): true {
    return true;
  }

  abstract forward(...args: never[]): unknown;

  /** The forward pass, and the hooks around it. */
  call(...args: Parameters<this["forward"]>): ReturnType<this["forward"]> {
    const hooks = hooksOf.get(this);
    const output = !hooks || hooks.isSilent ? this.forward(...args) : callHooked(this, hooks, args);
    return output as ReturnType<this["forward"]>;
  }

  // What it is made of.

  /** The name of a property in the state dict, and in every list of names. */
  nameOf(property: string): string {
    return members.snakeCase(property);
  }

  registerBuffer(...args: Call<typeof buffer>): void {
    const [name, given, persistent] = bound("registerBuffer", buffer, args);
    place("registerBuffer", this, name, given, Tensor);
    members.buffersOf(this).set(name, persistent);
  }

  registerParameter(name: string, parameter: Parameter | null): void {
    place("registerParameter", this, name, parameter, Parameter);
  }

  registerModule(name: string, module: Module | null): void {
    place("registerModule", this, name, module, Module);
  }

  parameters(...args: Call<typeof recursion>): Parameter[] {
    const [recurse] = bound("parameters", recursion, args);
    return this.namedParameters("", recurse).map(([, parameter]) => parameter);
  }

  namedParameters(...args: Call<typeof memberWalk>): Named<Parameter>[] {
    const [prefix, recurse, removeDuplicate] = bound("namedParameters", memberWalk, args);
    const walk = { prefix, recurse, removeDuplicate };
    return members.allMembers(this, walk, members.ownParameters);
  }

  buffers(...args: Call<typeof recursion>): Tensor[] {
    const [recurse] = bound("buffers", recursion, args);
    return this.namedBuffers("", recurse).map(([, buffer]) => buffer);
  }

  namedBuffers(...args: Call<typeof memberWalk>): Named<Tensor>[] {
    const [prefix, recurse, removeDuplicate] = bound("namedBuffers", memberWalk, args);
    const walk = { prefix, recurse, removeDuplicate };
    return members.allMembers(this, walk, members.ownBuffers);
  }

  children(): Module[] {
    return this.namedChildren().map(([, child]) => child);
  }

  namedChildren(): Named<Module>[] {
    const seen = new Set<Module>();
    return members.ownChildren<Module>(this).filter(([, child]) => {
      const isNew = !seen.has(child);
      seen.add(child);
      return isNew;
    });
  }

  /** This module, and all below it. */
  modules(): Module[] {
    return this.namedModules().map(([, module]) => module);
  }

  namedModules(...args: Call<typeof moduleWalk>): Named<Module>[] {
    const [prefix, removeDuplicate] = bound("namedModules", moduleWalk, args);
    return members.allModules<Module>(this, { prefix, removeDuplicate });
  }

  /** By path, as in the state dict: "encoder.layers.0". */
  getSubmodule(target: string): Module {
    return members.submodule<Module>("getSubmodule", this, target);
  }

  getParameter(target: string): Parameter {
    return members.memberAt("getParameter", this, target, members.ownParameters);
  }

  getBuffer(target: string): Tensor {
    return members.memberAt("getBuffer", this, target, members.ownBuffers);
  }

  // What is done to all of it.

  /** Calls `change` with every module below, then with this one. */
  apply(change: (module: Module) => void): this {
    for (const child of this.children()) child.apply(change);
    change(this);
    return this;
  }

  train(...args: Call<typeof mode>): this {
    const [training] = bound("train", mode, args);
    this.training = training;
    for (const child of this.children()) child.train(training);
    return this;
  }

  eval(): this {
    return this.train(false);
  }

  requiresGrad_(...args: Call<typeof requiring>): this {
    const [requiresGrad] = bound("requiresGrad_", requiring, args);
    for (const parameter of this.parameters()) parameter.requiresGrad_(requiresGrad);
    return this;
  }

  zeroGrad(...args: Call<typeof zeroing>): void {
    const [setToNone] = bound("zeroGrad", zeroing, args);
    for (const parameter of this.parameters()) {
      if (setToNone) parameter.grad = null;
      else parameter.keptGrad?.detach_().zero_();
    }
  }

  /** Converts what is of floating point. The tensors stay who they are. */
  to(target: DType | Tensor, nonBlocking?: boolean): this;
  to(device: string | null, dtype?: DType | null, nonBlocking?: boolean): this;
  to(options: { dtype?: DType; device?: unknown; nonBlocking?: boolean }): this;
  to(...args: unknown[]): this {
    const { form, values } = bind("to", conversions, undefined, args);
    const at = form === conversions[1] ? 1 : 0;
    const given = values[at] as DType | Tensor | null;
    const wanted = given instanceof Tensor ? given.dtype : given;
    if (wanted === null) return this;
    if (!isFloat(wanted)) fail("to", `only accepts floating point dtypes, but got ${wanted}`);
    const buffers = this.namedBuffers("", true, false);
    for (const [, one] of [...this.namedParameters("", true, false), ...buffers]) {
      convert(one, wanted);
    }
    return this;
  }

  float(): this {
    return this.to("float32");
  }

  double(): this {
    return this.to("float64");
  }

  half(): this {
    return this.to("float16");
  }

  bfloat16(): this {
    return this.to("bfloat16");
  }

  // State.

  /** Parameters and persistent buffers by name, in order; they share memory with the module. */
  stateDict(...args: Call<typeof stateOptions>): hooking.StateDict {
    const [prefix, keepVars] = bound("stateDict", stateOptions, args);
    return saveState<Module>(this, { prefix, keepVars }, (module) => hooksOf.get(module));
  }

  /** Copies a state into the module's tensors. */
  loadStateDict(
    state: Readonly<hooking.StateDict>,
    strict?: boolean | { strict?: boolean },
  ): hooking.IncompatibleKeys;
  loadStateDict(...args: unknown[]): hooking.IncompatibleKeys {
    // A state is a plain object too: alone it must not be taken for options.
    const options = args.length === 1 ? [{}] : [];
    const [state, strict] = bound("loadStateDict", loading, [...args, ...options]);
    if (typeof state !== "object" || state === null || state instanceof Tensor) {
      fail("loadStateDict", "wants an object of names and tensors");
    }
    const given = state as hooking.StateDict;
    return loadState<Module>(this, given, strict, (module) => hooksOf.get(module));
  }

  // Hooks.

  registerForwardPreHook(
    hook: hooking.ForwardPreHook<this>,
    options?: hooking.HookOptions,
  ): RemovableHandle {
    return hooksFor<this>(this).forwardPre.add(hook, options);
  }

  registerForwardHook(
    hook: hooking.ForwardHook<this>,
    options?: hooking.HookOptions,
  ): RemovableHandle {
    return hooksFor<this>(this).forward.add(hook, options);
  }

  registerFullBackwardPreHook(
    hook: hooking.FullBackwardPreHook<this>,
    options?: hooking.HookOptions,
  ): RemovableHandle {
    return hooksFor<this>(this).backwardPre.add(hook, options);
  }

  registerFullBackwardHook(
    hook: hooking.FullBackwardHook<this>,
    options?: hooking.HookOptions,
  ): RemovableHandle {
    return hooksFor<this>(this).backward.add(hook, options);
  }

  registerStateDictPreHook(hook: hooking.StateDictPreHook<this>): RemovableHandle {
    return hooksFor<this>(this).stateDictPre.add(hook);
  }

  registerStateDictPostHook(hook: hooking.StateDictHook<this>): RemovableHandle {
    return hooksFor<this>(this).stateDict.add(hook);
  }

  registerLoadStateDictPreHook(hook: hooking.LoadStateDictPreHook<this>): RemovableHandle {
    return hooksFor<this>(this).loadPre.add(hook);
  }

  registerLoadStateDictPostHook(hook: hooking.LoadStateDictPostHook<this>): RemovableHandle {
    return hooksFor<this>(this).loadPost.add(hook);
  }

  // Printing.

  /** What stands in the brackets after the class's name. */
  extraRepr(): string {
    return "";
  }

  toString(): string {
    return treeOf(this);
  }

  [inspectSymbol](): string {
    return this.toString();
  }
}

function hooksFor<M extends Module>(module: M): Hooks<M> {
  const hooks = hooksOf.get(module) ?? new Hooks<Module>();
  hooksOf.set(module, hooks);
  return hooks as unknown as Hooks<M>;
}

/** Makes `member` a property, if there is none of that name that it would hide. */
function place(
  op: string,
  module: Module,
  name: string,
  member: unknown,
  type: abstract new (...args: never[]) => object,
): void {
  if (name === "" || name.includes(".")) {
    fail(op, `a name can be neither empty nor contain ".", got "${name}"`);
  }
  const isFree = !(name in module) || Object.hasOwn(module, name);
  if (!isFree) fail(op, `attribute "${name}" already exists`);
  if (member !== null && !(member instanceof type)) {
    fail(op, `${name} must be a ${type.name} or null`);
  }
  Object.assign(module, { [name]: member });
}

function convert(tensor: Tensor, wanted: DType): void {
  if (!isFloat(tensor.dtype) || tensor.dtype === wanted) return;
  const grad = tensor.keptGrad;
  withRecording(false, () => {
    tensor.adopt(tensor.detach().to(wanted));
    grad?.adopt(grad.detach().to(wanted));
  });
}

function callHooked(module: Module, hooks: Hooks<Module>, given: readonly unknown[]): unknown {
  let args = given;
  for (const hook of hooks.forwardPre.all) {
    const changed = hook(module, args);
    if (changed === undefined || changed === null) continue;
    args = Array.isArray(changed) ? changed : [changed];
  }
  const isWatched = !hooks.backward.isEmpty || !hooks.backwardPre.isEmpty;
  const watch = isWatched
    ? new WatchedCall(module, hooks.backward.all, hooks.backwardPre.all)
    : null;
  let output = module.forward(...((watch ? watch.enter(args) : args) as never[]));
  for (const hook of hooks.forward.all) output = hook(module, args, output) ?? output;
  return watch ? watch.leave(output) : output;
}
