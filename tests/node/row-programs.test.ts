// Random row programs: one kernel each, with the bits that the same steps have when each is run alone.

import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import {
  describeRows,
  evaluateRow,
  inputShapes,
  type RowProgram,
  randomRows,
  recordRows,
} from "../../bench/workloads/random-rows.ts";
import { configure, lastProgram, noGrad, stats, type Tensor, tensor } from "../../src/index.ts";
import { baseSeed } from "../random/check.ts";
import { leafValues } from "../random/leaves.ts";

const seed = baseSeed();
const runs = Number(process.env.RUNS ?? 2000) / 10;
const shapes = [
  [300, 70],
  [4, 1000],
  [260, 3],
  [3, 5, 17],
  [1, 64],
  [512, 16],
  [2, 130, 33],
  [256, 4],
];

beforeAll(() => configure({ inline: true }));

const programs = fc
  .record({
    seed: fc.nat(),
    shape: fc.constantFrom(...shapes),
    folds: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ seed: own, shape, folds }) => randomRows(own, shape, folds));

async function leavesOf(program: RowProgram): Promise<Tensor[]> {
  const leaves = inputShapes(program).map((shape, at) => {
    const values = leafValues({ shape, dtype: "float32", pattern: 7 + at, extent: null });
    return tensor(values).reshape(shape).div(8).realize();
  });
  return Promise.all(leaves);
}

async function fused(program: RowProgram, leaves: readonly Tensor[]): Promise<Float32Array[]> {
  const before = stats().programs;
  const wanted = noGrad(() => recordRows(program, leaves));
  const values = await Promise.all(wanted.map((value) => value.data()));
  expect(stats().programs - before).toBe(1);
  return values as Float32Array[];
}

/** Each value realized before the next is recorded. */
async function stepByStep(program: RowProgram, leaves: readonly Tensor[]): Promise<Float32Array[]> {
  const values = [...leaves];
  for (const step of program.steps) {
    const single = {
      ...program,
      isShared: step.from.map(() => false),
      steps: [{ ...step, from: step.from.map((_, at) => at) }],
      wanted: [step.from.length],
    };
    const [value] = recordRows(
      single,
      step.from.map((at) => values[at] as Tensor),
    );
    values.push(await (value as Tensor).realize());
  }
  return Promise.all(program.wanted.map((at) => (values[at] as Tensor).data())) as Promise<
    Float32Array[]
  >;
}

test(`random row programs are one kernel each, and no bit differs (SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      const leaves = await leavesOf(program);
      const values = await fused(program, leaves);
      const text = describeRows(program);
      expect({ text, launches: lastProgram()?.launches.length }).toEqual({ text, launches: 1 });
      const apart = await stepByStep(program, leaves);
      expect(values.map(bitsOf)).toEqual(apart.map(bitsOf));
      await expectModel(program, leaves, values);
    }),
    { seed, numRuns: runs },
  );
}, 300_000);

const bitsOf = (values: Float32Array): string =>
  String(new Uint32Array(values.buffer, values.byteOffset, values.length));

/** The first row and the last against plain JavaScript. */
async function expectModel(
  program: RowProgram,
  leaves: readonly Tensor[],
  values: readonly Float32Array[],
): Promise<void> {
  const columns = program.shape.at(-1) as number;
  const rows = program.shape.reduce((product, size) => product * size, 1) / columns;
  const inputs = await Promise.all(leaves.map((leaf) => leaf.data()));
  for (const row of [0, rows - 1]) {
    const own = inputs.map((input, at) => {
      const from = program.isShared[at] ? 0 : row * columns;
      return Array.from(input.slice(from, from + columns) as Float32Array);
    });
    evaluateRow(program, own).forEach((wanted, at) => {
      const width = wanted.length;
      const got = (values[at] as Float32Array).slice(row * width, (row + 1) * width);
      wanted.forEach((value, column) => {
        expect(Math.abs((got[column] as number) - value)).toBeLessThan(
          1e-3 * Math.max(1, Math.abs(value)),
        );
      });
    });
  }
}
