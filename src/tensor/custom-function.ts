// Functions with a derivative of their own: a class with static forward(ctx, …) and backward(ctx, …),
// called as `MyFunction.apply(…)`. Backward is written with tensor ops, so it has a derivative too.

import { isFloat } from "../base/dtypes.ts";
import { fail } from "../base/errors.ts";
import { zeros } from "../functions/creation.ts";
import type { Node } from "../graph/node.ts";
import {
  constantValue,
  Entry,
  type Gradient,
  isRecording,
  type Saved,
  withRecording,
} from "../graph/tape.ts";
import { makeTensor } from "./make.ts";
import { isPromise, refuseAsync } from "./synchronous.ts";
import { Tensor } from "./tensor.ts";

/** What forward leaves for backward. */
export class FunctionContext {
  /** Whether each argument of forward needs a gradient. */
  readonly needsInputGrad: readonly boolean[];
  #saved: readonly (Tensor | null)[] = [];
  #versions: Saved[] = [];
  #isReleased = false;
  readonly #constant = new Set<Tensor>();
  #materializes = true;
  /** Anything else that backward needs. */
  [name: string]: unknown;

  constructor(needsInputGrad: readonly boolean[]) {
    this.needsInputGrad = needsInputGrad;
  }

  /** Tensors that backward reads: inputs and outputs. Changing one in place is then an error. */
  saveForBackward(...tensors: readonly (Tensor | null)[]): void {
    this.#saved = tensors;
    this.#versions = tensors.flatMap((tensor, input) =>
      tensor ? [{ of: tensor.storage, version: tensor.version, input }] : [],
    );
  }

  get savedTensors(): readonly (Tensor | null)[] {
    if (this.#isReleased) {
      fail(
        "savedTensors",
        "Trying to backward through the graph a second time (or directly access saved tensors " +
          "after they have already been freed). Specify { retainGraph: true } the first time.",
      );
    }
    return this.#saved;
  }

  /** Outputs that no gradient passes. */
  markNonDifferentiable(...outputs: readonly Tensor[]): void {
    for (const output of outputs) this.#constant.add(output);
  }

  /** Whether a missing gradient comes to backward as zeros (the default) or as null. */
  setMaterializeGrads(materializes: boolean): void {
    this.#materializes = materializes;
  }

  /** For the Tape. */
  static kept(context: FunctionContext): {
    readonly versions: Saved[];
    readonly constant: ReadonlySet<Tensor>;
    readonly materializes: boolean;
  } {
    const versions = context.#versions;
    return { versions, constant: context.#constant, materializes: context.#materializes };
  }

  static release(context: FunctionContext): void {
    context.#isReleased = true;
    context.#saved = [];
  }
}

type Outputs = Tensor | readonly Tensor[];
type Gradients = Tensor | null | undefined | readonly (Tensor | null | undefined)[];

interface FunctionClass<Args extends readonly unknown[], Result extends Outputs> {
  readonly name: string;
  forward(ctx: FunctionContext, ...args: Args): Result;
  backward(ctx: FunctionContext, ...grads: Tensor[]): Gradients;
}

/** Calls the class's forward, and records its backward. */
function apply<Args extends readonly unknown[], Result extends Outputs>(
  this: FunctionClass<Args, Result>,
  ...args: Args
): Result {
  refuseAsync(`${this.name}.forward`, this.forward);
  refuseAsync(`${this.name}.backward`, this.backward);
  const needed = args.map((arg) => arg instanceof Tensor && arg.requiresGrad);
  const context = new FunctionContext(needed);
  const result = withRecording(false, () => this.forward(context, ...args));
  if (isPromise(result)) refuseAsync(`${this.name}.forward`, null);
  if (!isRecording() || !needed.includes(true)) return result;
  const outputs = (Array.isArray(result) ? result : [result]) as readonly Tensor[];
  const recorded = record(this as unknown as AnyFunction, context, args, outputs);
  return (Array.isArray(result) ? recorded : recorded[0]) as Result;
}

/** Base of functions with a derivative of their own. */
// biome-ignore lint/complexity/noStaticOnlyClass: users extend it, as in PyTorch
export abstract class CustomFunction {
  static readonly apply = apply;
}

type AnyFunction = FunctionClass<readonly unknown[], Outputs>;

/** Gives the outputs their place on the Tape. An output that is an input is given as a new tensor. */
function record(
  owner: AnyFunction,
  context: FunctionContext,
  args: readonly unknown[],
  outputs: readonly Tensor[],
): Tensor[] {
  const { versions, constant } = FunctionContext.kept(context);
  const entry = new FunctionEntry(owner, context, args, outputs);
  entry.saved = versions;
  return outputs.map((output, at) => {
    if (!(output instanceof Tensor)) fail(`${owner.name}.forward`, "must return tensors");
    const made = args.includes(output) ? makeTensor(constantValue(output.value.node)) : output;
    const isDifferentiable = isFloat(made.dtype) && !constant.has(output);
    made.rebase(isDifferentiable ? { entry, output: at } : null);
    return made;
  });
}

class FunctionEntry extends Entry {
  readonly #owner: AnyFunction;
  readonly #context: FunctionContext;
  /** Position of each of forward's arguments among the entry's inputs; -1 for what is no tensor. */
  readonly #positions: readonly number[];

  constructor(
    owner: AnyFunction,
    context: FunctionContext,
    args: readonly unknown[],
    outputs: readonly Tensor[],
  ) {
    const tensors = args.filter((arg): arg is Tensor => arg instanceof Tensor);
    super(
      `${owner.name}Backward`,
      tensors.map((tensor) => tensor.edge),
      outputs.map(({ shape, dtype }) => ({ shape, dtype })),
    );
    this.#owner = owner;
    this.#context = context;
    let count = 0;
    this.#positions = args.map((arg) => (arg instanceof Tensor ? count++ : -1));
  }

  backward(received: readonly Gradient[]): readonly Gradient[] {
    const { materializes } = FunctionContext.kept(this.#context);
    const gs = this.outputs.map(({ shape, dtype }, at) => {
      const g = received[at];
      if (g) return makeTensor(g);
      return materializes ? makeTensor(constantValue(zeros(shape, dtype).node)) : null;
    });
    const result = this.#owner.backward(this.#context, ...(gs as Tensor[]));
    if (isPromise(result)) refuseAsync(`${this.#owner.name}.backward`, null);
    return this.#inputGradients((Array.isArray(result) ? result : [result]) as unknown[]);
  }

  #inputGradients(results: readonly unknown[]): Gradient[] {
    const { name } = this.#owner;
    const wanted = this.#positions.length;
    const extra = results.slice(wanted).some((one) => one !== null && one !== undefined);
    if (results.length < wanted || extra) {
      fail(
        `${name}.backward`,
        `returned an incorrect number of gradients (expected ${wanted}, got ${results.length})`,
      );
    }
    const gradients = new Array<Gradient>(this.next.length).fill(null);
    this.#positions.forEach((position, at) => {
      const g = results[at];
      if (g === null || g === undefined) return;
      if (!(g instanceof Tensor) || position < 0) {
        fail(
          `${name}.backward`,
          `gradient ${at} must be ${position < 0 ? "null" : "a tensor or null"}`,
        );
      }
      gradients[position] = g.value;
    });
    return gradients;
  }

  override nodesRead(): readonly Node[] {
    if (this.isReleased) return [];
    return this.#context.savedTensors.flatMap((tensor) => (tensor ? [tensor.value.node] : []));
  }

  override release(): void {
    super.release();
    FunctionContext.release(this.#context);
  }
}
