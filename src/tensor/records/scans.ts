// Records of scans along an axis.

import { dtype, int, only, tensor } from "../../base/parameters.ts";
import * as scans from "../../functions/scans.ts";
import { alsoInPlace, family, on, op } from "./record.ts";

const x = tensor("input");
const dim = int("dim");
const asDType = only(dtype("dtype", null));

const accumulated = (run: typeof scans.cumsum) =>
  alsoInPlace(on([x, dim, asDType], (x, dim, as) => run(x, dim, as ?? undefined)));

export const scanRecords = family({
  cumsum: accumulated(scans.cumsum),
  cumprod: accumulated(scans.cumprod),
  logcumsumexp: op(on([x, dim], scans.logcumsumexp)),
  cummax: op(on([x, dim], scans.cummax)),
  cummin: op(on([x, dim], scans.cummin)),
});
