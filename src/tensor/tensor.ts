// Tensor: what users hold. Its methods on data derive from the records, its state from Handle; here
// stand reading, printing, and the face of autograd. Nothing here computes: reading asks `realize`.

import type { TypedArray } from "../base/dtypes.ts";
import { dtypes, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Scalar } from "../base/scalars.ts";
import { normalizeAxis } from "../base/shapes.ts";
import { isContiguous, type View } from "../base/views.ts";
import type { Edge } from "../graph/tape.ts";
import { read, readNow, request } from "../realize.ts";
import type { Storage } from "../storage.ts";
import { type BackwardOptions, runBackward } from "./backward.ts";
import type { Index } from "./basic-index.ts";
import { type Methods, methodsOf } from "./dispatch.ts";
import { disposeStorage } from "./disposed.ts";
import { type GraphNode, graphNodeOf } from "./graph-node.ts";
import { Handle, type Origin } from "./handle.ts";
import {
  type RemovableHandle,
  registerHook,
  registerPostAccumulateGradHook,
  retainGrad,
  type TensorHook,
} from "./hooks.ts";
import { callInPlace } from "./in-place.ts";
import { indexed, maskedSelect, nonzero, putIndexed } from "./indexing.ts";
import { type NestedList, nestedList, type TensorData } from "./nested.ts";
import { inspectSymbol, textOf } from "./printed.ts";
import { records } from "./records/all.ts";
import { copyInto, fillWith } from "./replace.ts";

/** The methods of the records. */
export interface Tensor extends Methods<typeof records, Tensor> {}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the methods are put on the prototype below
export class Tensor extends Handle {
  override make(storage: Storage, window: View, edge: Edge | null, origin?: Origin): this {
    return new Tensor(storage, window, edge, origin) as this;
  }

  // Looks.

  get ndim(): number {
    return this.shape.length;
  }

  dim(): number {
    return this.shape.length;
  }

  numel(): number {
    return this.value.node.size;
  }

  nelement(): number {
    return this.numel();
  }

  size(): number[];
  size(dim: number): number;
  size(dim?: number): number | number[] {
    if (dim === undefined) return [...this.shape];
    return this.shape[normalizeAxis("size", dim, this.ndim)] as number;
  }

  stride(): number[];
  stride(dim: number): number;
  stride(dim?: number): number | number[] {
    if (dim === undefined) return [...this.window.strides];
    return this.window.strides[normalizeAxis("stride", dim, this.ndim)] as number;
  }

  storageOffset(): number {
    return this.window.offset;
  }

  isContiguous(): boolean {
    return isContiguous(this.window);
  }

  isFloatingPoint(): boolean {
    return isFloat(this.dtype);
  }

  elementSize(): number {
    return dtypes[this.dtype].bytes;
  }

  get isView(): boolean {
    return this.base !== null;
  }

  get _base(): this | null {
    return this.base;
  }

  get T(): Tensor {
    return this.permute(this.shape.map((_, axis) => this.ndim - 1 - axis));
  }

  get mT(): Tensor {
    return this.transpose(-2, -1);
  }

  // Reading.

  /** Computes this tensor, with everything else that is asked for in this tick. */
  async realize(): Promise<this> {
    await request([this.value.node], { op: "realize" });
    return this;
  }

  /** The elements, row-major: a copy. */
  data(): Promise<TypedArray> {
    return read(this.value.node);
  }

  /** The one element. */
  item(): Promise<number | boolean> {
    this.#checkOneElement("item");
    return this.data().then((data) => this.#only(data));
  }

  tolist(): Promise<NestedList<number | boolean>> {
    return this.data().then((data) => nestedList(data, this.shape, this.dtype));
  }

  /** As data(), at once; the tensor must have been realized. */
  dataSync(): TypedArray {
    return this.#readNow("dataSync");
  }

  itemSync(): number | boolean {
    this.#checkOneElement("itemSync");
    return this.#only(this.#readNow("itemSync"));
  }

  #readNow(op: string): TypedArray {
    const { node } = this.value;
    if (node.failure) throw node.failure;
    const data = readNow(node);
    if (!data) fail(op, `the tensor is lazy. First await it: await x.realize(), or x.data()`);
    return data;
  }

  #checkOneElement(op: string): void {
    const count = this.numel();
    if (count !== 1) fail(op, `a Tensor with ${count} elements cannot be converted to Scalar`);
  }

  #only(data: TypedArray): number | boolean {
    return this.dtype === "bool" ? data[0] !== 0 : (data[0] as number);
  }

  /** As PyTorch prints it; what is not computed yet prints as lazy. Never throws. */
  override toString(): string {
    return textOf(this);
  }

  [inspectSymbol](): string {
    return textOf(this);
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return textOf(this);
    fail(
      "Tensor",
      "JavaScript's operators do not work on tensors: write x.add(y), x.mul(y), x.lt(y) …; " +
        "for a number, await x.item()",
    );
  }

  // Autograd.

  /** What computed this tensor, on the Tape; null for a leaf. */
  get gradFn(): GraphNode | null {
    const { edge } = this;
    return this.isLeaf || !edge ? null : graphNodeOf(edge.entry);
  }

  override get grad(): this | null {
    const grad = super.grad;
    if (!grad && !this.isLeaf && !this.isRetainingGrad) warnOfNonLeaf();
    return grad;
  }

  override set grad(grad: this | null) {
    if (grad !== null && !(grad instanceof Tensor)) fail("grad", "must be a tensor or null");
    super.grad = grad;
  }

  requiresGrad_(requiresGrad = true): this {
    this.requiresGrad = requiresGrad;
    return this;
  }

  retainGrad(): void {
    retainGrad(this);
  }

  get retainsGrad(): boolean {
    return this.isRetainingGrad;
  }

  /** The same memory, without history. */
  detach(): Tensor {
    return new Tensor(this.storage, this.window, null);
  }

  detach_(): this {
    if (this.base) fail("detach_", "a view cannot be detached in place. Use detach() instead.");
    this.rebase(null);
    return this;
  }

  /**
   * Records the gradients of the leaves at once; they are lazy. Resolves when they are computed.
   * Awaiting is optional for order, needed for data and errors.
   */
  backward(gradient?: this | null, options: BackwardOptions<this> = {}): Promise<void> {
    return runBackward([this], [gradient ?? null], options);
  }

  /** `hook` sees the gradient, lazy, and may return what takes its place. */
  registerHook(hook: TensorHook<this>): RemovableHandle {
    return registerHook(this, hook);
  }

  registerPostAccumulateGradHook(hook: (tensor: this) => void): RemovableHandle {
    return registerPostAccumulateGradHook(this, hook);
  }

  // Indexing.

  /** `x.index(0, slice(1), null, "...", [0, 2])`; by a mask it is a promise. */
  index(...indices: readonly Index[]): Tensor {
    return indexed<Tensor>(this, indices) as Tensor;
  }

  /** Replaces the elements at the indices by a value that is broadcast, or adds it to them. */
  indexPut_(
    indices: readonly Index[],
    value: Tensor | Scalar,
    { accumulate = false }: { accumulate?: boolean } = {},
  ): this {
    return putIndexed(this, indices, value, accumulate);
  }

  /** A copy with the elements at the indices replaced. */
  indexPut(
    indices: readonly Index[],
    value: Tensor | Scalar,
    options: { accumulate?: boolean } = {},
  ): Tensor {
    return this.clone().indexPut_(indices, value, options);
  }

  /** Positions of the elements that are not 0, one row each. */
  async nonzero(): Promise<Tensor> {
    return nonzero<Tensor>(this);
  }

  /** The elements where `mask` is true. */
  async maskedSelect(mask: Tensor): Promise<Tensor> {
    return maskedSelect<Tensor>(this, mask);
  }

  // Changing.

  /** Replaces the elements, by those of a tensor (expanded, converted), of lists, or a typed array. */
  copy_(source: Tensor | TensorData): this {
    return copyInto(this, source);
  }

  fill_(value: Tensor | Scalar): this {
    return fillWith("fill_", this, value);
  }

  zero_(): this {
    return fillWith("zero_", this, 0);
  }

  /** This tensor, or a copy whose elements lie in row-major order. */
  contiguous(): Tensor {
    return this.isContiguous() ? this : this.clone();
  }

  /** Releases the memory now; every tensor that shares it is unusable from then on. */
  dispose(): void {
    disposeStorage(this.storage, this.dtype);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

for (const [name, value] of Object.entries(methodsOf(records, callInPlace))) {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}

let warned = false;

function warnOfNonLeaf(): void {
  if (warned) return;
  warned = true;
  console.warn(
    "The .grad of a tensor that is not a leaf is being read: it is not kept by backward(). " +
      "If you want it kept, call .retainGrad() on the tensor first. " +
      "If you read it by mistake, read the leaf's instead.",
  );
}
