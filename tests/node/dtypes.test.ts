// The dtypes that have fewer bits in memory than in lanes: conversions to the bit, and kernels of every
// kind of read and write beside plain loops.

import { beforeAll, describe, expect, test } from "vitest";
import { type DType, dtypes, isHalf, promote, roundTo } from "../../src/base/dtypes.ts";
import { compileLanes } from "../../src/base/evaluate-lanes.ts";
import { encodeHalves, halfValue } from "../../src/base/half-floats.ts";
import { narrowLane, packHalf, unpackHalf } from "../../src/base/narrowing.ts";
import { traceLanes } from "../../src/base/trace-lanes.ts";
import {
  canCast,
  configure,
  finfo,
  float,
  full,
  iinfo,
  ones,
  promoteTypes,
  resultType,
  stack,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { readNow } from "../../src/realize.ts";
import { seeded } from "../leaves.ts";
import { evaluateNode } from "../naive.ts";

beforeAll(() => configure({ inline: true }));

const halves = ["float16", "bfloat16"] as const;
const small = ["uint8", "int8", "int16"] as const;
const narrow = [...halves, ...small] as const;

const allBits = Array.from({ length: 65536 }, (_, bits) => bits);

describe.each(halves)("%s", (dtype) => {
  test("has its bits and values in lanes as in JavaScript, all 65536", () => {
    const [unpack, pack] = [compileLanes(unpackHalf[dtype]), compileLanes(packHalf[dtype])];
    const wrong = allBits.filter((bits) => {
      const value = halfValue(dtype, bits);
      const back = Number(pack([value])[0]);
      const isSame = Number.isNaN(value) ? Number.isNaN(halfValue(dtype, back)) : back === bits;
      return !isSame || !Object.is(unpack([bits])[0], value);
    });
    expect(wrong).toEqual([]);
  });

  test("rounds in lanes as in JavaScript: ties, subnormals, overflow", () => {
    const body = traceLanes(["f32"], (k, x) => narrowLane(k, x, dtype));
    const round = compileLanes(body);
    const draw = seeded(5);
    const near = allBits.flatMap((bits) => {
      const [low, high] = [halfValue(dtype, bits), halfValue(dtype, (bits + 1) & 0xffff)];
      const middle = low + (high - low) / 2;
      return [low, middle, middle * (1 + 2 ** -23), middle * (1 - 2 ** -23)];
    });
    const random = Array.from({ length: 5000 }, () => draw(-1, 1) * 2 ** Math.floor(draw(-40, 20)));
    const values = [...near, ...random, 65519, 65520, -65520, 3e38, 1e-45, -1e-45].map(Math.fround);
    expect(values.filter((x) => !Object.is(round([x])[0], roundTo(dtype, x)))).toEqual([]);
    expect(round([Number.NaN])[0]).toBeNaN();
  });

  test("rounds what it is told to the nearest, ties to even", () => {
    const one = dtype === "float16" ? 2 ** -11 : 2 ** -8;
    expect([1 + one, 1 + 3 * one, 1 + 1.01 * one].map((x) => roundTo(dtype, x))).toEqual([
      1,
      1 + 4 * one,
      1 + 2 * one,
    ]);
    expect([...encodeHalves(dtype, [-0, Infinity])]).toEqual(
      dtype === "float16" ? [0x8000, 0x7c00] : [0x8000, 0x7f80],
    );
  });
});

/** Elements all over a dtype's range. */
function elementsOf(dtype: DType, count: number, seed = 1): number[] {
  const draw = seeded(seed);
  return Array.from({ length: count }, () => {
    if (!isHalf(dtype)) return roundTo(dtype, Math.floor(draw(-40000, 40000)));
    return roundTo(dtype, draw(-1, 1) * 2 ** Math.floor(draw(-18, 9)));
  });
}

const leaf = (dtype: DType, shape: number[], seed = 1): Promise<Tensor> =>
  tensor(
    elementsOf(
      dtype,
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    { dtype },
  )
    .reshape(shape)
    .realize();

/** The kernels' elements are those of plain loops. */
async function expectAsLoops(lazy: Tensor): Promise<void> {
  const wanted = evaluateNode(lazy.value.node, (node) => readNow(node) as ArrayLike<number>);
  const actual = await lazy.data();
  expect(actual.constructor).toBe(wanted.constructor);
  expect(actual.length).toBe(wanted.length);
  const at = actual.findIndex((value, i) => !Object.is(value, wanted[i]));
  expect(at < 0 ? null : { at, got: actual[at], wanted: wanted[at] }).toBe(null);
}

describe.each(narrow)("kernels on %s", (dtype) => {
  test.each([1, 3, 4, 5, 17, 4099])("add, multiply and choose %i elements", async (n) => {
    const [x, y] = [await leaf(dtype, [n]), await leaf(dtype, [n], 2)];
    await expectAsLoops(x.add(y).mul(x).sub(y));
    await expectAsLoops(x.maximum(y).neg());
    await expectAsLoops(x.abs().gt(y));
    await expectAsLoops(x.mul(3));
  });

  test("read turned, reversed, apart, from one and through views", async () => {
    const x = await leaf(dtype, [9, 14]);
    await expectAsLoops(x.T.add(1));
    await expectAsLoops(x.flip([0, 1]).mul(2));
    await expectAsLoops(x.narrow(1, 1, 5).add(x.narrow(1, 7, 5)));
    await expectAsLoops(x.reshape([7, 9, 2]).permute([2, 0, 1]).add(1));
    await expectAsLoops(
      x
        .narrow(0, 3, 1)
        .expand([6, 14])
        .add(x.narrow(0, 2, 6)),
    );
    await expectAsLoops(x.T);
    const large = await leaf(dtype, [70, 90]);
    await expectAsLoops(large.T.add(1));
  });

  test("fold rows and columns, and find extremes", async () => {
    const x = await leaf(dtype, [37, 53]);
    for (const dim of [0, 1]) {
      await expectAsLoops(x.amax(dim));
      await expectAsLoops(x.amin(dim).add(x.amax(dim)));
      await expectAsLoops(x.argmax(dim));
      if (!isHalf(dtype)) await expectAsLoops(x.sum(dim));
    }
    if (!isHalf(dtype)) await expectAsLoops(x.sum());
  });

  test("gather, scatter and write in place", async () => {
    const x = await leaf(dtype, [11, 6]);
    const index = tensor([10, 3, 3, 0, 7]).reshape([5, 1]).expand([5, 6]);
    await expectAsLoops(x.gather(0, index));
    await expectAsLoops(x.scatterAdd(0, index, x.narrow(0, 2, 5)));
    const y = x.clone();
    y.narrow(1, 1, 3).add_(1);
    await expectAsLoops(y);
  });

  test("have the same bits in one kernel and in several", async () => {
    const x = await leaf(dtype, [1000]);
    const y = await leaf(dtype, [1000], 2);
    const fused = await x.mul(y).add(x).mul(3).sub(y).data();
    const product = await x.mul(y).realize();
    const sum = await product.add(x).realize();
    const tripled = await sum.mul(3).realize();
    expect(await tripled.sub(y).data()).toEqual(fused);
  });

  test("convert to and from every dtype", async () => {
    const x = await leaf(dtype, [101]);
    for (const other of Object.keys(dtypes) as DType[]) {
      await expectAsLoops(x.to(other));
      await expectAsLoops(x.to(other).add(1).to(dtype));
    }
  });

  test("are told apart from what was given, by shape alone", async () => {
    const x = await leaf(dtype, [4]);
    expect(await x.data()).toEqual(await stack([x, x]).index(1).data());
  });
});

describe("integers of few bits", () => {
  test("wrap where their width ends", async () => {
    const list = async (x: Tensor) => x.tolist();
    const bytes = tensor([0, 1, 255], { dtype: "uint8" });
    expect(await list(bytes.sub(1))).toEqual([255, 0, 254]);
    expect(await list(bytes.neg())).toEqual([0, 255, 1]);
    expect(await list(bytes.bitwiseNot())).toEqual([255, 254, 0]);
    const chars = tensor([-128, 127], { dtype: "int8" });
    expect(await list(chars.abs())).toEqual([-128, 127]);
    expect(await list(chars.neg())).toEqual([-128, -127]);
    expect(await list(chars.add(1))).toEqual([-127, -128]);
    expect(await list(chars.mul(chars))).toEqual([0, 1]);
    expect(await list(chars.sum())).toBe(-1);
    expect(await list(tensor([-128], { dtype: "int8" }).floorDivide(-1))).toEqual([-128]);
    expect(await list(tensor([300, -1, -300]).to("uint8"))).toEqual([44, 255, 212]);
    expect(await list(tensor([40000, -40000]).to("int16"))).toEqual([-25536, 25536]);
  });

  test("are made of floats as x86 does it", async () => {
    const values = [300.7, -1.5, 1e10, Number.NaN, -Infinity, 200];
    const x = tensor(values);
    expect(await x.to("uint8").tolist()).toEqual([44, 255, 0, 0, 0, 200]);
    expect(await x.to("int8").tolist()).toEqual([44, -1, 0, 0, 0, -56]);
    expect(await x.to("int32").tolist()).toEqual([
      300,
      -1,
      -(2 ** 31),
      -(2 ** 31),
      -(2 ** 31),
      200,
    ]);
    expect(await x.to("int64").tolist()).toEqual([
      300,
      -1,
      2 ** 31 - 1,
      -(2 ** 31),
      -(2 ** 31),
      200,
    ]);
    const doubles = tensor([2 ** 40 + 7, -(2 ** 35) - 3, 2 ** 31 + 5], { dtype: "float64" });
    expect(await doubles.to("uint8").tolist()).toEqual([7, 253, 5]);
  });

  test("are refused where they do not fit, but for what unsigned numbers wrap", async () => {
    expect(() => tensor(300, { dtype: "uint8" })).toThrow("without overflow");
    expect(() => tensor([128], { dtype: "int8" })).toThrow("without overflow");
    expect(await tensor([-1], { dtype: "uint8" }).tolist()).toEqual([255]);
    expect(await tensor(Int32Array.of(300), { dtype: "uint8" }).tolist()).toEqual([44]);
  });

  test("shift by as many bits as each lane says", async () => {
    const x = tensor([1, -7, 100, -128], { dtype: "int8" });
    const n = tensor([6, 1, 9, -1], { dtype: "int8" });
    expect(await x.bitwiseLeftShift(n).tolist()).toEqual([64, -14, 0, 0]);
    expect(await x.bitwiseRightShift(n).tolist()).toEqual([0, -4, 0, -1]);
    expect(await tensor([5, 6]).bitwiseLeftShift(31).tolist()).toEqual([-(2 ** 31), 0]);
    expect(() => ones(2).bitwiseAnd(1)).toThrow("not implemented");
    expect(() => tensor(true).bitwiseLeftShift(true)).toThrow("not implemented");
  });
});

describe("halves", () => {
  test("are read as the numbers they stand for", async () => {
    const x = tensor([0.1, 65519, 1e5, -1e-8], { dtype: "float16" });
    expect(await x.data()).toEqual(Float32Array.of(0.0999755859375, 65504, Infinity, -0));
    expect(x.dataSync()).toBeInstanceOf(Float32Array);
    expect(String(await tensor([0.5], { dtype: "bfloat16" }).realize())).toBe(
      "tensor([0.5000], dtype=torch.bfloat16)",
    );
  });

  test("add up in float32, and are rounded once", async () => {
    expect(await full([4096], 1, { dtype: "bfloat16" }).sum().item()).toBe(4096);
    expect(await full([3001], 1, { dtype: "float16" }).sum().item()).toBe(3000);
  });

  test("have gradients of their dtype, and hand them to others", async () => {
    for (const dtype of halves) {
      const x = tensor([0.5, -1.25], { dtype, requiresGrad: true });
      const y = x
        .to("float32")
        .mul(tensor([1.0009765625, 3.3]))
        .sum();
      await y.backward();
      expect(x.grad?.dtype).toBe(dtype);
      expect(await x.grad?.tolist()).toEqual([1.0009765625, 3.3].map((v) => roundTo(dtype, v)));
    }
    expect(() => tensor([1], { dtype: "int8", requiresGrad: true })).toThrow("floating point");
  });
});

test("to() takes a dtype, a device, a tensor, or only options", () => {
  const x = ones([2]);
  expect(x.to({ dtype: "float64" }).dtype).toBe("float64");
  expect(x.to("cpu")).toBe(x);
  expect(x.to("cpu", "int8").dtype).toBe("int8");
  expect(x.to({ device: "cpu", dtype: "uint8", copy: true }).dtype).toBe("uint8");
  expect(x.to(tensor(1)).dtype).toBe("int64");
  expect(x.to({ copy: true })).not.toBe(x);
  expect(x.half({ memoryFormat: "contiguous_format" }).dtype).toBe("float16");
  expect(x.typeAs(x.bfloat16()).dtype).toBe("bfloat16");
});

describe("what is asked of dtypes", () => {
  test("limits", () => {
    expect(finfo("float16")).toMatchObject({ bits: 16, max: 65504, eps: 2 ** -10, tiny: 2 ** -14 });
    expect(finfo("bfloat16").max).toBe(3.3895313892515355e38);
    expect(finfo("bfloat16").resolution).toBe(0.01);
    expect(iinfo("uint8")).toEqual({ bits: 8, min: 0, max: 255, dtype: "uint8" });
    expect(iinfo("int16").min).toBe(-32768);
  });

  test("promotion", () => {
    expect(promote("uint8", "int8")).toBe("int16");
    expect(promoteTypes("float16", "bfloat16")).toBe("float32");
    expect(resultType(tensor([1], { dtype: "int8" }), 300)).toBe("int8");
    expect(resultType(tensor([1], { dtype: "int8" }), float(1))).toBe("float32");
    expect(canCast("uint8", "int8")).toBe(true);
    expect(canCast("float16", "int64")).toBe(false);
  });
});
