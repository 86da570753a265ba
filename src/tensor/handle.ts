// Handle: the state of a tensor, without its public methods. A handle is a window on a Storage it may
// share, with a place on the Tape. What needs another tensor made asks the handle (`make`, `fresh`).
//
//   storage ──node──▶ row-major elements     window: sizes, strides, offset into them
//   base: the tensor whose history a view follows. When the storage is changed in place, the base's
//   edge is replaced, and a view whose edge is older than the storage's version derives a new one.

import { type Composite, composite } from "../autograd/composite.ts";
import type { DType } from "../base/dtypes.ts";
import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { tensorBrand } from "../base/parameters.ts";
import { type Shape, sameShape, showShape } from "../base/shapes.ts";
import { contiguousView, type View } from "../base/views.ts";
import { add } from "../functions/arithmetic.ts";
import { viewAs } from "../functions/shapes.ts";
import { viewNode } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { constantValue, type Edge, isRecording, type Value, withRecording } from "../graph/tape.ts";
import { Storage } from "../storage.ts";
import { AccumulateGrad } from "./accumulate.ts";
import { DisposedError, disposeStorage } from "./disposed.ts";
import { placed, storageView } from "./history.ts";

/** How a view came to be; the last two cannot be changed in place while recording. */
export type Origin = "single" | "unrecorded" | "several";

/** A recorded gradient is kept as a copy, with a place of its own on the Tape. */
const copied: Composite<null> = {
  name: "CopyBackwards",
  body: ([g]) => viewAs(g as Value, contiguousView((g as Value).node.shape), "AliasBackward0"),
};

let noted: Set<Handle> | null = null;

/** Runs `body` and adds to `set` the tensors whose gradient it sets. */
export function notingGrads<T>(set: Set<Handle>, body: () => T): T {
  const before = noted;
  noted = set;
  try {
    return body();
  } finally {
    noted = before;
  }
}

export abstract class Handle {
  readonly [tensorBrand] = true;
  /** Changed by `adopt` alone. */
  storage: Storage;
  /** Changed by `reshow` and `adopt` alone. */
  window: View;
  dtype: DType;
  readonly origin: Origin;
  #base: this | null = null;
  #edge: Edge | null;
  /** Version of the storage that a view's edge was derived at. */
  #edgeVersion: number;
  #value: Value | null = null;
  #source: Node | null = null;
  #wasLazy = false;
  #grad: this | null = null;
  #isGradSeen = false;
  #isRetaining = false;

  constructor(storage: Storage, window: View, edge: Edge | null, origin: Origin = "single") {
    this.storage = storage;
    this.window = window;
    this.dtype = storage.node.dtype;
    this.#edge = edge;
    this.#edgeVersion = storage.version;
    this.origin = origin;
  }

  /** A tensor of the library's class, for those who cannot name it. */
  abstract make(storage: Storage, window: View, edge: Edge | null, origin?: Origin): this;

  /** A tensor with a storage of its own. */
  fresh(value: Value): this {
    const { node, edge } = value;
    const made = this.make(new Storage(node), node.looks.whole, edge);
    made.remember(value, node);
    return made;
  }

  /** A view of this tensor's storage that follows this tensor's history. */
  follow(window: View, edge: Edge | null, origin: Origin): this {
    const made = this.make(this.storage, window, edge, origin);
    made.#base = origin === "unrecorded" ? null : (this.#base ?? this);
    return made;
  }

  /** Keeps what `value` would compute; `source` is the storage's node that it was computed from. */
  remember(value: Value, source: Node): void {
    // A window's node may become another storage's too, by x.clone(): it is needed here as well.
    if (this.#value && this.#value.node !== this.#source) this.#value.node.holders--;
    if (value.node !== source) value.node.holders++;
    this.#value = value;
    this.#source = source;
    this.#wasLazy = source.memory === null;
  }

  get shape(): Shape {
    return this.window.shape;
  }

  /** The differentiable base of a view; null for what is no view. */
  get base(): this | null {
    return this.#base;
  }

  /** How often the storage was changed in place. */
  get version(): number {
    return this.storage.version;
  }

  /** This tensor as a value of the graph: a window on the storage's node, with its current edge. */
  get value(): Value {
    const source = this.storage.node;
    if (source.failure instanceof DisposedError) throw source.failure;
    const edge = this.edge;
    const known = this.#value;
    // What was derived from a lazy storage is derived anew from its memory, once that is there.
    const isStale = source.memory !== null && known?.node.memory === null && this.#wasLazy;
    if (known && this.#source === source && known.edge === edge && !isStale) return known;
    const value = { node: windowOn(source, this.window), edge };
    this.remember(value, source);
    return value;
  }

  get edge(): Edge | null {
    const base = this.#base;
    if (base && this.#edgeVersion !== this.storage.version) {
      this.#edgeVersion = this.storage.version;
      if (base.requiresGrad || !this.isLeaf) this.#edge = this.#deriveEdge(base);
    }
    return this.#edge;
  }

  /** The history of a view after its base was changed in place: AsStridedBackward0 on the base. */
  #deriveEdge(base: this): Edge | null {
    return withRecording(true, () => storageView(base, this.window).edge);
  }

  /** What this tensor is from now on was computed by `edge`. */
  rebase(edge: Edge | null): void {
    this.#edge = edge;
    this.#edgeVersion = this.storage.version;
  }

  get isLeaf(): boolean {
    return this.#edge === null || this.edge?.entry instanceof AccumulateGrad;
  }

  get requiresGrad(): boolean {
    return this.edge !== null;
  }

  set requiresGrad(wanted: boolean) {
    if (!this.isLeaf) {
      if (wanted) return;
      fail(
        "requiresGrad",
        "you can only change requiresGrad flags of leaf tensors. If you want to use a computed " +
          "tensor in a subgraph that doesn't require differentiation use x.detach()",
      );
    }
    if (!wanted) this.rebase(null);
    else if (!this.#edge) this.rebase({ entry: new AccumulateGrad(this.#leafSide()), output: 0 });
  }

  #leafSide(): AccumulateGrad["leaf"] {
    if (!isFloat(this.dtype)) {
      fail(
        "requiresGrad",
        `only tensors of floating point dtype can require gradients, got ${this.dtype}`,
      );
    }
    return this;
  }

  get grad(): this | null {
    this.#isGradSeen = true;
    return this.keptGrad;
  }

  /** The gradient for those who do not hand it on. */
  get keptGrad(): this | null {
    // A gradient whose computation failed was never there.
    if (this.#grad?.storage.node.failure) this.#grad = null;
    return this.#grad;
  }

  set grad(grad: this | null) {
    if (grad && !(sameShape(grad.shape, this.shape) && grad.dtype === this.dtype)) {
      fail(
        "grad",
        `assigned grad must be like the tensor, ${showShape(this.shape)} ${this.dtype}; ` +
          `got ${showShape(grad.shape)} ${grad.dtype}`,
      );
    }
    this.#keep(grad);
    this.#isGradSeen = true;
  }

  /** A gradient that nobody has seen, and no Tape needs, gives its memory back when it is replaced. */
  #keep(grad: this | null): void {
    const before = this.#grad;
    const isUnseen = !this.#isGradSeen;
    noted?.add(this);
    this.#grad = grad;
    this.#isGradSeen = false;
    if (before && before !== grad && isUnseen && before.edge === null) {
      disposeStorage(before.storage, before.dtype);
    }
  }

  /** Gives the gradient that a backward would have left, or none. */
  leaveGrad(node: Node | null): void {
    const before = this.#grad;
    // Nobody has seen it, so nobody sees that it is not another one.
    if (node && before?.edge === null && !this.#isGradSeen) before.storage.renew(node);
    else this.#keep(node && this.fresh(constantValue(node)));
  }

  get isRetainingGrad(): boolean {
    return this.#isRetaining;
  }

  startRetaining(): void {
    this.#isRetaining = true;
  }

  /** Adds a gradient to `.grad`; in place, so that aliases see it, unless it is itself recorded. */
  accumulate(g: Value): void {
    const grad = this.keptGrad;
    if (!grad) {
      this.#keep(this.fresh(isRecording() ? composite(copied, [g], null) : g));
    } else if (isRecording()) {
      this.#keep(this.fresh(add(grad.value, g)));
    } else {
      grad.store(add(grad.value, g).node);
    }
  }

  /** Forgets what it would compute. */
  #forget(): void {
    if (this.#value && this.#value.node !== this.#source) this.#value.node.holders--;
    this.#value = null;
    this.#source = null;
  }

  /** Shows what `other` shows from now on, in its storage: PyTorch's `x.data = other`. */
  adopt({ storage, window, dtype }: Handle): void {
    const { requiresGrad } = this;
    this.#forget();
    this.storage = storage;
    this.window = window;
    this.dtype = dtype;
    this.rebase(null);
    this.requiresGrad = requiresGrad;
  }

  /** Looks through another window from now on; the elements are the same, and a version is counted. */
  reshow(window: View, edge: Edge | null): void {
    this.#forget();
    this.window = window;
    this.storage.replace(this.storage.node);
    this.rebase(edge);
  }

  /** Changes the elements of the window; every alias sees it. */
  store(node: Node): void {
    this.storage.replace(placed(this.storage.node, node, this.window));
  }
}

/** A lazy window is read through where strides can say it; else its elements are copied first. */
function windowOn(source: Node, window: View): Node {
  if (source.memory || !source.is("view")) return viewNode(source, window);
  return viewAs(constantValue(source), window, "AsStridedBackward0").node;
}
