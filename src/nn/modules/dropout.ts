// Dropout: while training, elements, channels or whole features are left out at random.

import { fail } from "../../base/errors.ts";
import { bool, number } from "../../base/parameters.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as functional from "../functional.ts";
import { ofOne } from "../simple-module.ts";

type Dropping = (x: Tensor, options: { p: number; training: boolean; inplace: boolean }) => Tensor;

const dropping = (run: Dropping) =>
  ofOne(
    [number("p", 0.5), bool("inplace", false)],
    (x, { p, training, inplace }) => run(x, { p, training, inplace }),
    {
      shown: ["p", "inplace"],
      settle: ({ p }, name) => {
        if (p >= 0 && p <= 1) return;
        fail(name, `dropout probability has to be between 0 and 1, but got ${p}`);
      },
    },
  );

export class Dropout extends dropping(functional.dropout) {}
export class Dropout1d extends dropping(functional.dropout1d) {}
export class Dropout2d extends dropping(functional.dropout2d) {}
export class Dropout3d extends dropping(functional.dropout3d) {}
export class AlphaDropout extends dropping(functional.alphaDropout) {}
export class FeatureAlphaDropout extends dropping(functional.featureAlphaDropout) {}
