// Records of linear algebra.

import {
  bool,
  dtype,
  int,
  ints,
  nullable,
  number,
  only,
  shape,
  string,
  tensor,
  tensors,
} from "../base/parameters.ts";
import { linalgCross } from "../functions/distances.ts";
import { matrixPower, multiDot } from "../functions/matrix-chains.ts";
import * as norms from "../functions/norms.ts";
import * as products from "../functions/products.ts";
import { family, functionOnly, on } from "../tensor/records/record.ts";

const x = tensor("input");
const dims = ints("dim", null);
const keepdim = bool("keepdim", false);
const asDType = only(dtype("dtype", null));
const matrix = shape("dim", [-2, -1]);

export const linalgRecords = family({
  vectorNorm: functionOnly(
    on([x, number("ord", 2), dims, keepdim, asDType], (x, ord, dim, keep, as) =>
      norms.vectorNorm("linalg.vectorNorm", x, ord, { dim, keepdim: keep, dtype: as }),
    ),
  ),
  matrixNorm: functionOnly(
    on([x, number("ord"), matrix, keepdim, asDType], (x, ord, dim, keep, as) =>
      norms.matrixNorm("linalg.matrixNorm", x, ord, { dim, keepdim: keep, dtype: as }),
    ),
    on([x, string("ord", "fro"), matrix, keepdim, asDType], (x, ord, dim, keep, as) =>
      norms.matrixNorm("linalg.matrixNorm", x, ord, { dim, keepdim: keep, dtype: as }),
    ),
  ),
  norm: functionOnly(
    on([x, nullable(number("ord", null)), dims, keepdim, asDType], (x, ord, dim, keep, as) =>
      norms.eitherNorm(x, ord, { dim, keepdim: keep, dtype: as }),
    ),
    on([x, string("ord"), dims, keepdim, asDType], (x, ord, dim, keep, as) =>
      norms.eitherNorm(x, ord, { dim, keepdim: keep, dtype: as }),
    ),
  ),
  matmul: functionOnly(on([x, tensor("other")], (x, y) => products.matmul(x, y, "linalg.matmul"))),
  matrixPower: functionOnly(
    on([tensor("A"), int("n")], (x, n) => matrixPower("linalg.matrixPower", x, n)),
  ),
  multiDot: functionOnly(on([tensors("tensors")], multiDot)),
  cross: functionOnly(on([x, tensor("other"), only(int("dim", -1))], linalgCross)),
  vecdot: functionOnly(on([x, tensor("y"), only(int("dim", -1))], products.vecdot)),
});
