// Recurrent layers over whole sequences.

import type { Arguments } from "../../base/arguments.ts";
import { bool, choice, int, number } from "../../base/parameters.ts";
import { declare } from "../../base/signature.ts";
import type { RecurrentKind } from "../../functions/recurrent.ts";
import { NamedResult } from "../../tensor/dispatch.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bound, placement } from "../arguments.ts";
import { recurrentFunctions } from "../recurrent-functions.ts";
import type { PackedSequence } from "../utils/rnn.ts";
import {
  type BothStates,
  bothStates,
  type Given,
  type LSTMState,
  type Prepared,
  Recurrent,
  type RecurrentResult,
  requireTensor,
} from "./recurrent-base.ts";

export type { LSTMState, RecurrentResult } from "./recurrent-base.ts";

const sizes = [int("inputSize"), int("hiddenSize"), int("numLayers", 1)] as const;
const ways = [
  bool("bias", true),
  bool("batchFirst", false),
  number("dropout", 0),
  bool("bidirectional", false),
] as const;
const nonlinearity = choice("nonlinearity", ["tanh", "relu"]);

const rnn = declare([...sizes, nonlinearity, ...ways, ...placement]);
const gru = declare([...sizes, ...ways, ...placement]);
const lstm = declare([...sizes, ...ways, int("projSize", 0), ...placement]);
/** With one state, h. */
abstract class OfOneState extends Recurrent {
  override forward(
    input: PackedSequence,
    hx?: Given<Tensor>,
  ): RecurrentResult<PackedSequence, Tensor>;
  override forward(input: Tensor, hx?: Given<Tensor>): RecurrentResult<Tensor, Tensor>;
  override forward(...args: unknown[]): unknown {
    return this.pass(args);
  }

  protected override statesOf(given: unknown): readonly Tensor[] {
    return [requireTensor(this.constructor.name, given)];
  }

  protected override run({ input, hx, mask }: Prepared) {
    const run = {
      tanh: recurrentFunctions.rnnTanh,
      relu: recurrentFunctions.rnnRelu,
      gru: recurrentFunctions.gru,
    }[this.mode as Exclude<RecurrentKind, "lstm">];
    const { output, hn } = run(input, hx[0] as Tensor, ...this.arguments(mask));
    return { output, states: [hn] };
  }

  protected override wrapped([hn]: readonly Tensor[]): unknown {
    return hn;
  }
}

/** h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it. */
export class RNN extends OfOneState {
  readonly nonlinearity: "tanh" | "relu";

  constructor(...args: Arguments<typeof rnn, Tensor>) {
    const [inputSize, hiddenSize, numLayers, nonlinearity, bias, batchFirst, ...rest] = bound(
      "RNN",
      rnn,
      args,
    );
    const [dropout, bidirectional, , dtype] = rest;
    const sizes = { inputSize, hiddenSize, numLayers, projSize: 0 };
    super(nonlinearity, { ...sizes, bias, batchFirst, dropout, bidirectional }, dtype);
    this.nonlinearity = nonlinearity;
  }
}

/** r, z = σ(…), n = tanh(W_in x + b_in + r·(W_hn h + b_hn)), h' = (1 - z)·n + z·h */
export class GRU extends OfOneState {
  constructor(...args: Arguments<typeof gru, Tensor>) {
    const [inputSize, hiddenSize, numLayers, bias, batchFirst, ...rest] = bound("GRU", gru, args);
    const [dropout, bidirectional, , dtype] = rest;
    const sizes = { inputSize, hiddenSize, numLayers, projSize: 0 };
    super("gru", { ...sizes, bias, batchFirst, dropout, bidirectional }, dtype);
  }
}

/** i, f, o = σ(…), g = tanh(…), c' = f·c + i·g, h' = o·tanh c', which may be projected. */
export class LSTM extends Recurrent {
  constructor(...args: Arguments<typeof lstm, Tensor>) {
    const [inputSize, hiddenSize, numLayers, bias, batchFirst, ...rest] = bound("LSTM", lstm, args);
    const [dropout, bidirectional, projSize, , dtype] = rest;
    const sizes = { inputSize, hiddenSize, numLayers, projSize };
    super("lstm", { ...sizes, bias, batchFirst, dropout, bidirectional }, dtype);
  }

  override forward(
    input: PackedSequence,
    hx?: Given<BothStates>,
  ): RecurrentResult<PackedSequence, LSTMState>;
  override forward(input: Tensor, hx?: Given<BothStates>): RecurrentResult<Tensor, LSTMState>;
  override forward(...args: unknown[]): unknown {
    return this.pass(args);
  }

  protected override statesOf(given: unknown): readonly Tensor[] {
    return bothStates(this.constructor.name, given);
  }

  protected override run({ input, hx, mask }: Prepared) {
    const { output, hn, cn } = recurrentFunctions.lstm(input, hx, ...this.arguments(mask));
    return { output, states: [hn, cn] };
  }

  protected override wrapped([h, c]: readonly Tensor[]): unknown {
    return new NamedResult([
      ["h", h],
      ["c", c],
    ]);
  }
}
