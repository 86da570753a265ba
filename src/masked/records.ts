// Records of masked functions.

import { bool, dtype, int, ints, nullable, number, only, tensor } from "../base/parameters.ts";
import * as masked from "../functions/masked.ts";
import { family, functionOnly, on } from "../tensor/records/record.ts";

const x = tensor("input");
const dims = ints("dim", null);
const dim = int("dim");
const keepdim = only(nullable(bool("keepdim", false)));
const asDType = only(dtype("dtype", null));
const mask = only(tensor("mask", null));

const reduction = (run: typeof masked.sum) =>
  functionOnly(
    on([x, dims, keepdim, asDType, mask], (x, dim, keep, as, mask) =>
      run(x, { dim, keepdim: keep ?? false, dtype: as, mask }),
    ),
  );

const position = (run: typeof masked.argmax) =>
  functionOnly(
    on([x, int("dim", null), keepdim, asDType, mask], (x, dim, keep, as, mask) =>
      run(x, { dim, keepdim: keep ?? false, dtype: as, mask }),
    ),
  );

const along = (run: typeof masked.cumsum) =>
  functionOnly(on([x, dim, asDType, mask], (x, dim, as, mask) => run(x, dim, { dtype: as, mask })));

/** `unbiased` of old, `correction` of now; by default one degree of freedom is lost. */
const spread = (run: typeof masked.variance) =>
  functionOnly(
    on(
      [x, dims, bool("unbiased", null), only(number("correction", null)), keepdim, asDType, mask],
      (x, dim, unbiased, correction, keep, as, mask) =>
        run(x, {
          dim,
          correction: masked.correctionOf(unbiased, correction),
          keepdim: keep ?? false,
          dtype: as,
          mask,
        }),
    ),
  );

export const maskedRecords = family({
  sum: reduction(masked.sum),
  prod: reduction(masked.prod),
  amax: reduction(masked.amax),
  amin: reduction(masked.amin),
  mean: reduction(masked.mean),
  logsumexp: reduction(masked.logsumexp),
  median: functionOnly(
    on([x, int("dim", -1), keepdim, asDType, mask], (x, dim, keep, as, mask) =>
      masked.median(x, { dim, keepdim: keep ?? false, dtype: as, mask }),
    ),
  ),
  argmax: position(masked.argmax),
  argmin: position(masked.argmin),
  cumsum: along(masked.cumsum),
  cumprod: along(masked.cumprod),
  softmax: along(masked.softmax),
  logSoftmax: along(masked.logSoftmax),
  softmin: along(masked.softmin),
  norm: functionOnly(
    on(
      [x, nullable(number("ord", 2)), dims, keepdim, asDType, mask],
      (x, ord, dim, keep, as, mask) =>
        masked.norm(x, ord ?? 2, { dim, keepdim: keep ?? false, dtype: as, mask }),
    ),
  ),
  var: spread(masked.variance),
  std: spread(masked.std),
  normalize: functionOnly(
    on(
      [x, number("ord"), dim, only(number("eps", 1e-12)), asDType, mask],
      (x, ord, dim, eps, as, mask) => masked.normalize(x, ord, dim, { eps, dtype: as, mask }),
    ),
  ),
  logaddexp: functionOnly(
    on(
      [
        x,
        tensor("other"),
        asDType,
        only(tensor("inputMask", null)),
        only(tensor("otherMask", null)),
      ],
      (x, other, as, inputMask, otherMask) =>
        masked.logaddexp(x, other, { dtype: as, inputMask, otherMask }),
    ),
  ),
});
