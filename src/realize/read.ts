// Reading what is there: copies of elements, row-major, without asking anybody for anything.

import type { TypedArray } from "../base/dtypes.ts";
import { readable, typedArray } from "../base/dtypes.ts";
import { contiguousView, isContiguous, type View } from "../base/views.ts";
import { nodeView } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { OwnedMemory } from "./memory.ts";

/** Data that is not in shared memory yet, as it is to lie there. */
type Given = WeakMap<Node, TypedArray>;

/** A node's elements, if they are there: to be read before anything else happens, for it may be no copy. */
export function peekNow(node: Node, given: Given): TypedArray | null {
  const stored = storedNow(node, given);
  return stored && readable(node.dtype, stored);
}

/** A copy of a node's elements, if they are there. */
export function copyNow(node: Node, given: Given): TypedArray | null {
  const stored = storedNow(node, given);
  return stored && readable(node.dtype, stored.slice());
}

/**
 * A node's elements, or those of the window it is on realized or given ones; null: not there. Where they
 * lie side by side it is a look at them, no copy.
 */
function storedNow(node: Node, given: Given): TypedArray | null {
  const owner = node.is("view") && !node.memory ? (node.inputs[0] as Node) : node;
  const view = owner === node ? contiguousView(node.shape) : nodeView(node);
  const elements = given.get(owner) ?? realizedElements(owner);
  if (!elements) return null;
  if (isContiguous(view)) return elements.subarray(view.offset, view.offset + node.size);
  return pick(elements, node, view);
}

function realizedElements(node: Node): TypedArray | null {
  const memory = node.memory as OwnedMemory | null;
  return memory?.isReady && !memory.isFreed && !node.failure ? memory.elements(node.size) : null;
}

function pick(elements: TypedArray, node: Node, view: View): TypedArray {
  const bytes = node.size * elements.BYTES_PER_ELEMENT;
  const picked = typedArray(node.dtype, new ArrayBuffer(bytes), 0, node.size);
  const index = view.shape.map(() => 0);
  let from = view.offset;
  for (let at = 0; at < node.size; at++) {
    picked[at] = elements[from] as number;
    for (let axis = index.length - 1; axis >= 0; axis--) {
      const stride = view.strides[axis] as number;
      from += stride;
      if (++(index[axis] as number) < (view.shape[axis] as number)) break;
      from -= stride * (view.shape[axis] as number);
      index[axis] = 0;
    }
  }
  return picked;
}
