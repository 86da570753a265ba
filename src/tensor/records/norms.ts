// Records of norms, and of what is made with them.

import {
  bool,
  dtype,
  int,
  ints,
  nullable,
  number,
  only,
  string,
  tensor,
} from "../../base/parameters.ts";
import * as norms from "../../functions/norms.ts";
import { alsoInPlace, family, on, op } from "./record.ts";

const x = tensor("input");
const dims = ints("dim", null);
const keepdim = bool("keepdim", false);
const asDType = only(dtype("dtype", null));

export const normRecords = family({
  norm: op(
    on([x, nullable(number("p", 2)), dims, keepdim, asDType], (x, p, dim, keep, as) =>
      norms.vectorNorm("norm", x, p ?? 2, { dim, keepdim: keep, dtype: as }),
    ),
    on([x, string("p"), dims, keepdim, asDType], (x, p, dim, keep, as) =>
      norms.normByName(x, p, { dim, keepdim: keep, dtype: as }),
    ),
  ),
  dist: op(on([x, tensor("other"), number("p", 2)], norms.dist)),
  renorm: alsoInPlace(on([x, number("p"), int("dim"), number("maxnorm")], norms.renorm)),
});
