// Records of recurrent networks and their single steps: what the modules call.

import { bool, int, number, type Param, tensor, tensors } from "../../base/parameters.ts";
import { type RecurrentKind, recurrent } from "../../functions/recurrent.ts";
import * as cells from "../../functions/recurrent-cells.ts";
import type { Value } from "../../graph/tape.ts";
import { drawFrom } from "../../tensor/generator.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

const layers = [
  tensors("params"),
  bool("hasBiases"),
  int("numLayers"),
  number("dropout"),
  bool("train"),
  bool("bidirectional"),
  bool("batchFirst"),
  // Of [steps, batch]: which sequences go on.
  tensor("mask", null),
] as const satisfies readonly Param[];

const ofOneState = (kind: Exclude<RecurrentKind, "lstm">) =>
  functionOnly(
    on(
      [tensor("input"), tensor("hx"), ...layers],
      (input, h, params, hasBiases, numLayers, dropout, train, bidirectional, batchFirst, mask) => {
        const [output, hn] = recurrent(
          kind,
          { input, hx: [h], params, mask },
          { hasBiases, numLayers, dropout, train, bidirectional, batchFirst },
          () => drawFrom(null),
        ) as [Value, Value];
        return { output, hn };
      },
    ),
  );

const lstm = functionOnly(
  on(
    [tensor("input"), tensors("hx"), ...layers],
    (input, hx, params, hasBiases, numLayers, dropout, train, bidirectional, batchFirst, mask) => {
      const [output, hn, cn] = recurrent(
        "lstm",
        { input, hx, params, mask },
        { hasBiases, numLayers, dropout, train, bidirectional, batchFirst },
        () => drawFrom(null),
      ) as [Value, Value, Value];
      return { output, hn, cn };
    },
  ),
);

const weights = [
  tensor("weightIh"),
  tensor("weightHh"),
  tensor("biasIh", null),
  tensor("biasHh", null),
] as const;

const cell = (run: typeof cells.gruCell) =>
  functionOnly(
    on(
      [tensor("input"), tensor("hx"), ...weights],
      (input, h, weightIh, weightHh, biasIh, biasHh) =>
        run(input, h, { weightIh, weightHh, biasIh, biasHh }),
    ),
  );

export const recurrentRecords = family({
  rnnTanh: ofOneState("tanh"),
  rnnRelu: ofOneState("relu"),
  gru: ofOneState("gru"),
  lstm,
  rnnTanhCell: cell(cells.rnnTanhCell),
  rnnReluCell: cell(cells.rnnReluCell),
  gruCell: cell(cells.gruCell),
  lstmCell: functionOnly(
    on(
      [tensor("input"), tensors("hx"), ...weights],
      (input, hx, weightIh, weightHh, biasIh, biasHh) => {
        const [h, c] = cells.lstmCell(input, hx as readonly [Value, Value], {
          weightIh,
          weightHh,
          biasIh,
          biasHh,
        });
        return { h, c };
      },
    ),
  ),
} as const);
