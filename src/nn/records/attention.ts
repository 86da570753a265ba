// The record of attention.

import { bool, number, only, tensor } from "../../base/parameters.ts";
import { scaledDotProductAttention } from "../../functions/attention.ts";
import { drawFrom } from "../../tensor/generator.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

export const attentionRecords = family({
  scaledDotProductAttention: functionOnly(
    on(
      [
        tensor("query"),
        tensor("key"),
        tensor("value"),
        tensor("attnMask", null),
        number("dropoutP", 0),
        bool("isCausal", false),
        only(number("scale", null)),
        only(bool("enableGqa", false)),
      ],
      (query, key, value, mask, dropoutP, isCausal, scale, enableGqa) =>
        scaledDotProductAttention(
          [query, key, value],
          { mask, dropoutP, isCausal, scale, enableGqa },
          () => drawFrom(null),
        ),
    ),
  ),
});
