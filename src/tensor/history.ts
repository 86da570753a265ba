// History of tensors that alias each other. Values of the graph never change, so an in-place op makes
// new ones; what follows here connects them, so that gradients flow as if there were one memory.

import type { View } from "../base/views.ts";
import { isContiguous } from "../base/views.ts";
import { zeros } from "../functions/creation.ts";
import { place } from "../functions/indexing.ts";
import { viewAs } from "../functions/shapes.ts";
import { placeNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { Value } from "../graph/tape.ts";

interface Alias {
  readonly value: Value;
  readonly window: View;
  readonly storage: { readonly node: Node };
}

/** The storage's node with the window's elements replaced. */
export function placed(node: Node, value: Node, window: View): Node {
  if (isWhole(node, window) && value.shape.length === node.shape.length) return value;
  return placeNode(node, value, window);
}

const isWhole = (node: Node, window: View): boolean =>
  window.offset === 0 &&
  isContiguous(window) &&
  window.shape.length === node.shape.length &&
  window.shape.every((n, axis) => n === node.shape[axis]);

/** What `window` shows of the storage, as a function of `base` alone. */
export function storageView(base: Alias, window: View): Value {
  return viewAs(wholeStorage(base), window, "AsStridedBackward0");
}

/** `base` after the elements in `window` were replaced by `value`. */
export function copySlices(base: Alias, value: Value, window: View): Value {
  const changed = place(wholeStorage(base), value, window);
  if (coversStorage(base)) return changed;
  return viewAs(changed, base.window, "CopySlices");
}

/** The storage's elements as a function of `base`; what `base` does not show has no history. */
function wholeStorage(base: Alias): Value {
  if (coversStorage(base)) return base.value;
  const { shape, dtype } = base.storage.node;
  return place(zeros(shape, dtype), base.value, base.window);
}

/** Whether the elements that `base` shows are the storage's, in order. */
export const coversStorage = ({ storage, window }: Alias): boolean =>
  window.offset === 0 && isContiguous(window) && sizeOfWindow(window) === storage.node.size;

const sizeOfWindow = ({ shape }: View): number => shape.reduce((size, n) => size * n, 1);
