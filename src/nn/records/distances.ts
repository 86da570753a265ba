// The record of normalization to a length.

import { ints, number, tensor } from "../../base/parameters.ts";
import { normalize } from "../../functions/distances.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

export const directionRecords = family({
  normalize: functionOnly(
    on([tensor("input"), number("p", 2), ints("dim", 1), number("eps", 1e-12)], normalize),
  ),
});
