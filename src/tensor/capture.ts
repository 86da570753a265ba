// capture(step): a step is recorded until it is known what it asks for; from then on a call with inputs
// of the same looks binds their buffers and runs the same program, without a node or an entry of the Tape.
// What JavaScript does in the step happens in recorded calls only: numbers that change from call to call
// are live numbers, counters are counted with eachTime().

import { describe } from "../base/binding-errors.ts";
import type { DType } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { copyNode } from "../graph/copy.ts";
import { eachTime as doEachTime, liveScalarNode } from "../graph/live.ts";
import type { Node } from "../graph/node.ts";
import { constantValue, isRecording } from "../graph/tape.ts";
import { type CapturedStep, capturedStep } from "../realize.ts";
import type { Storage } from "../storage.ts";
import { type Handle, notingGrads } from "./handle.ts";
import { makeTensor } from "./make.ts";
import { isPromise, requireFunction } from "./synchronous.ts";
import { Tensor } from "./tensor.ts";

/** Does something now, and again at each replay of the step that is being captured, if one is. */
export function eachTime(event: () => void): void {
  requireFunction("eachTime", event);
  doEachTime(event);
}

/** Looks of inputs that are remembered, the longest unused forgotten first. */
const mostLooks = 32;

/** A tensor of one number that `read` tells, at every call of a captured step anew. */
export function liveNumber(
  read: () => number,
  { dtype = "float32" }: { dtype?: DType } = {},
): Tensor {
  requireFunction("liveNumber", read);
  return makeTensor(constantValue(liveScalarNode(dtype, read)));
}

/** Tensors, or nothing; in arrays and plain objects. */
export type Captured =
  | Tensor
  | null
  | undefined
  | readonly Captured[]
  | { readonly [name: string]: Captured };

/**
 * A function that does what `step` does, and soon without recording it. It resolves with what the step
 * returns, realized.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a step may return nothing
export function capture<Args extends readonly Tensor[], Result extends Captured | void>(
  step: (...args: Args) => Result,
): (...args: Args) => Promise<Result> {
  requireFunction("capture", step);
  const known = new Map<string, CapturedStep<LeftBehind>>();
  return (...args) => {
    const key = looksKey(args);
    const captured = known.get(key) ?? capturedStep<LeftBehind>();
    known.delete(key);
    known.set(key, captured);
    if (known.size > mostLooks) known.delete(known.keys().next().value as string);
    const run = captured.isReady ? replayed(captured, args) : recorded(captured, args, step);
    return run as Promise<Result>;
  };
}

function looksKey(args: readonly unknown[]): string {
  let key = String(isRecording());
  args.forEach((arg, at) => {
    if (!(arg instanceof Tensor)) {
      fail("capture", `input ${at} must be a tensor; a number that changes can be a liveNumber`);
    }
    if (arg.requiresGrad) {
      fail(
        "capture",
        `input ${at} requires grad, and gradients to inputs are not replayed: detach() it`,
      );
    }
    key += ` ${arg.dtype} ${arg.shape}`;
  });
  return key;
}

/** What is found where after a step. */
interface LeftBehind {
  readonly nodes: readonly Node[];
  readonly result: Captured;
  /** Tensors whose gradient the step set: to the node at this position, or to none. */
  readonly grads: readonly (readonly [Handle, number | null])[];
  /** Positions of the tensors that are returned; arguments, and those from outside, are not here. */
  readonly results: ReadonlyMap<Tensor, number>;
  readonly proxies: readonly Tensor[];
}

async function recorded<Args extends readonly Tensor[]>(
  captured: CapturedStep<LeftBehind>,
  args: Args,
  step: (...args: Args) => unknown,
): Promise<Captured> {
  const { left, nodes, done } = captured.record(args.map(nodeOf), (given, isNew) => {
    const proxies = given.map((node) => makeTensor(constantValue(node)));
    const grads = new Set<Handle>();
    const result = notingGrads(grads, () => step(...(proxies as unknown as Args)));
    return leftBehind(checked(result), { proxies, grads, isNew });
  });
  await done;
  return rebuilt(left, nodes, args);
}

async function replayed(
  captured: CapturedStep<LeftBehind>,
  args: readonly Tensor[],
): Promise<Captured> {
  const left = captured.left as LeftBehind;
  const { nodes, done } = captured.replay(args.map(nodeOf));
  for (const [handle, at] of left.grads) {
    handle.leaveGrad(at === null ? null : (nodes[at] as Node));
  }
  const result = rebuilt(left, nodes, args);
  await done;
  return result;
}

const nodeOf = ({ value }: Tensor): Node => value.node;

interface Inside {
  readonly proxies: readonly Tensor[];
  readonly grads: ReadonlySet<Handle>;
  readonly isNew: (storage: Storage) => boolean;
}

function leftBehind(result: Captured, { proxies, grads, isNew }: Inside): LeftBehind {
  const nodes: Node[] = [];
  const isGiven = (node: Node): boolean => proxies.some(({ value }) => value.node === node);
  const left: (readonly [Handle, number | null])[] = [];
  for (const handle of grads) {
    const { keptGrad: grad } = handle;
    if (!grad) left.push([handle, null]);
    else if (isNew(grad.storage)) {
      // The argument itself as a gradient: it is the caller's, and may change.
      if (isGiven(grad.value.node)) handle.leaveGrad(copyNode(grad.value.node));
      left.push([handle, nodes.push((handle.keptGrad as Handle).value.node) - 1]);
    }
  }
  const results = new Map<Tensor, number>();
  eachTensor(result, (tensor) => {
    if (proxies.includes(tensor) || !isNew(tensor.storage)) return;
    results.set(tensor, nodes.push(tensor.value.node) - 1);
  });
  return { nodes, result, grads: left, results, proxies };
}

/** The result again, with tensors of what the step computed this time. */
function rebuilt(left: LeftBehind, nodes: readonly Node[], args: readonly Tensor[]): Captured {
  const rebuild = (value: Captured): Captured => {
    if (value instanceof Tensor) {
      const at = left.results.get(value);
      if (at !== undefined) return makeTensor(constantValue(nodes[at] as Node));
      return args[left.proxies.indexOf(value)] ?? value;
    }
    if (Array.isArray(value)) return value.map(rebuild);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, rebuild(one)]));
  };
  return rebuild(left.result);
}

function eachTensor(value: Captured, visit: (tensor: Tensor) => void): void {
  if (value instanceof Tensor) visit(value);
  else if (value !== null && typeof value === "object") {
    for (const one of Object.values(value)) eachTensor(one, visit);
  }
}

function checked(result: unknown): Captured {
  if (isPromise(result)) {
    // It may reject by what it asked for: that is told here.
    (result as Promise<unknown>).then(undefined, () => undefined);
    refuse("is async, or returns a promise");
  }
  const isPlain = (value: unknown): value is object =>
    typeof value === "object" &&
    value !== null &&
    (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);
  const check = (value: unknown): void => {
    if (value instanceof Tensor || value === null || value === undefined) return;
    if (!isPlain(value)) refuse(`returns ${describe(value)}, which is no tensor`);
    Object.values(value).forEach(check);
  };
  check(result);
  return result as Captured;
}

function refuse(why: string): never {
  fail(
    "capture",
    `the step ${why}: it is run once and then replayed without JavaScript. ` +
      "Return tensors (also in arrays and plain objects), and read them after the call.",
  );
}
