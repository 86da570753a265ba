// Who owns which shared memory, and when it ends. A node owns the memory of its value. It ends when
//   - its storage was changed in place, the change was committed, and nothing unrealized was built on
//     it; what was is given a few requests' grace, bounded in number and bytes, and is then refused;
//   - a small value was not used for some requests: it is moved to the JavaScript heap (spilled), where
//     the collector sees it, and comes back when it is used;
//   - the node is unreachable: the collector tells, and learns the size of large ones by a ballast.

import type { DType, TypedArray } from "../base/dtypes.ts";
import { typedArray } from "../base/dtypes.ts";
import type { Memory, Node } from "../graph/node.ts";
import type { Block, Heap } from "../runtime/heap.ts";

/** Requests that a replaced value outlives, for lazy tensors that were computed from it. */
const graceRequests = 4;
/** Bytes that replaced values may hold in all. */
const graceBytes = 64 * 2 ** 20;
/** Requests after which an unused small value is spilled. */
const spillRequests = 16;
/** Largest value that is spilled: a copy of some 20 µs. Larger ones have a ballast. */
const spillBytes = 256 * 1024;
/** Small values looked at in a request: more than a step leaves behind. */
const lookedAt = 64;
/**
 * V8 starts to collect at some 64 MB of new ballast (measured: 54 alive of 16 MB): smaller values weigh
 * several times what they are, up to this, but not so much that a step's few MB of gradients collect
 * every other step.
 */
const ballastBytes = 16 * 2 ** 20;
const ballastScale = 4;

export class OwnedMemory implements Memory {
  isReady = false;
  isFreed = false;
  /** Runs in flight that read or write it. */
  pins = 0;
  /** Set when it must be freed as soon as no run needs it. */
  isDoomed = false;
  /** The elements while they are not in shared memory. */
  spilled: TypedArray | null = null;
  lastUse = 0;

  constructor(
    readonly heap: Heap,
    readonly dtype: DType,
    readonly bytes: number,
    private block: Block,
  ) {}

  get address(): number {
    return this.block.address;
  }

  /** The elements where they lie, in shared memory or spilled; only to be copied from, at once. */
  elements(length: number): TypedArray {
    if (this.spilled) return this.spilled;
    const view = this.heap.bytesAt(this.address, this.bytes);
    return typedArray(this.dtype, view.buffer, view.byteOffset, length);
  }

  spill(): void {
    const copy = this.heap.bytesAt(this.address, this.bytes).slice();
    this.spilled = typedArray(this.dtype, copy.buffer, 0, copy.byteLength / this.elementBytes);
    this.heap.free(this.block);
  }

  unspill(): void {
    const { spilled } = this;
    if (!spilled) return;
    this.block = this.heap.allocate(this.bytes);
    const bytes = new Uint8Array(spilled.buffer, spilled.byteOffset, spilled.byteLength);
    this.heap.bytesAt(this.address, this.bytes).set(bytes);
    this.spilled = null;
  }

  release(): void {
    this.isFreed = true;
    if (!this.spilled) this.heap.free(this.block);
    this.spilled = null;
  }

  private get elementBytes(): number {
    return typedArray(this.dtype, new ArrayBuffer(0), 0, 0).BYTES_PER_ELEMENT;
  }
}

interface Owned {
  readonly node: Node;
  readonly memory: OwnedMemory;
}

interface Replaced {
  readonly memory: OwnedMemory;
  readonly request: number;
}

export class MemoryLedger {
  private readonly replaced: Replaced[] = [];
  private replacedBytes = 0;
  private requests = 0;
  /** Small memories; those at the front are looked at next. */
  private readonly small = new Set<OwnedMemory>();
  /** What was allocated in the last requests, those of the oldest first: most of it ends by rule. */
  private readonly young: Owned[][] = [];
  private newest: Owned[] = [];
  /** What tells the collector how much a node weighs; held by the node alone. */
  private readonly ballasts = new WeakMap<Node, ArrayBuffer>();
  /** Frees what nodes owned that nobody can reach any more. */
  private readonly collected = new FinalizationRegistry<OwnedMemory>((memory) => this.free(memory));

  /** Memory for `node`'s value; the caller settles the node with it. */
  allocate(heap: Heap, node: Node, bytes: number): OwnedMemory {
    const memory = new OwnedMemory(heap, node.dtype, bytes, heap.allocate(bytes));
    if (bytes <= spillBytes) this.small.add(memory);
    this.newest.push({ node, memory });
    return memory;
  }

  /**
   * Scar: the collector never learns of shared memory; thousands of steps passed without one finalizer.
   * An untouched ArrayBuffer costs no physical page and tells it what a node weighs. It takes up to 2 ms
   * to make, so that only what has outlived the next requests gets one, and is given to the registry.
   */
  private weighOlder(): void {
    this.young.push(this.newest);
    this.newest = [];
    if (this.young.length <= graceRequests) return;
    for (const { node, memory } of this.young.shift() as Owned[]) {
      if (memory.isFreed) continue;
      this.collected.register(node, memory);
      if (memory.bytes <= spillBytes) continue;
      const weight = Math.min(ballastBytes, memory.bytes * ballastScale);
      this.ballasts.set(node, new ArrayBuffer(Math.max(memory.bytes, weight)));
    }
  }

  /** A run reads or writes the memory: it stays where it is until that has ended. */
  pin(memory: OwnedMemory): void {
    memory.pins++;
    memory.lastUse = this.requests;
  }

  unpin(memories: readonly OwnedMemory[]): void {
    for (const memory of memories) {
      memory.pins--;
      if (memory.pins === 0 && memory.isDoomed) this.free(memory);
    }
  }

  /** A storage let go of `node`: its change in place was committed, or it was disposed of. */
  replace(node: Node): void {
    const memory = node.memory as OwnedMemory | null;
    if (!memory || memory.isFreed) return;
    // Another storage shows it: x.clone() is x's node, and so is what x.copy_(y) leaves behind.
    if (node.holders > 0) return;
    this.unweigh(node);
    if (node.readers === 0) {
      this.free(memory);
      return;
    }
    this.replaced.push({ memory, request: this.requests });
    this.replacedBytes += memory.bytes;
    this.endGrace();
  }

  /** Detached at once, where the host can: memory freed by rule does not press the collector. */
  private unweigh(node: Node): void {
    const ballast = this.ballasts.get(node) as
      | { transfer?(bytes: number): ArrayBuffer }
      | undefined;
    ballast?.transfer?.(0);
    this.ballasts.delete(node);
  }

  /** A request was committed: grace runs out, and the unused grows cold, request by request. */
  nextRequest(): void {
    this.requests++;
    this.endGrace();
    this.weighOlder();
    this.spillCold();
  }

  /** Moves the unused of the next few small memories out, and the others to the back. */
  private spillCold(): void {
    let left = Math.min(lookedAt, this.small.size);
    for (const memory of this.small) {
      if (left-- === 0) return;
      this.small.delete(memory);
      if (memory.isFreed) continue;
      const isCold = this.requests - memory.lastUse >= spillRequests;
      if (isCold && memory.pins === 0 && memory.isReady) memory.spill();
      else this.small.add(memory);
    }
  }

  /** Brings a spilled value back. */
  restore(memory: OwnedMemory): void {
    if (!memory.spilled) return;
    memory.unspill();
    this.small.add(memory);
  }

  private endGrace(): void {
    let oldest = this.replaced[0];
    while (oldest) {
      const isOver = this.requests - oldest.request >= graceRequests;
      if (!isOver && this.replacedBytes <= graceBytes) return;
      this.replaced.shift();
      this.replacedBytes -= oldest.memory.bytes;
      this.free(oldest.memory);
      oldest = this.replaced[0];
    }
  }

  free(memory: OwnedMemory): void {
    if (memory.isFreed) return;
    if (memory.pins > 0) {
      memory.isDoomed = true;
      return;
    }
    this.small.delete(memory);
    memory.release();
  }
}
