// Stands in for src/realize.ts: the same promises, kept by the naive evaluator on the same thread.

import { type DType, dtypes, readable, type TypedArray } from "../../src/base/dtypes.ts";
import type { Shape } from "../../src/base/shapes.ts";
import { type Memory, memoryNode, type Node, settle } from "../../src/graph/node.ts";
import { emptyArray, evaluateNode } from "../naive.ts";

/** Elements as numbers to read: a half as its value. */
const memories = new WeakMap<Memory, TypedArray>();

/** Nodes asked for since the last `takeRequests`, one list a tick. */
let requests: Node[][] = [];
let failure: Error | null = null;

export function takeRequests(): Node[][] {
  const taken = requests;
  requests = [];
  return taken;
}

/** The next request fails with this cause. */
export function failNextRequest(cause: Error): void {
  failure = cause;
}

const elementsOf = (node: Node): TypedArray => {
  const found = node.memory && memories.get(node.memory);
  if (!found) throw new Error(`node ${node.id} (${node.name}) has no memory`);
  return found;
};

function hold(dtype: DType, data: ArrayLike<number>): Memory {
  const elements = emptyArray(dtype, data.length);
  elements.set(data);
  const memory = { bytes: data.length * dtypes[dtype].bytes };
  memories.set(memory, elements);
  return memory;
}

const evaluate = (node: Node): ArrayLike<number> => evaluateNode(node, elementsOf);

let tick: { nodes: Node[]; done: Promise<void> } | null = null;

export function request(nodes: readonly Node[]): Promise<void> {
  if (!tick) {
    const opened: Node[] = [];
    tick = { nodes: opened, done: Promise.resolve().then(() => run(opened)) };
  }
  tick.nodes.push(...nodes);
  return tick.done;
}

function run(nodes: readonly Node[]): void {
  tick = null;
  requests.push([...nodes]);
  const cause = failure;
  failure = null;
  for (const node of new Set(nodes)) {
    if (node.failure) throw node.failure;
    if (cause) {
      node.failure = cause;
    } else if (!node.memory) {
      settle(node, hold(node.dtype, evaluate(node)));
    }
  }
  if (cause) throw cause;
}

export function upload(dtype: DType, shape: Shape, data: TypedArray): Node {
  return memoryNode(dtype, shape, hold(dtype, readable(dtype, data)));
}

export function readNow(node: Node): TypedArray | null {
  const isThere = node.memory ?? (node.is("view") && node.inputs[0]?.memory);
  if (!isThere) return null;
  return copyOf(node);
}

export async function read(node: Node): Promise<TypedArray> {
  await request([node]);
  return copyOf(node);
}

function copyOf(node: Node): TypedArray {
  const data = node.memory ? elementsOf(node) : evaluate(node);
  const copy = emptyArray(node.dtype, data.length);
  copy.set(data);
  return copy;
}

/** Nobody is told how requests end. */
export const observeRequests = (): void => undefined;

/** No copy is needed here either: printing is done with it at once. */
export const peek = readNow;
