// Sample calls of copies: of what views show, with what views show replaced, laid out anew.

import * as shardgrad from "../../src/index.ts";
import type { copies as copyRecords } from "../../src/tensor/records/copies.ts";
import type { rearrangementRecords } from "../../src/tensor/records/rearrangements.ts";
import type { viewWrites as viewWriteRecords } from "../../src/tensor/records/view-writes.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const matrix: SampleInput = { shape: [3, 4] };
const cube: SampleInput = { shape: [2, 3, 4] };

const ofMatrix = (call: Sample["call"]): Sample => ({ inputs: [matrix], call });
const ofCube = (call: Sample["call"]): Sample => ({ inputs: [cube], call });

export const copies: Samples<typeof copyRecords> = {
  aliasCopy: ofMatrix((x) => shardgrad.aliasCopy(x)),
  detachCopy: "a copy without history",
  diagonalCopy: ofCube((x) => shardgrad.diagonalCopy(x, 1, 0, 2)),
  expandCopy: { inputs: [{ shape: [3, 1] }], call: (x) => shardgrad.expandCopy(x, [2, 3, 4]) },
  narrowCopy: ofMatrix((x) => x.narrowCopy(1, 1, 2)),
  permuteCopy: ofCube((x) => shardgrad.permuteCopy(x, [1, 2, 0])),
  selectCopy: ofMatrix((x) => shardgrad.selectCopy(x, 1, 2)),
  sliceCopy: ofMatrix((x) => shardgrad.sliceCopy(x, 1, 0, null, 2)),
  splitCopy: ofMatrix((x) => shardgrad.splitCopy(x, 3, 1)),
  splitWithSizesCopy: ofMatrix((x) => shardgrad.splitWithSizesCopy(x, [1, 3], 1)),
  squeezeCopy: { inputs: [{ shape: [1, 3, 1] }], call: (x) => shardgrad.squeezeCopy(x, 0) },
  tCopy: ofMatrix((x) => shardgrad.tCopy(x)),
  transposeCopy: ofCube((x) => shardgrad.transposeCopy(x, 0, 2)),
  unbindCopy: ofMatrix((x) => shardgrad.unbindCopy(x, 1)),
  unfoldCopy: ofMatrix((x) => shardgrad.unfoldCopy(x, 1, 2, 1)),
  unsqueezeCopy: ofMatrix((x) => shardgrad.unsqueezeCopy(x, -1)),
  viewCopy: ofMatrix((x) => shardgrad.viewCopy(x, [2, 6])),
};

export const viewWrites: Samples<typeof viewWriteRecords> = {
  selectScatter: sample((x, y) => x.selectScatter(y, 1, 2), matrix, { shape: [3] }),
  sliceScatter: sample((x, y) => x.sliceScatter(y, 1, 0, null, 2), matrix, { shape: [3, 2] }),
  diagonalScatter: sample((x, y) => x.diagonalScatter(y, 1), matrix, { shape: [3] }),
};

export const rearrangements: Samples<typeof rearrangementRecords> = {
  clone: ofMatrix((x) => x.clone()),
  flip: ofCube((x) => x.flip(0, -1)),
  fliplr: ofMatrix((x) => x.fliplr()),
  flipud: ofMatrix((x) => x.flipud()),
  repeat: ofMatrix((x) => x.repeat(2, 1, 3)),
  tile: ofMatrix((x) => x.tile(2)),
  repeatInterleave: [
    ofMatrix((x) => x.repeatInterleave(3, 1)),
    ofMatrix((x) => x.repeatInterleave([2, 0, 1], 0)),
    ofMatrix((x) => x.repeatInterleave(2)),
  ],
  roll: [ofCube((x) => x.roll([1, -2], [0, 2])), ofMatrix((x) => x.roll(5))],
  rot90: [ofCube((x) => x.rot90(1, [0, 2])), ofMatrix((x) => x.rot90(-1))],
  constantPadNd: ofMatrix((x) => shardgrad.constantPadNd(x, [1, -1, 0, 2], 3)),
  kron: sample((x, y) => x.kron(y), { shape: [2, 3] }, { shape: [2, 1, 2] }),
  vander: { inputs: [{ shape: [3] }], call: (x) => shardgrad.vander(x, 4) },
  tril: ofCube((x) => x.tril(1)),
  triu: ofCube((x) => x.triu(-1)),
  diag: [ofMatrix((x) => x.diag(-1)), { inputs: [{ shape: [3] }], call: (x) => x.diag(1) }],
  diagflat: ofMatrix((x) => x.diagflat(-2)),
  diagEmbed: ofMatrix((x) => x.diagEmbed(1, 0, 2)),
  trace: ofMatrix((x) => x.trace()),
};
