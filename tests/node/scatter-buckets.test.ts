// Scatters of many rows into large targets, which are sorted into buckets first: bit for bit what one walk
// in order makes, wherever chunks and buckets end, and for any number of workers.

import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { fuse } from "../../src/compiler/fuse.ts";
import { plan } from "../../src/compiler/plan.ts";
import { schedule } from "../../src/compiler/schedule.ts";
import { configure, full, type Tensor, tensor, zeros } from "../../src/index.ts";
import { Collector, graphOf } from "../../src/realize/collect.ts";
import { seeded } from "../leaves.ts";

beforeEach(() => configure({ inline: "blocking" }));
afterAll(() => configure({ inline: "blocking" }));

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

interface Scattered {
  readonly rows: Int32Array;
  readonly x: ArrayLike<number>;
  readonly width: number;
}

type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Combines into the target in order, rounded as the target's elements are. */
function walked<Target extends Numbers>(
  target: Target,
  { rows, x, width }: Scattered,
  combine = (before: number, value: number): number => before + value,
): Target {
  rows.forEach((row, i) => {
    for (let at = 0; at < width; at++) {
      const to = row * width + at;
      target[to] = combine(target[to] as number, x[i * width + at] as number);
    }
  });
  return target;
}

const table = (x: Numbers, { width }: Pick<Sizes, "width">): Tensor =>
  tensor(x).reshape([x.length / width, width]);

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

async function expectBits(found: Tensor, expected: Numbers): Promise<void> {
  expect(bytesOf(await found.data()).equals(bytesOf(expected))).toBe(true);
}

function kernelsOf(wanted: Tensor): string[] {
  const collector = new Collector();
  collector.want(wanted.value.node);
  const steps = schedule(graphOf(collector.finish()));
  return plan(fuse(steps), steps.length).kernels.map(({ kind }) => kind);
}

describe("how it is sorted", () => {
  const rows = tensor(integers(65_536, 20_000));
  const x = zeros([65_536, 64]).add(rows.reshape([-1, 1]));

  test("by launches whose number is a matter of shapes, the target filled bucket by bucket", () => {
    const parts = ["bucketScatter", "bucketScatter"];
    const sorted = ["bucketCount", "bucketStarts", "bucketPlace", ...parts];
    const target = zeros([20_000, 64]);
    expect(kernelsOf(target.indexAdd(0, rows, x))).toEqual(sorted);
    expect(kernelsOf(target.scatterAdd(0, rows.reshape([-1, 1]).expand(-1, 64), x))).toEqual(
      sorted,
    );
    const base = tensor(floats(20_000 * 64)).reshape([20_000, 64]);
    expect(kernelsOf(base.indexAdd(0, rows, x))).toEqual(["map", ...sorted]);
    const both = target.indexAdd(0, rows, x).indexAdd(0, rows.mul(0), x);
    expect(kernelsOf(both)).toEqual([...sorted, ...sorted]);
  });

  test("not where rows are few, long, near at hand or named lane by lane", () => {
    const few = rows.narrow(0, 0, 65_535);
    const unsorted = zeros([20_000, 64]).indexAdd(0, few, x.narrow(0, 0, 65_535));
    expect(kernelsOf(unsorted)).toEqual(["map", "scatter"]);
    const others = [
      zeros([20_000, 8]).indexAdd(0, rows, x.narrow(1, 0, 8)),
      zeros([20_000, 320]).indexAdd(0, rows, x.repeat(1, 5)),
      zeros([64, 20_000]).indexAdd(1, rows, x.T),
      zeros([20_000, 64]).scatterAdd(0, rows.reshape([-1, 1]).add(tensor(integers(64, 1))), x),
    ];
    for (const other of others) expect(kernelsOf(other).join()).not.toContain("bucket");
  });
});

describe("rows added in order", () => {
  const cases: Sizes[] = [
    { count: 65_536, extent: 16_384, width: 64 },
    { count: 65_537, extent: 70_001, width: 17 },
    { count: 70_003, extent: 1_500_001, width: 3 },
    { count: 65_539, extent: 10_500, width: 101 },
    { count: 300_001, extent: 131_072, width: 8 },
  ];
  test.each(cases)("$count rows of $width into $extent", async (sizes) => {
    const { count, extent, width } = sizes;
    const rows = integers(count, extent);
    rows[0] = extent - 1;
    rows[count - 1] = 0;
    const x = floats(count * width);
    const target = zeros([extent, width]).indexAdd(0, tensor(rows), table(x, sizes));
    await expectBits(target, walked(new Float32Array(extent * width), { rows, x, width }));
  });

  const sizes = { count: 70_000, extent: 100_000, width: 11 };
  const { count, extent, width } = sizes;
  const x = floats(count * width);

  test("all to one row, or to few of them", async () => {
    for (const most of [1, 5]) {
      const rows = integers(count, most).map((row) => row * 20_011);
      const target = zeros([extent, width]).indexAdd(0, tensor(rows), table(x, sizes));
      await expectBits(target, walked(new Float32Array(extent * width), { rows, x, width }));
    }
  });

  test("a list longer than a launch's share goes on in the next", async () => {
    const long = { count: 70_000, extent: 20_000, width: 64 };
    const wide = floats(long.count * 64);
    const rows = integers(long.count, 2).map((row) => row * 19_999);
    const target = zeros([20_000, 64]).indexAdd(0, tensor(rows), table(wide, long));
    const expected = walked(new Float32Array(20_000 * 64), { rows, x: wide, width: 64 });
    await expectBits(target, expected);
  });

  test("onto a base, onto a constant, and twice", async () => {
    const rows = integers(count, extent);
    const base = floats(extent * width);
    const onto = table(base, sizes).indexAdd(0, tensor(rows), table(x, sizes));
    await expectBits(onto, walked(base.slice(), { rows, x, width }));
    const once = walked(new Float32Array(extent * width).fill(1.5), { rows, x, width });
    const filled = full([extent, width], 1.5).indexAdd(0, tensor(rows), table(x, sizes));
    await expectBits(filled, once);
    const again = filled.indexAdd(0, tensor(rows), table(x, sizes));
    await expectBits(again, walked(once.slice(), { rows, x, width }));
  });

  test("computed values by a computed index", async () => {
    const rows = integers(count, extent);
    const [index, source] = [
      tensor(rows)
        .mul(-1)
        .add(extent - 1),
      table(x, sizes),
    ];
    const found = zeros([extent, width]).indexAdd(0, index, source.mul(source).add(0.5));
    const squares = x.map((value) => Math.fround(Math.fround(value * value) + 0.5));
    const turned = rows.map((row) => extent - 1 - row);
    await expectBits(
      found,
      walked(new Float32Array(extent * width), { rows: turned, x: squares, width }),
    );
  });

  test("a part of the columns, from and to wider rows", async () => {
    const rows = integers(count, extent);
    const index = tensor(rows).reshape([count, 1]).expand(count, 7);
    const found = zeros([extent, 19]).scatterAdd(0, index, table(x, sizes).narrow(1, 3, 7));
    const expected = new Float32Array(extent * 19);
    rows.forEach((row, i) => {
      for (let at = 0; at < 7; at++) {
        const to = row * 19 + at;
        expected[to] = (expected[to] as number) + (x[i * width + 3 + at] as number);
      }
    });
    expect(kernelsOf(zeros([extent, 19]).scatterAdd(0, index, zeros([count, 7])))[0]).toBe(
      "bucketCount",
    );
    await expectBits(found, expected);
  });

  test("rows that are gathered by the same index", async () => {
    const rows = integers(count, extent);
    const from = floats(extent * width);
    const picked = table(from, sizes).indexSelect(0, tensor(rows));
    const found = zeros([extent, width]).indexAdd(0, tensor(rows), picked);
    const read = Float32Array.from({ length: count * width }, (_, i) => {
      const row = rows[Math.floor(i / width)] as number;
      return from[row * width + (i % width)] as number;
    });
    await expectBits(found, walked(new Float32Array(extent * width), { rows, x: read, width }));
  });
});

describe("other elements and reductions", () => {
  const sizes = { count: 66_000, extent: 1_000_000, width: 5 };
  const { count, extent, width } = sizes;
  const rows = integers(count, 100_000).map((row) => 10 * row + (row % 7));
  const expanded = tensor(rows).reshape([count, 1]).expand(count, width);
  const small = integers(count * width, 100);

  test("float64, int32 and uint8", async () => {
    const made = [Float64Array, Int32Array, Uint8Array].map((Kind) => Kind.from(small));
    for (const x of made) {
      const empty = new (x.constructor as new (length: number) => Numbers)(extent * width);
      const { dtype } = tensor(x);
      const found = zeros([extent, width], { dtype }).indexAdd(0, tensor(rows), table(x, sizes));
      await expectBits(found, walked(empty, { rows, x, width }));
    }
  });

  test("the last of several is kept, the greatest, and the mean", async () => {
    const x = floats(count * width);
    const [target, source] = [zeros([extent, width]), table(x, sizes)];
    const none = (): Float32Array => new Float32Array(extent * width);
    const scattered = { rows, x, width };
    await expectBits(
      target.scatter(0, expanded, source),
      walked(none(), scattered, (_, value) => value),
    );
    const greatest = target.scatterReduce(0, expanded, source, "amax");
    await expectBits(greatest, walked(none(), scattered, Math.max));
    const mean = target.indexReduce(0, tensor(rows), source, "mean");
    const counts = walked(none().fill(1), { rows, x: none().fill(1), width });
    const sums = walked(none(), scattered);
    await expectBits(
      mean,
      sums.map((sum, i) => sum / (counts[i] as number)),
    );
  });

  test("gradients reach base and source", async () => {
    const base = zeros([extent, width], { requiresGrad: true });
    const source = zeros([count, width], { requiresGrad: true });
    const weights = floats(extent * width);
    base.indexAdd(0, tensor(rows), source).mul(table(weights, sizes)).sum().backward();
    await expectBits(base.grad as Tensor, weights);
    const picked = Float32Array.from({ length: count * width }, (_, i) => {
      const row = rows[Math.floor(i / width)] as number;
      return weights[row * width + (i % width)] as number;
    });
    await expectBits(source.grad as Tensor, picked);
  });
});

test("a row out of range is reported by its value", async () => {
  const [x, rows] = [zeros([70_000, 16]), integers(70_000, 100_000)];
  for (const [at, bad] of [
    [3, -1],
    [69_999, 100_000],
    [40_001, 2_000_000_000],
  ] as const) {
    const faulty = tensor(rows.with(at, bad));
    const target = zeros([100_000, 16]).indexAdd(0, faulty, x);
    await expect(target.data()).rejects.toThrow(`index ${bad} is out of bounds`);
  }
});

test("the same bits inline and with one, two and three workers", async () => {
  const sizes = { count: 200_003, extent: 60_001, width: 33 };
  const { count, extent, width } = sizes;
  const x = floats(count * width);
  const rows = integers(count, extent).map((row, i) => (i % 3 === 0 ? 7 : row));
  const expected = walked(new Float32Array(extent * width), { rows, x, width });
  for (const workers of [0, 1, 2, 3]) {
    if (workers > 0) await configure({ workers });
    const target = zeros([extent, width]).indexAdd(0, tensor(rows), table(x, sizes));
    await expectBits(target, expected);
  }
}, 120_000);
