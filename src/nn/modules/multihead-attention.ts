// MultiheadAttention.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import { bool, int, number, tensor } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { NamedResult } from "../../tensor/dispatch.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, placement } from "../arguments.ts";
import * as functional from "../functional.ts";
import { xavierNormal_, xavierUniform_, zeros_ } from "../init.ts";
import { Module } from "../module.ts";
import { emptyParameter, type Parameter } from "../parameter.ts";
import { Linear } from "./linear.ts";

/** A Linear under the name that it has inside of attention. */
class NonDynamicallyQuantizableLinear extends Linear {}

/** The weights are null where they are not needed. */
export interface AttentionResult extends Iterable<Tensor | null> {
  readonly attnOutput: Tensor;
  readonly attnOutputWeights: Tensor | null;
}

const settings = declare([
  int("embedDim"),
  int("numHeads"),
  number("dropout", 0),
  bool("bias", true),
  bool("addBiasKv", false),
  bool("addZeroAttn", false),
  int("kdim", null),
  int("vdim", null),
  bool("batchFirst", false),
  ...placement,
]);

const passing = declare([
  tensor("query"),
  tensor("key"),
  tensor("value"),
  tensor("keyPaddingMask", null),
  bool("needWeights", true),
  tensor("attnMask", null),
  bool("averageAttnWeights", true),
  bool("isCausal", false),
]);

export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  dropout: number;
  qProjWeight: Parameter | null = null;
  kProjWeight: Parameter | null = null;
  vProjWeight: Parameter | null = null;
  inProjWeight: Parameter | null = null;
  inProjBias: Parameter | null;
  biasK: Parameter | null;
  biasV: Parameter | null;
  readonly outProj: Linear;

  constructor(...args: Arguments<typeof settings, Tensor>) {
    super();
    const { name } = this.constructor;
    const [embedDim, numHeads, dropout, bias, addBiasKv, addZeroAttn, kdim, vdim, ...rest] = bound(
      name,
      settings,
      args,
    );
    const [batchFirst, device, dtype] = rest;
    if (embedDim <= 0 || numHeads <= 0) {
      fail(
        name,
        `embed_dim and num_heads must be greater than 0, got embed_dim=${embedDim} and ` +
          `num_heads=${numHeads} instead`,
      );
    }
    if (embedDim % numHeads !== 0) fail(name, "embed_dim must be divisible by num_heads");
    this.embedDim = embedDim;
    this.kdim = kdim ?? embedDim;
    this.vdim = vdim ?? embedDim;
    this.numHeads = numHeads;
    this.headDim = embedDim / numHeads;
    this.batchFirst = batchFirst;
    this.addZeroAttn = addZeroAttn;
    this.dropout = dropout;
    if (this.isPacked) {
      this.inProjWeight = emptyParameter([3 * embedDim, embedDim], dtype);
    } else {
      this.qProjWeight = emptyParameter([embedDim, embedDim], dtype);
      this.kProjWeight = emptyParameter([embedDim, this.kdim], dtype);
      this.vProjWeight = emptyParameter([embedDim, this.vdim], dtype);
    }
    this.inProjBias = bias ? emptyParameter([3 * embedDim], dtype) : null;
    this.biasK = addBiasKv ? emptyParameter([1, 1, embedDim], dtype) : null;
    this.biasV = addBiasKv ? emptyParameter([1, 1, embedDim], dtype) : null;
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, bias, device, dtype);
    this.resetParameters();
  }

  /** Whether one weight projects queries, keys and values. */
  private get isPacked(): boolean {
    return this.kdim === this.embedDim && this.vdim === this.embedDim;
  }

  resetParameters(): void {
    const { inProjWeight, qProjWeight, kProjWeight, vProjWeight, biasK, biasV } = this;
    for (const weight of [inProjWeight, qProjWeight, kProjWeight, vProjWeight]) {
      if (weight) xavierUniform_(weight);
    }
    for (const bias of [this.inProjBias, this.outProj.bias]) if (bias) zeros_(bias);
    for (const bias of [biasK, biasV]) if (bias) xavierNormal_(bias);
  }

  override forward(...args: Arguments<typeof passing, Tensor>): AttentionResult {
    const values = bound(this.constructor.name, passing, args);
    const [query, key, value] = values;
    if (!this.batchFirst || query.ndim !== 3) return this.attend(values);
    // What is one and the same stays so.
    const k = key.transpose(0, 1);
    const v = value === key ? k : value.transpose(0, 1);
    const q = query === key ? k : query.transpose(0, 1);
    const { attnOutput, attnOutputWeights } = this.attend([q, k, v, ...values.slice(3)]);
    return new NamedResult([
      ["attnOutput", attnOutput.transpose(0, 1)],
      ["attnOutputWeights", attnOutputWeights],
    ]) as unknown as AttentionResult;
  }

  private attend(values: readonly unknown[]): AttentionResult {
    type Bound = ReturnType<typeof bound<typeof passing>>;
    const [query, key, value, keyPaddingMask, needWeights, attnMask, ...rest] = values as Bound;
    const [averageAttnWeights, isCausal] = rest;
    const { outProj } = this;
    return functional.multiHeadAttentionForward(
      query,
      key,
      value,
      this.embedDim,
      this.numHeads,
      this.inProjWeight,
      this.inProjBias,
      this.biasK,
      this.biasV,
      this.addZeroAttn,
      this.dropout,
      outProj.weight,
      outProj.bias,
      {
        training: this.training,
        keyPaddingMask,
        needWeights,
        attnMask,
        useSeparateProjWeight: !this.isPacked,
        qProjWeight: this.qProjWeight,
        kProjWeight: this.kProjWeight,
        vProjWeight: this.vProjWeight,
        averageAttnWeights,
        isCausal,
      },
    );
  }
}
