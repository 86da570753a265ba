// Kept values: what a request computed anyway and a backward in a later tick will read. They are a cache:
// their nodes keep their inputs, so that what is put out is computed again. They go when the Tape lets go
// of them, when newer ones need their room, and before an allocation fails.
//
//   add ──▶ kept ──claim──▶ realized for good: somebody asked for the value itself
//                 ──evict──▶ lazy again

import { bytesOf } from "../graph/build.ts";
import { type Node, settle } from "../graph/node.ts";
import type { Reading } from "../graph/tape.ts";
import type { Heap } from "../runtime/heap.ts";
import type { MemoryLedger, OwnedMemory } from "./memory.ts";

/** Bytes that may be kept unless the options say otherwise. */
const defaultBytes = 256 * 2 ** 20;
/** Values up to this stay for good where a tensor shows them: a loss, a count. */
const smallBytes = 4096;

/** Requests in a row that no backward followed, after which nothing is kept until one does. */
const mostUnanswered = 8;

export class KeptValues {
  /** Weak: a Tape that nobody holds any more takes its values along. The oldest first. */
  private readonly nodes = new Map<OwnedMemory, WeakRef<Node>>();
  private released: Node[] = [];
  /** Requests that a backward might have followed, since one last did. */
  private unanswered = 0;
  private limit = defaultBytes;

  constructor(private readonly ledger: MemoryLedger) {}

  open(heap: Heap, limit = defaultBytes): void {
    this.nodes.clear();
    this.released = [];
    this.limit = limit;
    heap.onPressure(() => this.evictAll());
  }

  get bytes(): number {
    let bytes = 0;
    for (const memory of this.nodes.keys()) {
      if (memory.isFreed) this.nodes.delete(memory);
      else bytes += memory.bytes;
    }
    return bytes;
  }

  /** Of some nodes, in order, as many as may be kept; older ones make room. */
  fitting(nodes: readonly Node[]): readonly Node[] {
    let wanted = 0;
    const chosen = nodes.filter((node) => {
      const fits = wanted + bytesOf(node) <= this.limit;
      if (fits) wanted += bytesOf(node);
      return fits;
    });
    let excess = this.bytes + wanted - this.limit;
    for (const [memory, ref] of this.nodes) {
      if (excess <= 0) break;
      excess -= memory.bytes;
      this.evict(memory, ref.deref());
    }
    return chosen;
  }

  /** Whether it is worth it: not where one request after the other was followed by no backward. */
  get isAnswered(): boolean {
    return this.unanswered < mostUnanswered;
  }

  /**
   * Once all entries that read a chosen node have let go, it is put out. What is kept only for others to
   * be computed from goes with the first entry.
   */
  watch(readings: readonly Reading[], chosen: readonly Node[]): void {
    this.unanswered++;
    const readers = new Map(chosen.map((node) => [node, 0]));
    const owned = readings.map(({ nodes }) =>
      [...new Set(nodes)].filter((one) => readers.has(one)),
    );
    for (const node of owned.flat()) readers.set(node, (readers.get(node) as number) + 1);
    let unread = chosen.filter((node) => readers.get(node) === 0);
    const letGo = (own: readonly Node[]): void => {
      this.unanswered = 0;
      this.released.push(...unread);
      unread = [];
      for (const node of own) {
        const left = (readers.get(node) as number) - 1;
        readers.set(node, left);
        if (left === 0) this.released.push(node);
      }
    };
    readings.forEach(({ entry }, at) => {
      const before = entry.onRelease;
      entry.onRelease = () => {
        before?.();
        letGo(owned[at] as readonly Node[]);
      };
    });
  }

  /** A node's value lies in memory, but its past is not cut. */
  add(node: Node, memory: OwnedMemory): void {
    node.memory = memory;
    this.nodes.set(memory, new WeakRef(node));
  }

  /** Somebody asks for the value itself: it is realized for good. */
  claim(node: Node): void {
    const memory = node.memory as OwnedMemory | null;
    if (!memory || !this.nodes.delete(memory)) return;
    node.memory = null;
    settle(node, memory);
  }

  /** What the Tape has let go of since the last call: a request made now is the last to read it. */
  takeReleased(): readonly Node[] {
    const { released } = this;
    this.released = [];
    return released;
  }

  /** The request that was the last to read these has ended. */
  endReleased(nodes: readonly Node[]): void {
    for (const node of nodes) {
      const memory = node.memory as OwnedMemory | null;
      if (!memory || !this.nodes.has(memory)) continue;
      if (memory.bytes <= smallBytes && node.holders > 0) this.claim(node);
      else this.evict(memory, node);
    }
  }

  private evictAll(): void {
    for (const [memory, ref] of this.nodes) {
      if (memory.pins === 0) this.evict(memory, ref.deref());
    }
  }

  private evict(memory: OwnedMemory, node: Node | undefined): void {
    this.nodes.delete(memory);
    if (node) node.memory = null;
    this.ledger.free(memory);
  }
}
