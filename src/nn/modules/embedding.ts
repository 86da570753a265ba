// Tables of vectors, looked up by index.

import type { Arguments } from "../../base/arguments.ts";
import { fail } from "../../base/errors.ts";
import { bool, choice, int, number, tensor } from "../../base/parameters.ts";
import { sameShape, showShape } from "../../base/shapes.ts";
import { declare } from "../../base/signature.ts";
import { bagModes } from "../../functions/embeddings.ts";
import { withRecording } from "../../graph/tape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, inputOnly, placement } from "../arguments.ts";
import * as functional from "../functional.ts";
import { normal_ } from "../init.ts";
import { Module } from "../module.ts";
import { emptyParameter, Parameter } from "../parameter.ts";
import { floatText } from "../printed-tree.ts";

const table = [int("numEmbeddings"), int("embeddingDim")] as const;
const paddingIdx = int("paddingIdx", null);
const lookUp = [
  number("maxNorm", null),
  number("normType", 2),
  bool("scaleGradByFreq", false),
] as const;
const sparse = bool("sparse", false);
const weight = tensor("weight", null);
const freeze = bool("freeze", false);

type Given = Parameter | Tensor | null;

/** What both kinds have. */
abstract class Lookup extends Module {
  abstract readonly numEmbeddings: number;
  abstract readonly embeddingDim: number;
  abstract readonly paddingIdx: number | null;
  abstract maxNorm: number | null;
  abstract normType: number;
  abstract scaleGradByFreq: boolean;
  abstract weight: Parameter;

  /** Normal; the row of padding is 0. */
  resetParameters(): void {
    normal_(this.weight);
    const { paddingIdx } = this;
    if (paddingIdx === null || this.numEmbeddings === 0) return;
    withRecording(false, () => this.weight.select(0, paddingIdx).zero_());
  }

  protected positiveRow(given: number | null): number | null {
    if (given === null) return null;
    const { numEmbeddings } = this;
    if (given >= numEmbeddings || given < -numEmbeddings) {
      fail(this.constructor.name, `paddingIdx must be within numEmbeddings, got ${given}`);
    }
    return given < 0 ? given + numEmbeddings : given;
  }

  /** `given`, which must be a table of the size, or null. */
  protected tableOf(given: Given): Tensor | null {
    const size = [this.numEmbeddings, this.embeddingDim];
    if (given === null || sameShape(given.shape, size)) return given;
    return fail(
      this.constructor.name,
      `shape of weight ${showShape(given.shape)} does not match numEmbeddings and embeddingDim`,
    );
  }

  protected reprWith(more: readonly string[]): string {
    const { numEmbeddings, embeddingDim, maxNorm, normType, scaleGradByFreq } = this;
    const parts = [`${numEmbeddings}`, `${embeddingDim}`, ...more];
    if (maxNorm !== null) parts.push(`max_norm=${floatText(maxNorm)}`);
    if (normType !== 2) parts.push(`norm_type=${floatText(normType)}`);
    if (scaleGradByFreq) parts.push("scale_grad_by_freq=True");
    return parts.join(", ");
  }
}

/** Of a pretrained table: numbers of rows and columns, and a tensor that is not trained. */
function sizesOf(name: string, embeddings: Tensor): [number, number] {
  const [rows, columns] = embeddings.shape;
  if (rows === undefined || columns === undefined || embeddings.ndim !== 2) {
    return fail(name, "embeddings parameter is expected to be 2-dimensional");
  }
  return [rows, columns];
}

const embedding = declare([...table, paddingIdx, ...lookUp, sparse, weight, freeze, ...placement]);
const pretrained = declare([
  tensor("embeddings"),
  bool("freeze", true),
  paddingIdx,
  ...lookUp,
  sparse,
]);

export class Embedding extends Lookup {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  maxNorm: number | null;
  normType: number;
  scaleGradByFreq: boolean;
  weight: Parameter;
  sparse: boolean;

  constructor(...args: Arguments<typeof embedding, Tensor>) {
    super();
    const values = bound(this.constructor.name, embedding, args);
    const [numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType, byFrequency] = values;
    const [, , , , , , sparse, weight, freeze, , dtype] = values;
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = this.positiveRow(paddingIdx);
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = byFrequency;
    this.sparse = sparse;
    const given = this.tableOf(weight);
    this.weight = given
      ? new Parameter(given, !freeze)
      : emptyParameter([numEmbeddings, embeddingDim], dtype);
    if (!given) this.resetParameters();
    if (!given && freeze) this.weight.requiresGrad_(false);
  }

  /** With a given table, which is not trained unless `freeze` is false. */
  static fromPretrained(...args: Arguments<typeof pretrained, Tensor>): Embedding {
    const [weight, freeze, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse] = bound(
      "fromPretrained",
      pretrained,
      args,
    );
    const [rows, columns] = sizesOf("fromPretrained", weight);
    const options = { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse, weight, freeze };
    return new Embedding(rows, columns, options);
  }

  override forward(...args: Arguments<typeof inputOnly, Tensor>): Tensor {
    const [input] = bound(this.constructor.name, inputOnly, args);
    const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    const options = { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse };
    return functional.embedding(input, weight, options);
  }

  override extraRepr(): string {
    const { paddingIdx, sparse } = this;
    const text = this.reprWith(paddingIdx === null ? [] : [`padding_idx=${paddingIdx}`]);
    return sparse ? `${text}, sparse=True` : text;
  }
}

const mode = { ...choice("mode", bagModes), fallback: "mean" } as const;
const includeLastOffset = bool("includeLastOffset", false);

const bag = declare([
  ...table,
  ...lookUp,
  mode,
  sparse,
  weight,
  includeLastOffset,
  paddingIdx,
  ...placement,
]);
const pretrainedBag = declare([
  tensor("embeddings"),
  bool("freeze", true),
  ...lookUp,
  mode,
  sparse,
  includeLastOffset,
  paddingIdx,
]);
const bagForward = declare([
  tensor("input"),
  tensor("offsets", null),
  tensor("perSampleWeights", null),
]);

/** Sums, means or maxima of bags of rows. */
export class EmbeddingBag extends Lookup {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  maxNorm: number | null;
  normType: number;
  scaleGradByFreq: boolean;
  weight: Parameter;
  mode: (typeof bagModes)[number];
  sparse: boolean;
  includeLastOffset: boolean;

  constructor(...args: Arguments<typeof bag, Tensor>) {
    super();
    const values = bound(this.constructor.name, bag, args);
    const [numEmbeddings, embeddingDim, maxNorm, normType, byFrequency, mode, sparse] = values;
    const [, , , , , , , weight, includeLastOffset, paddingIdx, , dtype] = values;
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.paddingIdx = this.positiveRow(paddingIdx);
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.scaleGradByFreq = byFrequency;
    this.mode = mode;
    this.sparse = sparse;
    this.includeLastOffset = includeLastOffset;
    const given = this.tableOf(weight);
    this.weight = given
      ? new Parameter(given)
      : emptyParameter([numEmbeddings, embeddingDim], dtype);
    if (!given) this.resetParameters();
  }

  /** With a given table, which is not trained unless `freeze` is false. */
  static fromPretrained(...args: Arguments<typeof pretrainedBag, Tensor>): EmbeddingBag {
    const values = bound("fromPretrained", pretrainedBag, args);
    const [weight, freeze, maxNorm, normType, scaleGradByFreq, mode, sparse] = values;
    const [, , , , , , , includeLastOffset, paddingIdx] = values;
    const [rows, columns] = sizesOf("fromPretrained", weight);
    const lookUp = { maxNorm, normType, scaleGradByFreq, sparse, weight, paddingIdx };
    const made = new EmbeddingBag(rows, columns, { ...lookUp, mode, includeLastOffset });
    made.weight.requiresGrad_(!freeze);
    return made;
  }

  override forward(...args: Arguments<typeof bagForward, Tensor>): Tensor {
    const [input, offsets, perSampleWeights] = bound(this.constructor.name, bagForward, args);
    const { weight, maxNorm, normType, scaleGradByFreq, mode, sparse } = this;
    const { includeLastOffset, paddingIdx } = this;
    const lookUp = { maxNorm, normType, scaleGradByFreq, sparse, paddingIdx };
    const bags = { offsets, mode, perSampleWeights, includeLastOffset };
    return functional.embeddingBag(input, weight, { ...lookUp, ...bags });
  }

  override extraRepr(): string {
    const { mode, paddingIdx } = this;
    const text = `${this.reprWith([])}, mode='${mode}'`;
    return paddingIdx === null ? text : `${text}, padding_idx=${paddingIdx}`;
  }
}
