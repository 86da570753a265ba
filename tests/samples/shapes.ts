// Sample calls of views, one at a time and several.

import * as shardgrad from "../../src/index.ts";
import type { linalgShapeRecords } from "../../src/linalg/shape-records.ts";
import * as linalg from "../../src/linalg.ts";
import type { views as viewRecords } from "../../src/tensor/records/shapes.ts";
import type { splits as splitRecords } from "../../src/tensor/records/splits.ts";
import type { Sample, SampleInput, Samples } from "./samples.ts";

const matrix: SampleInput = { shape: [3, 4] };
const cube: SampleInput = { shape: [2, 3, 4] };
const vector: SampleInput = { shape: [4] };
const number: SampleInput = { shape: [] };
const start: SampleInput = { shape: [], dtype: "int64", data: [1] };

const ofMatrix = (call: Sample["call"]): Sample => ({ inputs: [matrix], call });
const ofCube = (call: Sample["call"]): Sample => ({ inputs: [cube], call });

export const views: Samples<typeof viewRecords> = {
  permute: ofCube((x) => x.permute(2, 0, 1)),
  transpose: ofCube((x) => x.transpose(0, -1)),
  swapaxes: ofCube((x) => x.swapaxes(0, 1)),
  swapdims: ofCube((x) => x.swapdims(0, 1)),
  adjoint: ofCube((x) => x.adjoint()),
  t: ofMatrix((x) => x.t()),
  expand: { inputs: [{ shape: [3, 1] }], call: (x) => x.expand(2, -1, 4) },
  broadcastTo: { inputs: [{ shape: [3, 1] }], call: (x) => x.broadcastTo([2, 3, 4]) },
  broadcastTensors: {
    inputs: [{ shape: [3, 1] }, { shape: [4] }, number],
    call: (x, y, z) => shardgrad.broadcastTensors(x, y, z),
  },
  meshgrid: [
    { inputs: [vector, { shape: [3] }], call: (x, y) => shardgrad.meshgrid(x, y) },
    {
      inputs: [vector, { shape: [3] }, number],
      call: (x, y, z) => shardgrad.meshgrid([x, y, z], { indexing: "xy" }),
    },
  ],
  atleast1d: { inputs: [number], call: (x) => shardgrad.atleast1d(x) },
  atleast2d: { inputs: [number, vector], call: (x, y) => shardgrad.atleast2d(x, y) },
  atleast3d: { inputs: [vector, matrix], call: (x, y) => shardgrad.atleast3d([x, y]) },
  narrow: [
    ofCube((x) => x.narrow(1, -2, 2)),
    { inputs: [cube, start], call: (x, from) => x.narrow(1, from as shardgrad.Tensor, 2) },
  ],
  select: ofCube((x) => x.select(1, -1)),
  squeeze: [
    { inputs: [{ shape: [1, 3, 1] }], call: (x) => x.squeeze() },
    { inputs: [{ shape: [1, 3, 1] }], call: (x) => x.squeeze(0) },
    { inputs: [{ shape: [1, 3, 1] }], call: (x) => x.squeeze([0, -1]) },
  ],
  unsqueeze: ofMatrix((x) => x.unsqueeze(1)),
  view: ofMatrix((x) => x.view(2, -1)),
  viewAs: { inputs: [matrix, { shape: [2, 6], grad: false }], call: (x, y) => x.viewAs(y) },
  expandAs: {
    inputs: [{ shape: [3, 1] }, { shape: [2, 3, 4], grad: false }],
    call: (x, y) => x.expandAs(y),
  },
  reshapeAs: {
    inputs: [matrix, { shape: [2, 6], grad: false }],
    call: (x, y) => x.t().reshapeAs(y),
  },
  reshape: [ofMatrix((x) => x.reshape(2, 6)), ofMatrix((x) => x.t().reshape(2, 6))],
  flatten: [ofCube((x) => x.flatten(1)), ofCube((x) => x.permute(1, 2, 0).flatten())],
  ravel: [ofCube((x) => x.ravel()), ofMatrix((x) => x.t().ravel())],
  unflatten: ofMatrix((x) => x.unflatten(1, [2, -1])),
  movedim: ofCube((x) => x.movedim([0, 2], [1, 0])),
  moveaxis: ofCube((x) => x.moveaxis(0, -1)),
  diagonal: [ofMatrix((x) => x.diagonal(1)), ofCube((x) => x.diagonal(-1, 2, 0))],
  unfold: [ofMatrix((x) => x.unfold(1, 2, 1)), ofMatrix((x) => x.unfold(1, 2, 2))],
};

export const splits: Samples<typeof splitRecords> = {
  unbind: ofMatrix((x) => x.unbind(1)),
  split: [ofMatrix((x) => x.split(3, 1)), ofMatrix((x) => x.split([1, 3], -1))],
  splitWithSizes: ofMatrix((x) => x.splitWithSizes([1, 0, 3], 1)),
  chunk: ofMatrix((x) => x.chunk(3, 1)),
  tensorSplit: [ofMatrix((x) => x.tensorSplit(3, 1)), ofMatrix((x) => x.tensorSplit([1, 2], 0))],
  hsplit: ofMatrix((x) => x.hsplit(2)),
  vsplit: ofMatrix((x) => x.vsplit([1])),
  dsplit: ofCube((x) => x.dsplit(2)),
};

export const linalgShapes: Samples<typeof linalgShapeRecords> = {
  diagonal: ofCube((x) => linalg.diagonal(x, { offset: 1 })),
  vander: ofMatrix((x) => linalg.vander(x, { N: 3 })),
};
