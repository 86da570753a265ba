// Many small products in one program: separate ones, and batches. What is measured is how little is lost
// between them. The limit is the arithmetic alone.

import type { Tensor } from "../../src/index.ts";
import type { Outputs, Shardgrad, TimedWorkload, Trial } from "../contract.ts";
import { normal } from "../seeded.ts";
import { ourTrial } from "../trials/ours-trial.ts";
import { errorOf } from "../verify.ts";

const SAMPLES = 997;
const FLOOR = 1;

/** `count` products of [rows, inner] and [inner, columns], of separate matrices or of two batches. */
interface Many {
  readonly name: string;
  readonly about: string;
  readonly count: number;
  readonly sizes: readonly [rows: number, inner: number, columns: number];
  readonly isBatch: boolean;
}

const elements = (
  seed: number,
  { count, sizes }: Many,
  isLeft: boolean,
): Float32Array<ArrayBuffer> => {
  const [rows, inner, columns] = sizes;
  return normal(seed, count * inner * (isLeft ? rows : columns));
};

function inputs(sg: Shardgrad, many: Many): Record<string, Tensor> {
  const { count, isBatch } = many;
  const [rows, inner, columns] = many.sizes;
  const a = elements(41, many, true);
  const b = elements(43, many, false);
  if (isBatch) {
    return {
      a: sg.tensor(a).reshape(count, rows, inner),
      b: sg.tensor(b).reshape(count, inner, columns),
    };
  }
  const one = (values: Float32Array, at: number, [height, width]: [number, number]): Tensor =>
    sg.tensor(values.slice(at * height * width, (at + 1) * height * width)).reshape(height, width);
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      [`a${at}`, one(a, at, [rows, inner])] as const,
      [`b${at}`, one(b, at, [inner, columns])] as const,
    ]).flat(),
  );
}

function build({ count, isBatch }: Many, given: Record<string, Tensor>): Record<string, Tensor> {
  const of = (name: string): Tensor => given[name] as Tensor;
  if (isBatch) return { c: of("a").bmm(of("b")) };
  return Object.fromEntries(
    Array.from(
      { length: count },
      (_, at) => [`c${at}`, of(`a${at}`).matmul(of(`b${at}`))] as const,
    ),
  );
}

function worstError(many: Many, outputs: Outputs): number {
  const { count, isBatch } = many;
  const [rows, inner, columns] = many.sizes;
  const [a, b] = [elements(41, many, true), elements(43, many, false)];
  let worst = 0;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const place = Math.floor((sample * count * rows * columns) / SAMPLES);
    const [matrix, within] = [Math.floor(place / (rows * columns)), place % (rows * columns)];
    const [row, column] = [Math.floor(within / columns), within % columns];
    let total = 0;
    for (let k = 0; k < inner; k += 1) {
      const [left, right] = [
        a[(matrix * rows + row) * inner + k],
        b[(matrix * inner + k) * columns + column],
      ];
      total += Number(left) * Number(right);
    }
    const actual = isBatch ? outputs.c?.[place] : outputs[`c${matrix}`]?.[within];
    worst = Math.max(worst, errorOf(actual, total, FLOOR));
  }
  return worst;
}

function workload(many: Many): TimedWorkload {
  const [rows, inner, columns] = many.sizes;
  const flops = 2 * many.count * rows * inner * columns;
  return {
    kind: "timed",
    name: many.name,
    about: many.about,
    flops,
    limitFlops: flops,
    tolerance: 1e-3,
    ours: (sg): Trial =>
      ourTrial({ inputs: () => inputs(sg, many), build: (given) => build(many, given) }),
    worstError: (outputs) => worstError(many, outputs),
  };
}

const many: Many[] = [
  {
    name: "mm256x8",
    about: "eight products of two 256 × 256 matrices in one program",
    count: 8,
    sizes: [256, 256, 256],
    isBatch: false,
  },
  {
    name: "mm64x64",
    about: "64 products of two 64 × 64 matrices in one program",
    count: 64,
    sizes: [64, 64, 64],
    isBatch: false,
  },
  {
    name: "bmm64x64",
    about: "a batch of 64 products of 64 × 64 matrices",
    count: 64,
    sizes: [64, 64, 64],
    isBatch: true,
  },
  {
    name: "bmm64x128x64",
    about: "a batch of 64 products of [128,64] and [64,128]",
    count: 64,
    sizes: [128, 64, 128],
    isBatch: true,
  },
];

export const smallProducts: TimedWorkload[] = many.map(workload);
