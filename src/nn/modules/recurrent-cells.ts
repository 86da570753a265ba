// Recurrent networks one step at a time.

import type { Arguments } from "../../base/arguments.ts";
import type { DType } from "../../base/dtypes.ts";
import { fail } from "../../base/errors.ts";
import { anything, bool, choice, int, tensor } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import { NamedResult } from "../../tensor/dispatch.ts";
import { zeros } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, placement } from "../arguments.ts";
import { uniform_ } from "../init.ts";
import { Module } from "../module.ts";
import { emptyParameter, type Parameter } from "../parameter.ts";
import { plainText } from "../printed-tree.ts";
import { recurrentFunctions } from "../recurrent-functions.ts";
import { type BothStates, bothStates, type Given, type LSTMState } from "./recurrent-base.ts";

const sizes = [int("inputSize"), int("hiddenSize"), bool("bias", true)] as const;
const nonlinearity = choice("nonlinearity", ["tanh", "relu"]);

const gated = declare([...sizes, ...placement]);
const plain = declare([...sizes, nonlinearity, ...placement]);
const passing = declare([tensor("input"), tensor("hx", null)]);
const passingBoth = declare([tensor("input"), anything("hx", null)]);

interface Sizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
}

/** The input and the states as rows, whether there is a batch or not. */
interface Rows {
  readonly input: Tensor;
  readonly hx: readonly Tensor[];
  readonly isBatched: boolean;
}

abstract class Cell extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  weightIh: Parameter;
  weightHh: Parameter;
  biasIh: Parameter | null;
  biasHh: Parameter | null;

  constructor({ inputSize, hiddenSize, bias }: Sizes, gates: number, dtype: DType | null) {
    super();
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    this.bias = bias;
    const rows = gates * hiddenSize;
    this.weightIh = emptyParameter([rows, inputSize], dtype);
    this.weightHh = emptyParameter([rows, hiddenSize], dtype);
    this.biasIh = bias ? emptyParameter([rows], dtype) : null;
    this.biasHh = bias ? emptyParameter([rows], dtype) : null;
    this.resetParameters();
  }

  /** All are uniform within ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = this.hiddenSize > 0 ? 1 / Math.sqrt(this.hiddenSize) : 0;
    for (const weight of this.parameters()) uniform_(weight, -bound, bound);
  }

  protected rowsOf(input: Tensor, given: readonly Tensor[] | null, states: number): Rows {
    const { name } = this.constructor;
    requireRank(name, "input", input);
    const isBatched = input.ndim === 2;
    const rows = isBatched ? input : input.unsqueeze(0);
    if (!given) {
      const shape = [rows.shape[0] as number, this.hiddenSize];
      const hx = Array.from({ length: states }, () => zeros(shape, { dtype: input.dtype }));
      return { input: rows, hx, isBatched };
    }
    given.forEach((one, at) => {
      requireRank(name, states === 1 ? "hidden" : `hx[${at}]`, one);
    });
    return { input: rows, hx: isBatched ? given : given.map((h) => h.unsqueeze(0)), isBatched };
  }

  protected get weights() {
    const { weightIh, weightHh, biasIh, biasHh } = this;
    return [weightIh, weightHh, biasIh, biasHh] as const;
  }

  override extraRepr(): string {
    const { inputSize, hiddenSize, bias } = this;
    return `${inputSize}, ${hiddenSize}${bias ? "" : `, bias=${plainText(bias)}`}`;
  }
}

function requireRank(name: string, what: string, { ndim }: Tensor): void {
  if (ndim === 1 || ndim === 2) return;
  fail(name, `Expected ${what} to be 1D or 2D, got ${ndim}D instead`);
}

/** h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it. */
export class RNNCell extends Cell {
  readonly nonlinearity: "tanh" | "relu";

  constructor(...args: Arguments<typeof plain, Tensor>) {
    const [inputSize, hiddenSize, bias, nonlinearity, , dtype] = bound("RNNCell", plain, args);
    super({ inputSize, hiddenSize, bias }, 1, dtype);
    this.nonlinearity = nonlinearity;
  }

  override forward(...args: Arguments<typeof passing, Tensor>): Tensor {
    const [given, h] = bound(this.constructor.name, passing, args);
    const { input, hx, isBatched } = this.rowsOf(given, h && [h], 1);
    const { rnnTanhCell, rnnReluCell } = recurrentFunctions;
    const run = this.nonlinearity === "tanh" ? rnnTanhCell : rnnReluCell;
    const next = run(input, hx[0] as Tensor, ...this.weights);
    return isBatched ? next : next.squeeze(0);
  }

  override extraRepr(): string {
    const { nonlinearity } = this;
    return super.extraRepr() + (nonlinearity === "tanh" ? "" : `, nonlinearity=${nonlinearity}`);
  }
}

/** r, z = σ(…), n = tanh(W_in x + b_in + r·(W_hn h + b_hn)), h' = (1 - z)·n + z·h */
export class GRUCell extends Cell {
  constructor(...args: Arguments<typeof gated, Tensor>) {
    const [inputSize, hiddenSize, bias, , dtype] = bound("GRUCell", gated, args);
    super({ inputSize, hiddenSize, bias }, 3, dtype);
  }

  override forward(...args: Arguments<typeof passing, Tensor>): Tensor {
    const [given, h] = bound(this.constructor.name, passing, args);
    const { input, hx, isBatched } = this.rowsOf(given, h && [h], 1);
    const next = recurrentFunctions.gruCell(input, hx[0] as Tensor, ...this.weights);
    return isBatched ? next : next.squeeze(0);
  }
}

/** i, f, o = σ(…), g = tanh(…), c' = f·c + i·g, h' = o·tanh c' */
export class LSTMCell extends Cell {
  constructor(...args: Arguments<typeof gated, Tensor>) {
    const [inputSize, hiddenSize, bias, , dtype] = bound("LSTMCell", gated, args);
    super({ inputSize, hiddenSize, bias }, 4, dtype);
  }

  override forward(input: Tensor, hx?: Given<BothStates>): LSTMState;
  override forward(...args: unknown[]): LSTMState {
    const { name } = this.constructor;
    const [given, state] = bound(name, passingBoth, args);
    const { input, hx, isBatched } = this.rowsOf(
      given,
      state === null ? null : bothStates(name, state),
      2,
    );
    const next = recurrentFunctions.lstmCell(input, hx, ...this.weights);
    if (isBatched) return next;
    return new NamedResult([
      ["h", next.h.squeeze(0)],
      ["c", next.c.squeeze(0)],
    ]) as unknown as LSTMState;
  }
}
