// The seed program: as a reader sees it, and as the page runs it. The two stand side by side, so that
// nothing is run that is not shown.

import { ones, rand, type Tensor } from "../../src/index.ts";

/** The smallest size starts from ones, as the program is known; larger ones from random numbers. */
const smallest = 2;

export const codeOf = (size: number): string => `\
import { ${sourceOf(size)} } from "shardgrad";

const x = ${sourceOf(size)}([${size}, ${size}], { requiresGrad: true });
const y = x.add(2);
const z = y.mul(y).mul(3);
const out = z.mean();
await out.backward();

console.log(String(await z.realize()));
console.log(String(await out.realize()));
console.log(String(await x.grad.realize()));
`;

const sourceOf = (size: number): "ones" | "rand" => (size === smallest ? "ones" : "rand");

/** x, in memory. */
export function inputOf(size: number): Promise<Tensor> {
  const source = { ones, rand }[sourceOf(size)];
  return source([size, size], { requiresGrad: true }).realize();
}

export interface Pass {
  readonly z: Tensor;
  readonly out: Tensor;
  /** When the first operation was recorded, and when the gradient lay in memory. */
  readonly asked: number;
  readonly answered: number;
}

/** The program up to `backward()`; the gradient of the pass before gives its memory to this one. */
export async function runBackward(x: Tensor): Promise<Pass> {
  x.grad?.dispose();
  x.grad = null;
  const asked = performance.now();
  const y = x.add(2);
  const z = y.mul(y).mul(3);
  const out = z.mean();
  await out.backward();
  return { z, out, asked, answered: performance.now() };
}

/** The rest of the program: its three printed blocks. */
export async function printedBlocks(x: Tensor, { z, out }: Pass): Promise<string[]> {
  const { grad } = x;
  if (!grad) throw new Error("seed: x has no gradient after backward()");
  await Promise.all([z.realize(), out.realize(), grad.realize()]);
  const blocks = [z, out, grad].map(String);
  z.dispose();
  return blocks;
}

/** Bytes that backward moves: x is read, its gradient is written. */
export const bytesMoved = (size: number): number => 2 * 4 * size ** 2;

/** Bytes of one of the tensors. */
export const bytesOf = (size: number): number => 4 * size ** 2;
