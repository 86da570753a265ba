// Storage: what tensors that alias each other share. It holds the current node (pending or realized)
// and the last committed one; an in-place op replaces the node and counts a version. When the request
// that computes a pending node fails, the storage falls back to what was committed.

import type { Node } from "./graph/node.ts";
import type { Versioned } from "./graph/tape.ts";

export class Storage implements Versioned {
  #node: Node;
  #committed: Node;
  #version = 0;

  constructor(node: Node) {
    this.#node = node;
    this.#committed = node;
    node.holders += 2;
    watcher?.created(this);
    observer?.created(this);
  }

  /** The value every alias reads through: flat or shaped, row-major. */
  get node(): Node {
    if (this.#node.failure) this.#show(this.#committed);
    watcher?.read(this, this.#node);
    return this.#node;
  }

  /** The node that was last realized for good, or the first one. */
  get committed(): Node {
    return this.#committed;
  }

  get version(): number {
    return this.#version;
  }

  /** An in-place op: every alias sees `node` from now on. */
  replace(node: Node): void {
    this.#show(node);
    this.#version++;
    observer?.replaced(this);
  }

  #show(node: Node): void {
    this.#node.holders--;
    this.#node = node;
    node.holders++;
  }

  /** Lets go of the memory at once; `dead` is a node that fails whatever is built on it. */
  dispose(dead: Node): void {
    const before = this.#committed;
    this.#show(dead);
    this.commit(dead);
    this.#version++;
    observer?.disposed(this, before);
  }

  /** Shows another value for good, as a new storage would: for who is the only one to know of this one. */
  renew(node: Node): void {
    const before = this.#committed;
    this.#show(node);
    this.commit(node);
    this.#version++;
    observer?.disposed(this, before);
  }

  /** `node`, current when its request was made, lies in memory: later failures fall back to it. */
  commit(node: Node): void {
    this.#committed.holders--;
    this.#committed = node;
    node.holders++;
  }
}

/** Told of storages as they come and change; realize counts memory by it. */
export interface StorageObserver {
  created(storage: Storage): void;
  replaced(storage: Storage): void;
  disposed(storage: Storage, before: Node): void;
}

let observer: StorageObserver | null = null;

export function observeStorages(by: StorageObserver): void {
  observer = by;
}

/** Told of what a function does with storages, while it runs. */
export interface StorageWatcher {
  created(storage: Storage): void;
  read(storage: Storage, node: Node): void;
}

let watcher: StorageWatcher | null = null;

export function watchingStorages<T>(by: StorageWatcher, body: () => T): T {
  const before = watcher;
  watcher = by;
  try {
    return body();
  } finally {
    watcher = before;
  }
}
