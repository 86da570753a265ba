// Views of several tensors, views that data decides, looks changed in place, and positions in triangles.

import { beforeAll, describe, expect, test } from "vitest";
import * as sg from "../../src/index.ts";
import * as signal from "../../src/signal.ts";

beforeAll(() => sg.configure({ inline: "blocking" }));

const numbers = (rows: number, columns: number): sg.Tensor =>
  sg
    .arange(rows * columns)
    .reshape(rows, columns)
    .clone();

describe("views of several tensors", () => {
  test("each shares the storage of its own tensor", async () => {
    const [x, y] = [sg.zeros(3), sg.zeros(2, 1)];
    const [wide, tall] = sg.broadcastTensors(x, y) as [sg.Tensor, sg.Tensor];
    expect([wide._base, tall._base]).toEqual([x, y]);
    expect(tall.stride()).toEqual([1, 0]);
    sg.meshgrid(x, sg.zeros(2))[0]?.select(1, 0).fill_(7);
    expect(await x.tolist()).toEqual([7, 7, 7]);
  });

  test("columns are x and rows are y where asked for", async () => {
    const [x, y] = sg.meshgrid(sg.arange(3), sg.arange(2), { indexing: "xy" });
    expect(await x?.tolist()).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(await y?.tolist()).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
  });

  test("what has dimensions enough is the tensor itself", () => {
    const x = sg.zeros(3);
    expect(sg.atleast1d(x)).toBe(x);
    expect(sg.atleast2d(x)._base).toBe(x);
    expect(sg.atleast1d(x, sg.zeros([]))[0]).toBe(x);
  });

  test("parts of tensorSplit may be changed in place, those of split may not", async () => {
    const x = sg.zeros(4, { requiresGrad: true }).mul(1);
    x.hsplit(2)[1]?.add_(2);
    expect(await x.detach().tolist()).toEqual([0, 0, 2, 2]);
    expect(() => x.split(2)[0]?.mul_(3)).toThrow("returns multiple views");
  });
});

describe("what only the data tells is a promise", () => {
  test("of views for tensorSplit", async () => {
    const x = numbers(2, 3);
    const parts = await x.tensorSplit(sg.tensor([1, 2]), 1);
    expect(parts.map(({ shape }) => shape)).toEqual([
      [2, 1],
      [2, 1],
      [2, 1],
    ]);
    parts[0]?.fill_(9);
    expect(await x.tolist()).toEqual([
      [9, 1, 2],
      [9, 4, 5],
    ]);
    expect((await x.tensorSplit(sg.tensor(2), 1)).length).toBe(2);
  });

  test("of a copy for repeatInterleave, recorded as at the call", async () => {
    const x = numbers(2, 2).to("float32").requiresGrad_();
    const repeated = await x.repeatInterleave(sg.tensor([2, 1]), 0);
    await repeated.sum().backward();
    expect(await x.grad?.tolist()).toEqual([
      [2, 2],
      [1, 1],
    ]);
    const later = sg.noGrad(() => x.repeatInterleave(sg.tensor([1, 1]), 0).catch(String));
    expect(await later).toMatchObject({ requiresGrad: false });
    expect(await (await sg.repeatInterleave(sg.tensor([1, 0, 2]))).tolist()).toEqual([0, 2, 2]);
    await expect(x.repeatInterleave(sg.tensor([1, 2, 3]), 0)).rejects.toThrow("same size as input");
  });

  test("but for narrow, which reads the start on the device", async () => {
    const x = numbers(1, 4).flatten();
    expect(await x.narrow(0, sg.tensor(-3), 2).tolist()).toEqual([1, 2]);
    await expect(x.narrow(0, sg.tensor(3), 2).tolist()).rejects.toThrow("out of bounds");
  });
});

describe("looks changed in place", () => {
  test("leave the elements to every alias", async () => {
    const x = numbers(2, 3);
    const row = x.index(0);
    expect(x.t_()).toBe(x);
    expect([x.shape, x.stride()]).toEqual([
      [3, 2],
      [1, 3],
    ]);
    x.index(1).fill_(9);
    expect(await row.tolist()).toEqual([0, 9, 2]);
    expect(sg.zeros(1, 3, 1).squeeze_(0).unsqueeze_(-1).shape).toEqual([3, 1, 1]);
  });

  test("are a place on the Tape, through which views and changes are found", async () => {
    const leaf = sg.ones(2, 3).requiresGrad_();
    expect(() => leaf.t_()).toThrow("a leaf Variable that requires grad");
    const x = leaf.mul(numbers(2, 3));
    const row = x.index(1);
    x.transpose_(0, 1);
    expect(x.gradFn?.name).toBe("TransposeBackward0");
    x.mul_(numbers(3, 2));
    row.mul_(10);
    await x.sum().backward();
    expect(await leaf.grad?.tolist()).toEqual([
      [0, 2, 8],
      [30, 120, 250],
    ]);
  });
});

test.each([
  [3, 4, 0],
  [3, 4, 1],
  [4, 3, -1],
  [3, 3, -2],
  [2, 5, 3],
  [5, 2, -1],
  [3, 4, 9],
  [3, 4, -9],
  [0, 3, 0],
  [3, 0, 0],
])("positions in the triangles of %i × %i from diagonal %i on", async (rows, columns, offset) => {
  const expected = (isIn: (row: number, column: number) => boolean): number[][] => {
    const found: [number[], number[]] = [[], []];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        if (isIn(row, column)) [row, column].forEach((n, at) => void found[at]?.push(n));
      }
    }
    return found;
  };
  expect(await sg.trilIndices(rows, columns, offset).tolist()).toEqual(
    expected((row, column) => column <= row + offset),
  );
  expect(await sg.triuIndices(rows, columns, offset).tolist()).toEqual(
    expected((row, column) => column >= row + offset),
  );
});

describe("ranges and windows", () => {
  test("an int64 range is counted after its ends are cut", async () => {
    expect(await sg.arange(0.5, 3.7, { dtype: "int64" }).tolist()).toEqual([0, 1, 2]);
    expect(await sg.arange(0.5, 3.7, { dtype: "int32" }).tolist()).toEqual([0, 1, 2, 3]);
  });

  test("powers of ten are whole", async () => {
    const powers = await sg.logspace(0, 5, 6, { dtype: "int64" }).tolist();
    expect(powers).toEqual([1, 10, 100, 1000, 10_000, 100_000]);
  });

  test("Kaiser's window overflows where PyTorch's does", async () => {
    const [first, , middle] = await signal.windows.kaiser(5, { beta: 100 }).data();
    expect([first, middle]).toEqual([0, Number.NaN]);
  });
});
