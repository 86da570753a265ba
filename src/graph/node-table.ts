// NodeTable: the nodes of a tick by what they compute, an open-addressing table that is filled anew each
// tick. A plain array, for a Map with keys of its own costs more garbage than the nodes themselves.

import type { Structure } from "./structure.ts";

/** What makes a node the one it is. */
interface Member {
  readonly structure: Structure;
  readonly inputs: readonly { readonly id: number }[];
  readonly parameter: number;
  readonly failure: Error | null;
}

type Inputs = Member["inputs"];

const leastSlots = 256;

export class NodeTable<Node extends Member> {
  /** A power of two of them, at most half of them taken. */
  private slots = emptySlots<Node>(leastSlots);
  private count = 0;

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** The node of this structure, these inputs and this parameter; one that failed does not count. */
  find(structure: Structure, inputs: Inputs, parameter: number): Node | null {
    const { slots } = this;
    const last = slots.length - 1;
    let at = hashOf(structure, inputs, parameter) & last;
    for (let node = slots[at]; node; node = slots[at]) {
      if (node.structure === structure && isEqual(node, inputs, parameter)) return node;
      at = (at + 1) & last;
    }
    return null;
  }

  add(node: Node): void {
    this.count++;
    if (2 * this.count > this.slots.length) this.grow();
    this.place(node);
  }

  /** Keeps the room that this tick has needed, or half of it where that is enough. */
  clear(): void {
    const { length } = this.slots;
    if (length > leastSlots && 8 * this.count < length) this.slots = emptySlots<Node>(length / 2);
    else this.slots.fill(null);
    this.count = 0;
  }

  private place(node: Node): void {
    const { slots } = this;
    const last = slots.length - 1;
    let at = hashOf(node.structure, node.inputs, node.parameter) & last;
    while (slots[at]) at = (at + 1) & last;
    slots[at] = node;
  }

  private grow(): void {
    const before = this.slots;
    this.slots = emptySlots<Node>(2 * before.length);
    for (const node of before) if (node) this.place(node);
  }
}

function emptySlots<Node>(count: number): (Node | null)[] {
  return new Array<Node | null>(count).fill(null);
}

/** Of two nodes of one structure. */
function isEqual(node: Member, inputs: Inputs, parameter: number): boolean {
  if (node.failure || !Object.is(node.parameter, parameter)) return false;
  if (node.inputs.length !== inputs.length) return false;
  for (let at = 0; at < inputs.length; at++) if (node.inputs[at] !== inputs[at]) return false;
  return true;
}

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

/** FNV-1a over words, and a last mixing: the low bits choose the slot. */
function hashOf({ number }: Structure, inputs: Inputs, parameter: number): number {
  double[0] = parameter;
  let hash = mixed(0x811c9dc5, number);
  hash = mixed(mixed(hash, words[0] as number), words[1] as number);
  for (let at = 0; at < inputs.length; at++) hash = mixed(hash, inputs[at]?.id ?? 0);
  return hash ^ (hash >>> 15);
}

const mixed = (hash: number, word: number): number => {
  const next = Math.imul(hash ^ word, 0x01000193);
  return next ^ (next >>> 13);
};
