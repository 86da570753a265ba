// The same bits (law 4): for any number of workers, inline, from run to run, and whatever else is asked
// for in the same tick; with relaxed SIMD and without, each with itself.

import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { configure, stats, type Tensor, tensor } from "../../src/index.ts";
import type { EngineOptions } from "../../src/realize/engine.ts";
import { build, programChoices } from "../random/arbitrary.ts";
import { baseSeed, run } from "../random/check.ts";
import { leafValues } from "../random/leaves.ts";
import { printed } from "../random/program.ts";

/** Bits by what they are of, in words. */
type Bits = Map<string, string>;

const seed = baseSeed();
const randomPrograms = fc
  .sample(programChoices, { seed, numRuns: 140 })
  .map((choices, at) => build(choices, at % 7 === 6));

const leaf = (shape: readonly number[], pattern = 5): Tensor =>
  tensor(leafValues({ shape, dtype: "float32", pattern, extent: null })).reshape(shape as number[]);

/** FNV-1a over bytes; a NaN is a NaN, whatever its bits. */
function hashOf(data: ArrayBufferView): string {
  const clean =
    data instanceof Float32Array || data instanceof Float64Array
      ? data.map((value) => (Number.isNaN(value) ? Number.NaN : value))
      : data;
  const bytes = new Uint8Array(clean.buffer, clean.byteOffset, clean.byteLength);
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${(hash >>> 0).toString(16)} of ${bytes.length} bytes`;
}

async function note(bits: Bits, named: Record<string, Tensor>): Promise<void> {
  const data = await Promise.all(Object.values(named).map((t) => t.data()));
  Object.keys(named).forEach((name, at) => {
    const hash = hashOf(data[at]);
    const known = bits.get(name);
    if (known !== undefined) expect(hash, `${name}, asked for again`).toBe(known);
    bits.set(name, hash);
  });
}

const shapes = [
  [1000, 10],
  [10],
  [3, 5, 7],
  [70_000],
  [32_769],
  [129, 257],
  [40, 1024],
  [1024, 40],
  [7, 2049],
];

function subsets(rank: number): number[][] {
  return Array.from({ length: 2 ** rank - 1 }, (_, mask) =>
    Array.from({ length: rank }, (_, axis) => axis).filter((axis) => (mask + 1) & (1 << axis)),
  );
}

/** Each reduction alone, beside others on the same input, beside readers in another order. */
async function noteReductions(bits: Bits): Promise<void> {
  for (const shape of shapes) {
    const a = await leaf(shape).realize();
    const b = await leaf(shape.slice(-1), 6).realize();
    const c = await leaf([...shape].reverse(), 7).realize();
    for (const axes of subsets(shape.length)) {
      const name = `[${shape}] over ${axes}`;
      const sums = () => ({ [`sum ${name}`]: a.sum(axes) });
      const more = () => ({
        [`difference ${name}`]: a.sub(b).mul(2).sum(axes),
        [`mean of squares ${name}`]: a.square().mean(axes),
        [`amax ${name}`]: a.amax(axes),
      });
      await note(bits, sums());
      await note(bits, more());
      await note(bits, { ...sums(), ...more() });
      await note(bits, { ...more(), [`T ${name}`]: a.T.add(c), ...sums() });
      await note(bits, { ...sums(), [`T sum ${name}`]: a.T.add(c).sum() });
      await note(bits, { [`T sum ${name}`]: a.T.add(c).sum() });
    }
  }
}

async function noteCompositions(bits: Bits): Promise<void> {
  const x = await leaf([64, 300]).requiresGrad_().realize();
  const y = x.add(2);
  const loss = y.mul(y).mul(3).mean();
  void loss.backward();
  await note(bits, { "seed's loss": loss, "seed's gradient": x.grad as Tensor });
  let chain: Tensor = x.detach();
  for (let at = 0; at < 100; at++) chain = at % 3 === 0 ? chain.mul(0.99) : chain.sin().add(0.5);
  await note(bits, { chain });
  await note(bits, { "chain's sum": chain.sum(), chain });
  for (const shape of shapes) {
    const z = await leaf(shape, 13).realize();
    const power = z.sub(z.amax(-1, true)).exp();
    const softmax = power.div(power.sum(-1, true));
    const centred = z.sub(z.mean(-1, true));
    const norm = centred.div(centred.square().mean(-1, true).add(1e-5).sqrt());
    await note(bits, { [`softmax [${shape}]`]: softmax });
    await note(bits, { [`layer norm [${shape}]`]: norm });
    await note(bits, { [`softmax [${shape}]`]: softmax.mul(1), [`layer norm [${shape}]`]: norm });
  }
}

/** Each scan alone, and on what is computed with it. */
async function noteScans(bits: Bits): Promise<void> {
  for (const shape of shapes) {
    const x = await (await leaf(shape, 13)).mul(0.1).realize();
    for (let axis = 0; axis < shape.length; axis++) {
      const name = `[${shape}] along ${axis}`;
      const sums = () => ({ [`cumsum ${name}`]: x.mul(0.3).cumsum(axis) });
      await note(bits, { ...sums(), [`logcumsumexp ${name}`]: x.logcumsumexp(axis) });
      await note(bits, { ...sums(), [`from the end ${name}`]: x.flip(axis).cumsum(axis) });
    }
  }
}

/** Sorts of rows, and of rows that are merged from runs. */
async function noteSorts(bits: Bits): Promise<void> {
  for (const shape of [...shapes, [3, 50_000]]) {
    const x = await leaf(shape, 13).realize();
    for (let axis = 0; axis < shape.length; axis++) {
      const name = `[${shape}] along ${axis}`;
      const { values, indices } = x.mul(0.3).sort(axis, true);
      await note(bits, { [`sorted ${name}`]: values, [`order of ${name}`]: indices });
      await note(bits, { [`order of ${name}`]: x.mul(0.3).argsort(axis, true) });
    }
  }
}

/** Products at panel and depth ends, by themselves and beside what shares their operands. */
async function noteProducts(bits: Bits): Promise<void> {
  for (const [rows, depth, columns] of [
    [7, 33, 9],
    [130, 1500, 70],
    [64, 300, 257],
  ] as const) {
    const [a, b] = [await leaf([rows, depth], 5), await leaf([depth, columns], 6)];
    const name = `[${rows}, ${depth}]·[${depth}, ${columns}]`;
    const product = () => ({ [`product ${name}`]: a.mul(0.37).matmul(b.mul(0.11)) });
    await note(bits, product());
    await note(bits, { ...product(), [`and a sum of ${name}`]: a.mul(0.37).sum(0) });
    await note(bits, { [`relu of ${name}`]: a.mul(0.37).matmul(b.mul(0.11)).add(b.sum(0)).relu() });
  }
}

async function notePrograms(bits: Bits): Promise<void> {
  for (const built of randomPrograms) {
    const { reads, wanted } = await run(built.program);
    const all = [...reads, ...wanted.values()].map(hashOf).join("; ");
    bits.set(printed(built.program), all);
  }
}

async function bitsWith(options: EngineOptions): Promise<Bits> {
  await configure(options);
  const bits: Bits = new Map();
  await noteReductions(bits);
  await noteCompositions(bits);
  await noteScans(bits);
  await noteSorts(bits);
  await noteProducts(bits);
  await notePrograms(bits);
  return bits;
}

/** Names of what differs. */
const differences = (a: Bits, b: Bits): string[] =>
  [...a].flatMap(([name, hash]) =>
    b.get(name) === hash ? [] : [`${name}\n${hash} ≠ ${b.get(name)}`],
  );

afterAll(() => configure({ inline: true }));

describe.each(["auto", "fixed"] as const)(`bits with simd "%s" (SEED=${seed})`, (simd) => {
  let expected: Bits = new Map();

  test("inline are the same from run to run", async () => {
    expected = await bitsWith({ inline: true, simd });
    expect(differences(expected, await bitsWith({ inline: true, simd }))).toEqual([]);
  }, 120_000);

  test.each([1, 2, 3, 8, 16])(
    "on %i workers are those of inline",
    async (workers) => {
      const before = stats().fallbacks;
      expect(differences(expected, await bitsWith({ workers, simd }))).toEqual([]);
      expect(stats().fallbacks).toBe(before);
    },
    120_000,
  );
});
