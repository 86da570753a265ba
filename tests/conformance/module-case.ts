// One module case of the corpus: construct, load the state, call; the rest is an operator's case, with
// the module's own parameters and buffers in the places of the tensors they were loaded from.

import type { Adapter, Tensor } from "./adapter.ts";
import {
  isRecord,
  type ModuleCase,
  type StoredArguments,
  type StoredTensor,
  type Tree,
} from "./corpus.ts";
import { runSubject } from "./operator-case.ts";
import { mismatched, type Outcome } from "./outcome.ts";

/** What the runner itself needs of a module. */
interface Module {
  stateDict(options: { keepVars: boolean }): Readonly<Record<string, Tensor>>;
  loadStateDict(state: Readonly<Record<string, Tensor>>): unknown;
  train(mode: boolean): unknown;
  to(dtype: string): unknown;
}

export function runModuleCase(adapter: Adapter, name: string, one: ModuleCase): Promise<Outcome> {
  const prepare = (tensors: Tensor[]): (() => unknown) => {
    adapter.lookUp(`torch.${name}`);
    const made = (): Module => {
      const { args, kwargs } = decoded(adapter, one.constructor, tensors);
      return adapter.call(`torch.${name}`, args, kwargs) as Module;
    };
    if (one.kind === "error") return () => called(adapter, made(), one, tensors);
    const module = made();
    load(module, one.state, one.tensors, tensors);
    module.train(one.training);
    return () => called(adapter, module, one, tensors);
  };
  return runSubject(adapter, one, { prepare });
}

function called(
  adapter: Adapter,
  module: Module,
  { forward }: ModuleCase,
  tensors: readonly Tensor[],
): unknown {
  const { args, kwargs } = decoded(adapter, forward, tensors);
  return adapter.callValue(module, args, kwargs);
}

function decoded(adapter: Adapter, stored: StoredArguments, tensors: readonly Tensor[]) {
  // A module of a module is itself wanted, not a function that calls it.
  const one = (tree: Tree): unknown => {
    if (!isRecord(tree) || !("module" in tree)) return adapter.decode(tree, tensors);
    const { args, kwargs } = decoded(adapter, tree as unknown as StoredArguments, tensors);
    return adapter.call(tree.module as string, args, kwargs);
  };
  const named = Object.entries(stored.kwargs).map(([name, tree]) => [name, one(tree)]);
  return { args: stored.args.map(one), kwargs: Object.fromEntries(named) as object };
}

/** The stored state is all there is, and in this order. */
function load(
  module: Module,
  state: readonly { readonly name: string; readonly tensor: number }[],
  stored: readonly StoredTensor[],
  tensors: Tensor[],
): void {
  const names = state.map(({ name }) => name).join(", ");
  const found = Object.keys(module.stateDict({ keepVars: true })).join(", ");
  if (found !== names) throw mismatched("build", `state: ${found}, expected ${names}`);
  const float = state.map(({ tensor }) => stored[tensor]!.dtype).find((name) => isFloat(name));
  if (float) module.to(float);
  module.loadStateDict(
    Object.fromEntries(state.map(({ name, tensor }) => [name, tensors[tensor]!])),
  );
  const own = module.stateDict({ keepVars: true });
  for (const { name, tensor } of state) tensors[tensor] = own[name]!;
}

const isFloat = (dtype: string): boolean => dtype.includes("float");
