// Sample calls of what puts tensors together, and of positions.

import * as shardgrad from "../../src/index.ts";
import type { joinRecords, positionRecords } from "../../src/tensor/records/joins.ts";
import { type SampleInput, type Samples, sample } from "./samples.ts";

const matrix: SampleInput = { shape: [3, 4] };
const row: SampleInput = { shape: [1, 4] };
const nothing: SampleInput = { shape: [0] };
const number: SampleInput = { shape: [] };
const vector: SampleInput = { shape: [3] };

export const joins: Samples<typeof joinRecords> = {
  cat: [
    sample((x, y, z) => shardgrad.cat([x, y, z]), matrix, nothing, row),
    sample((x, y) => shardgrad.cat([x, y], -1), matrix, { shape: [3, 2] }),
  ],
  concat: sample((x, y) => shardgrad.concat([x, y]), matrix, row),
  concatenate: sample((x, y) => shardgrad.concatenate([x, y]), matrix, row),
  stack: sample((x, y) => shardgrad.stack([x, y], 1), matrix, matrix),
  hstack: sample((x, y) => shardgrad.hstack([x, y]), number, vector),
  vstack: sample((x, y) => shardgrad.vstack([x, y]), { shape: [4] }, matrix),
  rowStack: sample((x, y) => shardgrad.rowStack([x, y]), { shape: [4] }, matrix),
  dstack: sample((x, y) => shardgrad.dstack([x, y]), vector, { shape: [1, 3] }),
  columnStack: sample((x, y) => shardgrad.columnStack([x, y]), vector, matrix),
  blockDiag: sample((x, y, z) => shardgrad.blockDiag(x, y, z), matrix, number, vector),
  cartesianProd: sample((x, y) => shardgrad.cartesianProd(x, y), vector, { shape: [2] }),
  combinations: [
    sample((x) => shardgrad.combinations(x), { shape: [4] }),
    sample((x) => shardgrad.combinations(x, 3, true), vector),
  ],
};

const integers = "integers have no derivative";

export const positions: Samples<typeof positionRecords> = {
  trilIndices: integers,
  triuIndices: integers,
  unravelIndex: integers,
};
