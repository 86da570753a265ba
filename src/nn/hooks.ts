// Hooks of modules: their types, and the lists they are kept in. `M` is the module's own type.

import { RemovableHandle } from "../tensor/hooks.ts";
import type { Tensor } from "../tensor/tensor.ts";

export type StateDict = Record<string, Tensor>;

export interface IncompatibleKeys {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}

export type Gradients = readonly (Tensor | null)[];

// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
type Maybe<T> = T | null | undefined | void;

/** What a module's forward pass takes, and gives. */
interface Callable {
  forward(...args: never[]): unknown;
}

/** Of a module of which nothing is known: anything. */
type ArgumentsOf<M extends Callable> =
  Parameters<M["forward"]> extends readonly never[]
    ? readonly unknown[]
    : Readonly<Parameters<M["forward"]>>;

/** Returns the arguments that take the place of those given, or one of them; or nothing. */
export type ForwardPreHook<M extends Callable> = (module: M, args: ArgumentsOf<M>) => unknown;

/** Returns what takes the output's place, or nothing. */
export type ForwardHook<M extends Callable> = (
  module: M,
  args: ArgumentsOf<M>,
  output: ReturnType<M["forward"]>,
) => unknown;

/** Sees the gradients of the inputs and outputs; returns what takes the former's place, or nothing. */
export type FullBackwardHook<M> = (
  module: M,
  gradInput: Gradients,
  gradOutput: Gradients,
) => Maybe<Tensor | Gradients>;

/** Returns what takes the place of the outputs' gradients, or nothing. */
export type FullBackwardPreHook<M> = (
  module: M,
  gradOutput: Gradients,
) => Maybe<Tensor | Gradients>;

/** Returns what takes the state's place, or changes it, or only looks. */
export type StateDictHook<M> = (module: M, state: StateDict, prefix: string) => Maybe<StateDict>;

export type StateDictPreHook<M> = (module: M, prefix: string) => void;

/** May change the state, of which it is given a copy, before it is loaded. */
export type LoadStateDictPreHook<M> = (module: M, state: StateDict, prefix: string) => void;

export type LoadStateDictPostHook<M> = (module: M, keys: IncompatibleKeys) => void;

/** Functions, in the order they are called in. */
export class HookList<Hook> {
  #entries: readonly { readonly hook: Hook }[] = [];

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** The hooks of now: what is added meanwhile is called the next time. */
  get all(): readonly Hook[] {
    return this.#entries.map(({ hook }) => hook);
  }

  add(hook: Hook, { prepend = false }: HookOptions = {}): RemovableHandle {
    const entry = { hook };
    this.#entries = prepend ? [entry, ...this.#entries] : [...this.#entries, entry];
    return new RemovableHandle(() => {
      this.#entries = this.#entries.filter((one) => one !== entry);
    });
  }
}

export interface HookOptions {
  /** Called before those that are there. */
  prepend?: boolean;
}

/** The hooks of a module. */
export class Hooks<M extends Callable> {
  readonly forwardPre = new HookList<ForwardPreHook<M>>();
  readonly forward = new HookList<ForwardHook<M>>();
  readonly backwardPre = new HookList<FullBackwardPreHook<M>>();
  readonly backward = new HookList<FullBackwardHook<M>>();
  readonly stateDictPre = new HookList<StateDictPreHook<M>>();
  readonly stateDict = new HookList<StateDictHook<M>>();
  readonly loadPre = new HookList<LoadStateDictPreHook<M>>();
  readonly loadPost = new HookList<LoadStateDictPostHook<M>>();

  /** Whether a call has nobody to tell. */
  get isSilent(): boolean {
    const { forwardPre, forward, backwardPre, backward } = this;
    return [forwardPre, forward, backwardPre, backward].every((list) => list.isEmpty);
  }
}
