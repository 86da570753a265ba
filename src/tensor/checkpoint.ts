// checkpoint(fn, …inputs): fn's inner values are not kept for backward, but computed again when its
// gradient has arrived. One entry of the Tape, whose edges lead to the inputs and to all that fn read
// besides, so that gradients reach parameters as ever.
//
//   forward:   x ── fn ── out          the line inside is dropped
//   backward:  later(x, g) ── fn ── out'    "later" hangs on g, so that nothing of it is computed sooner

import { reverse } from "../autograd/reverse.ts";
import { fail } from "../base/errors.ts";
import { laterNode } from "../graph/copy.ts";
import type { Node } from "../graph/node.ts";
import {
  type Edge,
  Entry,
  type Gradient,
  isRecording,
  nextSequence,
  type Value,
  withRecording,
} from "../graph/tape.ts";
import type { Draw } from "../ops/random.ts";
import { inputVersions } from "./dispatch.ts";
import { notingDraws, repeatingDraws } from "./generator.ts";
import { runHooks } from "./hooks.ts";
import { makeTensor } from "./make.ts";
import { isPromise, refuseAsync, requireFunction } from "./synchronous.ts";
import { Tensor } from "./tensor.ts";

type Outputs = Tensor | readonly Tensor[];

/** `checkpoint(fn, x, …)`: fn(x, …), whose inner values backward computes again. */
export function checkpoint<Args extends readonly unknown[], Result extends Outputs>(
  fn: (...args: Args) => Result,
  ...args: Args
): Result {
  requireFunction("checkpoint", fn);
  refuseAsync("checkpoint", fn);
  if (!isRecording()) return checkedResult(fn(...args));
  const draws: Draw[] = [];
  const values = args.map(tapeValueOf);
  const line = notingDraws(draws, () => runLine(fn as unknown as Step, args, values));
  if (line.results.every(({ edge }) => edge === null)) return line.result as Result;
  const entry = new CheckpointEntry({ fn: fn as unknown as Step, args, values, draws }, line);
  entry.saved = inputVersions(args.filter((arg): arg is Tensor => arg instanceof Tensor));
  let output = 0;
  const placed = (tensor: Tensor): Tensor => {
    const { node, edge } = tensor.value;
    const at = output++;
    return makeTensor({ node, edge: edge && { entry, output: at } });
  };
  return (isTensor(line.result) ? placed(line.result) : line.result.map(placed)) as Result;
}

const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;

const tapeValueOf = (arg: unknown): Value | null => (isTensor(arg) ? arg.value : null);

function checkedResult<Result>(result: Result): Result {
  if (isPromise(result)) refuseAsync("checkpoint", null);
  const all = Array.isArray(result) ? result : [result];
  if (!all.every(isTensor)) fail("checkpoint", "the function must return a tensor, or several");
  return result;
}

type Step = (...args: readonly unknown[]) => Outputs;

/** What was called, and with what. */
interface Call {
  readonly fn: Step;
  readonly args: readonly unknown[];
  /** Of each argument, null for what is no tensor. */
  readonly values: readonly (Value | null)[];
  readonly draws: readonly Draw[];
}

/** One run of fn on the Tape: where it starts, what it reads besides, and where it ends. */
interface Line {
  readonly result: Outputs;
  readonly results: readonly Value[];
  readonly starts: readonly (Edge | null)[];
  readonly outer: readonly Edge[];
  readonly since: number;
}

function runLine(fn: Step, args: readonly unknown[], values: readonly (Value | null)[]): Line {
  const since = nextSequence();
  const starts: (Edge | null)[] = [];
  const given = args.map((arg, at) => {
    const value = values[at];
    if (!value) return arg;
    const edge = value.edge && { entry: new LineStart(value.edge), output: 0 };
    starts.push(edge);
    return makeTensor({ node: value.node, edge });
  });
  const result = checkedResult(fn(...given));
  const results = (isTensor(result) ? [result] : result).map(({ value }) => value);
  const outer = outerEdges(
    results.map(({ edge }) => edge),
    since,
  );
  return { result, results, starts, outer, since };
}

/** The edges that lead out of the line to what was recorded before it; each once. */
function outerEdges(ends: readonly (Edge | null)[], since: number): Edge[] {
  const outer = new Map<string, Edge>();
  const seen = new Set<Entry>();
  const open = [...ends];
  for (let edge = open.pop(); edge !== undefined; edge = open.pop()) {
    if (!edge) continue;
    const { entry, output } = edge;
    if (entry.sequence < since) outer.set(`${entry.sequence} ${output}`, edge);
    else if (!seen.has(entry) && !(entry instanceof LineStart)) {
      seen.add(entry);
      open.push(...entry.next);
    }
  }
  return [...outer.values()];
}

/** An input as the line sees it. */
class LineStart extends Entry {
  constructor(edge: Edge) {
    super("CheckpointInput", [edge], []);
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

class CheckpointEntry extends Entry {
  readonly #outer: readonly Edge[];
  readonly #isOnPath: readonly boolean[];
  #call: Call | null;

  constructor(call: Call, { results, outer }: Line) {
    const inputs = call.values.flatMap((value) => (value ? [value.edge] : []));
    super(
      "CheckpointBackward",
      [...inputs, ...outer],
      results.map(({ node }) => node.looks),
    );
    this.#call = call;
    this.#outer = outer;
    this.#isOnPath = results.map(({ edge }) => edge !== null);
  }

  backward(gradients: readonly Gradient[]): readonly Gradient[] {
    if (!this.#call) return this.next.map(() => null);
    const arrived = gradients.find((g, at) => g && this.#isOnPath[at]);
    if (!arrived) return this.next.map(() => null);
    const { starts, results, since } = this.#runLater(this.#call, arrived.node);
    const roots = results.flatMap(({ edge }, at) => {
      const gradient = gradients[at];
      return edge && gradient ? [{ edge, gradient }] : [];
    });
    return reverse({
      roots,
      targets: [...starts, ...this.#outer],
      retainGraph: true,
      createGraph: isRecording(),
      since,
      // Hooks of what lies outside run when the gradient arrives there.
      visitor: { before: (entry, gs) => (entry.sequence < since ? gs : runHooks(entry, gs)) },
    });
  }

  #runLater({ fn, args, values, draws }: Call, after: Node): Line {
    const later = values.map((value) => value && { ...value, node: laterNode(value.node, after) });
    return repeatingDraws(draws, () => withRecording(true, () => runLine(fn, args, later)));
  }

  override nodesRead(): readonly Node[] {
    return this.#call?.values.flatMap((value) => (value ? [value.node] : [])) ?? [];
  }

  override release(): void {
    super.release();
    this.#call = null;
  }
}
