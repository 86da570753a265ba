// Aliases: views and detached tensors share a storage; in-place ops on any of them are seen by all, and
// their history is PyTorch's.

import { describe, expect, test, vi } from "vitest";
import type { Tensor } from "../../src/index.ts";
import * as sg from "../../src/index.ts";
import { failNextRequest } from "./realize-double.ts";

vi.mock("../../src/realize.ts", () => import("./realize-double.ts"));

const { arange, noGrad, ones, slice, tensor, zeros } = sg;

const leaf = (...data: number[]) => tensor(data, { dtype: "float64", requiresGrad: true });
const list = (x: Tensor | null) => x?.tolist() ?? null;

describe("views", () => {
  test("share their storage and know their base", async () => {
    const x = zeros(2, 3);
    const y = x.view(6);
    const z = y.index(slice(1, null, 2));
    expect([x.isView, y.isView, z._base]).toEqual([false, true, x]);
    y.index(1).fill_(5);
    x.t().indexPut_([2, 1], 7);
    x.index(1).mul_(2).add_(1);
    expect(await list(x)).toEqual([
      [0, 5, 0],
      [1, 1, 15],
    ]);
    expect(await list(z)).toEqual([5, 1, 15]);
    expect([x.version, y.version]).toEqual([4, 4]);
  });

  test("of windows that strides cannot compose", async () => {
    const x = arange(6).view(2, 3).t();
    expect(() => x.view(6)).toThrow("view");
    expect(await list(x.reshape(6))).toEqual([0, 3, 1, 4, 2, 5]);
    expect(await list(x.flip(0).index(1).unsqueeze(0))).toEqual([[1, 4]]);
  });

  test("realized ones see what is changed later", async () => {
    const x = zeros(3);
    const y = await x.index(slice(1)).realize();
    x.add_(1);
    expect(await list(y)).toEqual([1, 1]);
    await x.realize();
    y.mul_(3);
    expect(await list(x)).toEqual([1, 3, 3]);
  });

  test("as_strided windows count in the storage", async () => {
    const x = arange(6).view(2, 3).index(1);
    expect(await list(x.asStrided([2, 2], [2, 1], 1))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(() => x.asStrided([9], [1])).toThrow("out of bounds");
    const w = leaf(1, 2, 3);
    await w.asStrided([2, 2], [1, 1]).sum().backward();
    expect(await list(w.grad)).toEqual([1, 2, 1]);
  });
});

describe("in place", () => {
  test("leaves that require gradients, and views of them, are refused", () => {
    const x = leaf(1, 2);
    expect(() => x.add_(1)).toThrow(
      "a leaf Variable that requires grad is being used in an in-place operation",
    );
    expect(() => x.index(0).add_(1)).toThrow("a view of a leaf Variable that requires grad");
    expect(() => x.copy_([3, 4])).toThrow("a leaf Variable");
    expect(() => x.zero_()).toThrow("a leaf Variable");
    noGrad(() => x.add_(1));
    expect([x.isLeaf, x.version]).toEqual([true, 1]);
  });

  test("results must fit back in shape and dtype", () => {
    expect(() => ones(3).add_(ones(1, 3))).toThrow(
      "output with shape [3] doesn't match the broadcast shape [1, 3]",
    );
    expect(() => arange(3).add_(1.5)).toThrow(
      "result type float32 can't be cast to the desired output type int64",
    );
    expect(() => ones(3).expand(2, 3).add_(1)).toThrow("refers to a single memory location");
    expect(ones(2).double().add_(ones(2)).dtype).toBe("float64");
  });

  test("history goes through", async () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    expect(y.add_(1)).toBe(y);
    expect(y.gradFn?.name).toBe("AddBackward0");
    y.mul_(y.detach().clone());
    await y.sum().backward();
    expect(await list(x.grad)).toEqual([6, 10]);
  });

  test("a view hands its change to its base, other views derive their history anew", async () => {
    const x = leaf(1, 2, 3, 4);
    const y = x.view(2, 2).clone();
    const row = y.index(0);
    const column = y.index(slice(), 0);
    row.mul_(3);
    expect(y.gradFn?.name).toBe("CopySlices");
    expect(row.gradFn?.name).toBe("AsStridedBackward0");
    expect(column.gradFn?.name).toBe("AsStridedBackward0");
    await column.mul(column).sum().add(y.sum()).backward();
    expect(await list(x.grad)).toEqual([21, 3, 7, 1]);
  });

  test("a base that needs no gradient gets one from what is written into it", async () => {
    const x = zeros(2, 2, { dtype: "float64" });
    const view = x.t();
    const w = leaf(2, 3);
    view.index(0).copy_(w);
    expect([x.requiresGrad, x.gradFn?.name, view.requiresGrad]).toEqual([true, "CopySlices", true]);
    await view.mul(view).sum().backward();
    expect(await list(w.grad)).toEqual([4, 6]);
  });

  test("changes in place have second derivatives", async () => {
    const f = (x: Tensor) => {
      const y = x.mul(x);
      y.index(slice(1)).mul_(y.index(slice(null, -1)).clone());
      y.view(3, 1).index(0).exp_();
      return y;
    };
    expect(await sg.gradcheck(f, leaf(0.5, -1.5, 2))).toBe(true);
    expect(await sg.gradgradcheck(f, leaf(0.5, -1.5, 2))).toBe(true);
  });

  test("detached aliases see data and version, not history", async () => {
    const x = leaf(1, 2);
    const y = x.clone();
    const z = y.detach();
    z.mul_(10);
    expect([y.gradFn?.name, y.version, z.requiresGrad]).toEqual(["CloneBackward0", 1, false]);
    expect(await list(y)).toEqual([10, 20]);
    await y.sum().backward();
    expect(await list(x.grad)).toEqual([1, 1]);
  });

  test("a view of a detached view carries history within what it shows", async () => {
    const x = zeros(2, 3, { dtype: "float64" });
    const part = x.index(slice(), slice(1)).detach();
    const w = leaf(5, 6);
    part.index(1).copy_(w);
    expect([part.gradFn?.name, x.requiresGrad]).toEqual(["CopySlices", false]);
    await part.mul(part).sum().backward();
    expect(await list(w.grad)).toEqual([10, 12]);
    expect(await list(x)).toEqual([
      [0, 0, 0],
      [0, 5, 6],
    ]);
  });

  test("what was overwritten receives zeros", async () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    y.index(0).zero_();
    await y.sum().backward();
    expect(await list(x.grad)).toEqual([0, 2]);
    const z = x.mul(2).fill_(7);
    expect(z.requiresGrad).toBe(true);
    await z.sum().backward();
    expect(await list(x.grad)).toEqual([0, 2]);
  });

  test("copy_ takes tensors, lists and typed arrays, broadcasts and converts", async () => {
    const x = zeros(2, 2);
    expect(await list(x.copy_([1, 2]))).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(await list(x.copy_(new Float64Array([1, 2, 3, 4])))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await list(x.copy_(tensor(true)))).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(() => x.copy_([1, 2, 3])).toThrow("expand");
  });

  test("several views at a time, and views made without recording, stay as they are", () => {
    const y = leaf(1, 2).mul(2);
    const [first] = y.unbind() as [Tensor];
    expect(() => first.mul_(2)).toThrow("returns multiple views");
    const hidden = noGrad(() => y.view(2, 1));
    expect(() => hidden.mul_(y.view(2, 1))).toThrow("created in noGrad mode");
  });
});

describe("saved values changed in place", () => {
  test("are an error that names the op, where they are needed", () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    const z = y.mul(y);
    y.add_(1);
    expect(() => z.sum().backward()).toThrow(
      "modified by an inplace operation: [torch.DoubleTensor [2]], which is output 0 of " +
        "MulBackward0, is at version 1; expected version 0",
    );
    const s = x.sigmoid();
    s.add_(1);
    expect(() => s.sum().backward()).toThrow("output 0 of SigmoidBackward0");
  });

  test("also through an alias", () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    const z = y.exp();
    z.detach().add_(1);
    expect(() => z.sum().backward()).toThrow("modified by an inplace operation");
  });

  test("are none where they are not needed", async () => {
    const x = leaf(1, 2);
    const y = x.mul(2);
    const z = y.add(y);
    y.add_(1);
    await z.sum().backward();
    expect(await list(x.grad)).toEqual([4, 4]);
  });

  test("an op's own old value is kept", async () => {
    const x = leaf(1, 2);
    const w = leaf(3, 4);
    const y = x.mul(1);
    y.mul_(w);
    await y.sum().backward();
    expect(await list(w.grad)).toEqual([1, 2]);
  });
});

describe("failures", () => {
  test("leave a changed storage as it was committed", async () => {
    const x = await ones(2).add(1).realize();
    const y = x.view(2, 1);
    x.mul_(5);
    failNextRequest(new Error("out of memory"));
    await expect(x.realize()).rejects.toThrow("out of memory");
    expect(await list(y)).toEqual([[2], [2]]);
  });
});

test("detach_ forgets, but not of a view", () => {
  const y = leaf(1, 2).mul(2);
  expect(y.detach_().isLeaf).toBe(true);
  expect(() => leaf(1, 2).mul(2).view(2, 1).detach_()).toThrow("Use detach() instead");
});
