// The direction of L-BFGS: -H·g by two loops over the steps remembered, the last first and then back.
//   αᵢ = ρᵢ·sᵢᵀq,  q ← q - αᵢ·yᵢ        r = H₀·q        r ← r + (αᵢ - ρᵢ·yᵢᵀr)·sᵢ
// They go in blocks of a fixed number of steps, filled up with zeros, which change nothing: so that a
// history that grows runs the programs it has run before.

import { makeTensor } from "../tensor/make.ts";
import { noGrad } from "../tensor/modes.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { told } from "./amounts.ts";
import { scaled } from "./updates.ts";

/** The gradient's changes, the steps, and the inverses of their products, the oldest first. */
export interface Remembered {
  readonly oldDirs: readonly Tensor[];
  readonly oldStps: readonly Tensor[];
  readonly ro: readonly Tensor[];
  readonly HDiag: number;
}

interface Pair {
  readonly y: Tensor;
  readonly s: Tensor;
  readonly inverse: Tensor;
}

/** One program and one message a block; more would be compiled for longer. */
const blockSize = 8;

export async function newtonStep(g: Tensor, remembered: Remembered): Promise<Tensor> {
  const blocks = await blocksOf(remembered);
  let q = noGrad(() => g.neg());
  const shares: Tensor[][] = [];
  for (const block of blocks.toReversed()) {
    const taken = noGrad(() => takenOut(q, block));
    await Promise.all([taken.q, ...taken.shares].map((tensor) => tensor.realize()));
    q = taken.q;
    shares.unshift(taken.shares);
  }
  let r = noGrad(() =>
    makeTensor(
      scaled(
        [q.value],
        told(() => remembered.HDiag),
      ),
    ),
  );
  for (const [at, block] of blocks.entries()) {
    r = await noGrad(() => putBack(r, block, shares[at] as Tensor[])).realize();
  }
  return r;
}

function takenOut(start: Tensor, block: readonly Pair[]): { q: Tensor; shares: Tensor[] } {
  const shares: Tensor[] = [];
  let q = start;
  for (const { y, s, inverse } of block.toReversed()) {
    const share = s.dot(q).mul(inverse);
    shares.unshift(share);
    q = q.sub(y.mul(share));
  }
  return { q, shares };
}

function putBack(start: Tensor, block: readonly Pair[], shares: readonly Tensor[]): Tensor {
  let r = start;
  block.forEach(({ y, s, inverse }, at) => {
    const share = (shares[at] as Tensor).sub(y.dot(r).mul(inverse));
    r = r.add(s.mul(share));
  });
  return r;
}

/** All pairs in blocks; what fills up the last one is realized, or it would be folded away. */
async function blocksOf({ oldDirs, oldStps, ro }: Remembered): Promise<Pair[][]> {
  const pairs = oldDirs.map((y, at): Pair => {
    return { y, s: oldStps[at] as Tensor, inverse: ro[at] as Tensor };
  });
  const [first] = pairs;
  if (!first) return [];
  const missing = (blockSize - (pairs.length % blockSize)) % blockSize;
  const none = missing > 0 ? await nothing(first) : first;
  for (let count = 0; count < missing; count++) pairs.push(none);
  const count = pairs.length / blockSize;
  return Array.from({ length: count }, (_, at) =>
    pairs.slice(at * blockSize, (at + 1) * blockSize),
  );
}

async function nothing({ y, inverse }: Pair): Promise<Pair> {
  const [zero, none] = noGrad(() => [y.sub(y), inverse.sub(inverse)] as const);
  await Promise.all([zero.realize(), none.realize()]);
  return { y: zero, s: zero, inverse: none };
}
