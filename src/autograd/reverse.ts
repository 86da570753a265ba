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
  readonly targets?: readonly Edge[] | null;
  readonly retainGraph: boolean;
  /** Puts the walk itself on the Tape, for derivatives of higher order. */
  readonly createGraph: boolean;
  readonly visitor?: Visitor;
}

/** Walks, and returns the gradient that reached each target: null where none did. */
export function reverse(walk: Walk): Gradient[] {
  const run = (): Gradient[] => new ReverseWalk(walk).run();
  return isRecording() === walk.createGraph ? run() : withRecording(walk.createGraph, run);
}

class ReverseWalk {
  /** Gradients that have arrived at the outputs of entries that have not run. */
  private readonly arrived = new Map<Entry, Gradient[]>();
  /** Positions of the targets that are an entry's outputs. */
  private readonly targetsOf = new Map<Entry, number[]>();
  private readonly captured: Gradient[];

  constructor(private readonly walk: Walk) {
    this.captured = (walk.targets ?? []).map(({ entry }, at) => {
      const others = this.targetsOf.get(entry);
      if (others) others.push(at);
      else this.targetsOf.set(entry, [at]);
      return null;
    });
  }

  run(): Gradient[] {
    const { roots, targets } = this.walk;
    const entries = latestFirst(roots, targets ?? []);
    const leads = targets ? leadingTo(entries, this.targetsOf) : null;
    for (const { edge, gradient } of roots) this.arrive(edge, gradient);
    for (const entry of entries) {
      const gradients = this.arrived.get(entry);
      if (!gradients) continue;
      this.arrived.delete(entry);
      const runs = leads === null || leads.has(entry);
      if (runs || this.targetsOf.has(entry)) this.visit(entry, gradients, runs);
    }
    return this.captured;
  }

  private visit(entry: Entry, arrived: readonly Gradient[], runs: boolean): void {
    const { visitor, retainGraph } = this.walk;
    const gradients = visitor?.before?.(entry, arrived) ?? arrived;
    for (const at of this.targetsOf.get(entry) ?? []) {
      const target = this.walk.targets?.[at] as Edge;
      this.captured[at] = gradients[target.output] ?? null;
    }
    if (!runs) return;
    refuseReleased(entry);
    checkVersions(entry);
    const own = entry.backward(gradients);
    const inputs = visitor?.after?.(entry, own, gradients) ?? own;
    invariant(inputs.length >= entry.next.length, `${entry.name} gave ${inputs.length} gradients`);
    entry.next.forEach((edge, at) => {
      const gradient = inputs[at];
      if (edge && gradient) this.arrive(edge, gradient);
    });
    if (!retainGraph) entry.release();
  }

  private arrive({ entry, output }: Edge, gradient: Value): void {
    let gradients = this.arrived.get(entry);
    if (!gradients) {
      gradients = new Array<Gradient>(Math.max(entry.outputs.length, output + 1)).fill(null);
      this.arrived.set(entry, gradients);
    }
    gradients[output] = accumulated(gradients[output] ?? null, gradient);
  }
}

/** The sum of two gradients. Zeros throughout, such as a floor's, add nothing. */
function accumulated(before: Gradient, gradient: Value): Value {
  if (!before || (constantOf(before.node) === 0 && !before.edge)) return gradient;
  if (constantOf(gradient.node) === 0 && !gradient.edge) return before;
  return add(before, gradient);
}

/**
 * Every entry that the roots lead to, the latest recorded first. Entries as old as the oldest target
 * lead to none, so nothing behind them is looked at.
 */
function latestFirst(roots: readonly Root[], targets: readonly Edge[]): Entry[] {
  const oldest = targets.reduce((least, { entry }) => Math.min(least, entry.sequence), Infinity);
  const bound = targets.length > 0 ? oldest : -1;
  const seen = new Set<Entry>();
  const open: Entry[] = roots.map(({ edge }) => edge.entry);
  for (let entry = open.pop(); entry; entry = open.pop()) {
    if (seen.has(entry)) continue;
    seen.add(entry);
    if (entry.sequence <= bound) continue;
    for (const edge of entry.next) if (edge && !seen.has(edge.entry)) open.push(edge.entry);
  }
  return [...seen].sort((a, b) => b.sequence - a.sequence);
}

/** The entries that lead to a target's entry. */
function leadingTo(entries: readonly Entry[], wanted: ReadonlyMap<Entry, unknown>): Set<Entry> {
  const leading = new Set<Entry>();
  for (let at = entries.length - 1; at >= 0; at--) {
    const entry = entries[at] as Entry;
    for (const edge of entry.next) {
      if (edge && (wanted.has(edge.entry) || leading.has(edge.entry))) leading.add(entry);
    }
  }
  return leading;
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
