// Records of what writes at indices.

import { int, operand, tensor } from "../../base/parameters.ts";
import { scatter, scatterAdd } from "../../functions/indexing.ts";
import { alsoInPlace, family, on } from "./record.ts";

const x = tensor("input");
const dim = int("dim");
const index = tensor("index");

export const indexed = family({
  scatter: alsoInPlace(
    on([x, dim, index, operand("src")], scatter),
    on([x, dim, index, operand("value")], scatter),
  ),
  scatterAdd: alsoInPlace(on([x, dim, index, tensor("src")], scatterAdd)),
});
