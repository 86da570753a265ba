// Losses against plain loops over rows and paths, and where a loss is none: nothing that counts, classes
// out of range, logarithms of 0.

import { beforeAll, describe, expect, test } from "vitest";
import { configure, type Tensor, tensor } from "../../src/index.ts";
import * as F from "../../src/nn/functional.ts";
import { seeded } from "../leaves.ts";

beforeAll(() => configure({ inline: "blocking" }));

const random = seeded(31);
const drawn = (count: number, from: number, to: number): number[] =>
  Array.from({ length: count }, () => random(from, to));
const whole = (count: number, below: number): number[] =>
  drawn(count, 0, below).map((x) => Math.floor(x));

const double = (data: readonly number[], ...shape: number[]): Tensor =>
  tensor([...data], { dtype: "float64" }).reshape(shape.length > 0 ? shape : [data.length]);
const leaf = (data: readonly number[], ...shape: number[]): Tensor =>
  double(data, ...shape)
    .detach()
    .requiresGrad_();
const long = (data: readonly number[], ...shape: number[]): Tensor =>
  tensor([...data], { dtype: "int64" }).reshape(shape.length > 0 ? shape : [data.length]);

const values = async (x: Tensor | null): Promise<number[]> =>
  Array.from(await (x as Tensor).data(), Number);

async function close(x: Tensor | null, wanted: readonly number[]): Promise<void> {
  const got = await values(x);
  expect(got.length).toBe(wanted.length);
  for (const [at, value] of got.entries()) expect(value).toBeCloseTo(wanted[at] as number, 9);
}

// Cross entropy by rows

interface Rows {
  readonly logits: readonly number[][];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
  readonly ignored: number;
  readonly smoothing: number;
}

const logSoftmaxOf = (row: readonly number[]): number[] => {
  const most = Math.max(...row);
  const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0)) + most;
  return row.map((x) => x - total);
};

/** What each row aims at, all told: the loss is -Σ aim·log p. */
function aimOf({ targets, weights, ignored, smoothing }: Rows, at: number): number[] {
  const target = targets[at] as number;
  const share = smoothing / weights.length;
  return weights.map((weight, at) =>
    target === ignored ? 0 : weight * ((at === target ? 1 - smoothing : 0) + share),
  );
}

function naive(rows: Rows): { loss: number[]; gradient: number[][]; count: number } {
  const aims = rows.targets.map((_, at) => aimOf(rows, at));
  const logs = rows.logits.map(logSoftmaxOf);
  const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
  const counting = rows.targets.filter((target) => target !== rows.ignored);
  return {
    loss: aims.map((aim, at) => -sum(aim.map((a, c) => a * (logs[at]?.[c] as number)))),
    gradient: aims.map((aim, at) =>
      aim.map((a, c) => Math.exp(logs[at]?.[c] as number) * sum(aim) - a),
    ),
    count: sum(counting.map((target) => rows.weights[target] as number)),
  };
}

describe("crossEntropy", () => {
  const count = 6;
  const classes = 4;
  const kinds = [0, 0.3].flatMap((smoothing) =>
    [false, true].map((isWeighed) => ({ smoothing, isWeighed })),
  );
  test.each(kinds)("rows, smoothing $smoothing, weights $isWeighed", async (kind) => {
    const rows: Rows = {
      logits: Array.from({ length: count }, () => drawn(classes, -3, 3)),
      targets: [2, 0, 3, 1, 1, 0],
      weights: kind.isWeighed ? drawn(classes, 0.5, 2) : Array(classes).fill(1),
      ignored: 1,
      smoothing: kind.smoothing,
    };
    const wanted = naive(rows);
    const options = {
      ignoreIndex: 1,
      labelSmoothing: kind.smoothing,
      weight: kind.isWeighed ? double(rows.weights, classes) : null,
    };
    for (const reduction of ["none", "sum", "mean"] as const) {
      const x = leaf(rows.logits.flat(), count, classes);
      const loss = F.crossEntropy(x, long(rows.targets, count), { ...options, reduction });
      const scale = reduction === "mean" ? 1 / wanted.count : 1;
      const total = wanted.loss.reduce((a, b) => a + b, 0) * scale;
      await close(loss, reduction === "none" ? wanted.loss : [total]);
      await loss.sum().backward();
      await close(
        x.grad,
        wanted.gradient.flat().map((slope) => slope * scale),
      );
    }
  });

  test("classes lie along the second axis, whatever follows", async () => {
    const x = double(drawn(2 * 3 * 2 * 2, -2, 2), 2, 3, 2, 2);
    const t = long(whole(8, 3), 2, 2, 2);
    const inRows = x.permute([0, 2, 3, 1]).reshape(8, 3);
    const flat = F.crossEntropy(inRows, t.reshape(8), { reduction: "none" });
    await close(F.crossEntropy(x, t, { reduction: "none" }), await values(flat));
    const logs = F.logSoftmax(x, 1);
    await close(F.nllLoss(logs, t), await values(F.crossEntropy(x, t)));
  });

  test("probabilities are aims of any kind", async () => {
    const x = double(drawn(12, -2, 2), 3, 4);
    const t = long([2, 0, 3], 3);
    const sharp = F.oneHot(t, 4).to("float64");
    const weight = double(drawn(4, 0.5, 2), 4);
    for (const labelSmoothing of [0, 0.4]) {
      const options = { labelSmoothing, reduction: "sum", weight } as const;
      await close(F.crossEntropy(x, sharp, options), await values(F.crossEntropy(x, t, options)));
    }
  });

  test("what nobody aims at may be infinite", async () => {
    const x = leaf([1, -Infinity, 2, 0, -Infinity, 0], 2, 3);
    const loss = F.crossEntropy(x, long([0, 2], 2));
    await loss.backward();
    const wanted = [Math.log(1 + Math.E), Math.log(2)];
    await close(loss, [((wanted[0] as number) + (wanted[1] as number)) / 2]);
    expect((await values(x.grad)).every(Number.isFinite)).toBe(true);
  });

  test("no row that counts: the mean is NaN, the gradient 0", async () => {
    const x = leaf(drawn(6, -1, 1), 2, 3);
    const loss = F.crossEntropy(x, long([1, 1], 2), { ignoreIndex: 1 });
    await loss.backward();
    expect(await values(loss)).toEqual([Number.NaN]);
    await close(x.grad, [0, 0, 0, 0, 0, 0]);
    const none = F.crossEntropy(double([], 0, 3), long([], 0));
    expect(await values(none)).toEqual([Number.NaN]);
    await close(F.crossEntropy(double([], 0, 3), long([], 0), { reduction: "sum" }), [0]);
  });

  test("a class out of range rejects, forwards and backwards", async () => {
    const x = leaf(drawn(6, -1, 1), 2, 3);
    const weight = double([1, 2, 3], 3);
    for (const options of [{}, { weight }]) {
      for (const t of [long([0, 3], 2), long([-1, 0], 2)]) {
        await expect(F.crossEntropy(x, t, options).item()).rejects.toThrow(/out of bounds/);
        await expect(F.nllLoss(x, t, options).item()).rejects.toThrow(/out of bounds/);
      }
    }
    await expect(F.multiMarginLoss(x, long([0, 3], 2)).item()).rejects.toThrow(/out of bounds/);
    await expect(F.crossEntropy(x, long([0, 3], 2)).backward()).rejects.toThrow(/out of bounds/);
  });

  test("bytes are classes, -100 is none of them; what has no gradient refuses", async () => {
    const x = leaf(drawn(6, -1, 1), 2, 3);
    const bytes = tensor([0, 2], { dtype: "uint8" });
    await close(F.crossEntropy(x, bytes), await values(F.crossEntropy(x, bytes.to("int64"))));
    const weight = leaf([1, 2, 3], 3);
    expect(() => F.crossEntropy(x, bytes, weight)).toThrow(/'weight'/);
    expect(() => F.crossEntropy(x, bytes.to("int32"))).toThrow(/int64 or uint8/);
    expect(() => F.crossEntropy(x, long([1], 1))).toThrow(/batch_size/);
  });
});

// CTC by paths

/** What a path says: repeats are one, blanks are nothing. */
const said = (path: readonly number[]): string =>
  path.filter((label, at) => label !== 0 && label !== path[at - 1]).join();

function ctcByPaths(logProbs: readonly number[][], labels: readonly number[]): number {
  const classes = logProbs[0]?.length ?? 0;
  let total = 0;
  for (let code = 0; code < classes ** logProbs.length; code++) {
    const path = logProbs.map((_, at) => Math.floor(code / classes ** at) % classes);
    if (said(path) !== labels.join()) continue;
    const weight = path.reduce((sum, label, at) => sum + (logProbs[at]?.[label] as number), 0);
    total += Math.exp(weight);
  }
  return -Math.log(total);
}

describe("ctcLoss", () => {
  const times = 5;
  const sequences = [[1, 2], [2, 2], [], [1], [1, 1, 1]];
  const inputs = [5, 4, 3, 0, 5];
  const batch = sequences.length;
  const logits = Array.from({ length: times }, () =>
    Array.from({ length: batch }, () => logSoftmaxOf(drawn(3, -1, 1))),
  );
  const x = double(logits.flat(2), times, batch, 3);
  const wanted = sequences.map((labels, n) =>
    inputs[n] === 0
      ? Infinity
      : ctcByPaths(
          logits.slice(0, inputs[n]).map((rows) => rows[n] as number[]),
          labels,
        ),
  );
  const lengths = sequences.map(({ length }) => length);
  const padded = long(
    sequences.flatMap((labels) => [...labels, 0, 0, 0].slice(0, 3)),
    batch,
    3,
  );

  test("sums over all paths; labels in rows or one after another, lengths in lists or tensors", async () => {
    const options = { reduction: "none" } as const;
    const flat = long(sequences.flat());
    await close(F.ctcLoss(x, padded, inputs, lengths, options), wanted);
    await close(F.ctcLoss(x, padded, long(inputs), long(lengths), options), wanted);
    await close(F.ctcLoss(x, flat, inputs, lengths, options), wanted);
    await close(F.ctcLoss(x, flat, long(inputs), long(lengths), options), wanted);
    const zeros = wanted.map((loss) => (loss === Infinity ? 0 : loss));
    const finite = { reduction: "none", zeroInfinity: true } as const;
    await close(F.ctcLoss(x, padded, inputs, lengths, finite), zeros);
    const mean = zeros.map((loss, at) => loss / Math.max(lengths[at] as number, 1));
    await close(F.ctcLoss(x, padded, inputs, lengths, { zeroInfinity: true }), [
      mean.reduce((a, b) => a + b, 0) / batch,
    ]);
  });

  test("one sequence needs no batch axis", async () => {
    const own = double(
      logits.flatMap((rows) => rows[0] as number[]),
      times,
      3,
    );
    const loss = F.ctcLoss(own, long([1, 2]), long([5], 1), long([2], 1), { reduction: "none" });
    expect(loss.shape).toEqual([]);
    await close(loss, [wanted[0] as number]);
  });

  test("what is behind an end, and what has no path, has no gradient", async () => {
    const own = leaf(logits.flat(2), times, batch, 3);
    await F.ctcLoss(own, padded, inputs, lengths, {
      reduction: "sum",
      zeroInfinity: true,
    }).backward();
    const gradient = await values(own.grad);
    const at = (time: number, n: number): number[] =>
      gradient.slice((time * batch + n) * 3, (time * batch + n) * 3 + 3);
    expect(at(4, 1)).toEqual([0, 0, 0]);
    expect(at(3, 2)).toEqual([0, 0, 0]);
    expect(at(0, 3)).toEqual([0, 0, 0]);
    // As of logits: p less the share of each class, which both sum to 1.
    expect(at(2, 0).reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
  });

  test("labels that are no class, and lengths beyond the input", async () => {
    const wrong = F.ctcLoss(x, long(Array(15).fill(3), batch, 3), inputs, [1, 1, 1, 1, 1]);
    await expect(wrong.item()).rejects.toThrow(/out of bounds/);
    expect(() => F.ctcLoss(x, padded, [6, 5, 5, 5, 5], lengths)).toThrow(/at most 5/);
    expect(() => F.ctcLoss(x, padded, [5], lengths)).toThrow(/batchSize/);
    expect(() => F.ctcLoss(x, padded, inputs, lengths, 3)).toThrow(/blank/);
  });
});

// Others

test("logarithms of 0 count as -100, and the gradient stays finite", async () => {
  const x = leaf([0, 1, 0, 1], 4);
  const t = double([0, 1, 1, 0], 4);
  const loss = F.binaryCrossEntropy(x, t, { reduction: "none" });
  await close(loss, [0, 0, 100, 100]);
  await loss.sum().backward();
  await close(x.grad, [0, 0, -1e12, 1e12]);
});

test("what is no probability, or no variance, is a fault that tells its name and line", async () => {
  const [x, t] = [double([0.5, 1.5]), double([0, 1])];
  const own = leaf([0.5, 1.5]);
  await expect(F.binaryCrossEntropy(x, t).item()).rejects.toThrow(/input.*out of bounds/);
  await expect(F.binaryCrossEntropy(t, x).item()).rejects.toThrow(/target.*losses\.test/s);
  await expect(F.binaryCrossEntropy(own, t).backward()).rejects.toThrow(/input.*out of bounds/);
  await expect(F.gaussianNllLoss(x, t, double([1, -1])).item()).rejects.toThrow(
    /var.*losses\.test/s,
  );
  expect(() => F.gaussianNllLoss(x, t, -1)).toThrow(/negative/);
  const one = F.gaussianNllLoss(x, t, 1, { reduction: "sum" });
  await close(one, [0.25]);
});

test("losses of logits stay finite and exact at far ends", async () => {
  const x = leaf([-800, 800, -800, 800, 40], 5);
  const t = double([0, 1, 1, 0, 1], 5);
  const options = { reduction: "none" } as const;
  const plain = F.binaryCrossEntropyWithLogits(x, t, options);
  await close(plain, [0, 0, 800, 800, 0]);
  expect((await values(plain))[4]).toBeCloseTo(Math.exp(-40), 30);
  const weighed = F.binaryCrossEntropyWithLogits(x, t, { ...options, posWeight: double([3]) });
  await close(weighed, [0, 0, 2400, 800, 0]);
  await plain.add(weighed).sum().backward();
  await close(x.grad, [0, 0, -4, 2, 0]);
  const soft = leaf([-800, 800], 2);
  await F.softMarginLoss(soft, double([1, 1], 2), { reduction: "sum" }).backward();
  await close(soft.grad, [-1, 0]);
});

test("margins: labels end at the first that is negative; a tie lacks nothing", async () => {
  const x = leaf([0.1, 0.2, 0.4, 0.8], 1, 4);
  const loss = F.multilabelMarginLoss(x, long([3, 0, -1, 1], 1, 4));
  await close(loss, [0.25 * (1 - (0.1 - 0.2) + (1 - (0.1 - 0.4)) + (1 - 0.6) + (1 - 0.4))]);
  const ties = leaf([1, 0, 0], 1, 3);
  const multi = F.multiMarginLoss(ties, long([0], 1));
  await multi.backward();
  await close(multi, [0]);
  await close(ties.grad, [0, 0, 0]);
  // clamp lets the gradient of what lies on its limit pass.
  const [a, b] = [leaf([1], 1), leaf([1], 1)];
  await F.marginRankingLoss(a, b, double([1], 1)).backward();
  await close(a.grad, [-1]);
});

test("bytes differ, and are compared, as bytes: 3 - 6 is 253, and 255 is -1", async () => {
  const bytes = (data: number[]) => tensor(data, { dtype: "uint8" });
  const none = { reduction: "none" } as const;
  await close(F.pairwiseDistance(bytes([3]), bytes([6]), 2, 0), [253]);
  await close(F.marginRankingLoss(bytes([2, 5]), bytes([2, 1]), bytes([0, 2]), none), [0, 248]);
  await close(F.hingeEmbeddingLoss(double([1, 2]), bytes([255, 1]), none), [0, 2]);
  const cosine = F.cosineEmbeddingLoss(bytes([2, 0]), bytes([1, 0]), bytes([255]).squeeze(), none);
  await close(cosine, [1]);
  const isSame = tensor([true]).squeeze();
  await close(F.cosineEmbeddingLoss(double([1, 0]), double([0, 1]), isSame, none), [1]);
});

test("flags of old stand above the reduction; an unknown one is refused", async () => {
  const [x, t] = [double([1, 2], 2), double([0, 4], 2)];
  await close(F.mseLoss(x, t, { reduce: false, reduction: "sum" }), [1, 4]);
  await close(F.mseLoss(x, t, { sizeAverage: false }), [5]);
  await close(F.mseLoss(x, t, { sizeAverage: true, reduction: "none" }), [2.5]);
  expect(() => F.mseLoss(x, t, { reduction: "abc" as "sum" })).toThrow(/reduction/);
  expect(() => F.mseLoss(tensor([1, 2]), tensor([0, 4]))).toThrow(/mean/);
  await close(F.mseLoss(tensor([1, 2]), tensor([0, 4]), { reduction: "sum" }), [5]);
});

test("losses of halves are rounded once", async () => {
  const x = drawn(64, -1, 1);
  const half = tensor(x, { dtype: "float16" });
  const wide = half.to("float32");
  const t = tensor(drawn(64, -1, 1), { dtype: "float16" });
  const losses = [F.mseLoss, F.smoothL1Loss, F.huberLoss, F.klDiv] as const;
  for (const loss of losses) {
    const options = { reduction: "sum" } as const;
    const once = loss(wide, t.to("float32"), options).to("float16");
    expect(await values(loss(half, t, options))).toEqual(await values(once));
  }
  const rows = half.reshape(16, 4);
  const classes = long(whole(16, 4), 16);
  const once = F.crossEntropy(rows.to("float32"), classes).to("float16");
  expect(await values(F.crossEntropy(rows, classes))).toEqual(await values(once));
});
