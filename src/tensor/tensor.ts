// Tensor: what users hold. Its methods on data derive from the records, its state from Handle; here
// stand reading, printing, and the face of autograd. Nothing here computes: reading asks `realize`.

import { readingsFrom } from "../autograd/readings.ts";
import type { TypedArray } from "../base/dtypes.ts";
import { dtypes, isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import type { Scalar } from "../base/scalars.ts";
import { normalizeAxis, sizeOf } from "../base/shapes.ts";
import { isContiguous, type View } from "../base/views.ts";
import type { Edge, Reading } from "../graph/tape.ts";
import { read, readNow, request } from "../realize.ts";
import type { Storage } from "../storage.ts";
import { runBackward } from "./backward.ts";
import type { Index } from "./basic-index.ts";
import { type ArgumentsOf, bound } from "./bound.ts";
import { maskedSelect, nonzero, nonzeroColumns } from "./chosen.ts";
import { call, type Methods, methodsOf } from "./dispatch.ts";
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
import { indexed, putIndexed, withIndexed } from "./indexing.ts";
import { type NestedList, nestedList, type TensorData } from "./nested.ts";
import { inspectSymbol, textOf } from "./printed.ts";
import { fills, records } from "./records/all.ts";
import { copyInto, fillWith } from "./replace.ts";
import { strided, stridedScatter } from "./strided.ts";

/** The methods of the records. */
export interface Tensor extends Methods<typeof records, Tensor>, Methods<typeof fills, Tensor> {}

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
    return sizeOf(this.shape);
  }

  nelement(): number {
    return this.numel();
  }

  size(): number[];
  size(dim: number): number;
  size(...args: unknown[]): number | number[] {
    const [dim] = bound<"size", Tensor>("size", args);
    if (dim === null) return [...this.shape];
    return this.shape[normalizeAxis("size", dim, this.ndim)] as number;
  }

  stride(): number[];
  stride(dim: number): number;
  stride(...args: unknown[]): number | number[] {
    const [dim] = bound<"stride", Tensor>("stride", args);
    if (dim === null) return [...this.window.strides];
    return this.window.strides[normalizeAxis("stride", dim, this.ndim)] as number;
  }

  storageOffset(): number {
    return this.window.offset;
  }

  isContiguous(): boolean {
    return isContiguous(this.window);
  }

  /** There is one device: the page's own memory. */
  get device(): string {
    return "cpu";
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

  get H(): Tensor {
    return this.transpose(0, 1);
  }

  get mH(): Tensor {
    return this.mT;
  }

  // Reading.

  /** Computes this tensor, with everything else that is asked for in this tick. */
  async realize(): Promise<this> {
    await request([this.value.node], this.#readings());
    return this;
  }

  /** What a backward in a later tick would read; asked when the request is made, if it still can come. */
  #readings(): (() => readonly Reading[]) | null {
    const { edge } = this;
    return edge && edge.entry.next.length > 0 ? () => readingsFrom([edge]) : null;
  }

  /** The elements, row-major: a copy. */
  data(): Promise<TypedArray> {
    return read(this.value.node, this.#readings());
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

  requiresGrad_(...args: ArgumentsOf<"requiresGrad_", Tensor>): this {
    const [requiresGrad] = bound<"requiresGrad_", Tensor>("requiresGrad_", args);
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
  backward(...args: ArgumentsOf<"backward", Tensor>): Promise<void> {
    const [gradient, retainGraph, createGraph, inputs] = bound<"backward", Tensor>(
      "backward",
      args,
    );
    const options = {
      retainGraph,
      createGraph,
      inputs: inputs as Tensor | readonly Tensor[] | null,
    };
    return runBackward<Tensor>([this], [gradient], options);
  }

  /** `hook` sees the gradient, lazy, and may return what takes its place. */
  registerHook(hook: TensorHook<this>): RemovableHandle {
    bound("registerHook", [hook]);
    return registerHook(this, hook);
  }

  registerPostAccumulateGradHook(hook: (tensor: this) => void): RemovableHandle {
    bound("registerPostAccumulateGradHook", [hook]);
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
    values: Tensor | Scalar,
    options?: boolean | { accumulate?: boolean },
  ): this;
  indexPut_(...args: unknown[]): this {
    const [indices, values, accumulate] = bound<"indexPut_", Tensor>("indexPut_", args);
    if (!Array.isArray(indices)) fail("indexPut_", "indices must be a list");
    return putIndexed(this, indices as Index[], values, accumulate);
  }

  /** A copy with the elements at the indices replaced. */
  indexPut(
    indices: readonly Index[],
    values: Tensor | Scalar,
    options?: boolean | { accumulate?: boolean },
  ): Tensor;
  indexPut(...args: unknown[]): Tensor {
    const [indices, values, accumulate] = bound<"indexPut_", Tensor>("indexPut_", args);
    if (!Array.isArray(indices)) fail("indexPut", "indices must be a list");
    const put = withIndexed<Tensor>(this, indices as Index[], values, accumulate);
    return put ?? this.clone().indexPut_(indices as Index[], values, accumulate);
  }

  /** Positions of the elements that are not 0, one row each. */
  nonzero(options: { asTuple: true }): Promise<Tensor[]>;
  nonzero(options?: { asTuple?: false }): Promise<Tensor>;
  async nonzero(...args: unknown[]): Promise<Tensor | Tensor[]> {
    const [asTuple] = bound<"nonzero", Tensor>("nonzero", args);
    return asTuple ? nonzeroColumns<Tensor>(this) : nonzero<Tensor>(this);
  }

  argwhere(): Promise<Tensor> {
    return nonzero<Tensor>(this);
  }

  /** The elements where `mask` is true. */
  async maskedSelect(...args: ArgumentsOf<"maskedSelect", Tensor>): Promise<Tensor> {
    const [mask] = bound<"maskedSelect", Tensor>("maskedSelect", args);
    return maskedSelect<Tensor>(this, mask);
  }

  /** These elements where the condition holds, elsewhere those of `other`. */
  where(...args: ArgumentsOf<"where", Tensor>): Tensor {
    const [condition, other] = bound<"where", Tensor>("where", args);
    return call(records.where, undefined, [condition, this, other]) as Tensor;
  }

  // Changing.

  /** Replaces the elements, by those of a tensor (expanded, converted), of lists, or a typed array. */
  copy_(source: Tensor | TensorData, options?: { nonBlocking?: boolean }): this;
  copy_(...args: unknown[]): this {
    const [source] = bound<"copy_", Tensor>("copy_", args);
    return copyInto(this, source as Tensor | TensorData);
  }

  fill_(...args: ArgumentsOf<"fill_", Tensor>): this {
    const [value] = bound<"fill_", Tensor>("fill_", args);
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

  /** Any window on the storage: sizes, strides and offset count in its elements. */
  asStrided(...args: ArgumentsOf<"asStrided", Tensor>): Tensor {
    const [size, stride, offset] = bound<"asStrided", Tensor>("asStrided", args);
    return strided<Tensor>(this, size, stride, offset ?? this.storageOffset());
  }

  /** A copy in which what a window on the storage shows is `src`. */
  asStridedScatter(...args: ArgumentsOf<"asStridedScatter", Tensor>): Tensor {
    const [src, size, stride, offset] = bound<"asStridedScatter", Tensor>("asStridedScatter", args);
    return stridedScatter<Tensor>(this, src, { size, stride, offset });
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

for (const own of [records, fills]) {
  for (const [name, value] of Object.entries(methodsOf(own, callInPlace))) {
    Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
  }
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
