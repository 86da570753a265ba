// Copies of modules, for stacks of equal layers and for models that follow another's weights.

import { fail } from "../base/errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Buffer } from "./buffer.ts";
import { buffersOf } from "./members.ts";
import { Module } from "./module.ts";
import { Parameter } from "./parameter.ts";

/**
 * The module and all below it, with tensors of their own; what was shared is shared again. Hooks stay
 * behind, and so do JavaScript's private fields: the copy is made without running a constructor.
 */
export function deepCopy<M extends Module>(module: M): M {
  if (!(module instanceof Module)) fail("deepCopy", "wants a Module");
  return copyOf(module, new Map()) as M;
}

function copyOf(value: unknown, known: Map<unknown, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (known.has(value)) return known.get(value);
  if (value instanceof Tensor) return remembered(value, copyOfTensor(value), known);
  if (Array.isArray(value)) {
    const made = remembered<unknown[]>(value, [], known);
    for (const item of value) made.push(copyOf(item, known));
    return made;
  }
  const isCopied = value instanceof Module || Object.getPrototypeOf(value) === Object.prototype;
  if (!isCopied) return value;
  const made = remembered<object>(value, Object.create(Object.getPrototypeOf(value)), known);
  for (const [key, member] of Object.entries(value)) {
    Object.assign(made, { [key]: copyOf(member, known) });
  }
  if (value instanceof Module) {
    for (const [name, isKept] of buffersOf(value)) buffersOf(made as Module).set(name, isKept);
  }
  return made;
}

function remembered<T>(value: unknown, made: T, known: Map<unknown, unknown>): T {
  known.set(value, made);
  return made;
}

function sameKind(tensor: Tensor, elements: Tensor): Tensor {
  if (tensor instanceof Parameter) return new Parameter(elements, tensor.requiresGrad);
  return tensor instanceof Buffer ? new Buffer(elements, tensor.persistent) : elements;
}

function copyOfTensor(tensor: Tensor): Tensor {
  if (!tensor.isLeaf) fail("deepCopy", "a module's tensors must be leaves, one was computed");
  const elements = tensor.detach().clone();
  const made = sameKind(tensor, elements);
  if (tensor.requiresGrad) made.requiresGrad = true;
  const grad = tensor.keptGrad;
  if (grad) made.grad = grad.detach().clone();
  return made;
}
