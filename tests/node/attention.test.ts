// Attention over long sequences: what the blocks come to is what one softmax of all scores gives, and the
// matrix of scores is never in memory.

import { beforeAll, describe, expect, test } from "vitest";
import {
  arange,
  configure,
  lastProgram,
  manualSeed,
  randn,
  type Tensor,
  where,
} from "../../src/index.ts";
import { functional } from "../../src/nn.ts";

beforeAll(() => configure({ inline: "blocking" }));

const [heads, rows, keys, size] = [2, 1300, 1700, 8];

interface Given {
  readonly mask?: Tensor;
  readonly isCausal?: boolean;
}

/** softmax(q·kᵀ/√size + mask)·v as it is written in books. */
function plainly([q, k, v]: Tensor[], { mask, isCausal }: Given): Tensor {
  const scores = q!.matmul(k!.transpose(-2, -1)).div(Math.sqrt(size));
  const [i, j] = [arange(q!.shape[2]!).reshape([-1, 1]), arange(k!.shape[2]!)];
  const isSeen = isCausal ? j.le(i) : mask?.dtype === "bool" ? mask : null;
  if (isSeen) return where(isSeen, scores, -Infinity).softmax(-1).matmul(v!);
  return (mask ? scores.add(mask) : scores).softmax(-1).matmul(v!);
}

async function leaves(seed: number): Promise<Tensor[]> {
  manualSeed(seed);
  const shapes = [rows, keys, keys].map((count) => [1, heads, count, size]);
  return shapes.map((shape) => randn(shape, { dtype: "float64" }).requiresGrad_());
}

async function expectClose(actual: Tensor, wanted: Tensor): Promise<void> {
  const worst = await actual.sub(wanted).abs().max().item();
  expect(worst).toBeLessThan(1e-12);
}

async function expectSame(given: Given): Promise<void> {
  const [own, theirs] = [await leaves(3), await leaves(3)];
  manualSeed(5);
  const g = await randn([1, heads, rows, size], { dtype: "float64" }).realize();
  const out = functional.scaledDotProductAttention(own[0]!, own[1]!, own[2]!, {
    attnMask: given.mask ?? null,
    isCausal: given.isCausal ?? false,
  });
  const wanted = plainly(theirs, given);
  await expectClose(out, wanted);
  await Promise.all([out.backward(g), wanted.backward(g)]);
  for (const [at, leaf] of own.entries()) await expectClose(leaf.grad!, theirs[at]!.grad!);
}

describe("attention in blocks", () => {
  test("of queries and keys of different number", () => expectSame({}));
  test("of queries that see no later key", () => expectSame({ isCausal: true }));

  test("with a mask", async () => {
    manualSeed(7);
    const isSeen = await randn([rows, keys]).gt(-1).realize();
    await expectSame({ mask: isSeen });
    await expectSame({ mask: await randn([1, 1, rows, keys], { dtype: "float64" }).realize() });
  });

  test("gives 0 to a row that sees nothing, and no gradient from there", async () => {
    const [q, k, v] = await leaves(11);
    const isSeen = await arange(rows).reshape([-1, 1]).ne(3).expand([rows, keys]).realize();
    const out = functional.scaledDotProductAttention(q!, k!, v!, { attnMask: isSeen });
    await out.sum().backward();
    expect(await out.abs().sum([0, 1, 3]).index(3).item()).toBe(0);
    expect(await q!.grad!.abs().sum([0, 1, 3]).index(3).item()).toBe(0);
    expect(await k!.grad!.isfinite().all().item()).toBe(true);
  });

  test("takes memory for blocks only, forwards and backwards in one program", async () => {
    const [q, k, v] = await leaves(13);
    const out = functional.scaledDotProductAttention(q!, k!, v!, { isCausal: true });
    await Promise.all([out.realize(), out.sum().backward()]);
    const whole = heads * rows * keys * 8;
    expect(lastProgram()!.arenaBytes).toBeLessThan(3 * whole);
  });
});
