// What recurrent layers have in common: their weights and their names, their checks, sequences without a
// batch, and packed ones.

import type { DType } from "../../base/dtypes.ts";
import { fail } from "../../base/errors.ts";
import { anything } from "../../base/parameters.ts";
import { sameShape, showShape } from "../../base/shapes.ts";
import { declare } from "../../base/signature.ts";
import type { RecurrentKind } from "../../functions/recurrent.ts";
import { NamedResult } from "../../tensor/dispatch.ts";
import { tensor } from "../../tensor/from-data.ts";
import { zeros } from "../../tensor/functions.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { bound } from "../arguments.ts";
import { uniform_ } from "../init.ts";
import { Module } from "../module.ts";
import { maskOfPacked, rowsOfPacked, spreadOut } from "../packed-rows.ts";
import { emptyParameter, type Parameter } from "../parameter.ts";
import { floatText, plainText } from "../printed-tree.ts";
import { PackedSequence } from "../utils/rnn.ts";

/** The last layer's outputs, and the last states of all layers and directions. */
export interface RecurrentResult<Output, State> extends Iterable<Output | State> {
  readonly output: Output;
  readonly hn: State;
}

/** The two states of an LSTM: what it says, and what it remembers. */
export interface LSTMState extends Iterable<Tensor> {
  readonly h: Tensor;
  readonly c: Tensor;
}

/** What may be given for both. */
export type BothStates = LSTMState | readonly [h: Tensor, c: Tensor];

/** As an argument, by position or by name; zeros where none is given. */
export type Given<State> = State | null | { hx?: State | null };

const passing = declare([anything("input"), anything("hx", null)]);

export interface Settings {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
}

const gates: Record<RecurrentKind, number> = { tanh: 1, relu: 1, gru: 3, lstm: 4 };

/** A forward pass in the order that the network has: [length, batch, features], or the batch first. */
export interface Prepared {
  readonly input: Tensor;
  readonly hx: readonly Tensor[];
  readonly mask: Tensor | null;
}

export abstract class Recurrent extends Module implements Settings {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
  /** The properties of each layer and direction that hold its weights, in their order. */
  readonly weightNames: readonly (readonly string[])[];

  constructor(
    readonly mode: RecurrentKind,
    settings: Settings,
    dtype: DType | null,
  ) {
    super();
    this.inputSize = settings.inputSize;
    this.hiddenSize = settings.hiddenSize;
    this.numLayers = settings.numLayers;
    this.bias = settings.bias;
    this.batchFirst = settings.batchFirst;
    this.dropout = settings.dropout;
    this.bidirectional = settings.bidirectional;
    this.projSize = settings.projSize;
    requireSizes(this.constructor.name, settings);
    this.weightNames = this.makeWeights(dtype);
    this.resetParameters();
  }

  private makeWeights(dtype: DType | null): string[][] {
    const rows = gates[this.mode] * this.hiddenSize;
    const out = this.projSize || this.hiddenSize;
    const directions = this.bidirectional ? ["", "Reverse"] : [""];
    return Array.from({ length: this.numLayers }).flatMap((_, layer) =>
      directions.map((direction) => {
        const features = layer === 0 ? this.inputSize : out * directions.length;
        const shapes: Record<string, readonly number[]> = {
          weightIh: [rows, features],
          weightHh: [rows, out],
          ...(this.bias ? { biasIh: [rows], biasHh: [rows] } : {}),
          ...(this.projSize > 0 ? { weightHr: [this.projSize, this.hiddenSize] } : {}),
        };
        return Object.entries(shapes).map(([kind, shape]) => {
          const name = `${kind}L${layer}${direction}`;
          this.registerParameter(name, emptyParameter(shape, dtype));
          return name;
        });
      }),
    );
  }

  /** The weights of each layer and direction. */
  get allWeights(): Parameter[][] {
    const own = this as unknown as Record<string, Parameter>;
    return this.weightNames.map((names) => names.map((name) => own[name] as Parameter));
  }

  /** All are uniform within ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }

  protected arguments(mask: Tensor | null) {
    const { bias, numLayers, dropout, training, bidirectional, batchFirst } = this;
    const isBatchFirst = mask === null && batchFirst;
    return [
      this.allWeights.flat(),
      bias,
      numLayers,
      dropout,
      training,
      bidirectional,
      isBatchFirst,
      mask,
    ] as const;
  }

  /** The states that a caller gave, in order. */
  protected abstract statesOf(given: unknown): readonly Tensor[];
  /** The output and the last states. */
  protected abstract run(prepared: Prepared): { output: Tensor; states: readonly Tensor[] };
  /** The last states as a caller gets them. */
  protected abstract wrapped(states: readonly Tensor[]): unknown;

  protected pass(args: readonly unknown[]): unknown {
    const { name } = this.constructor;
    const [input, hx] = bound(name, passing, args);
    const given = hx === null ? null : this.statesOf(hx);
    const { output, states } =
      input instanceof PackedSequence
        ? this.passPacked(input, given)
        : this.passTensor(requireTensor(name, input), given);
    return new NamedResult([
      ["output", output],
      ["hn", this.wrapped(states)],
    ]);
  }

  private passTensor(input: Tensor, given: readonly Tensor[] | null) {
    const { name } = this.constructor;
    if (input.ndim !== 2 && input.ndim !== 3) {
      fail(name, `Expected input to be 2D or 3D, got ${input.ndim}D tensor instead`);
    }
    const isBatched = input.ndim === 3;
    requireRanks(name, given, isBatched);
    const axis = this.batchFirst ? 0 : 1;
    const batched = isBatched ? input : input.unsqueeze(axis);
    this.requireInput(batched);
    const states = this.firstStates(
      batched,
      batched.shape[axis] as number,
      given && (isBatched ? given : given.map((one) => one.unsqueeze(1))),
    );
    const result = this.run({ input: batched, hx: states, mask: null });
    if (isBatched) return result;
    return {
      output: result.output.squeeze(axis),
      states: result.states.map((one) => one.squeeze(1)),
    };
  }

  private passPacked(packed: PackedSequence, given: readonly Tensor[] | null) {
    const { data, sizes, sortedIndices, unsortedIndices } = packed;
    if (data.ndim !== 2) {
      fail(this.constructor.name, `input must have 2 dimensions, got ${data.ndim}`);
    }
    this.requireInput(data);
    requireRanks(this.constructor.name, given, true);
    const sorted = given?.map((one) => (sortedIndices ? one.indexSelect(1, sortedIndices) : one));
    const hx = this.firstStates(data, sizes[0] ?? 0, sorted ?? null);
    const input = spreadOut({ data, sizes }, { steps: sizes.length, value: 0, order: null });
    const { output, states } = this.run({ input, hx, mask: maskOfPacked(sizes) });
    const rows = tensor(rowsOfPacked(sizes), { dtype: "int64" });
    return {
      output: packed.with(output.flatten(0, 1).indexSelect(0, rows)),
      states: states.map((one) => (unsortedIndices ? one.indexSelect(1, unsortedIndices) : one)),
    };
  }

  private requireInput(input: Tensor): void {
    const { name } = this.constructor;
    const { dtype } = this.parameters()[0] as Parameter;
    if (input.dtype !== dtype) {
      fail(
        name,
        `RNN input dtype (${input.dtype}) does not match weight dtype (${dtype}). ` +
          `Convert input: input.to("${dtype}"), or convert model: model.to("${input.dtype}")`,
      );
    }
    const features = input.shape.at(-1);
    if (features !== this.inputSize) {
      fail(
        name,
        "input.size(-1) must be equal to input_size. " +
          `Expected ${this.inputSize}, got ${features}`,
      );
    }
    if (input.ndim === 3 && input.shape[this.batchFirst ? 1 : 0] === 0) {
      fail(name, "Expected sequence length to be larger than 0 in RNN");
    }
  }

  private firstStates(
    { dtype }: Tensor,
    batch: number,
    given: readonly Tensor[] | null,
  ): readonly Tensor[] {
    const { name } = this.constructor;
    const count = this.numLayers * (this.bidirectional ? 2 : 1);
    const widths = [this.projSize || this.hiddenSize];
    if (this.mode === "lstm") widths.push(this.hiddenSize);
    return widths.map((width, at) => {
      const shape = [count, batch, width];
      const own = given?.[at];
      if (!own) return zeros(shape, { dtype });
      if (!sameShape(own.shape, shape)) {
        const which = widths.length === 1 ? "hidden" : `hidden[${at}]`;
        fail(name, `Expected ${which} size ${showShape(shape)}, got ${showShape(own.shape)}`);
      }
      if (own.dtype !== dtype) {
        fail(name, `Input and hidden tensors are not the same dtype: ${dtype} and ${own.dtype}`);
      }
      return own;
    });
  }

  override extraRepr(): string {
    const { inputSize, hiddenSize, projSize, numLayers, bias, batchFirst, dropout } = this;
    const parts = [`${inputSize}, ${hiddenSize}`];
    if (projSize !== 0) parts.push(`proj_size=${projSize}`);
    if (numLayers !== 1) parts.push(`num_layers=${numLayers}`);
    if (!bias) parts.push(`bias=${plainText(bias)}`);
    if (batchFirst) parts.push(`batch_first=${plainText(batchFirst)}`);
    if (dropout !== 0) parts.push(`dropout=${floatText(dropout)}`);
    if (this.bidirectional) parts.push(`bidirectional=${plainText(true)}`);
    return parts.join(", ");
  }
}

function requireSizes(name: string, settings: Settings): void {
  const { dropout, hiddenSize, inputSize, numLayers, projSize } = settings;
  if (!(dropout >= 0 && dropout <= 1)) {
    fail(
      name,
      "dropout should be a number in range [0, 1] representing the probability of an element " +
        "being zeroed",
    );
  }
  if (inputSize <= 0) fail(name, "input_size must be greater than zero");
  if (hiddenSize <= 0) fail(name, "hidden_size must be greater than zero");
  if (numLayers <= 0) fail(name, "num_layers must be greater than zero");
  if (projSize < 0) {
    fail(name, "proj_size should be a positive integer or zero to disable projections");
  }
  if (projSize >= hiddenSize) fail(name, "proj_size has to be smaller than hidden_size");
  if (dropout > 0 && numLayers === 1) {
    console.warn(
      "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects " +
        `num_layers greater than 1, but got dropout=${dropout} and num_layers=${numLayers}`,
    );
  }
}

export function requireTensor(name: string, input: unknown): Tensor {
  if (input instanceof Tensor) return input;
  fail(name, `input must be a tensor or a PackedSequence, got ${typeof input}`);
}

function requireRanks(name: string, given: readonly Tensor[] | null, isBatched: boolean): void {
  const rank = isBatched ? 3 : 2;
  if (!given || given.every(({ ndim }) => ndim === rank)) return;
  const what = given.length === 1 ? "hx" : "hx and cx";
  const found = given.map(({ ndim }) => `${ndim}-D`).join(", ");
  fail(
    name,
    isBatched
      ? `For batched 3-D input, ${what} should also be 3-D but got (${found}) tensors`
      : `For unbatched 2-D input, ${what} should also be 2-D but got (${found}) tensors`,
  );
}

/** h and c of what a caller gave as both. */
export function bothStates(name: string, given: unknown): readonly [Tensor, Tensor] {
  const isList = typeof given === "object" && given !== null && Symbol.iterator in given;
  const states = isList && !(given instanceof Tensor) ? [...(given as Iterable<unknown>)] : [];
  if (states.length !== 2 || states.some((one) => !(one instanceof Tensor))) {
    fail(name, "hx must be [h, c], two tensors");
  }
  return states as unknown as readonly [Tensor, Tensor];
}
