// Transformers: stacks of layers that encode a sequence, and that decode one beside it.

import type { Arguments } from "../../base/arguments.ts";
import { type DType, isFloat } from "../../base/dtypes.ts";
import { fail } from "../../base/errors.ts";
import { anything, bool, dtype, int, tensor } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { full } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound } from "../arguments.ts";
import { deepCopy } from "../deep-copy.ts";
import { xavierUniform_ } from "../init.ts";
import { Module } from "../module.ts";
import { ModuleList } from "./containers.ts";
import { LayerNorm } from "./normalization.ts";
import {
  blockParameters,
  layerWays,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
} from "./transformer-layers.ts";

/** How a stack calls its layers: with tensors, and masks by name. */
interface EncoderLike {
  call(src: Tensor, options: EncoderMasks): Tensor;
}

interface EncoderMasks {
  srcMask: Tensor | null;
  srcKeyPaddingMask: Tensor | null;
  isCausal: boolean;
}

interface DecoderLike {
  call(tgt: Tensor, memory: Tensor, options: DecoderMasks): Tensor;
}

interface DecoderMasks {
  tgtMask: Tensor | null;
  memoryMask: Tensor | null;
  tgtKeyPaddingMask: Tensor | null;
  memoryKeyPaddingMask: Tensor | null;
  tgtIsCausal: boolean;
  memoryIsCausal: boolean;
}

interface NormLike {
  call(input: Tensor): Tensor;
}

const copies = (layer: Module, count: number): ModuleList =>
  new ModuleList(Array.from({ length: count }, () => deepCopy(layer)));

function requireModule(name: string, what: string, given: unknown): void {
  if (given instanceof Module) return;
  fail(name, `${what} must be a Module, got ${given === null ? "null" : typeof given}`);
}

const encoding = declare([
  tensor("src"),
  tensor("mask", null),
  tensor("srcKeyPaddingMask", null),
  bool("isCausal", null),
]);

/** A mask says what it says: that it is a causal one is not looked for in its elements. */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList;
  readonly numLayers: number;
  readonly norm: (Module & NormLike) | null;

  /** The last two of PyTorch's parameters are about a layout that is not here. */
  constructor(
    encoderLayer: Module & EncoderLike,
    numLayers: number,
    norm?: (Module & NormLike) | null,
    enableNestedTensor?: boolean,
    maskCheck?: boolean,
  );
  constructor(
    encoderLayer: Module & EncoderLike,
    options: {
      numLayers: number;
      norm?: (Module & NormLike) | null;
      enableNestedTensor?: boolean;
      maskCheck?: boolean;
    },
  );
  constructor(...args: unknown[]) {
    super();
    const { name } = this.constructor;
    const [layer, numLayers, norm] = bound(name, encoderStack, args);
    requireModule(name, "encoderLayer", layer);
    if (norm !== null) requireModule(name, "norm", norm);
    this.layers = copies(layer as Module, numLayers);
    this.numLayers = numLayers;
    this.norm = norm as (Module & NormLike) | null;
  }

  override forward(...args: Arguments<typeof encoding, Tensor>): Tensor {
    const [src, srcMask, srcKeyPaddingMask, isCausal] = bound(
      this.constructor.name,
      encoding,
      args,
    );
    const masks = { srcMask, srcKeyPaddingMask, isCausal: isCausal === true };
    let output = src;
    for (const layer of this.layers as Iterable<unknown>) {
      output = (layer as EncoderLike).call(output, masks);
    }
    return this.norm ? this.norm.call(output) : output;
  }
}

const encoderStack = declare([
  anything("encoderLayer"),
  int("numLayers"),
  anything("norm", null),
  bool("enableNestedTensor", true),
  bool("maskCheck", true),
]);

const decoderStack = declare([anything("decoderLayer"), int("numLayers"), anything("norm", null)]);

const decoding = declare([
  tensor("tgt"),
  tensor("memory"),
  tensor("tgtMask", null),
  tensor("memoryMask", null),
  tensor("tgtKeyPaddingMask", null),
  tensor("memoryKeyPaddingMask", null),
  bool("tgtIsCausal", null),
  bool("memoryIsCausal", false),
]);

export class TransformerDecoder extends Module {
  readonly layers: ModuleList;
  readonly numLayers: number;
  readonly norm: (Module & NormLike) | null;

  constructor(
    decoderLayer: Module & DecoderLike,
    numLayers: number,
    norm?: (Module & NormLike) | null,
  );
  constructor(
    decoderLayer: Module & DecoderLike,
    options: { numLayers: number; norm?: (Module & NormLike) | null },
  );
  constructor(...args: unknown[]) {
    super();
    const { name } = this.constructor;
    const [layer, numLayers, norm] = bound(name, decoderStack, args);
    requireModule(name, "decoderLayer", layer);
    if (norm !== null) requireModule(name, "norm", norm);
    this.layers = copies(layer as Module, numLayers);
    this.numLayers = numLayers;
    this.norm = norm as (Module & NormLike) | null;
  }

  override forward(...args: Arguments<typeof decoding, Tensor>): Tensor {
    const values = bound(this.constructor.name, decoding, args);
    const [tgt, memory, tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask, ...causal] =
      values;
    const masks = {
      tgtMask,
      memoryMask,
      tgtKeyPaddingMask,
      memoryKeyPaddingMask,
      tgtIsCausal: causal[0] === true,
      memoryIsCausal: causal[1],
    };
    let output = tgt;
    for (const layer of this.layers as Iterable<unknown>) {
      output = (layer as DecoderLike).call(output, memory, masks);
    }
    return this.norm ? this.norm.call(output) : output;
  }
}

const whole = declare([
  int("dModel", 512),
  int("nhead", 8),
  int("numEncoderLayers", 6),
  int("numDecoderLayers", 6),
  ...blockParameters,
  anything("customEncoder", null),
  anything("customDecoder", null),
  ...layerWays,
]);

const transforming = declare([
  tensor("src"),
  tensor("tgt"),
  tensor("srcMask", null),
  tensor("tgtMask", null),
  tensor("memoryMask", null),
  tensor("srcKeyPaddingMask", null),
  tensor("tgtKeyPaddingMask", null),
  tensor("memoryKeyPaddingMask", null),
  bool("srcIsCausal", null),
  bool("tgtIsCausal", null),
  bool("memoryIsCausal", false),
]);

/** In place of the encoder: of a source and masks by name. */
interface CustomEncoder {
  call(src: Tensor, options: EncoderCall): Tensor;
}

interface EncoderCall {
  mask: Tensor | null;
  srcKeyPaddingMask: Tensor | null;
  isCausal: boolean | null;
}

interface CustomDecoder {
  call(tgt: Tensor, memory: Tensor, options: DecoderCall): Tensor;
}

type DecoderCall = Omit<DecoderMasks, "tgtIsCausal"> & { tgtIsCausal: boolean | null };

const causalMask = declare([int("sz"), anything("device", null), dtype("dtype", null)]);

export class Transformer extends Module {
  readonly encoder: Module & CustomEncoder;
  readonly decoder: Module & CustomDecoder;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(...args: Arguments<typeof whole, Tensor>) {
    super();
    const { name } = this.constructor;
    const values = bound(name, whole, args);
    const [dModel, nhead, encoderLayers, decoderLayers, ...rest] = values;
    const [dimFeedforward, dropout, activation, customEncoder, customDecoder, ...ways] = rest;
    const [layerNormEps, batchFirst, normFirst, bias, device, dtype] = ways;
    const layer = [
      ...([dModel, nhead, dimFeedforward, dropout, activation] as const),
      ...([layerNormEps, batchFirst, normFirst, bias, device, dtype] as const),
    ] as const;
    const norm = () => new LayerNorm(dModel, { eps: layerNormEps, bias, dtype });
    for (const [what, given] of Object.entries({ customEncoder, customDecoder })) {
      if (given !== null) requireModule(name, what, given);
    }
    this.encoder = (customEncoder ??
      new TransformerEncoder(
        new TransformerEncoderLayer(...layer),
        encoderLayers,
        norm(),
      )) as Module & CustomEncoder;
    this.decoder = (customDecoder ??
      new TransformerDecoder(
        new TransformerDecoderLayer(...layer),
        decoderLayers,
        norm(),
      )) as Module & CustomDecoder;
    this.dModel = dModel;
    this.nhead = nhead;
    this.batchFirst = batchFirst;
    this.resetParameters();
  }

  resetParameters(): void {
    for (const parameter of this.parameters()) if (parameter.ndim > 1) xavierUniform_(parameter);
  }

  override forward(...args: Arguments<typeof transforming, Tensor>): Tensor {
    const values = bound(this.constructor.name, transforming, args);
    const [src, tgt, srcMask, tgtMask, memoryMask, srcPadding, tgtPadding, ...rest] = values;
    const [memoryPadding, srcIsCausal, tgtIsCausal, memoryIsCausal] = rest;
    this.requireFitting(src, tgt);
    const memory = this.encoder.call(src, {
      mask: srcMask,
      srcKeyPaddingMask: srcPadding,
      isCausal: srcIsCausal,
    });
    return this.decoder.call(tgt, memory, {
      tgtMask,
      memoryMask,
      tgtKeyPaddingMask: tgtPadding,
      memoryKeyPaddingMask: memoryPadding,
      tgtIsCausal,
      memoryIsCausal,
    });
  }

  private requireFitting(src: Tensor, tgt: Tensor): void {
    const { name } = this.constructor;
    const axis = this.batchFirst ? 0 : 1;
    if (src.ndim === 3 && src.shape[axis] !== tgt.shape[axis]) {
      fail(name, "the batch number of src and tgt must be equal");
    }
    if (src.shape.at(-1) !== this.dModel || tgt.shape.at(-1) !== this.dModel) {
      fail(name, "the feature number of src and tgt must be equal to d_model");
    }
  }

  /** 0 where a position sees another, -∞ where that comes later. */
  static generateSquareSubsequentMask(...args: Arguments<typeof causalMask, Tensor>): Tensor {
    const [size, , given] = bound("generateSquareSubsequentMask", causalMask, args);
    const type: DType = given ?? "float32";
    if (!isFloat(type)) {
      fail("generateSquareSubsequentMask", `wants a floating point dtype, got ${type}`);
    }
    return full([size, size], -Infinity, { dtype: type }).triu(1);
  }
}
