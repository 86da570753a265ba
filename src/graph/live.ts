// Live numbers: scalars whose value is read anew each time a captured step is replayed. They are always
// parameters of a program, never folded into its structure.
//
// While a step is recorded for replay, everything that must happen again is noted, in order: readings of
// live numbers, draws of random numbers, what JavaScript counts.

import type { DType } from "../base/dtypes.ts";
import { roundTo } from "../base/dtypes.ts";
import { Node } from "./node.ts";
import { looksOf, Structure } from "./structure.ts";

class Live {
  now: number;

  constructor(
    private readonly dtype: DType,
    private readonly read: () => number,
  ) {
    this.now = roundTo(dtype, read());
  }

  refresh(): void {
    this.now = roundTo(this.dtype, this.read());
  }
}

const known = new WeakMap<Node, Live>();

let events: (() => void)[] | null = null;

/** Whether what happens is being recorded for replay. */
export const isCapturing = (): boolean => events !== null;

/** Runs `body`, and notes in `noted` what must happen again at each replay. */
export function notingEvents<T>(noted: (() => void)[], body: () => T): T {
  const before = events;
  events = noted;
  try {
    return body();
  } finally {
    events = before;
  }
}

/** Does something now, and again at each replay of the step that is being captured, if one is. */
export function eachTime(event: () => void): void {
  event();
  againAtReplay(event);
}

/** Will be done at each replay of the step that is being captured, if one is. */
export function againAtReplay(event: () => void): void {
  events?.push(event);
}

const noInputs: readonly Node[] = [];

/** A number that `read` tells, now and at each replay. */
export function liveScalarNode(dtype: DType, read: () => number): Node<"scalar"> {
  const looks = looksOf(dtype, []);
  const end = looks.structures.at("scalar").at("parameter");
  end.value ??= new Structure("scalar", "scalar", looks, { structural: false });
  const live = new Live(dtype, read);
  // Not interned: a number that is only equal by chance is another one.
  const node = new Node(end.value as Structure<"scalar">, noInputs, live.now);
  known.set(node, live);
  againAtReplay(() => live.refresh());
  return node;
}

export const isLive = (node: Node): boolean => known.has(node);

/** What tells a live scalar's value of now; null for a scalar that never changes. */
export function liveReading(node: Node): (() => number) | null {
  const live = known.get(node);
  return live ? () => live.now : null;
}

/** A scalar's value of now. */
export const numberNow = (node: Node): number => known.get(node)?.now ?? node.parameter;
