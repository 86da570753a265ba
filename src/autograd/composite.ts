// A composite (mean, softmax, a broadcasting mul) is ONE entry on the Tape, under PyTorch's name; its
// gradient is the chain rule over the primitives recorded inside, or the closed form that it states.
//
//   outer:  x ──────────────── MeanBackward0 ── out
//   inner:  x ── InputEntry ── sum ── mul ── inner      the entry's backward walks this line
//
// Each input is wrapped for the body as a value with the same node and an edge of its own: paths are
// told apart by edges, never by nodes (in x.mul(x.detach()) one node comes twice).

import { invariant } from "../base/errors.ts";
import { isDifferentiable } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import {
  type Edge,
  Entry,
  type Gradient,
  isRecording,
  type OutputLooks,
  type Reading,
  type Value,
  withRecording,
} from "../graph/tape.ts";
import { edgesOf, recordRule, type Vjp, wantsGradient } from "../ops/primitive.ts";
import { blank, blanksOf, deriveReads, forgottenOf, type Reads, readsAt } from "../ops/reads.ts";
import { readingsFrom } from "./readings.ts";
import { type Root, reverse } from "./reverse.ts";

/** A constant of its module: what is derived of it is kept with it. */
export interface Composite<Attrs> {
  /** The entry's name, as PyTorch's: `MeanBackward0`. */
  readonly name: string;
  /** A pure function of its arguments, written with recorded ops. */
  readonly body: (inputs: readonly Value[], attrs: Attrs) => Value;
  /** Only where the chain rule gives NaN, another subgradient, or more work. */
  readonly gradient?: Vjp<Attrs>;
}

export interface CompositeOfMany<Attrs> {
  readonly name: string;
  readonly body: (inputs: readonly Value[], attrs: Attrs) => readonly Value[];
}

/** Calls a composite. */
export function composite<Attrs>(
  spec: Composite<Attrs>,
  inputs: readonly Value[],
  attrs: Attrs,
): Value {
  if (!wantsGradient(inputs)) return withoutEdge(spec.body(inputs, attrs));
  if (!spec.gradient) return compositeOfOne(spec, inputs, attrs);
  const { node } = withRecording(false, () => spec.body(inputs, attrs));
  return recordRule(closedRule(spec), { inputs, node, attrs, tapeName: spec.name });
}

/** Calls a composite of several results. */
export function compositeOfMany<Attrs>(
  spec: CompositeOfMany<Attrs>,
  inputs: readonly Value[],
  attrs: Attrs,
): readonly Value[] {
  if (!wantsGradient(inputs)) return spec.body(inputs, attrs).map(withoutEdge);
  return record(spec as CompositeOfMany<unknown>, inputs, attrs);
}

const withoutEdge = (value: Value): Value =>
  value.edge ? { node: value.node, edge: null } : value;

const closedRules = new WeakMap<object, { name: string; vjp: Vjp<never> }>();

function closedRule<Attrs>(spec: Composite<Attrs>): { name: string; vjp: Vjp<Attrs> } {
  let rule = closedRules.get(spec);
  if (!rule) {
    rule = { name: spec.name, vjp: spec.gradient as Vjp<never> };
    closedRules.set(spec, rule);
  }
  return rule as { name: string; vjp: Vjp<Attrs> };
}

const specsOfMany = new WeakMap<object, CompositeOfMany<unknown>>();

function compositeOfOne<Attrs>(
  spec: Composite<Attrs>,
  inputs: readonly Value[],
  attrs: Attrs,
): Value {
  let many = specsOfMany.get(spec);
  if (!many) {
    const { body } = spec as Composite<unknown>;
    many = { name: spec.name, body: (values, given) => [body(values, given)] };
    specsOfMany.set(spec, many);
  }
  return record(many, inputs, attrs)[0] as Value;
}

/** Runs the body over wrapped inputs; results on a path to them get the composite's edges. */
function record(
  spec: CompositeOfMany<unknown>,
  inputs: readonly Value[],
  attrs: unknown,
): readonly Value[] {
  const inner = runInside(spec, inputs, attrs);
  if (!inner.results.some(isOnPath)) return inner.results;
  const entry = new CompositeEntry(spec, { inputs, attrs, inner });
  return inner.results.map((result, output) =>
    isOnPath(result) ? { node: result.node, edge: { entry, output } } : result,
  );
}

const isOnPath = ({ node, edge }: Value): boolean => edge !== null && isDifferentiable(node);

const noLooks: readonly OutputLooks[] = [];

/** An input as the body sees it. */
class InputEntry extends Entry {
  /** Where the line inside starts. */
  readonly start: Edge = { entry: this, output: 0 };

  constructor(edge: Edge) {
    super("Input", [edge], noLooks);
  }

  backward(gradients: readonly Gradient[]): readonly Gradient[] {
    return gradients;
  }

  override needs(): boolean {
    return false;
  }

  override release(): void {
    this.forgetVersions();
  }
}

/** The line inside: the results it ends with, and where it meets the inputs. */
interface Inner {
  readonly results: readonly Value[];
  readonly starts: readonly (Edge | null)[];
}

function runInside(
  spec: CompositeOfMany<unknown>,
  inputs: readonly Value[],
  attrs: unknown,
): Inner {
  const wrapped = inputs.map(
    ({ node, edge }): Value => ({ node, edge: edge && new InputEntry(edge).start }),
  );
  const results = withRecording(true, () => spec.body(wrapped, attrs));
  return { results, starts: edgesOf(wrapped) };
}

interface Kept {
  readonly inputs: readonly Value[];
  readonly attrs: unknown;
  readonly inner: Inner;
}

class CompositeEntry extends Entry {
  private inputs: readonly Value[] | null;
  /** Null once let go: it can be built again on blanks where no value is read. */
  private inner: Inner | null;
  private readonly attrs: unknown;

  constructor(
    private readonly spec: CompositeOfMany<unknown>,
    { inputs, attrs, inner }: Kept,
  ) {
    super(
      spec.name,
      edgesOf(inputs),
      inner.results.map(({ node }) => node.looks),
    );
    this.inputs = inputs;
    this.attrs = attrs;
    this.inner = inner;
  }

  backward(gradients: readonly Gradient[]): readonly Gradient[] {
    if (!this.inputs) invariant(false, `${this.name} was released`);
    const inner = this.inner ?? runInside(this.spec, this.inputs, this.attrs);
    // On the Tape the line becomes part of the derivative's graph, and is released with that.
    this.inner = isRecording() ? null : inner;
    return chainRule(inner, gradients);
  }

  override needs(input: number): boolean {
    return input < 0 ? false : (this.reads()[input] ?? true);
  }

  override nodesRead(): readonly Node[] {
    return this.inner ? readingsWithin(edgesOf(this.inner.results)).flatMap(nodesOf) : [];
  }

  override describe(input: number): ReturnType<Entry["describe"]> {
    return input < 0 ? this.outputs[0] : (this.inputs?.[input]?.node ?? super.describe(input));
  }

  private reads(): Reads {
    const { inputs } = this;
    invariant(inputs, `${this.name} was released`);
    const known = readsAt(this.spec, this.next, inputs);
    known.value ??= this.deriveReads();
    return known.value;
  }

  private deriveReads(): Reads {
    const { inputs, spec, attrs, outputs, next } = this;
    invariant(inputs, `${this.name} was released`);
    const blanks = blanksOf(inputs, outputs[0] as OutputLooks);
    const inner = runInside(spec, blanks, attrs);
    return deriveReads(blanks, next, () => chainRule(inner, outputs.map(blank)));
  }

  override release(): void {
    if (this.isReleased || !this.inputs) return;
    this.inner = null;
    if (this.reads().includes(true)) {
      super.release();
      this.inputs = null;
    } else {
      this.forgetVersions();
      this.inputs = forgottenOf(this.inputs, this.outputs[0] as OutputLooks);
    }
  }
}

const nodesOf = ({ nodes }: Reading): readonly Node[] => nodes;

/** What the entries of the line inside read, up to where it meets the inputs. */
const readingsWithin = (edges: readonly (Edge | null)[]): Reading[] =>
  readingsFrom(edges, (entry) => entry instanceof InputEntry);

/** Gradients of the results in, of the starts out. */
function chainRule({ results, starts }: Inner, gradients: readonly Gradient[]): Gradient[] {
  const roots: Root[] = [];
  for (let at = 0; at < results.length; at++) {
    const { edge } = results[at] as Value;
    const gradient = gradients[at];
    if (edge && gradient) roots.push({ edge, gradient });
  }
  return reverse({ roots, targets: starts, retainGraph: true, createGraph: isRecording() });
}
