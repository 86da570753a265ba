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
import {
  type Edge,
  Entry,
  type Gradient,
  isRecording,
  type Value,
  withRecording,
} from "../graph/tape.ts";
import { edgesOf, recordRule, type Vjp, wantsGradient } from "../ops/primitive.ts";
import { blank, blanksOf, deriveReads, type Reads, readsOf } from "../ops/reads.ts";
import { reverse } from "./reverse.ts";

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
  const { results, inner } = runInside(spec, inputs, attrs);
  if (!results.some(isOnPath)) return results;
  const entry = new CompositeEntry(spec, { inputs, attrs, inner, results });
  return results.map((result, output) =>
    isOnPath(result) ? { node: result.node, edge: { entry, output } } : result,
  );
}

const isOnPath = ({ node, edge }: Value): boolean => edge !== null && isDifferentiable(node);

/** An input as the body sees it. */
class InputEntry extends Entry {
  backward(gradients: readonly Gradient[]): readonly Gradient[] {
    return gradients;
  }

  override needs(): boolean {
    return false;
  }

  override release(): void {
    this.saved = [];
  }
}

/** The line inside: where it ends, and where it meets the inputs. */
interface Inner {
  readonly ends: readonly (Edge | null)[];
  readonly starts: readonly (Edge | null)[];
}

function runInside(
  spec: CompositeOfMany<unknown>,
  inputs: readonly Value[],
  attrs: unknown,
): { results: readonly Value[]; inner: Inner } {
  const starts = inputs.map(({ node, edge }): Edge | null => {
    if (!edge) return null;
    const entry = new InputEntry("Input", [edge]);
    entry.outputs.push({ shape: node.shape, dtype: node.dtype });
    return { entry, output: 0 };
  });
  const wrapped = inputs.map(({ node }, at): Value => ({ node, edge: starts[at] as Edge | null }));
  const results = withRecording(true, () => spec.body(wrapped, attrs));
  return { results, inner: { ends: edgesOf(results), starts } };
}

type Looks = Entry["outputs"][number];

interface Kept {
  readonly inputs: readonly Value[];
  readonly attrs: unknown;
  readonly inner: Inner;
  readonly results: readonly Value[];
}

class CompositeEntry extends Entry {
  private inputs: readonly Value[] | null;
  /** Null once let go: it can be built again on blanks where no value is read. */
  private inner: Inner | null;
  private readonly attrs: unknown;

  constructor(
    private readonly spec: CompositeOfMany<unknown>,
    { inputs, attrs, inner, results }: Kept,
  ) {
    super(spec.name, edgesOf(inputs));
    this.inputs = inputs;
    this.attrs = attrs;
    this.inner = inner;
    for (const { node } of results) this.outputs.push({ shape: node.shape, dtype: node.dtype });
  }

  backward(gradients: readonly Gradient[]): readonly Gradient[] {
    invariant(this.inputs, `${this.name} was released`);
    const inner = this.inner ?? runInside(this.spec, this.inputs, this.attrs).inner;
    // On the Tape the line becomes part of the derivative's graph, and is released with that.
    this.inner = isRecording() ? null : inner;
    return chainRule(inner, gradients);
  }

  override needs(input: number): boolean {
    return input < 0 ? false : (this.reads()[input] ?? true);
  }

  override describe(input: number): ReturnType<Entry["describe"]> {
    return input < 0 ? this.outputs[0] : (this.inputs?.[input]?.node ?? super.describe(input));
  }

  private reads(): Reads {
    const { inputs, spec, attrs, outputs, next } = this;
    invariant(inputs, `${this.name} was released`);
    const wanted = next.map((edge) => edge !== null);
    return readsOf(spec, wanted, () => {
      const blanks = blanksOf(inputs, outputs[0] as Looks);
      const inner = runInside(spec, blanks, attrs).inner;
      return deriveReads(blanks, wanted, () => chainRule(inner, outputs.map(blank)));
    });
  }

  override release(): void {
    if (this.isReleased || !this.inputs) return;
    this.inner = null;
    if (this.reads().includes(true)) {
      super.release();
      this.inputs = null;
    } else {
      this.saved = [];
      this.inputs = blanksOf(this.inputs, this.outputs[0] as Looks);
    }
  }
}

/** Gradients of the ends in, of the starts out. */
function chainRule({ ends, starts }: Inner, gradients: readonly Gradient[]): Gradient[] {
  const roots = ends.flatMap((edge, at) => {
    const gradient = gradients[at];
    return edge && gradient ? [{ edge, gradient }] : [];
  });
  const reached = starts.flatMap((edge) => (edge ? [edge] : []));
  const found = reverse({
    roots,
    targets: reached,
    retainGraph: true,
    createGraph: isRecording(),
  });
  let at = 0;
  return starts.map((edge) => (edge ? (found[at++] ?? null) : null));
}
