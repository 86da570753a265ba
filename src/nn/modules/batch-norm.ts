// Normalization by the statistics of channels, of the batch or of each of its members, with running
// statistics for evaluation.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import { bool, int, nullable, number, only } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { withRecording } from "../../graph/tape.ts";
import { ones, zeros } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, inputOnly, placement } from "../arguments.ts";
import * as functional from "../functional.ts";
import type { StateDict } from "../hooks.ts";
import { ones_, zeros_ } from "../init.ts";
import { Module } from "../module.ts";
import { emptyParameter, type Parameter } from "../parameter.ts";
import { floatText, plainText } from "../printed-tree.ts";

const start = [int("numFeatures"), number("eps", 1e-5)] as const;
const end = [...placement, only(bool("bias", true))] as const;

/** A momentum of null: the running statistics are those of all batches alike. */
const batch = declare([
  ...start,
  nullable(number("momentum", 0.1)),
  bool("affine", true),
  bool("trackRunningStats", true),
  ...end,
]);
const instance = declare([
  ...start,
  nullable(number("momentum", 0.1)),
  bool("affine", false),
  bool("trackRunningStats", false),
  ...end,
]);

type BatchArguments = Arguments<typeof batch, Tensor>;

/** What both kinds have. */
abstract class ChannelNorm extends Module {
  readonly numFeatures: number;
  eps: number;
  momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  weight: Parameter | null;
  bias: Parameter | null;
  runningMean: Tensor | null = null;
  runningVar: Tensor | null = null;
  numBatchesTracked: Tensor | null = null;
  /** Ranks of the inputs that are taken. */
  protected abstract readonly ranks: readonly number[];

  constructor(params: typeof batch | typeof instance, args: BatchArguments) {
    super();
    const values = bound(this.constructor.name, params as typeof batch, args);
    const [numFeatures, eps, momentum, affine, trackRunningStats, , dtype, bias] = values;
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? emptyParameter([numFeatures], dtype) : null;
    this.bias = affine && bias ? emptyParameter([numFeatures], dtype) : null;
    const like = { dtype: dtype ?? "float32" } as const;
    const tracked = (made: () => Tensor): Tensor | null => (trackRunningStats ? made() : null);
    this.registerBuffer(
      "runningMean",
      tracked(() => zeros([numFeatures], like)),
    );
    this.registerBuffer(
      "runningVar",
      tracked(() => ones([numFeatures], like)),
    );
    this.registerBuffer(
      "numBatchesTracked",
      tracked(() => zeros([], { dtype: "int64" })),
    );
    this.resetParameters();
  }

  resetRunningStats(): void {
    this.runningMean?.zero_();
    this.runningVar?.fill_(1);
    this.numBatchesTracked?.zero_();
  }

  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  protected checkRank(input: Tensor): void {
    if (this.ranks.includes(input.ndim)) return;
    const wanted = this.ranks.map((rank) => `${rank}D`).join(" or ");
    fail(this.constructor.name, `expected ${wanted} input (got ${input.ndim}D input)`);
  }

  /** States from before batches were counted. */
  completeState(state: StateDict, prefix: string): void {
    const key = `${prefix}num_batches_tracked`;
    if (this.numBatchesTracked && !(key in state)) state[key] = this.numBatchesTracked;
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, trackRunningStats } = this;
    const parts = [
      `${numFeatures}`,
      `eps=${floatText(eps)}`,
      `momentum=${momentum === null ? "None" : floatText(momentum)}`,
      `affine=${plainText(affine)}`,
      `bias=${plainText(this.bias !== null)}`,
      `track_running_stats=${plainText(trackRunningStats)}`,
    ];
    return parts.join(", ");
  }
}

abstract class BatchNorm extends ChannelNorm {
  constructor(...args: BatchArguments) {
    super(batch, args);
  }

  override forward(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound(this.constructor.name, inputOnly, args);
    this.checkRank(input);
    const { runningMean, runningVar, weight, bias, momentum, eps } = this;
    const isLearning = this.training && this.trackRunningStats;
    if (isLearning) this.numBatchesTracked?.add_(1);
    const isOfInput = this.training || (runningMean === null && runningVar === null);
    if (isLearning && momentum === null) this.averageAlike(input);
    const isRunning = !this.training || (isLearning && momentum !== null);
    return functional.batchNorm(
      input,
      isRunning ? runningMean : null,
      isRunning ? runningVar : null,
      weight,
      bias,
      isOfInput,
      momentum ?? 0,
      eps,
    );
  }

  /** running ← running + (batch - running) / n */
  private averageAlike(input: Tensor): void {
    const { runningMean, runningVar, numBatchesTracked } = this;
    if (!runningMean || !runningVar || !numBatchesTracked) return;
    withRecording(false, () => {
      const [mean, variance] = [runningMean.clone(), runningVar.clone()];
      functional.batchNorm(input, mean, variance, null, null, true, 1, this.eps);
      const share = numBatchesTracked.to(runningMean.dtype).reciprocal();
      runningMean.lerp_(mean, share);
      runningVar.lerp_(variance, share);
    });
  }
}

export class BatchNorm1d extends BatchNorm {
  protected override readonly ranks = [2, 3];
}

export class BatchNorm2d extends BatchNorm {
  protected override readonly ranks = [4];
}

export class BatchNorm3d extends BatchNorm {
  protected override readonly ranks = [5];
}

abstract class InstanceNorm extends ChannelNorm {
  constructor(...args: BatchArguments) {
    super(instance, args);
  }

  override forward(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound(this.constructor.name, inputOnly, args);
    this.checkRank(input);
    const [unbatched = 0] = this.ranks;
    const dim = input.ndim - unbatched;
    const size = input.shape[dim];
    if (this.affine && size !== this.numFeatures) {
      fail(
        this.constructor.name,
        `expected input's size at dim=${dim} to match numFeatures (${this.numFeatures}), ` +
          `but got: ${size}`,
      );
    }
    return dim === 0 ? this.normalized(input.unsqueeze(0)).squeeze(0) : this.normalized(input);
  }

  private normalized(input: Tensor): Tensor {
    const { runningMean, runningVar, weight, bias, momentum, eps } = this;
    return functional.instanceNorm(
      input,
      runningMean,
      runningVar,
      weight,
      bias,
      this.training || !this.trackRunningStats,
      momentum ?? 0,
      eps,
    );
  }
}

export class InstanceNorm1d extends InstanceNorm {
  protected override readonly ranks = [2, 3];
}

export class InstanceNorm2d extends InstanceNorm {
  protected override readonly ranks = [3, 4];
}

export class InstanceNorm3d extends InstanceNorm {
  protected override readonly ranks = [4, 5];
}
