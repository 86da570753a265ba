// Records of activations.

import { choice, number, only, tensor } from "../../base/parameters.ts";
import * as activations from "../../functions/activations.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

const x = tensor("input");

export const activationRecords = family({
  silu: functionOnly(on([x], activations.silu)),
  gelu: functionOnly(on([x, only(choice("approximate", ["none", "tanh"]))], activations.gelu)),
  softplus: functionOnly(on([x, number("beta", 1), number("threshold", 20)], activations.softplus)),
  leakyRelu: functionOnly(on([x, number("negativeSlope", 0.01)], activations.leakyRelu)),
});
