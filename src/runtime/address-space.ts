// AddressSpace: which ranges of [base, end) are taken. Two-level segregated fit: free chunks are kept by
// size class (an eighth of a power of two), the latest freed first, since its pages are in the caches;
// neighbours coalesce. What has never been taken lies above `top` and is used last.
import { invariant } from "../base/errors.ts";

/** Chunks begin and end at multiples of this. */
export const chunkAlignment = 64;

/** How many chunks of the wanted size's own class are looked at before larger classes. */
const ownClassProbes = 8;
/** Classes 0‥7 hold 0‥7 units; then eight per power of two, up to 2²⁶ units (4 GB). */
const classCount = 200;

export interface Chunk {
  readonly address: number;
  readonly bytes: number;
}

interface Node extends Chunk {
  bytes: number;
  isFree: boolean;
  /** Neighbours in the address space. */
  below: Node | null;
  above: Node | null;
  /** Neighbours in the list of its class, while free. */
  previous: Node | null;
  next: Node | null;
}

function classOf(bytes: number): number {
  const units = bytes / chunkAlignment;
  if (units < 8) return units;
  const exponent = 31 - Math.clz32(units);
  return 8 * (exponent - 2) + ((units >>> (exponent - 3)) & 7);
}

export class AddressSpace {
  /** First address above all chunks. */
  top: number;
  end: number;
  private readonly heads: (Node | null)[] = new Array(classCount).fill(null);
  private readonly occupied = new Int32Array(Math.ceil(classCount / 32));
  private last: Node | null = null;

  constructor(base: number, end: number) {
    invariant(base % chunkAlignment === 0, `address space: base ${base} is not aligned`);
    this.top = base;
    this.end = end;
  }

  /** A chunk of `bytes`, a multiple of `chunkAlignment`; null when there is no room below `end`. */
  take(bytes: number): Chunk | null {
    const isWhole = bytes > 0 && bytes % chunkAlignment === 0;
    if (!isWhole) invariant(false, `address space: odd size ${bytes}`);
    const found = this.find(bytes);
    if (found) return this.split(found, bytes);
    if (this.top + bytes > this.end) return null;
    const chunk = makeNode(this.top, bytes, this.last);
    this.top += bytes;
    this.last = chunk;
    return chunk;
  }

  give(chunk: Chunk): void {
    let node = chunk as Node;
    if (node.isFree) invariant(false, `address space: ${node.address} freed twice`);
    node.isFree = true;
    if (node.above?.isFree) {
      this.unlist(node.above);
      this.absorb(node, node.above);
    }
    if (node.below?.isFree) {
      const below = node.below;
      this.unlist(below);
      this.absorb(below, node);
      node = below;
    }
    if (node === this.last) {
      this.top = node.address;
      this.last = node.below;
      if (this.last) this.last.above = null;
    } else this.list(node);
  }

  private absorb(node: Node, above: Node): void {
    node.bytes += above.bytes;
    node.above = above.above;
    if (node.above) node.above.below = node;
    if (this.last === above) this.last = node;
  }

  private find(bytes: number): Node | null {
    const own = classOf(bytes);
    const near = firstFit(this.heads[own] ?? null, bytes, ownClassProbes);
    if (near) return near;
    const larger = this.firstOccupied(own + 1);
    if (larger !== null) return this.heads[larger] ?? null;
    return firstFit(this.heads[own] ?? null, bytes, Number.POSITIVE_INFINITY);
  }

  private firstOccupied(from: number): number | null {
    for (let word = from >>> 5; word < this.occupied.length; word++) {
      const mask = word === from >>> 5 ? -1 << (from & 31) : -1;
      const bits = (this.occupied[word] ?? 0) & mask;
      if (bits !== 0) return word * 32 + 31 - Math.clz32(bits & -bits);
    }
    return null;
  }

  private split(node: Node, bytes: number): Node {
    this.unlist(node);
    node.isFree = false;
    const rest = node.bytes - bytes;
    if (rest === 0) return node;
    node.bytes = bytes;
    const remainder = makeNode(node.address + bytes, rest, node);
    remainder.isFree = true;
    if (this.last === node) this.last = remainder;
    this.list(remainder);
    return node;
  }

  private list(node: Node): void {
    const size = classOf(node.bytes);
    node.next = this.heads[size] ?? null;
    node.previous = null;
    if (node.next) node.next.previous = node;
    this.heads[size] = node;
    this.occupied[size >>> 5] = (this.occupied[size >>> 5] ?? 0) | (1 << (size & 31));
  }

  private unlist(node: Node): void {
    const size = classOf(node.bytes);
    if (node.next) node.next.previous = node.previous;
    if (node.previous) node.previous.next = node.next;
    else this.heads[size] = node.next;
    if (!this.heads[size]) {
      this.occupied[size >>> 5] = (this.occupied[size >>> 5] ?? 0) & ~(1 << (size & 31));
    }
    node.previous = null;
    node.next = null;
  }
}

/** A taken chunk, put above `below`. */
function makeNode(address: number, bytes: number, below: Node | null): Node {
  const above = below?.above ?? null;
  const node: Node = { address, bytes, isFree: false, below, above, previous: null, next: null };
  if (below) below.above = node;
  if (above) above.below = node;
  return node;
}

function firstFit(head: Node | null, bytes: number, probes: number): Node | null {
  let seen = 0;
  for (let node = head; node && seen < probes; node = node.next, seen++) {
    if (node.bytes >= bytes) return node;
  }
  return null;
}
