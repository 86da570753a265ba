// A primitive: what an op IS, in one record. Calling it builds the node and, where a gradient is
// wanted, its entry on the Tape. Derivatives are written with recorded ops, so theirs exist too.

import { invariant } from "../base/errors.ts";
import { isDifferentiable } from "../graph/build.ts";
import type { Node } from "../graph/node.ts";
import { Entry, type Gradient, isRecording, type Value } from "../graph/tape.ts";
import { blank, blanksOf, deriveReads, type Reads, readsOf } from "./reads.ts";

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
  if (primitive.vjp === "none") return { node, edge: null };
  return recordRule(primitive as RuleOf<Attrs>, { inputs, node, attrs, tapeName });
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
  const { node } = call;
  if (!wantsGradient(call.inputs) || !isDifferentiable(node)) return { node, edge: null };
  return new RuleEntry(rule as RuleOf<unknown>, call).value;
}

/** Whether a call on these inputs is put on the Tape. */
export function wantsGradient(inputs: readonly Value[]): boolean {
  if (!isRecording()) return false;
  for (const input of inputs) if (input.edge) return true;
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
    call: Call<unknown>,
  ) {
    super(call.tapeName ?? tapeNameOf(rule.name), edgesOf(call.inputs));
    this.inputs = call.inputs;
    this.attrs = call.attrs;
    this.out = { node: call.node, edge: { entry: this, output: 0 } };
    this.outputs.push({ shape: call.node.shape, dtype: call.node.dtype });
  }

  get value(): Value {
    invariant(this.out, `${this.name} was released`);
    return this.out;
  }

  backward([g]: readonly Gradient[]): readonly Gradient[] {
    invariant(this.inputs, `${this.name} was released`);
    return g ? this.rule.vjp(g, this.inputs, this.value, this.attrs) : this.inputs.map(() => null);
  }

  override needs(input: number): boolean {
    return this.reads().at(input) ?? true;
  }

  override describe(input: number): ReturnType<Entry["describe"]> {
    return input < 0 ? this.outputs[0] : (this.inputs?.[input]?.node ?? super.describe(input));
  }

  private reads(): Reads {
    const { inputs, rule, attrs } = this;
    invariant(inputs, `${this.name} was released`);
    const wanted = this.next.map((edge) => edge !== null);
    return readsOf(rule, wanted, () => {
      const blanks = blanksOf(inputs, this.value.node);
      const [out, g] = [blank(this.value.node), blank(this.value.node)];
      return deriveReads([...blanks, out], wanted, () => rule.vjp(g, blanks, out, attrs));
    });
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
    this.saved = [];
    this.inputs = blanksOf(this.inputs, this.out.node);
    this.out = { node: blank(this.out.node).node, edge: this.out.edge };
  }
}
