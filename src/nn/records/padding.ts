// The record of padding.

import { choice, scalar, shape, tensor } from "../../base/parameters.ts";
import { pad, padModes } from "../../functions/padding.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

export const paddingRecords = family({
  pad: functionOnly(
    on([tensor("input"), shape("pad"), choice("mode", padModes), scalar("value", null)], pad),
  ),
});
