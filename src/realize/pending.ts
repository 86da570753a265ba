// Which storages wait for what. A storage changed in place joins the next request. A lazy storage that
// reads a value about to be replaced, and is no part of the request, is realized along with it: nobody
// could compute it later. Small values that are part of it are kept, for `loss.item()` after a step.

import { bytesOf, constantOf } from "../graph/build.ts";
import { isGiven, type Node } from "../graph/node.ts";
import type { Storage, StorageObserver } from "../storage.ts";
import type { Collector } from "./collect.ts";

/** Bytes of a value that is kept although only others asked for it. */
const smallBytes = 4096;
/** Lazy storages of the tick that are remembered, and older ones at least, those only while held. */
const freshLimit = 10_000;
const olderLimit = 1_000;

const noneChanged: ReadonlyMap<Storage, Node> = new Map();

export class Pending implements StorageObserver {
  /** Told of the node whose memory a disposed storage held. */
  onDisposed: (before: Node) => void = () => undefined;
  private changed = new Set<Storage>();
  private fresh: Storage[] = [];
  private older: WeakRef<Storage>[] = [];

  created(storage: Storage): void {
    if (isGiven(storage.node)) return;
    this.fresh.push(storage);
    if (this.fresh.length > freshLimit) this.age(() => true);
  }

  replaced(storage: Storage): void {
    this.changed.add(storage);
  }

  disposed(storage: Storage, before: Node): void {
    this.changed.delete(storage);
    this.onDisposed(before);
  }

  get hasChanged(): boolean {
    return this.changed.size > 0;
  }

  changedNodes(): Node[] {
    return Array.from(this.changed, ({ node }) => node);
  }

  /** Storages that were changed to show one of `nodes` show what is made of it instead. */
  replaceShown(nodes: readonly Node[], make: (node: Node) => Node): void {
    for (const storage of [...this.changed]) {
      if (nodes.includes(storage.node)) storage.replace(make(storage.node));
    }
  }

  /** Forgets storages that were created since the mark: a captured step keeps only what it returns. */
  forget(created: ReadonlySet<Storage>): void {
    this.fresh = this.fresh.filter((storage) => !created.has(storage));
  }

  /** Lazy values of other storages that could not be had any more once these are replaced. */
  lostBy(changed: ReadonlyMap<Storage, unknown>): Node[] {
    const isLazy = (storage: Storage): boolean => {
      const { node } = storage;
      return !isGiven(node) && !node.failure;
    };
    this.older = this.older.filter((ref) => {
      const storage = ref.deref();
      return storage !== undefined && isLazy(storage);
    });
    const known = [...this.fresh.filter(isLazy), ...this.older.flatMap((ref) => ref.deref() ?? [])];
    if (known.length === 0) return [];
    const doomed = doomedBy(changed);
    return known
      .filter((storage) => !changed.has(storage))
      .map(({ node }) => node)
      .filter((node) => reaches(node, doomed));
  }

  /** The storages that were changed in place since the last call, with their nodes of now. */
  takeChanged(): ReadonlyMap<Storage, Node> {
    if (this.changed.size === 0) return noneChanged;
    const taken = new Map<Storage, Node>();
    for (const storage of this.changed) taken.set(storage, storage.node);
    this.changed = new Set();
    return taken;
  }

  /** Adds to a request what would be lost when it commits. */
  keepReaders(collector: Collector, changed: ReadonlyMap<Storage, Node>): void {
    if (changed.size > 0) this.keepLost(collector, doomedBy(changed));
    this.age((storage) => !collector.has(storage.node));
  }

  private keepLost(collector: Collector, doomed: ReadonlySet<Node>): void {
    if (doomed.size === 0) return;
    const lost = (storage: Storage): boolean => isLost(storage.node, collector, doomed);
    for (const ref of this.older) {
      const storage = ref.deref();
      if (storage && lost(storage)) collector.want(storage.node);
    }
    for (const storage of this.fresh) if (lost(storage)) collector.want(storage.node);
    this.older = this.older.filter((ref) => ref.deref()?.node.memory === null);
  }

  /** Fresh storages that still matter are remembered weakly from now on. */
  private age(matters: (storage: Storage) => boolean): void {
    if (this.fresh.length === 0) return;
    const left = this.fresh.filter(matters).slice(-olderLimit);
    this.fresh = [];
    for (const storage of left) this.older.push(new WeakRef(storage));
    if (this.older.length > 2 * olderLimit) this.older = this.older.slice(-olderLimit);
  }
}

/** Nodes whose memory ends when the changes are committed. */
function doomedBy(changed: ReadonlyMap<Storage, unknown>): ReadonlySet<Node> {
  const doomed = new Set<Node>();
  for (const { committed } of changed.keys()) if (committed.memory) doomed.add(committed);
  return doomed;
}

/** Whether a lazy value could not be had any more once the doomed nodes' memory ends. */
function isLost(node: Node, collector: Collector, doomed: ReadonlySet<Node>): boolean {
  if (node.memory || node.failure || constantOf(node) !== null) return false;
  return collector.has(node) ? bytesOf(node) <= smallBytes : reaches(node, doomed);
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
