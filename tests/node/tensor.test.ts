// What users see of a tensor: making, looking, reading, printing, disposing, the seed program.

import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Tensor } from "../../src/index.ts";
import * as sg from "../../src/index.ts";
import { failNextRequest, takeRequests } from "./realize-double.ts";

vi.mock("../../src/realize.ts", () => import("./realize-double.ts"));

const { arange, float, full, manualSeed, ones, rand, tensor, zeros } = sg;

const list = (x: Tensor) => x.tolist();

afterEach(() => {
  vi.restoreAllMocks();
});

test("the seed program behaves word for word", async () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
  const x = ones([2, 2], { requiresGrad: true });
  expect(x.isLeaf).toBe(true);
  expect(x.gradFn).toBeNull();
  const y = x.add(2);
  const z = y.mul(y).mul(3);
  const out = z.mean();
  await out.backward();
  expect(String(await z.realize())).toBe(
    "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>)",
  );
  expect(String(await out.realize())).toBe("tensor(27., grad_fn=<MeanBackward0>)");
  expect(String(x.grad)).toBe("tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])");
  expect(y.grad).toBeNull();
  expect(y.grad).toBeNull();
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]?.[0]).toContain("not a leaf");
});

describe("making", () => {
  test.each([
    [1, "int64", []],
    [1.5, "float32", []],
    [float(2), "float32", []],
    [true, "bool", []],
    [[1, 2], "int64", [2]],
    [[1, 2.5], "float32", [2]],
    [[true, 2], "int64", [2]],
    [[], "float32", [0]],
    [[[1], [2]], "int64", [2, 1]],
    [new Float32Array([1, 2]), "float32", [2]],
    [new Float64Array([1, 2]), "float64", [2]],
    [new Int32Array([1, 2]), "int32", [2]],
    [new Uint32Array([1, 2]), "int64", [2]],
    [[new Float64Array([1, 2]), new Float64Array([3, 4])], "float64", [2, 2]],
  ])("tensor(%j) is %s %j", (data, dtype, shape) => {
    const made = tensor(data as number);
    expect(made.dtype).toBe(dtype);
    expect(made.shape).toEqual(shape);
  });

  test.each([
    [[[1, 2], [3]], "expected sequence of length 2 at dim 1 (got 1), at [1]"],
    [[[1], 2], "expected a list of length 1 at [1], got 2"],
    [[1, [2]], "expected a number at [1], got a list of length 1"],
    [["a"], "got string at [0]"],
    [2 ** 31, "2147483648 does not fit int64"],
  ])("tensor(%j) is refused", (data, message) => {
    expect(() => tensor(data as number[])).toThrow(message);
  });

  test("given data is copied, and cut to integers where they are asked for", async () => {
    const data = new Float32Array([1.7, -1.7]);
    const x = tensor(data);
    data[0] = 9;
    expect(await list(x)).toEqual([Math.fround(1.7), Math.fround(-1.7)]);
    expect(await list(tensor([1.7, -1.7], { dtype: "int32" }))).toEqual([1, -1]);
    expect(await list(tensor([0, 2], { dtype: "bool" }))).toEqual([false, true]);
  });

  test("sizes are varargs or a list, options come last", async () => {
    expect(ones(2, 3).shape).toEqual([2, 3]);
    expect(ones([2, 3], { dtype: "float64" }).dtype).toBe("float64");
    expect(full([2], 7).dtype).toBe("int64");
    expect(full([2], float(7)).dtype).toBe("float32");
    expect(await list(arange(1, 4))).toEqual([1, 2, 3]);
    expect(arange(3).dtype).toBe("int64");
    expect(arange(float(3)).dtype).toBe("float32");
    expect(() => ones(-1)).toThrow("negative dimension");
    expect(zeros(2).add(1).newOnes(3).shape).toEqual([3]);
  });

  test("random numbers repeat with the seed, and go on without it", async () => {
    manualSeed(3);
    const [a, b] = [rand(4), rand(4)];
    manualSeed(3);
    const c = rand(4);
    expect(await list(c)).toEqual(await list(a));
    expect(await list(b)).not.toEqual(await list(a));
    const own = new sg.Generator().manualSeed(3);
    expect(await list(rand(4, { generator: own }))).toEqual(await list(a));
  });

  test("only floating point tensors may require gradients", () => {
    expect(() => arange(3, { requiresGrad: true })).toThrow("floating point");
    expect(() => tensor([1]).requiresGrad_()).toThrow("floating point");
  });
});

describe("looking", () => {
  test("sizes, strides and kind", () => {
    const x = zeros(2, 3).t();
    expect([x.ndim, x.dim(), x.numel(), x.size(-1)]).toEqual([2, 2, 6, 2]);
    expect([x.stride(), x.stride(0), x.storageOffset()]).toEqual([[1, 3], 1, 0]);
    expect(x.isContiguous()).toBe(false);
    expect(x.contiguous().isContiguous()).toBe(true);
    expect(x.isFloatingPoint()).toBe(true);
    expect(x.T.shape).toEqual([2, 3]);
  });

  test("methods and functions are one thing", async () => {
    const x = tensor([1, 2]);
    expect(await list(sg.add(x, 1))).toEqual(await list(x.add(1)));
    expect(await list(sg.div(1, x))).toEqual([1, 0.5]);
    expect(() => sg.add(1, 2)).toThrow("wants at least one tensor");
    expect(await list(sg.cat([x, x]))).toEqual([1, 2, 1, 2]);
  });

  test("several results have names and an order", async () => {
    const { values, indices } = tensor([
      [1, 3],
      [5, 4],
    ]).max(1);
    const [first, second] = tensor([
      [1, 3],
      [5, 4],
    ]).max(1);
    expect(await list(values)).toEqual([3, 5]);
    expect(await list(indices)).toEqual([1, 0]);
    expect([await list(first as Tensor), await list(second as Tensor)]).toEqual([
      [3, 5],
      [1, 0],
    ]);
  });

  test("a conversion that has nothing to do gives the tensor itself", () => {
    const x = zeros(2);
    expect(x.float()).toBe(x);
    expect(x.to("float32")).toBe(x);
    expect(x.to("float32", { copy: true })).not.toBe(x);
    expect(x.to("cpu")).toBe(x);
    expect(x.double().dtype).toBe("float64");
    expect(x.to(tensor(1)).dtype).toBe("int64");
  });
});

describe("reading", () => {
  test("as a list, as an array, as one number", async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect(await x.tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await x.t().data()).toEqual(new Int32Array([1, 3, 2, 4]));
    expect(await tensor(2.5).item()).toBe(2.5);
    expect(await tensor([[true]]).item()).toBe(true);
    expect(await zeros(2, 0).tolist()).toEqual([[], []]);
    expect(() => x.item()).toThrow("a Tensor with 4 elements cannot be converted to Scalar");
  });

  test("at once only what is there", async () => {
    const y = tensor([1, 2]).add(1);
    expect(() => y.dataSync()).toThrow("the tensor is lazy");
    await y.realize();
    expect(y.dataSync()).toEqual(new Int32Array([2, 3]));
    expect(y.index(1).itemSync()).toBe(3);
  });

  test("reading gives copies", async () => {
    const x = tensor([1, 2]);
    (await x.data())[0] = 9;
    expect(await list(x)).toEqual([1, 2]);
  });

  test("what is asked for in one tick is one request", async () => {
    takeRequests();
    const x = tensor([1, 2]).add(1);
    await Promise.all([x.mul(2).data(), x.mul(3).data(), x.realize()]);
    expect(takeRequests()).toHaveLength(1);
  });

  test("a failed request rejects with its cause, and so does reading again", async () => {
    const x = tensor([1, 2]).add(1);
    const cause = new Error("out of memory");
    failNextRequest(cause);
    await expect(x.realize()).rejects.toBe(cause);
    await expect(x.data()).rejects.toBe(cause);
    expect(() => x.dataSync()).toThrow(cause);
    expect(String(x)).toBe("tensor(<failed [2] int64: out of memory>)");
  });

  test("is never thenable", async () => {
    const x = zeros(2);
    expect("then" in x).toBe(false);
    expect(await x).toBe(x);
  });
});

describe("printing", () => {
  test("what is lazy says so, and never throws", () => {
    const x = ones([2, 2], { requiresGrad: true }).mul(2);
    expect(String(x)).toBe("tensor(<lazy [2, 2] float32>, grad_fn=<MulBackward0>)");
    expect(`${x}`).toBe(String(x));
    expect(inspect(x)).toBe(String(x));
  });

  test("what is realized prints as in PyTorch", async () => {
    const x = await tensor([1, 2.5], { requiresGrad: true }).realize();
    expect(String(x)).toBe("tensor([1.0000, 2.5000], requires_grad=True)");
    expect(String(await x.detach().double().realize())).toBe(
      "tensor([1.0000, 2.5000], dtype=torch.float64)",
    );
  });

  test("operators of the language are refused with the cure", () => {
    const x = zeros(2) as unknown as number;
    expect(() => x + 1).toThrow("x.add(y)");
    expect(() => x * 2).toThrow("x.mul(y)");
    expect(() => x < 2).toThrow("x.lt(y)");
  });
});

describe("indexing", () => {
  const x = () => arange(6).view(2, 3);

  test.each([
    ["an integer", [1], [3, 4, 5]],
    ["from the end", [-1, -1], 5],
    [
      "slices",
      [sg.slice(), sg.slice(1, null)],
      [
        [1, 2],
        [4, 5],
      ],
    ],
    ["dots", ["...", 0], [0, 3]],
    ["a new axis", [null, 1, null], [[[3, 4, 5]]]],
    ["true", [true, 0], [[0, 1, 2]]],
    [
      "a list",
      [
        [1, 0],
        [2, -3],
      ],
      [5, 0],
    ],
    [
      "a list beside a slice",
      [sg.slice(), [2, 0]],
      [
        [2, 0],
        [5, 3],
      ],
    ],
    ["a step", [0, sg.slice(null, null, 2)], [0, 2]],
  ] as const)("by %s", async (_, indices, wanted) => {
    expect(await list(x().index(...(indices as unknown as never[])))).toEqual(wanted);
  });

  test("by tensors, with a result in front when they are apart", async () => {
    const rows = tensor([1, 0, -1]);
    expect(await list(x().index(rows))).toEqual([
      [3, 4, 5],
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(x().view(2, 3, 1).index([0, 1], sg.slice(), [0, 0]).shape).toEqual([2, 3]);
    expect(arange(24).view(2, 3, 4).index([0, 1], sg.slice(), [0, 1]).shape).toEqual([2, 3]);
    expect(arange(24).view(2, 3, 4).index(sg.slice(), [0, 1], [0, 1]).shape).toEqual([2, 2]);
  });

  test("by a mask it is a promise", async () => {
    expect(await list(await x().index(x().gt(2)))).toEqual([3, 4, 5]);
    expect(await list(await x().maskedSelect(x().gt(3)))).toEqual([4, 5]);
    expect(await list(await x().gt(3).nonzero())).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  test.each([
    [[2], "index 2 is out of bounds for dimension 0 with size 2"],
    [[0, 0, 0], "too many indices"],
    [[0.5], "an index must be an integer"],
    [[[5]], "index 5 is out of bounds"],
    [[tensor(0.5)], "must be int64, int32, uint8 or bool"],
    [["a"], "an index is an integer"],
  ])("by %j is refused", (indices, message) => {
    expect(() => x().index(...(indices as never[]))).toThrow(message);
  });

  test("writing at indices", async () => {
    const y = x();
    y.indexPut_([0, 1], 9);
    y.indexPut_([1, sg.slice(1)], tensor([7, 8]));
    y.indexPut_(
      [
        [0, 1],
        [0, 0],
      ],
      tensor([-1, -2]),
    );
    expect(await list(y)).toEqual([
      [-1, 9, 2],
      [-2, 7, 8],
    ]);
    y.indexPut_([y.lt(0)], 0);
    y.indexPut_([[0, 0]], 1, { accumulate: true });
    expect(await list(y)).toEqual([
      [2, 11, 4],
      [0, 7, 8],
    ]);
  });
});

describe("questions about data are promises", () => {
  test("equal and allclose", async () => {
    const x = tensor([1, 2.5]);
    expect(await sg.equal(x, x.clone())).toBe(true);
    expect(await sg.equal(x, zeros(3))).toBe(false);
    expect(await sg.allclose(x, x.add(1e-9))).toBe(true);
    expect(await sg.allclose(tensor(NaN), tensor(NaN))).toBe(false);
    expect(await sg.allclose(tensor(NaN), tensor(NaN), { equalNan: true })).toBe(true);
  });
});

describe("disposing", () => {
  test("later use is a clear error, for every alias", () => {
    const x = ones(2);
    const y = x.view(2, 1);
    x.dispose();
    x.dispose();
    expect(() => x.add(1)).toThrow("disposed of");
    expect(() => y.add(1)).toThrow("disposed of");
    expect(() => x.data()).toThrow("disposed of");
    expect(String(x)).toContain("disposed of");
  });

  test("with using", () => {
    const x = ones(2);
    x[Symbol.dispose]();
    expect(() => x.sum()).toThrow("disposed of");
  });
});

test("dtypes can be asked", () => {
  expect(sg.finfo("float32").eps).toBe(2 ** -23);
  expect(sg.finfo().tiny).toBe(2 ** -126);
  expect(sg.iinfo("int32").max).toBe(2147483647);
  expect(() => sg.finfo("int32")).toThrow("Use iinfo");
  expect(sg.promoteTypes("int64", "float32")).toBe("float32");
  expect(sg.canCast("float32", "int32")).toBe(false);
});
