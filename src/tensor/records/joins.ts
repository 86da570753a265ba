// Records of tensors put together.

import {
  bool,
  dtype,
  int,
  only,
  severalTensors,
  shape,
  tensor,
  tensors,
} from "../../base/parameters.ts";
import { zeros } from "../../functions/creation.ts";
import * as grids from "../../functions/grids.ts";
import * as joins from "../../functions/joins.ts";
import { constantValue, type Value } from "../../graph/tape.ts";
import { upload } from "../../realize.ts";
import { family, functionOnly, on } from "./record.ts";

const list = tensors("tensors");
const several = severalTensors("tensors");
const firstDim = int("dim", 0);
const row = int("row");
const column = int("col");
const offset = int("offset", 0);
const indexDType = only(dtype("dtype", "int64"));

function combinations(x: Value, r: number, withReplacement: boolean): Value {
  const positions = grids.chosenPositions(x, r, withReplacement);
  if (r === 0) return zeros([0], x.node.dtype);
  return grids.combinations(
    x,
    constantValue(upload("int64", [positions.length], Int32Array.from(positions))),
    r,
  );
}

export const joinRecords = family({
  cat: functionOnly(on([list, firstDim], joins.cat)),
  concat: functionOnly(on([list, firstDim], joins.cat)),
  concatenate: functionOnly(on([list, firstDim], joins.cat)),
  stack: functionOnly(on([list, firstDim], joins.stack)),
  hstack: functionOnly(on([list], joins.hstack)),
  vstack: functionOnly(on([list], joins.vstack)),
  rowStack: functionOnly(on([list], joins.vstack)),
  dstack: functionOnly(on([list], joins.dstack)),
  columnStack: functionOnly(on([list], joins.columnStack)),
  blockDiag: functionOnly(on([several], joins.blockDiag)),
  cartesianProd: functionOnly(on([several], grids.cartesianProd)),
  combinations: functionOnly(
    on([tensor("input"), int("r", 2), bool("withReplacement", false)], combinations),
  ),
});

export const positionRecords = family({
  trilIndices: functionOnly(
    on([row, column, offset, indexDType], (rows, columns, offset, dtype) =>
      grids.trilIndices({ rows, columns }, offset, dtype),
    ),
  ),
  triuIndices: functionOnly(
    on([row, column, offset, indexDType], (rows, columns, offset, dtype) =>
      grids.triuIndices({ rows, columns }, offset, dtype),
    ),
  ),
  unravelIndex: functionOnly(
    on([tensor("indices"), int("shape")], grids.unravelIndex),
    on([tensor("indices"), shape("shape")], grids.unravelIndex),
  ),
});
