// State dicts: a module's parameters and persistent buffers by name, and the way back.

import { fail } from "../base/errors.ts";
import { sameShape } from "../base/shapes.ts";
import { withRecording } from "../graph/tape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Hooks, IncompatibleKeys, StateDict } from "./hooks.ts";
import { type Composed, ownBuffers, ownChildren, ownParameters } from "./members.ts";

/** A module, as far as its state goes. */
interface Stateful extends Composed {
  forward(...args: never[]): unknown;
}

type HooksOf<M extends Stateful> = (module: M) => Hooks<M> | undefined;

interface SaveOptions {
  readonly prefix: string;
  /** Tensors with their histories, as they are. */
  readonly keepVars: boolean;
}

export function saveState<M extends Stateful>(
  module: M,
  { prefix, keepVars }: SaveOptions,
  hooksOf: HooksOf<M>,
  into: StateDict = {},
): StateDict {
  const hooks = hooksOf(module);
  for (const hook of hooks?.stateDictPre.all ?? []) hook(module, prefix);
  for (const [name, tensor] of [...ownParameters(module), ...ownBuffers(module, true)]) {
    into[prefix + name] = keepVars ? tensor : tensor.detach();
  }
  for (const [name, child] of ownChildren(module)) {
    saveState(child, { prefix: `${prefix}${name}.`, keepVars }, hooksOf, into);
  }
  let state = into;
  for (const hook of hooks?.stateDict.all ?? []) state = hook(module, state, prefix) ?? state;
  return state;
}

/** What did not fit, while a state is loaded. */
interface Misfits {
  readonly missingKeys: string[];
  readonly unexpectedKeys: string[];
  readonly errors: string[];
}

/** Copies what fits into the module's tensors; throws when `strict` and something did not. */
export function loadState<M extends Stateful>(
  module: M,
  given: Readonly<StateDict>,
  strict: boolean,
  hooksOf: HooksOf<M>,
): IncompatibleKeys {
  const misfits: Misfits = { missingKeys: [], unexpectedKeys: [], errors: [] };
  withRecording(false, () => loadInto(module, { ...given }, "", misfits, hooksOf));
  const { missingKeys, unexpectedKeys, errors } = misfits;
  const listed = (keys: readonly string[]): string => keys.map((key) => `"${key}"`).join(", ");
  const texts = [...errors];
  if (strict && unexpectedKeys.length > 0) {
    texts.unshift(`Unexpected key(s) in state_dict: ${listed(unexpectedKeys)}. `);
  }
  if (strict && missingKeys.length > 0) {
    texts.unshift(`Missing key(s) in state_dict: ${listed(missingKeys)}. `);
  }
  if (texts.length > 0) {
    const { name } = module.constructor;
    fail("loadStateDict", `Error(s) in loading state_dict for ${name}:\n\t${texts.join("\n\t")}`);
  }
  return { missingKeys, unexpectedKeys };
}

/** A state of an older form that a module still understands is completed by it. */
export interface Completing {
  completeState(state: StateDict, prefix: string): void;
}

const isCompleting = (module: object): module is Completing => "completeState" in module;

function loadInto<M extends Stateful>(
  module: M,
  state: StateDict,
  prefix: string,
  misfits: Misfits,
  hooksOf: HooksOf<M>,
): void {
  const hooks = hooksOf(module);
  if (isCompleting(module)) module.completeState(state, prefix);
  for (const hook of hooks?.loadPre.all ?? []) hook(module, state, prefix);
  const own = [...ownParameters(module), ...ownBuffers(module, true)];
  for (const [name, tensor] of own) loadOne(prefix + name, tensor, state, misfits);
  const children = ownChildren(module);
  const [tensorNames, childNames] = [own, children].map((all) => new Set(all.map(([n]) => n)));
  for (const key of Object.keys(state)) {
    if (!key.startsWith(prefix)) continue;
    const [head, ...rest] = key.slice(prefix.length).split(".");
    const known = rest.length > 0 ? childNames : tensorNames;
    if (!known?.has(head as string)) misfits.unexpectedKeys.push(key);
  }
  for (const [name, child] of children) {
    const path = `${prefix}${name}.`;
    const below = Object.entries(state).filter(([key]) => key.startsWith(path));
    loadInto(child, Object.fromEntries(below), path, misfits, hooksOf);
  }
  for (const hook of hooks?.loadPost.all ?? []) hook(module, misfits);
}

function loadOne(key: string, target: Tensor, state: StateDict, misfits: Misfits): void {
  if (!(key in state)) {
    misfits.missingKeys.push(key);
    return;
  }
  let source: unknown = state[key];
  if (!(source instanceof Tensor)) {
    misfits.errors.push(
      `While copying the parameter named "${key}", expected a tensor from checkpoint but ` +
        `received ${source === null ? "null" : typeof source}`,
    );
    return;
  }
  // Before 0-dimensional tensors there were, one element was a list of one.
  if (target.ndim === 0 && source.ndim === 1 && source.numel() > 0) source = source.select(0, 0);
  if (sameShape((source as Tensor).shape, target.shape)) target.copy_(source as Tensor);
  else {
    const [from, to] = [source as Tensor, target].map(({ shape }) => sizeText(shape));
    misfits.errors.push(
      `size mismatch for ${key}: copying a param with shape ${from} from checkpoint, ` +
        `the shape in current model is ${to}.`,
    );
  }
}

const sizeText = (shape: readonly number[]): string => `torch.Size([${shape.join(", ")}])`;
