// Records of the linear layers' functions.

import { tensor } from "../../base/parameters.ts";
import { linearLayer } from "../../functions/added-products.ts";
import { bilinear } from "../../functions/einsum.ts";
import { family, functionOnly, on } from "../../tensor/records/record.ts";

const bias = tensor("bias", null);

export const linearRecords = family({
  linear: functionOnly(on([tensor("input"), tensor("weight"), bias], linearLayer)),
  bilinear: functionOnly(
    on([tensor("input1"), tensor("input2"), tensor("weight"), bias], bilinear),
  ),
});
