// Samples of products of matrices and vectors.

import {
  addbmm,
  addmm,
  addmv,
  addr,
  baddbmm,
  bilinear,
  bmm,
  chainMatmul,
  dot,
  einsum,
  ger,
  inner,
  matmul,
  matrixPower,
  mm,
  mv,
  outer,
  type Tensor,
  tensordot,
  vdot,
} from "../../src/index.ts";
import type { linearRecords } from "../../src/nn/records/linear.ts";
import { functional } from "../../src/nn.ts";
import type { productRecords } from "../../src/tensor/records/products.ts";
import { type Sample, type SampleInput, type Samples, sample } from "./samples.ts";

const of = (...shape: readonly number[]): SampleInput => ({ shape, from: -2, to: 2 });

/** Shapes of all that matmul tells apart. */
const ranks: readonly (readonly [SampleInput, SampleInput])[] = [
  [of(3), of(3)],
  [of(3), of(3, 2)],
  [of(2, 3), of(3)],
  [of(2, 3), of(3, 4)],
  [of(3), of(2, 3, 2)],
  [of(2, 2, 3), of(3)],
  [of(2, 2, 3), of(3, 2)],
  [of(2, 3), of(2, 3, 2)],
  [of(2, 1, 2, 3), of(3, 3, 2)],
  [of(2, 1, 3), of(1, 3, 2)],
];

const equations: readonly (readonly [string, ...SampleInput[]])[] = [
  ["ij->ji", of(2, 3)],
  ["ii->i", of(3, 3)],
  ["iji->j", of(2, 3, 2)],
  ["ij->", of(2, 3)],
  ["ij,kj->ik", of(2, 3), of(2, 3)],
  ["i,j->ij", of(2), of(3)],
  ["bi,bi->b", of(2, 3), of(2, 3)],
  ["...ij,...jk", of(2, 1, 2, 3), of(2, 3, 2)],
  ["ijj,jk->ki", of(2, 3, 3), of(3, 2)],
  ["ij,j,jk->k", of(2, 3), of(3), of(3, 2)],
  ["abc,cd,be,e->ad", of(2, 2, 3), of(3, 2), of(2, 2), of(2)],
];

const sums = (
  call: (x: Tensor, a: Tensor, b: Tensor, weights?: { beta: number; alpha: number }) => Tensor,
  ...[x, a, b]: readonly [SampleInput, SampleInput, SampleInput]
): readonly Sample[] => [
  sample((x, a, b) => call(x, a, b), x, a, b),
  sample((x, a, b) => call(x, a, b, { beta: 0.5, alpha: -1.5 }), of(1), a, b),
];

const bilinears = (call: typeof bilinear): readonly Sample[] => [
  sample((x, y, w) => call(x, y, w), of(2, 3), of(2, 2), of(2, 3, 2)),
  sample((x, y, w, bias) => call(x, y, w, bias), of(3), of(2), of(2, 3, 2), of(2)),
];

export const productSamples: Samples<typeof productRecords> = {
  matmul: ranks.map(([x, y]) => sample((x, y) => matmul(x, y), x, y)),
  mm: sample((x, y) => mm(x, y), of(2, 3), of(3, 4)),
  bmm: sample((x, y) => bmm(x, y), of(2, 2, 3), of(2, 3, 2)),
  mv: sample((x, y) => mv(x, y), of(2, 3), of(3)),
  dot: sample((x, y) => dot(x, y), of(4), of(4)),
  vdot: sample((x, y) => vdot(x, y), of(4), of(4)),
  outer: sample((x, y) => outer(x, y), of(2), of(3)),
  ger: sample((x, y) => ger(x, y), of(2), of(3)),
  inner: [
    sample((x, y) => inner(x, y), of(2, 3), of(2, 2, 3)),
    sample((x, y) => inner(x, y), of(), of(2, 2)),
  ],
  tensordot: [
    sample((x, y) => tensordot(x, y), of(2, 3, 2), of(3, 2, 2)),
    sample((x, y) => tensordot(x, y, 0), of(2), of(3)),
    sample(
      (x, y) =>
        tensordot(x, y, [
          [0, -1],
          [1, 0],
        ]),
      of(2, 3, 2),
      of(2, 2, 2),
    ),
    sample((x, y) => tensordot(x, y, [[0], [0]]), of(1, 3), of(2, 2)),
  ],
  einsum: equations.map(([equation, ...inputs]) =>
    sample((...operands) => einsum(equation, operands), ...inputs),
  ),
  chainMatmul: sample((x, y, z) => chainMatmul(x, y, z), of(2, 3), of(3, 2), of(2, 4)),
  matrixPower: [
    ...[1, 2, 5].map((n) => sample((x) => matrixPower(x, n), of(2, 2, 2))),
    { inputs: [of(2, 2)], call: (x) => matrixPower(x, 0), orders: 1 },
  ],
  addmm: sums(addmm, of(2, 4), of(2, 3), of(3, 4)),
  addmv: sums(addmv, of(2), of(2, 3), of(3)),
  addr: sums(addr, of(2, 3), of(2), of(3)),
  addbmm: sums(addbmm, of(2, 2), of(3, 2, 3), of(3, 3, 2)),
  baddbmm: sums(baddbmm, of(3, 2, 2), of(3, 2, 3), of(3, 3, 2)),
  bilinear: bilinears(bilinear),
};

export const linearSamples: Samples<typeof linearRecords> = {
  linear: [
    sample((x, w, bias) => functional.linear(x, w, bias), of(2, 3), of(2, 3), of(2)),
    sample((x, w, bias) => functional.linear(x, w, bias), of(2, 2, 3), of(2, 3), of(2)),
    sample((x, w) => functional.linear(x, w), of(3), of(2, 3)),
    sample((x, w) => functional.linear(x, w), of(2, 2, 3), of(3)),
  ],
  bilinear: bilinears(functional.bilinear),
};
