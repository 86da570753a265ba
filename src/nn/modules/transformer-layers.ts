// The layers of transformers: attention and two linear maps, each beside a way around.

import type { Arguments } from "../../base/arguments.ts";
import type { DType } from "../../base/dtypes.ts";
import { fail } from "../../base/errors.ts";
import { anything, bool, int, number, tensor } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, placement } from "../arguments.ts";
import { gelu, relu } from "../functional.ts";
import { Module } from "../module.ts";
import { Dropout } from "./dropout.ts";
import { Linear } from "./linear.ts";
import { MultiheadAttention } from "./multihead-attention.ts";
import { LayerNorm } from "./normalization.ts";

interface OfOneTensor extends Module {
  forward(input: Tensor): Tensor;
}

/** A name, a function, or a module of one input. */
type Activation = "relu" | "gelu" | ((x: Tensor) => Tensor) | OfOneTensor;

const named = { relu: (x: Tensor) => relu(x), gelu: (x: Tensor) => gelu(x) };

function activationOf(name: string, given: unknown): Exclude<Activation, string> {
  if (typeof given === "function" || given instanceof Module) {
    return given as Exclude<Activation, string>;
  }
  if (given === "relu" || given === "gelu") return named[given];
  fail(name, `activation should be relu/gelu, not ${String(given)}`);
}

export const blockParameters = [
  int("dimFeedforward", 2048),
  number("dropout", 0.1),
  anything("activation", "relu"),
] as const;

export const layerWays = [
  number("layerNormEps", 1e-5),
  bool("batchFirst", false),
  bool("normFirst", false),
  bool("bias", true),
  ...placement,
] as const;

const layer = declare([int("dModel"), int("nhead"), ...blockParameters, ...layerWays]);

/** As `layer`, with the type of an activation. */
type LayerArguments = Arguments<typeof layer, Tensor>;

interface Settings {
  readonly dModel: number;
  readonly nhead: number;
  readonly dimFeedforward: number;
  readonly dropout: number;
  readonly activation: unknown;
  readonly layerNormEps: number;
  readonly batchFirst: boolean;
  readonly normFirst: boolean;
  readonly bias: boolean;
  readonly dtype: DType | null;
}

function settingsOf(name: string, args: LayerArguments): Settings {
  const [dModel, nhead, dimFeedforward, dropout, activation, ...rest] = bound(name, layer, args);
  const [layerNormEps, batchFirst, normFirst, bias, , dtype] = rest;
  return {
    dModel,
    nhead,
    dimFeedforward,
    dropout,
    activation,
    layerNormEps,
    batchFirst,
    normFirst,
    bias,
    dtype,
  };
}

const attentionOf = ({ dModel, nhead, dropout, bias, batchFirst, dtype }: Settings) =>
  new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst, dtype });

const normOf = ({ dModel, layerNormEps, bias, dtype }: Settings) =>
  new LayerNorm(dModel, { eps: layerNormEps, bias, dtype });

interface Masks {
  readonly attnMask: Tensor | null;
  readonly keyPaddingMask: Tensor | null;
  readonly isCausal: boolean;
}

const attended = (by: MultiheadAttention, x: Tensor, memory: Tensor, masks: Masks): Tensor =>
  by.call(x, memory, memory, { ...masks, needWeights: false }).attnOutput;

/** What both kinds of layers have behind their attention. */
interface FeedForward {
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  activation: Exclude<Activation, string>;
}

function fedForward(x: Tensor, { linear1, dropout, linear2, activation }: FeedForward): Tensor {
  const hidden = linear1.call(x);
  const active = activation instanceof Module ? activation.call(hidden) : activation(hidden);
  return linear2.call(dropout.call(active));
}

const encoding = declare([
  tensor("src"),
  tensor("srcMask", null),
  tensor("srcKeyPaddingMask", null),
  bool("isCausal", false),
]);

export class TransformerEncoderLayer extends Module implements FeedForward {
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly normFirst: boolean;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  activation: Exclude<Activation, string>;

  constructor(...args: LayerArguments) {
    super();
    const { name } = this.constructor;
    const settings = settingsOf(name, args);
    const { dModel, dimFeedforward, dropout, bias, dtype } = settings;
    this.selfAttn = attentionOf(settings);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.normFirst = settings.normFirst;
    this.norm1 = normOf(settings);
    this.norm2 = normOf(settings);
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activationOf(name, settings.activation);
  }

  override forward(...args: Arguments<typeof encoding, Tensor>): Tensor {
    const [src, attnMask, keyPaddingMask, isCausal] = bound(this.constructor.name, encoding, args);
    const masks = { attnMask, keyPaddingMask, isCausal };
    if (this.normFirst) {
      const x = src.add(this.attendSelf(this.norm1.call(src), masks));
      return x.add(this.feed(this.norm2.call(x)));
    }
    const x = this.norm1.call(src.add(this.attendSelf(src, masks)));
    return this.norm2.call(x.add(this.feed(x)));
  }

  private attendSelf(x: Tensor, masks: Masks): Tensor {
    return this.dropout1.call(attended(this.selfAttn, x, x, masks));
  }

  private feed(x: Tensor): Tensor {
    return this.dropout2.call(fedForward(x, this));
  }
}

const decoding = declare([
  tensor("tgt"),
  tensor("memory"),
  tensor("tgtMask", null),
  tensor("memoryMask", null),
  tensor("tgtKeyPaddingMask", null),
  tensor("memoryKeyPaddingMask", null),
  bool("tgtIsCausal", false),
  bool("memoryIsCausal", false),
]);

export class TransformerDecoderLayer extends Module implements FeedForward {
  readonly selfAttn: MultiheadAttention;
  readonly multiheadAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly normFirst: boolean;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;
  activation: Exclude<Activation, string>;

  constructor(...args: LayerArguments) {
    super();
    const { name } = this.constructor;
    const settings = settingsOf(name, args);
    const { dModel, dimFeedforward, dropout, bias, dtype } = settings;
    this.selfAttn = attentionOf(settings);
    this.multiheadAttn = attentionOf(settings);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, dtype });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, dtype });
    this.normFirst = settings.normFirst;
    this.norm1 = normOf(settings);
    this.norm2 = normOf(settings);
    this.norm3 = normOf(settings);
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = activationOf(name, settings.activation);
  }

  override forward(...args: Arguments<typeof decoding, Tensor>): Tensor {
    const values = bound(this.constructor.name, decoding, args);
    const [tgt, memory, tgtMask, memoryMask, tgtPadding, memoryPadding, ...causal] = values;
    const own = { attnMask: tgtMask, keyPaddingMask: tgtPadding, isCausal: causal[0] };
    const other = { attnMask: memoryMask, keyPaddingMask: memoryPadding, isCausal: causal[1] };
    const { norm1, norm2, norm3 } = this;
    if (this.normFirst) {
      const x = tgt.add(this.attendSelf(norm1.call(tgt), own));
      const y = x.add(this.attendMemory(norm2.call(x), memory, other));
      return y.add(this.feed(norm3.call(y)));
    }
    const x = norm1.call(tgt.add(this.attendSelf(tgt, own)));
    const y = norm2.call(x.add(this.attendMemory(x, memory, other)));
    return norm3.call(y.add(this.feed(y)));
  }

  private attendSelf(x: Tensor, masks: Masks): Tensor {
    return this.dropout1.call(attended(this.selfAttn, x, x, masks));
  }

  private attendMemory(x: Tensor, memory: Tensor, masks: Masks): Tensor {
    return this.dropout2.call(attended(this.multiheadAttn, x, memory, masks));
  }

  private feed(x: Tensor): Tensor {
    return this.dropout3.call(fedForward(x, this));
  }
}
