// Reads across the rows, turned in registers: every tail of rows and columns, permutations, broadcasts,
// positions and dtypes.

import { beforeAll, describe, expect, test } from "vitest";
import { arange, configure, lastProgram, type Tensor, type TypedArray } from "../../src/index.ts";

beforeAll(() => configure({ inline: true }));

type At = (...index: number[]) => number;

/** Elements of a result, from a function of its indices. */
function elements(shape: readonly number[], at: At): number[] {
  const list: number[] = [];
  const visit = (index: number[]): void => {
    if (index.length === shape.length) list.push(at(...index));
    else for (let i = 0; i < (shape[index.length] as number); i++) visit([...index, i]);
  };
  visit([]);
  return list;
}

const numbered = (shape: number[], dtype: "float32" | "float64" | "int32" = "float32") =>
  arange(
    shape.reduce((a, b) => a * b, 1),
    { dtype },
  )
    .reshape(shape)
    .realize();

async function expectTurned(result: Tensor, wanted: number[]): Promise<void> {
  const data: TypedArray = await result.data();
  expect(Array.from(data)).toEqual(wanted);
  expect(lastProgram()?.kernels.some(({ exportName }) => exportName.startsWith("tiles"))).toBe(
    true,
  );
}

describe("x.T + y", () => {
  test.each([
    [8, 8],
    [9, 11],
    [10, 16],
    [17, 33],
    [64, 16],
    [67, 130],
    [200, 13],
  ])("of %i rows and %i columns", async (rows, columns) => {
    const [x, y] = [await numbered([columns, rows]), await numbered([rows, columns])];
    const wanted = elements([rows, columns], (i, j) => j * rows + i + (i * columns + j));
    await expectTurned(x.T.add(y), wanted);
  });

  test.each(["float64", "int32"] as const)("in %s", async (dtype) => {
    const [x, y] = [await numbered([21, 14], dtype), await numbered([14, 21], dtype)];
    const wanted = elements([14, 21], (i, j) => j * 14 + i + (i * 21 + j));
    await expectTurned(x.T.add(y), wanted);
  });

  test("of bools", async () => {
    const x = await (await numbered([21, 14])).remainder(3).gt(1).realize();
    const wanted = elements([14, 21], (i, j) => Number((j * 14 + i) % 3 === 2));
    await expectTurned(x.T.logicalNot().logicalNot(), wanted);
  });
});

test("the axes of a permutation that are neither rows nor columns stay outside", async () => {
  const x = await numbered([3, 9, 5, 10]);
  const at = (a: number, b: number, c: number, d: number) => ((a * 9 + b) * 5 + c) * 10 + d;
  const wanted = elements([10, 3, 5, 9], (d, a, c, b) => at(a, b, c, d));
  await expectTurned(x.permute(3, 0, 2, 1).contiguous(), wanted);
});

test("broadcast operands and positions are of their own row", async () => {
  const [rows, columns] = [13, 18];
  const x = await numbered([columns, rows]);
  const [row, column] = [await numbered([columns]), await numbered([rows, 1])];
  const position = arange(rows * columns, { dtype: "float32" }).reshape(rows, columns);
  const wanted = elements(
    [rows, columns],
    (i, j) => j * rows + i + j * 2 + i * 3 + (i * columns + j),
  );
  await expectTurned(x.T.add(row.mul(2)).add(column.mul(3)).add(position), wanted);
});

test("a turned operand twice, flipped columns, and a slice of rows", async () => {
  const x = await numbered([20, 30]);
  const wanted = elements([16, 20], (i, j) => j * 30 + (i + 4) + (19 - j) * 30 + (i + 4));
  await expectTurned(x.T.narrow(0, 4, 16).add(x.flip(0).T.narrow(0, 4, 16)), wanted);
});
