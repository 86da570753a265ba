// Records of differences and integrals along an axis, and of covariance.

import {
  int,
  ints,
  nullable,
  only,
  scalar,
  scalars,
  tensor,
  tensors,
} from "../../base/parameters.ts";
import { gradient } from "../../functions/gradient.ts";
import * as integration from "../../functions/integration.ts";
import { corrcoef, cov } from "../../functions/statistics.ts";
import { family, functionOnly, on, op } from "./record.ts";

const x = tensor("input");
const y = tensor("y");
const lastDim = only(int("dim", -1));
const dims = only(ints("dim", null));
const edgeOrder = only(int("edgeOrder", 1));

/** Over given points, or at even distances. */
const trapezoid = () =>
  functionOnly(
    on([y, tensor("x"), lastDim], integration.trapezoidOver),
    on([y, only(scalar("dx", 1)), lastDim], integration.trapezoid),
  );

export const integrationRecords = family({
  diff: op(
    on(
      [x, int("n", 1), int("dim", -1), tensor("prepend", null), tensor("append", null)],
      integration.diff,
    ),
  ),
  gradient: functionOnly(
    on([x, only(nullable(scalar("spacing", null))), dims, edgeOrder], gradient),
    on([x, only(tensors("spacing")), dims, edgeOrder], gradient),
    on([x, only(scalars("spacing")), dims, edgeOrder], gradient),
  ),
  trapezoid: trapezoid(),
  trapz: trapezoid(),
  cumulativeTrapezoid: functionOnly(
    on([y, tensor("x"), lastDim], integration.cumulativeTrapezoidOver),
    on([y, only(scalar("dx", 1)), lastDim], integration.cumulativeTrapezoid),
  ),
  cov: op(
    on(
      [
        x,
        only(int("correction", 1)),
        only(tensor("fweights", null)),
        only(tensor("aweights", null)),
      ],
      (x, correction, fweights, aweights) => cov(x, correction, { fweights, aweights }),
    ),
  ),
  corrcoef: op(on([x], corrcoef)),
});
