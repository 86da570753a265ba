// Which storages wait for what. A storage changed in place joins the next request. A lazy storage that
// reads a value about to be replaced, and is no part of the request, is realized along with it: nobody
// could compute it later. Small values that are part of it are kept, for `loss.item()` after a step.

import { bytesOf } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import type { Storage, StorageObserver } from "../storage.ts";
import type { Collector } from "./collect.ts";

/** Bytes of a value that is kept although only others asked for it. */
const smallBytes = 4096;
/** Lazy storages remembered strongly; older ones only as long as somebody holds them. */
const freshLimit = 10_000;

export class Pending implements StorageObserver {
  private changed = new Set<Storage>();
  private fresh: Storage[] = [];
  private older: WeakRef<Storage>[] = [];

  created(storage: Storage): void {
    if (storage.node.memory) return;
    this.fresh.push(storage);
    if (this.fresh.length > freshLimit) this.age();
  }

  replaced(storage: Storage): void {
    this.changed.add(storage);
  }

  /** The storages that were changed in place since the last call, with their nodes of now. */
  takeChanged(): Map<Storage, Node> {
    const taken = new Map<Storage, Node>();
    for (const storage of this.changed) taken.set(storage, storage.node);
    this.changed = new Set();
    return taken;
  }

  /** Adds to a request what would be lost when it commits. */
  keepReaders(collector: Collector, changed: ReadonlyMap<Storage, Node>): void {
    const doomed = new Set<Node>();
    for (const storage of changed.keys()) if (storage.committed.memory) doomed.add(storage.committed);
    const unmet: Storage[] = [];
    const lazy = [...this.older.flatMap((ref) => ref.deref() ?? []), ...this.fresh];
    for (const storage of lazy) {
      const { node } = storage;
      if (node.memory || node.failure) continue;
      const isMet = collector.has(node);
      const isLost = doomed.size > 0 && (isMet ? bytesOf(node) <= smallBytes : reaches(node, doomed));
      if (isLost) collector.want(node);
      else if (!isMet) unmet.push(storage);
    }
    this.fresh = [];
    this.older = unmet.map((storage) => new WeakRef(storage));
  }

  private age(): void {
    const alive = this.older.filter((ref) => ref.deref()?.node.memory === null);
    this.older = [...alive, ...this.fresh.map((storage) => new WeakRef(storage))];
    this.fresh = [];
  }
}

/** Whether a lazy node is computed from one of `targets`. */
function reaches(node: Node, targets: ReadonlySet<Node>): boolean {
  const seen = new Set<Node>();
  const pending = [node];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (targets.has(next)) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    pending.push(...next.inputs);
  }
  return false;
}
