// Tensor hooks: functions that see, and may replace, the gradient of a tensor while a backward walk
// passes. They belong to an output of an entry of the Tape, in the order they were registered.

import { fail } from "../base/errors.ts";
import { sameShape, showShape } from "../base/shapes.ts";
import type { Entry, Gradient, Value } from "../graph/tape.ts";
import { AccumulateGrad } from "./accumulate.ts";
import type { Handle } from "./handle.ts";
import { isPromise, refuseAsync } from "./synchronous.ts";

/** Undo of a registration. */
export class RemovableHandle {
  readonly #remove: () => void;

  constructor(remove: () => void) {
    this.#remove = remove;
  }

  remove(): void {
    this.#remove();
  }
}

/** Returns what takes the gradient's place, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that only looks returns nothing
export type TensorHook<T> = (g: T) => T | null | undefined | void;

type ValueHook = (g: Value) => Value;

interface OutputHooks {
  readonly hooks: Set<ValueHook>;
  /** retainGrad: sees what the hooks have made of the gradient. */
  retain: ((g: Value) => void) | null;
}

const hooksOf = new WeakMap<Entry, Map<number, OutputHooks>>();

/** Where the gradient of a retaining tensor is kept from. */
const retainedAt = new WeakMap<Handle, OutputHooks>();

function outputHooks(op: string, tensor: Handle): OutputHooks {
  const { edge } = tensor;
  if (!edge) fail(op, "cannot register a hook on a tensor that doesn't require gradient");
  const byOutput = hooksOf.get(edge.entry) ?? new Map<number, OutputHooks>();
  hooksOf.set(edge.entry, byOutput);
  const found = byOutput.get(edge.output) ?? { hooks: new Set(), retain: null };
  byOutput.set(edge.output, found);
  return found;
}

export function registerHook<T extends Handle>(tensor: T, hook: TensorHook<T>): RemovableHandle {
  refuseAsync("registerHook", hook);
  const { hooks } = outputHooks("registerHook", tensor);
  const run: ValueHook = (g) => {
    const result = hook(tensor.fresh(g));
    if (result === undefined || result === null) return g;
    if (isPromise(result)) refuseAsync("registerHook", null);
    return checkedReplacement(g, (result as T).value);
  };
  hooks.add(run);
  return new RemovableHandle(() => hooks.delete(run));
}

function checkedReplacement(g: Value, replacement: Value): Value {
  if (!sameShape(g.node.shape, replacement.node.shape)) {
    fail(
      "registerHook",
      `hook has changed the size of the gradient: wanted ${showShape(g.node.shape)}, ` +
        `got ${showShape(replacement.node.shape)}`,
    );
  }
  return replacement;
}

export function registerPostAccumulateGradHook<T extends Handle>(
  tensor: T,
  hook: (tensor: T) => void,
): RemovableHandle {
  const op = "registerPostAccumulateGradHook";
  refuseAsync(op, hook);
  const entry = tensor.edge?.entry;
  if (!(entry instanceof AccumulateGrad)) {
    fail(op, "post accumulate grad hooks cannot be registered on non-leaf tensors");
  }
  const run = (): void => {
    if (isPromise(hook(tensor))) refuseAsync(op, null);
  };
  entry.afterwards.add(run);
  return new RemovableHandle(() => entry.afterwards.delete(run));
}

/** Makes a tensor that is no leaf keep its gradient in `.grad`. */
export function retainGrad(tensor: Handle): void {
  if (!tensor.edge) fail("retainGrad", "can't retainGrad on a tensor that has requiresGrad=false");
  if (tensor.isLeaf || tensor.isRetainingGrad) return;
  tensor.startRetaining();
  keepGradient(tensor);
}

/** After an in-place op: the tensor's new edge is where its gradient is kept from. */
export function moveRetained(tensor: Handle): void {
  if (tensor.isRetainingGrad && tensor.edge) keepGradient(tensor);
}

function keepGradient(tensor: Handle): void {
  const before = retainedAt.get(tensor);
  if (before) before.retain = null;
  const now = outputHooks("retainGrad", tensor);
  now.retain = (g) => tensor.accumulate(g);
  retainedAt.set(tensor, now);
}

/** What the hooks of an entry's outputs make of its gradients; for the walk. */
export function runHooks(entry: Entry, gradients: readonly Gradient[]): readonly Gradient[] {
  const byOutput = hooksOf.get(entry);
  if (!byOutput) return gradients;
  return gradients.map((gradient, output) => {
    const found = byOutput.get(output);
    if (!found || !gradient) return gradient;
    let g = gradient;
    for (const hook of found.hooks) g = hook(g);
    found.retain?.(g);
    return g;
  });
}
