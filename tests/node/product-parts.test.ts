// Products whose panels take more than their bound are cut into parts of rows and of columns: the same
// sums, what follows them at the right places, and no more memory than the bound.

import { beforeAll, expect, test } from "vitest";
import { configure, lastProgram, type Tensor, tensor } from "../../src/index.ts";

beforeAll(() => configure({ inline: "blocking" }));

const [rows, columns, depth] = [700, 600, 16_384];
const boundBytes = (48 << 20) + (1 << 20);

/** Whole numbers, whose products add up exactly in float32. */
function leaf(shape: [number, number], seed: number): Tensor {
  const data = new Float32Array(shape[0] * shape[1]);
  for (let i = 0; i < data.length; i++) data[i] = ((i * 7 + seed * 13 + (i >> 3)) % 11) - 5;
  return tensor(data).reshape(shape);
}

const launches = (): string[] =>
  lastProgram()?.launches.map(({ kernel }) => {
    return lastProgram()?.kernels[kernel]?.exportName.split(" ")[0] as string;
  }) ?? [];

/** Some elements of relu(f(a)·bᵀ + bias), each against a plain loop. */
async function check(out: Tensor, [a, b, bias]: Tensor[], lazy: (x: number) => number) {
  const [x, y, z, actual] = await Promise.all([a, b, bias, out].map((each) => each?.data()));
  for (let sample = 0; sample < 300; sample++) {
    const at = Math.floor((sample * (rows * columns - 1)) / 299);
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = Number(z?.[column]);
    for (let k = 0; k < depth; k++) {
      sum += lazy(Number(x?.[row * depth + k])) * Number(y?.[column * depth + k]);
    }
    expect(actual?.[at]).toBe(Math.max(0, sum));
  }
}

const operands = async (): Promise<[Tensor, Tensor, Tensor]> => {
  const [a, b] = [leaf([rows, depth], 1), leaf([columns, depth], 2)];
  const bias = leaf([1, columns], 3);
  await Promise.all([a.realize(), b.realize(), bias.realize()]);
  return [a, b, bias];
};

test("both sides lie in parts, and what follows is stored with each", async () => {
  const [a, b, bias] = await operands();
  const out = a.matmul(b.T).add(bias).relu();
  await out.realize();
  expect(launches().filter((kind) => kind === "contract").length).toBe(4);
  expect(launches().filter((kind) => kind === "pack").length).toBe(6);
  expect(lastProgram()?.arenaBytes).toBeLessThan(boundBytes);
  await check(out, [a, b, bias], (x) => x);
}, 60_000);

test("a lazy side is computed once, whichever it is", async () => {
  const [a, b, bias] = await operands();
  const out = a.matmul(b.mul(2).T).add(bias).relu();
  await out.realize();
  expect(launches().filter((kind) => kind === "contract").length).toBe(4);
  await check(out, [a, b, bias], (x) => 2 * x);
}, 60_000);
