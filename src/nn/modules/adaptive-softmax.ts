// The softmax of many classes, most of them rare: the frequent ones, and one entry for each cluster of
// the others, are the head; a cluster has a smaller map of its own. Every row passes every cluster, and
// what is not its own is masked, so that no shape depends on the targets.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import { bool, int, number, shape, tensor } from "../../base/parameters.ts";
import { showShape } from "../../base/shapes.ts";
import { declare } from "../../base/signature.ts";
import { where } from "../../tensor/data-dependent.ts";
import { NamedResult } from "../../tensor/dispatch.ts";
import { arange, cat, logSoftmax } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, inputOnly, placement } from "../arguments.ts";
import { Module } from "../module.ts";
import { ModuleList, Sequential } from "./containers.ts";
import { Linear } from "./linear.ts";

const params = declare([
  int("inFeatures"),
  int("nClasses"),
  shape("cutoffs"),
  number("divValue", 4),
  bool("headBias", false),
  ...placement,
]);
const inputs = declare([tensor("input"), tensor("target")]);

/** Log-probabilities of the targets, and the mean of their negatives. */
export interface AdaptiveLoss extends Iterable<Tensor> {
  readonly output: Tensor;
  readonly loss: Tensor;
}

export class AdaptiveLogSoftmaxWithLoss extends Module {
  readonly inFeatures: number;
  readonly nClasses: number;
  /** Where the head ends, and each cluster. */
  readonly cutoffs: readonly number[];
  readonly divValue: number;
  readonly headBias: boolean;
  readonly head: Linear;
  readonly tail: ModuleList<Sequential>;

  constructor(...args: Arguments<typeof params, Tensor>) {
    super();
    const { name } = this.constructor;
    const values = bound(name, params, args);
    const [inFeatures, nClasses, cutoffs, divValue, headBias, , dtype] = values;
    checkCutoffs(name, cutoffs, nClasses);
    this.inFeatures = inFeatures;
    this.nClasses = nClasses;
    this.cutoffs = [...cutoffs, nClasses];
    this.divValue = divValue;
    this.headBias = headBias;
    const headSize = this.shortlistSize + cutoffs.length;
    this.head = new Linear(inFeatures, headSize, { bias: headBias, dtype });
    this.tail = new ModuleList(
      cutoffs.map((low, at) => {
        const width = Math.floor(inFeatures / divValue ** (at + 1));
        const size = (this.cutoffs[at + 1] as number) - low;
        return new Sequential(
          new Linear(inFeatures, width, { bias: false, dtype }),
          new Linear(width, size, { bias: false, dtype }),
        );
      }),
    );
  }

  /** How many classes the head has itself. */
  get shortlistSize(): number {
    return this.cutoffs[0] as number;
  }

  resetParameters(): void {
    this.head.resetParameters();
    for (const layers of this.tail) {
      for (const layer of layers) (layer as Linear).resetParameters();
    }
  }

  override forward(...args: Arguments<typeof inputs, Tensor>): AdaptiveLoss {
    const [input, target] = bound(this.constructor.name, inputs, args);
    checkTarget(this.constructor.name, input, target);
    if (target.ndim === 1) return this.ofRows(input, target);
    const { output, loss } = this.ofRows(input.unsqueeze(0), target.unsqueeze(0));
    return named(output.squeeze(0), loss);
  }

  private ofRows(input: Tensor, target: Tensor): AdaptiveLoss {
    const { shortlistSize, nClasses, cutoffs } = this;
    // A class that does not exist is a fault of this look-up.
    const known = arange(nClasses).gather(0, target.to("int64"));
    const head = logSoftmax(this.head.call(input), 1);
    const at = (logs: Tensor, column: Tensor): Tensor =>
      logs.gather(1, column.unsqueeze(1)).squeeze(1);
    let output = at(head, known.clamp(0, shortlistSize - 1));
    [...this.tail].forEach((cluster, i) => {
      const [low, high] = [cutoffs[i] as number, cutoffs[i + 1] as number];
      const logs = logSoftmax(cluster.call(input), 1);
      const own = at(logs, known.sub(low).clamp(0, high - low - 1));
      const isOwn = known.ge(low).logicalAnd(known.lt(high));
      output = where(isOwn, own.add(head.select(1, shortlistSize + i)), output);
    });
    return named(output, output.neg().mean());
  }

  /** Of all classes, row by row. */
  logProb(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound("logProb", inputOnly, args);
    return this.logsAfter(this.head.call(input), input);
  }

  private logsAfter(head: Tensor, input: Tensor): Tensor {
    const { shortlistSize } = this;
    const logs = logSoftmax(head, 1);
    const clusters = [...this.tail].map((cluster, i) =>
      logSoftmax(cluster.call(input), 1).add(logs.narrow(1, shortlistSize + i, 1)),
    );
    return cat([logs.narrow(1, 0, shortlistSize), ...clusters], 1);
  }

  /** The likeliest class of each row; a frequent one only where the head as a whole prefers it. */
  predict(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound("predict", inputOnly, args);
    const head = this.head.call(input);
    const first = head.argmax(1);
    return where(first.lt(this.shortlistSize), first, this.logsAfter(head, input).argmax(1));
  }
}

function named(output: Tensor, loss: Tensor): AdaptiveLoss {
  const result: unknown = new NamedResult(Object.entries({ output, loss }));
  return result as AdaptiveLoss;
}

function checkCutoffs(name: string, cutoffs: readonly number[], nClasses: number): void {
  if (cutoffs.length === 0) fail(name, "cutoffs must not be empty");
  const isRising = cutoffs.every((cut, at) => cut > (cutoffs[at - 1] ?? 0));
  if (isRising && (cutoffs.at(-1) as number) < nClasses) return;
  fail(
    name,
    "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where " +
      `each value is between 1 and nClasses - 1, got ${showShape(cutoffs)}`,
  );
}

function checkTarget(name: string, input: Tensor, target: Tensor): void {
  if (target.ndim > 1) fail(name, "0D or 1D target tensor expected, multi-target not supported");
  if (input.ndim !== target.ndim + 1) {
    fail(
      name,
      `${target.ndim}D target tensor expects ${target.ndim + 1}D input tensors, but found inputs ` +
        `with size ${showShape(input.shape)}`,
    );
  }
  if (target.ndim === 1 && input.shape[0] !== target.shape[0]) {
    fail(name, "input and target should have the same size in the batch dimension");
  }
}
