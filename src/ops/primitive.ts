// A primitive: what an op IS, in one record. Calling it builds the node and, where a gradient is
// wanted, its entry on the Tape. Derivatives are written with recorded ops, so theirs exist too.

import { invariant } from "../base/errors.ts";
import { isDifferentiable } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { Entry, type Gradient, isRecording, type Value } from "../graph/tape.ts";
import {
  blank,
  blanksOf,
  deriveReads,
  forgottenNode,
  forgottenOf,
  type Reads,
  readsAt,
} from "./reads.ts";

/** Vector-Jacobian product: g is the gradient of `out`; one gradient for each input, or null. */
export type Vjp<Attrs> = (
  g: Value,
  inputs: readonly Value[],
  out: Value,
  attrs: Attrs,
) => readonly Gradient[];

export interface Primitive<Attrs> {
  /** As in PyTorch; the Tape shows `<Name>Backward0`. */
  readonly name: string;
  readonly build: (inputs: readonly Node[], attrs: Attrs) => Node;
  /** "none": no gradient passes, by nature. */
  readonly vjp: Vjp<Attrs> | "none";
}

/** Records one call of a primitive. */
export function apply<Attrs>(
  primitive: Primitive<Attrs>,
  inputs: readonly Value[],
  attrs: Attrs,
  tapeName?: string,
): Value {
  const nodes = new Array<Node>(inputs.length);
  for (let at = 0; at < nodes.length; at++) nodes[at] = (inputs[at] as Value).node;
  const node = primitive.build(nodes, attrs);
  if (primitive.vjp === "none" || !isWanted(inputs, node)) return { node, edge: null };
  const rule = primitive as RuleOf<unknown>;
  return new RuleEntry(rule, { inputs, node, attrs, tapeName }).value;
}

/** Something with a derivative in closed form: a primitive, or a composite that states one. */
export interface RuleOf<Attrs> {
  readonly name: string;
  readonly vjp: Vjp<Attrs>;
}

interface Call<Attrs> {
  readonly inputs: readonly Value[];
  readonly node: Node;
  readonly attrs: Attrs;
  readonly tapeName?: string | undefined;
}

/** The value of a call, with an entry on the Tape if a gradient can be wanted. */
export function recordRule<Attrs>(rule: RuleOf<Attrs>, call: Call<Attrs>): Value {
  const { inputs, node } = call;
  if (!isWanted(inputs, node)) return { node, edge: null };
  return new RuleEntry(rule as RuleOf<unknown>, call).value;
}

const isWanted = (inputs: readonly Value[], out: Node): boolean =>
  wantsGradient(inputs) && isDifferentiable(out);

/** Whether a call on these inputs is put on the Tape. */
export function wantsGradient(inputs: readonly Value[]): boolean {
  if (!isRecording()) return false;
  for (let at = 0; at < inputs.length; at++) if (inputs[at]?.edge) return true;
  return false;
}

const tapeNames = new Map<string, string>();

/** mul → MulBackward0, logSoftmax → LogSoftmaxBackward0, log1p → Log1PBackward0 */
export function tapeNameOf(name: string): string {
  let tapeName = tapeNames.get(name);
  if (!tapeName) {
    const words = name.replace(/^[a-z]|\d[a-z]/g, (start) => start.toUpperCase());
    tapeName = `${words}Backward0`;
    tapeNames.set(name, tapeName);
  }
  return tapeName;
}

/** The edges of values, position by position. */
export function edgesOf(values: readonly Value[]): Value["edge"][] {
  const edges = new Array<Value["edge"]>(values.length);
  for (let at = 0; at < edges.length; at++) edges[at] = (values[at] as Value).edge;
  return edges;
}

class RuleEntry extends Entry {
  private out: Value | null;
  private inputs: readonly Value[] | null;
  private readonly attrs: unknown;

  constructor(
    private readonly rule: RuleOf<unknown>,
    { inputs, node, attrs, tapeName }: Call<unknown>,
  ) {
    super(tapeName ?? tapeNameOf(rule.name), edgesOf(inputs), node.looks.alone);
    this.inputs = inputs;
    this.attrs = attrs;
    this.out = { node, edge: { entry: this, output: 0 } };
  }

  get value(): Value {
    if (!this.out) invariant(false, `${this.name} was released`);
    return this.out;
  }

  backward(gradients: readonly Gradient[]): readonly Gradient[] {
    const g = gradients[0];
    if (!this.inputs) invariant(false, `${this.name} was released`);
    return g ? this.rule.vjp(g, this.inputs, this.value, this.attrs) : this.inputs.map(() => null);
  }

  override needs(input: number): boolean {
    return this.reads().at(input) ?? true;
  }

  override nodesRead(): readonly Node[] {
    const { inputs, out } = this;
    if (!inputs || !out) return [];
    const reads = this.reads();
    return [...inputs, out].filter((_, at) => reads[at]).map(({ node }) => node);
  }

  override describe(input: number): ReturnType<Entry["describe"]> {
    return input < 0 ? this.outputs[0] : (this.inputs?.[input]?.node ?? super.describe(input));
  }

  private reads(): Reads {
    const { inputs } = this;
    invariant(inputs, `${this.name} was released`);
    const known = readsAt(this.rule, this.next, inputs);
    known.value ??= this.deriveReads();
    return known.value;
  }

  private deriveReads(): Reads {
    const { inputs, rule, attrs, next } = this;
    invariant(inputs, `${this.name} was released`);
    const { node } = this.value;
    const blanks = blanksOf(inputs, node);
    const [out, g] = [blank(node), blank(node)];
    return deriveReads([...blanks, out], next, () => rule.vjp(g, blanks, out, attrs));
  }

  /** A rule that reads no value lets go of the nodes only, and can run again, as PyTorch's. */
  override release(): void {
    if (this.isReleased || !this.inputs || !this.out) return;
    if (this.reads().includes(true)) {
      super.release();
      this.inputs = null;
      this.out = null;
      return;
    }
    this.forgetVersions();
    this.inputs = forgottenOf(this.inputs, this.out.node);
    this.out = { node: forgottenNode(this.out.node), edge: this.out.edge };
  }
}
