// A tensor as text.

import { formatTensor } from "../base/printing.ts";
import { showShape } from "../base/shapes.ts";
import { peek } from "../realize.ts";
import { DisposedError } from "./disposed.ts";
import type { Handle } from "./handle.ts";

/** What Node's console prints an object by. */
export const inspectSymbol: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** As PyTorch prints it when its elements are in memory; else says so. Never throws. */
export function textOf(tensor: Handle): string {
  const { failure } = tensor.storage.node;
  if (failure) return bracketed(`failed ${looksOf(tensor)}: ${failure.message}`, []);
  try {
    const suffixes = suffixesOf(tensor);
    const data = peek(tensor.value.node);
    if (data) return formatTensor({ shape: tensor.shape, dtype: tensor.dtype, data, suffixes });
    return bracketed(`lazy ${looksOf(tensor)}`, suffixes);
  } catch (error) {
    return bracketed(`unreadable ${looksOf(tensor)}: ${String(error)}`, []);
  }
}

/** Why the elements cannot be looked at now, in one word; null: they can. */
export function hindrance(tensor: Handle): "disposed" | "failed" | "lazy" | null {
  const { failure } = tensor.storage.node;
  if (failure) return failure instanceof DisposedError ? "disposed" : "failed";
  return peek(tensor.value.node) ? null : "lazy";
}

const looksOf = ({ shape, dtype }: Handle): string => `${showShape(shape)} ${dtype}`;

const bracketed = (text: string, suffixes: readonly string[]): string =>
  `tensor(${[`<${text}>`, ...suffixes].join(", ")})`;

function suffixesOf(tensor: Handle): string[] {
  const { edge } = tensor;
  if (!edge) return [];
  return [tensor.isLeaf ? "requires_grad=True" : `grad_fn=<${edge.entry.name}>`];
}
