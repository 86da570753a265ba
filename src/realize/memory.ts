// Who owns which shared memory, and when it ends. A node owns the memory of its value. It ends when
//   - the node is unreachable (the collector tells, and is told of the size by a ballast, below), or
//   - its storage was changed in place, the change was committed, and nothing unrealized was built on
//     it; what was is given a few requests' grace, bounded in number and bytes, and is then refused.

import type { Memory, Node } from "../graph/node.ts";
import type { Block, Heap } from "../runtime/heap.ts";

/** Requests that a replaced value outlives, for lazy tensors that were computed from it. */
const graceRequests = 4;
/** Bytes that replaced values may hold in all. */
const graceBytes = 64 * 2 ** 20;
/** Below this a ballast costs the collector more than the memory is worth. */
const smallestBallast = 4096;

export class OwnedMemory implements Memory {
  isReady = false;
  isFreed = false;
  /** Runs in flight that read or write it. */
  pins = 0;
  /** Set when it must be freed as soon as no run needs it. */
  isDoomed = false;

  constructor(
    readonly heap: Heap,
    readonly block: Block,
    readonly bytes: number,
  ) {}

  get address(): number {
    return this.block.address;
  }
}

interface Replaced {
  readonly memory: OwnedMemory;
  readonly request: number;
}

export class MemoryLedger {
  private readonly replaced: Replaced[] = [];
  private replacedBytes = 0;
  private requests = 0;
  /** Frees what nodes owned that nobody can reach any more. */
  private readonly collected = new FinalizationRegistry<OwnedMemory>((memory) => this.free(memory));
  /**
   * Scar: the collector never learns of shared memory; thousands of steps passed without one finalizer.
   * An untouched ArrayBuffer of the same size costs no physical page and tells it what a node weighs.
   */
  private readonly ballast = new WeakMap<Node, ArrayBuffer>();

  /** Memory for `node`'s value; the caller settles the node with it. */
  allocate(heap: Heap, node: Node, bytes: number): OwnedMemory {
    const memory = new OwnedMemory(heap, heap.allocate(bytes), bytes);
    this.collected.register(node, memory);
    if (bytes >= smallestBallast) this.ballast.set(node, new ArrayBuffer(bytes));
    return memory;
  }

  /** A storage let go of `node` when its change in place was committed. */
  replace(node: Node): void {
    const memory = node.memory as OwnedMemory | null;
    if (!memory || memory.isFreed) return;
    this.ballast.delete(node);
    if (node.readers === 0) return this.free(memory);
    this.replaced.push({ memory, request: this.requests });
    this.replacedBytes += memory.bytes;
    this.endGrace();
  }

  /** A request was committed: grace runs out request by request. */
  nextRequest(): void {
    this.requests++;
    this.endGrace();
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
    memory.isFreed = true;
    memory.heap.free(memory.block);
  }

  pin(memories: readonly OwnedMemory[]): void {
    for (const memory of memories) memory.pins++;
  }

  unpin(memories: readonly OwnedMemory[]): void {
    for (const memory of memories) {
      memory.pins--;
      if (memory.pins === 0 && memory.isDoomed) this.free(memory);
    }
  }
}
