// The reverse walk: gradients of roots go back along the Tape, entry by entry, each once, the latest
// recorded first (an entry is always recorded after those it reads from). Nothing is computed; what
// flows are lazy values, built with recorded ops.

import { fail, invariant } from "../base/errors.ts";
import { constantOf } from "../graph/build.ts";
import {
  type Edge,
  type Entry,
  type Gradient,
  isRecording,
  type Value,
  withRecording,
} from "../graph/tape.ts";
import { add } from "../ops/arithmetic.ts";
import { checkVersions } from "./versions.ts";

export interface Root {
  readonly edge: Edge;
  readonly gradient: Value;
}

export interface Visitor {
  /**
   * The gradients of an entry's outputs are complete: hooks of tensors run, retained ones are kept.
   * Returns what goes on. Also called at targets whose entry does not run.
   */
  before?(entry: Entry, gradients: readonly Gradient[]): readonly Gradient[];
  /** An entry has run. Returns the gradients of its inputs that go on. */
  after?(
    entry: Entry,
    inputs: readonly Gradient[],
    outputs: readonly Gradient[],
  ): readonly Gradient[];
}

export interface Walk {
  readonly roots: readonly Root[];
  /** Edges whose gradients are wanted; then only entries on a path to one run. */
  readonly targets?: readonly (Edge | null)[] | null;
  readonly retainGraph: boolean;
  /** Puts the walk itself on the Tape, for derivatives of higher order. */
  readonly createGraph: boolean;
  readonly visitor?: Visitor;
  /** Entries older than this are targets at most: the walk ends at them. */
  readonly since?: number;
}

/** Walks, and returns the gradient that reached each target: null where none did. */
export function reverse(walk: Walk): Gradient[] {
  const reversed = new ReverseWalk(walk);
  if (isRecording() === walk.createGraph) return reversed.run();
  return withRecording(walk.createGraph, () => reversed.run());
}

/** What the walk knows of an entry. */
class Stop {
  /** Gradients that have arrived at its outputs; of a target they stay. */
  gradients: Gradient[] | null = null;
  /** Whether one of its outputs is a target. */
  isTarget = false;
  /** Whether it is on the way to a target, so that it must run. */
  leads = false;

  constructor(readonly entry: Entry) {}
}

class ReverseWalk {
  private readonly stops = new Map<Entry, Stop>();
  /** Every stop, the latest recorded first. */
  private readonly order: Stop[] = [];
  private isSorted = true;
  private oldest = Infinity;

  constructor(private readonly walk: Walk) {}

  run(): Gradient[] {
    const { roots, targets = null } = this.walk;
    this.meetAll(targets);
    this.markLeads(targets);
    for (const { edge, gradient } of roots) this.arrive(edge, gradient);
    for (const stop of this.order) {
      if (stop.gradients && (stop.leads || stop.isTarget)) this.visit(stop);
    }
    return targets ? this.arrivedAt(targets) : [];
  }

  /** Entries as old as the oldest target lead to none, so nothing behind them is looked at. */
  private meetAll(targets: Targets | null): void {
    const { order } = this;
    const bound = this.walk.since ? this.walk.since - 1 : targets ? oldestOf(targets) : -1;
    for (const { edge } of this.walk.roots) this.meet(edge.entry);
    for (let at = 0; at < order.length; at++) {
      const { next, sequence } = (order[at] as Stop).entry;
      if (sequence <= bound) continue;
      for (let input = 0; input < next.length; input++) {
        const edge = next[input];
        if (edge) this.meet(edge.entry);
      }
    }
    if (!this.isSorted) order.sort(byAge);
  }

  private meet(entry: Entry): void {
    if (this.stops.has(entry)) return;
    const stop = new Stop(entry);
    if (entry.sequence > this.oldest) this.isSorted = false;
    this.oldest = entry.sequence;
    this.stops.set(entry, stop);
    this.order.push(stop);
  }

  private markLeads(targets: Targets | null): void {
    const { order, stops } = this;
    const { since = 0 } = this.walk;
    for (const target of targets ?? []) {
      const stop = target && stops.get(target.entry);
      if (stop) stop.isTarget = true;
    }
    for (let at = order.length - 1; at >= 0; at--) {
      const stop = order[at] as Stop;
      const isWithin = stop.entry.sequence >= since;
      stop.leads = isWithin && (targets === null || this.leadsOn(stop.entry));
    }
  }

  private leadsOn({ next }: Entry): boolean {
    for (let input = 0; input < next.length; input++) {
      const edge = next[input];
      const stop = edge && this.stops.get(edge.entry);
      if (stop && (stop.isTarget || stop.leads)) return true;
    }
    return false;
  }

  private visit(stop: Stop): void {
    const { visitor, retainGraph } = this.walk;
    const { entry } = stop;
    const arrived = stop.gradients as readonly Gradient[];
    const gradients = visitor?.before?.(entry, arrived) ?? arrived;
    stop.gradients = stop.isTarget ? (gradients as Gradient[]) : null;
    if (!stop.leads) return;
    refuseReleased(entry);
    checkVersions(entry);
    const own = entry.backward(gradients);
    const inputs = visitor?.after?.(entry, own, gradients) ?? own;
    const wanted = entry.next.length;
    if (inputs.length < wanted) invariant(false, `${entry.name} gave ${inputs.length} gradients`);
    for (let at = 0; at < wanted; at++) {
      const edge = entry.next[at];
      const gradient = inputs[at];
      if (edge && gradient) this.arrive(edge, gradient);
    }
    if (!retainGraph) entry.release();
  }

  private arrive({ entry, output }: Edge, gradient: Value): void {
    // Behind the oldest target nothing was met, and nothing is wanted.
    const stop = this.stops.get(entry);
    if (!stop) return;
    const { gradients } = stop;
    if (gradients) gradients[output] = accumulated(gradients[output] ?? null, gradient);
    else stop.gradients = firstGradient(entry, output, gradient);
  }

  private arrivedAt(targets: Targets): Gradient[] {
    return targets.map(
      (target) => (target && this.stops.get(target.entry)?.gradients?.[target.output]) ?? null,
    );
  }
}

type Targets = NonNullable<Walk["targets"]>;

function firstGradient({ outputs }: Entry, output: number, gradient: Value): Gradient[] {
  const count = Math.max(outputs.length, output + 1);
  if (count === 1) return [gradient];
  const gradients = new Array<Gradient>(count).fill(null);
  gradients[output] = gradient;
  return gradients;
}

const byAge = (a: Stop, b: Stop): number => b.entry.sequence - a.entry.sequence;

function oldestOf(targets: Targets): number {
  let oldest = targets.length > 0 ? Infinity : -1;
  for (const target of targets) if (target) oldest = Math.min(oldest, target.entry.sequence);
  return oldest;
}

/** The sum of two gradients. Zeros throughout, such as a floor's, add nothing. */
function accumulated(before: Gradient, gradient: Value): Value {
  if (!before || (constantOf(before.node) === 0 && !before.edge)) return gradient;
  if (constantOf(gradient.node) === 0 && !gradient.edge) return before;
  return add(before, gradient);
}

function refuseReleased(entry: Entry): void {
  if (!entry.isReleased) return;
  fail(
    "backward",
    `Trying to backward through the graph a second time (or directly access saved tensors after ` +
      `they have already been freed). Saved intermediate values of the graph are freed when you ` +
      `call .backward() or grad(). Specify { retainGraph: true } if you need to backward through ` +
      `the graph a second time or if you need to access saved tensors after calling backward ` +
      `(met at ${entry.name}).`,
  );
}
