// Records of dropout. Where nothing is dropped the result is the input itself, as in PyTorch.

import { bool, number, tensor } from "../../base/parameters.ts";
import * as dropouts from "../../functions/dropout.ts";
import type { Draw } from "../../functions/random.ts";
import type { Value } from "../../graph/tape.ts";
import { drawFrom } from "../../tensor/generator.ts";
import { family, functionOnly, orSelf } from "../../tensor/records/record.ts";

type Dropout = (x: Value, options: dropouts.Options, draw: () => Draw) => Value;

/** The alpha kinds are off unless asked for. */
const dropout = (run: Dropout, isOn = true) =>
  functionOnly(
    orSelf(
      [tensor("input"), number("p", 0.5), bool("training", isOn), bool("inplace", false)],
      (x, p, training) => run(x, { p, training }, () => drawFrom(null)),
    ),
  );

export const dropoutRecords = family({
  dropout: dropout(dropouts.dropout),
  dropout1d: dropout(dropouts.dropout1d),
  dropout2d: dropout(dropouts.dropout2d),
  dropout3d: dropout(dropouts.dropout3d),
  alphaDropout: dropout(dropouts.alphaDropout, false),
  featureAlphaDropout: dropout(dropouts.featureAlphaDropout, false),
});
