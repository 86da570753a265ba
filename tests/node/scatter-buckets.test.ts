// Scatters of many rows into large targets, which are sorted into buckets first: bit for bit what one walk
// in order makes, wherever chunks and buckets end, and for any number of workers.

import { beforeAll, describe, expect, test } from "vitest";
import { configure, empty, gradcheck, randn, type Tensor, tensor, zeros } from "../../src/index.ts";
import { seeded } from "../leaves.ts";

beforeAll(() => configure({ inline: "blocking" }));

const random = seeded(11);
const integers = (count: number, below: number): Int32Array =>
  Int32Array.from({ length: count }, () => Math.floor(random(0, below)));
const floats = (count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random(-2, 2));

interface Sizes {
  readonly count: number;
  readonly extent: number;
  readonly width: number;
}

/** A walk in order, in float32. */
function walked(rows: Int32Array, x: Float32Array, { extent, width }: Sizes): Float32Array {
  const target = new Float32Array(extent * width);
  rows.forEach((row, i) => {
    for (let at = 0; at < width; at++) {
      target[row * width + at] = (target[row * width + at] as number) + (x[i * width + at] as number);
    }
  });
  return target;
}

const added = (rows: Int32Array, x: Float32Array, { count, extent, width }: Sizes): Tensor =>
  zeros([extent, width]).indexAdd(0, tensor(rows), tensor(x).reshape([count, width]));

const same = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;

describe("rows added in order", () => {
  test.each([
    { count: 65_536, extent: 16_384, width: 64 },
    { count: 65_537, extent: 70_001, width: 17 },
    { count: 70_003, extent: 1_500_000, width: 1 + 2 },
    { count: 98_305, extent: 4_500, width: 255 },
    { count: 300_001, extent: 131_072, width: 8 },
  ])("%o", async (sizes) => {
    const rows = integers(sizes.count, sizes.extent);
    rows[0] = sizes.extent - 1;
    rows[sizes.count - 1] = 0;
    const x = floats(sizes.count * sizes.width);
    const found = await added(rows, x, sizes).data();
    expect(same(found as Float32Array, walked(rows, x, sizes))).toBe(true);
  });
});
